//! axum, on an accept loop of hyper's, since `axum::serve` sets no time limits.

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::TcpListener;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use bytes::Bytes;
use countersign::AuthenticatedClient;
use countersign_tower::ClientAuthLayer;
use countersign_tower::tls::{TlsListener, TlsPeer, TlsStream};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::{HEAD_TIMEOUT, MOST_BODY_BYTES, REQUEST_TIMEOUT, STOP_TIMEOUT};
use crate::mutual_tls::TlsSocket;
use crate::server::{self, BodyFault, Server};
use crate::setup::Running;

pub(super) fn serve(
    listener: TcpListener,
    tls: Option<TlsSocket>,
    running: Running,
    stop: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(accept(listener, tls, running, stop))
}

async fn accept(
    listener: TcpListener,
    tls: Option<TlsSocket>,
    running: Running,
    stop: impl Future<Output = ()>,
) -> io::Result<()> {
    listener.set_nonblocking(true)?;
    let listener = tokio::net::TcpListener::from_std(listener)?;
    let mut tls = tls.map(|tls| tls_listener(tls, Arc::clone(&running.server))).transpose()?;
    let layer = ClientAuthLayer::new(running.auth.clone())
        .routes(running.server.covered())
        .map_err(io::Error::other)?;
    let app = Connections {
        app: TowerToHyperService::new(Router::new().fallback(answer).layer(layer).with_state(running)),
        open: GracefulShutdown::new(),
    };
    let mut stop = pin!(stop);
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, address)) => {
                    // Answers are small and written whole, so nothing is gained by holding them back.
                    let _ = stream.set_nodelay(true);
                    app.serve(stream, TlsPeer::new(address, None));
                }
                // Out of file descriptors, most likely: trying again at once would only burn the processor.
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            },
            (stream, peer) = next(&mut tls) => app.serve(stream, peer),
            () = &mut stop => break,
        }
    }
    drop((listener, tls));
    // Whoever is not done by then is cut off.
    let _ = timeout(STOP_TIMEOUT, app.open.shutdown()).await;
    Ok(())
}

fn tls_listener(
    TlsSocket { listener, certificate }: TlsSocket,
    server: Arc<Server>,
) -> io::Result<TlsListener> {
    listener.set_nonblocking(true)?;
    let config = certificate.server_config().map_err(io::Error::other)?;
    let listener = TlsListener::new(tokio::net::TcpListener::from_std(listener)?, config);
    // Such a client never gets as far as a request, so no decision tells of it.
    Ok(listener.on_failure(move |address, error| server.note_handshake(address, error)))
}

/// The next TLS connection; never, where there is no such listener.
async fn next(listener: &mut Option<TlsListener>) -> (TlsStream<TcpStream>, TlsPeer) {
    match listener {
        Some(listener) => listener.accept().await,
        None => std::future::pending().await,
    }
}

/// What serves a connection, and those that are open.
struct Connections {
    app: TowerToHyperService<Router>,
    open: GracefulShutdown,
}

impl Connections {
    fn serve(&self, stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, peer: TlsPeer) {
        let app = self.app.clone();
        let service = service_fn(move |mut request: Request<Incoming>| {
            // The layer finds the client's certificates and address in it.
            request.extensions_mut().insert(peer.clone());
            let answer = app.call(request);
            async move {
                match timeout(REQUEST_TIMEOUT, answer).await {
                    Ok(answer) => answer,
                    Err(_) => Ok::<_, Infallible>(translated(server::Response::unreadable(BodyFault::Slow))),
                }
            }
        });
        let mut http = http1::Builder::new();
        http.timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT);
        let connection = self.open.watch(http.serve_connection(TokioIo::new(stream), service));
        tokio::spawn(async move {
            // A connection that breaks is the client's affair.
            let _ = connection.await;
        });
    }
}

async fn answer(State(running): State<Running>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let server = &running.server;
    let verb = parts.method.as_str();
    let path = parts.uri.path();
    let body = if server.reads_body(verb, path) {
        match read(body).await {
            Ok(body) => body,
            Err(fault) => return translated(server::Response::unreadable(fault)),
        }
    } else {
        Bytes::new()
    };
    let headers = parts.headers.iter();
    let request = server::Request {
        verb: verb.to_owned(),
        path: path.to_owned(),
        query: parts.uri.query().map(str::to_owned),
        headers: headers.map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_vec())).collect(),
        body,
        peer: parts.extensions.get::<TlsPeer>().map(|peer| peer.address().ip()),
        client: parts.extensions.get::<AuthenticatedClient>().cloned(),
    };
    translated(server.handle(request).await)
}

async fn read(body: Body) -> Result<Bytes, BodyFault> {
    let collected = Limited::new(body, MOST_BODY_BYTES).collect().await;
    collected
        .map(|body| body.to_bytes())
        .map_err(|error| if error.is::<LengthLimitError>() { BodyFault::TooLarge } else { BodyFault::Broken })
}

fn translated(response: server::Response) -> Response {
    let mut builder = Response::builder().status(response.status);
    for (name, value) in response.headers {
        builder = builder.header(name, value);
    }
    builder.body(Body::from(response.body)).unwrap_or_else(|_| {
        // A registered redirect URI that no header can hold is refused when it is loaded, so this is a fault of ours.
        let mut failed = Response::new(Body::empty());
        *failed.status_mut() = axum::http::StatusCode::INTERNAL_SERVER_ERROR;
        failed
    })
}
