//! A server on a socket of this machine: the layer, and behind it a handler that is counted.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use actix_web::dev::Service as _;
use actix_web::error::InternalError;
use actix_web::{App, HttpResponse, HttpServer, web};
use axum::Router;
use axum::extract::{ConnectInfo, Request};
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn};
use axum::response::IntoResponse as _;
use axum::routing::post;
use countersign::Authenticator;
use countersign_actix::{ClientAuth as ActixClient, ClientAuthMiddleware};
use countersign_tests::row::HttpRequest;
use countersign_tower::ClientAuthLayer;
use countersign_tower::axum::ClientAuth;
use tokio::time::timeout;

/// What serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Framework {
    Axum,
    /// With four workers.
    Actix,
}

pub(crate) const FRAMEWORKS: [Framework; 2] = [Framework::Axum, Framework::Actix];

/// What the handler does once it is entered.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Handler {
    /// Answers with the client_id.
    Answers,
    /// Answers with 500.
    Fails,
    /// Never answers.
    Hangs,
}

/// A running server. It stops when it is dropped.
pub(crate) struct Node {
    pub(crate) address: SocketAddr,
    entered: Arc<AtomicUsize>,
    stop: Option<Box<dyn FnOnce() + Send>>,
}

impl Node {
    pub(crate) fn start(framework: Framework, auth: Authenticator, handler: Handler) -> Self {
        Node::with_patience(framework, auth, handler, PATIENCE)
    }

    /// The same with a time limit on each request, its body included, as a server sets it around the layer.
    pub(crate) fn with_patience(
        framework: Framework,
        auth: Authenticator,
        handler: Handler,
        patience: Duration,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let counted = Counted { handler, entered: Arc::default() };
        let entered = Arc::clone(&counted.entered);
        let serve = match framework {
            Framework::Axum => axum,
            Framework::Actix => actix,
        };
        Node { address, entered, stop: Some(serve(listener, auth, counted, patience)) }
    }

    /// How often the handler was entered.
    pub(crate) fn entered(&self) -> usize {
        self.entered.load(Ordering::SeqCst)
    }

    pub(crate) fn connect(&self) -> Connection {
        Connection::to(self.address)
    }

    /// The whole answer to a whole request.
    pub(crate) fn answer(&self, request: &HttpRequest) -> String {
        let mut connection = self.connect();
        connection.send(octets(request));
        connection.answer()
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            stop();
        }
    }
}

#[derive(Clone)]
struct Counted {
    handler: Handler,
    entered: Arc<AtomicUsize>,
}

impl Counted {
    async fn handle(&self, client_id: &str) -> Result<String, ()> {
        self.entered.fetch_add(1, Ordering::SeqCst);
        match self.handler {
            Handler::Answers => Ok(client_id.to_owned()),
            Handler::Fails => Err(()),
            Handler::Hangs => std::future::pending().await,
        }
    }
}

fn axum(
    listener: TcpListener,
    auth: Authenticator,
    counted: Counted,
    patience: Duration,
) -> Box<dyn FnOnce() + Send> {
    let handle = async move |client: ClientAuth| {
        counted.handle(client.client_id()).await.map_err(|()| StatusCode::INTERNAL_SERVER_ERROR)
    };
    let limit = move |request: Request, next: Next| async move {
        let answer = timeout(patience, next.run(request)).await;
        answer.unwrap_or_else(|_| StatusCode::REQUEST_TIMEOUT.into_response())
    };
    let layer = ClientAuthLayer::new(auth)
        .source(|extensions| extensions.get::<ConnectInfo<SocketAddr>>().map(|peer| peer.0.ip()));
    let app = Router::new().route("/token", post(handle)).layer(layer).layer(from_fn(limit));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    listener.set_nonblocking(true).unwrap();
    runtime.spawn(async move {
        let listener = tokio::net::TcpListener::from_std(listener).unwrap();
        axum::serve(listener, app.into_make_service_with_connect_info::<SocketAddr>()).await
    });
    Box::new(move || runtime.shutdown_background())
}

fn actix(
    listener: TcpListener,
    auth: Authenticator,
    counted: Counted,
    patience: Duration,
) -> Box<dyn FnOnce() + Send> {
    async fn handle(client: ActixClient, counted: web::Data<Counted>) -> HttpResponse {
        match counted.handle(client.client_id()).await {
            Ok(client_id) => HttpResponse::Ok().body(client_id),
            Err(()) => HttpResponse::InternalServerError().finish(),
        }
    }
    let (give, handle_of) = std::sync::mpsc::channel();
    let serving = std::thread::spawn(move || {
        actix_web::rt::System::new().block_on(async move {
            let running = HttpServer::new(move || {
                App::new()
                    .app_data(web::Data::new(counted.clone()))
                    .wrap(ClientAuthMiddleware::new(auth.clone()))
                    .wrap_fn(move |request, inner| {
                        let answer = inner.call(request);
                        async move {
                            timeout(patience, answer).await.unwrap_or_else(|elapsed| {
                                let slow = HttpResponse::RequestTimeout().finish();
                                Err(InternalError::from_response(elapsed, slow).into())
                            })
                        }
                    })
                    .route("/token", web::post().to(handle))
            })
            .workers(4)
            .disable_signals()
            .listen(listener)
            .unwrap()
            .run();
            give.send(running.handle()).unwrap();
            running.await.unwrap();
        });
    });
    let running = handle_of.recv().unwrap();
    Box::new(move || {
        // Whoever still waits for an answer does so in vain.
        drop(running.stop(false));
        serving.join().unwrap();
    })
}

/// A connection of a client, whose every octet is the test's own.
pub(crate) struct Connection(TcpStream);

impl Connection {
    pub(crate) fn to(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_nodelay(true).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        Connection(stream)
    }

    pub(crate) fn send(&mut self, octets: impl AsRef<[u8]>) {
        self.0.write_all(octets.as_ref()).unwrap();
    }

    /// Sends, if the other side still listens.
    pub(crate) fn try_send(&mut self, octets: impl AsRef<[u8]>) -> bool {
        self.0.write_all(octets.as_ref()).is_ok()
    }

    /// Says that nothing more will come, and goes on listening.
    pub(crate) fn end(&mut self) {
        self.0.shutdown(Shutdown::Write).unwrap();
    }

    /// Everything until the server closes.
    pub(crate) fn answer(mut self) -> String {
        let mut answer = Vec::new();
        match self.0.read_to_end(&mut answer) {
            // A server that has read less than was sent closes with a reset.
            Err(error) if error.kind() != ErrorKind::ConnectionReset => panic!("no answer in time: {error}"),
            _ => String::from_utf8(answer).unwrap(),
        }
    }
}

/// A request as it goes over the wire, on a connection that it ends.
pub(crate) fn octets(request: &HttpRequest) -> Vec<u8> {
    let length = format!("content-length: {}\r\n", request.body.len());
    [head(request, &length).into_bytes(), request.body.clone()].concat()
}

/// The head of a request with these further lines.
pub(crate) fn head(request: &HttpRequest, lines: &str) -> String {
    let fields: String = request
        .headers
        .iter()
        .map(|(name, value)| format!("{name}: {}\r\n", std::str::from_utf8(value).unwrap()))
        .collect();
    let path = request.endpoint.path();
    format!("POST {path} HTTP/1.1\r\nhost: as.example.com\r\nconnection: close\r\n{lines}{fields}\r\n")
}

/// Long enough for a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);
