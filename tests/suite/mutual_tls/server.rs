//! Servers on sockets of this machine, each put together as the documentation says. They answer the thumbprint that
//! the authenticated client showed.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, mpsc};

use actix_web::dev::ServerHandle;
use actix_web::{App, HttpServer, web};
use axum::Router;
use axum::routing::post;
use bytes::Bytes;
use countersign::observer::{Decision, Observer};
use countersign::store::Clients;
use countersign::{AuthMethod, AuthenticatedClient, Authenticator, Client};
use countersign_actix::{ClientAuth as ActixClient, ClientAuthMiddleware};
use countersign_tower::ClientAuthLayer;
use countersign_tower::axum::ClientAuth;
use countersign_tower::tls::{TlsAcceptor, TlsListener, TlsPeer, TlsStream, accept};
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Body;
use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::rustls::ServerConfig;
use tower::{Layer, ServiceBuilder, service_fn};

/// A server that was started. Those on tokio end with the runtime of their test.
pub(super) struct Server {
    pub(super) name: &'static str,
    pub(super) address: SocketAddr,
    sources: Sources,
    failures: Failures,
    actix: Option<(ServerHandle, std::thread::JoinHandle<()>)>,
}

impl Server {
    /// One of each framework.
    pub(super) async fn all(config: &ServerConfig) -> [Server; 4] {
        [
            Server::axum(config.clone()).await,
            Server::hyper(config.clone()).await,
            Server::own_loop(config.clone()).await,
            Server::actix(config.clone()),
        ]
    }

    /// `axum::serve` on our listener.
    pub(super) async fn axum(config: ServerConfig) -> Self {
        Server::axum_on(TlsListener::bind("127.0.0.1:0", config).await.unwrap())
    }

    /// The same on a listener that was changed.
    pub(super) fn axum_on(listener: TlsListener) -> Self {
        let server = Server::new("axum", listener.local_addr().unwrap());
        let app = Router::new().route("/token", post(axum_token)).layer(ClientAuthLayer::new(server.auth()));
        let listener = listener.on_failure(server.failures.teller());
        tokio::spawn(async {
            axum::serve(listener, app.into_make_service_with_connect_info::<TlsPeer>()).await
        });
        server
    }

    /// Bare hyper on our listener.
    pub(super) async fn hyper(config: ServerConfig) -> Self {
        let listener = TlsListener::bind("127.0.0.1:0", config).await.unwrap();
        let server = Server::new("hyper", listener.local_addr().unwrap());
        let mut listener = listener.on_failure(server.failures.teller());
        let auth = server.auth();
        tokio::spawn(async move {
            loop {
                let (stream, peer) = listener.accept().await;
                tokio::spawn(serve(stream, peer, auth.clone()));
            }
        });
        server
    }

    /// Bare hyper with a loop of its own.
    pub(super) async fn own_loop(config: ServerConfig) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = Server::new("hyper, own loop", listener.local_addr().unwrap());
        let (acceptor, auth) = (TlsAcceptor::from(Arc::new(config)), server.auth());
        let failures = server.failures.teller();
        tokio::spawn(async move {
            loop {
                let (stream, address) = listener.accept().await.unwrap();
                let (acceptor, auth, failures) = (acceptor.clone(), auth.clone(), failures.clone());
                tokio::spawn(async move {
                    match accept(&acceptor, stream).await {
                        Ok((stream, certificates)) => {
                            serve(stream, TlsPeer::new(address, certificates), auth).await;
                        }
                        Err(error) => failures(address, &error),
                    }
                });
            }
        });
        server
    }

    /// actix-web on a thread of its own.
    pub(super) fn actix(config: ServerConfig) -> Self {
        let (started, address) = mpsc::channel();
        let sources = Sources::default();
        let auth = authenticator(sources.clone());
        let thread = std::thread::spawn(move || {
            actix_web::rt::System::new().block_on(async {
                let server = HttpServer::new(move || {
                    let middleware = ClientAuthMiddleware::new(auth.clone());
                    App::new().route("/token", web::post().to(actix_token)).wrap(middleware)
                })
                .workers(1)
                .disable_signals()
                .on_connect(countersign_actix::on_connect)
                .bind_rustls_0_23("127.0.0.1:0", config)
                .unwrap();
                let address = server.addrs()[0];
                let server = server.run();
                started.send((server.handle(), address)).unwrap();
                server.await.unwrap();
            });
        });
        let (handle, address) = address.recv().unwrap();
        let mut server = Server::new("actix", address);
        server.sources = sources;
        server.actix = Some((handle, thread));
        server
    }

    fn new(name: &'static str, address: SocketAddr) -> Self {
        Server { name, address, sources: Sources::default(), failures: Failures::default(), actix: None }
    }

    fn auth(&self) -> Authenticator {
        authenticator(self.sources.clone())
    }

    /// Where the last request came from, as the operator sees it.
    pub(super) fn last_source(&self) -> Option<IpAddr> {
        *self.sources.0.lock().unwrap()
    }

    /// The handshakes that failed, as the operator sees them. actix tells of none.
    pub(super) fn failures(&self) -> Vec<String> {
        self.failures.0.lock().unwrap().clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some((handle, thread)) = self.actix.take() {
            drop(handle.stop(false));
            thread.join().unwrap();
        }
    }
}

/// A public client, so that any connection may ask.
fn authenticator(sources: Sources) -> Authenticator {
    Authenticator::builder()
        .issuer("https://as.example.com")
        .clients(Clients::new([Client::new("probe").with_method(AuthMethod::NONE)]).unwrap())
        .observer(sources)
        .build()
        .unwrap()
}

async fn serve(stream: TlsStream<TcpStream>, peer: TlsPeer, auth: Authenticator) {
    let service = ServiceBuilder::new().layer(ClientAuthLayer::new(auth)).service(service_fn(hyper_token));
    let service = TowerToHyperService::new(peer.layer(service));
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

async fn axum_token(client: ClientAuth) -> String {
    thumbprint(&client)
}

async fn actix_token(client: ActixClient) -> String {
    thumbprint(&client)
}

async fn hyper_token<B: Body<Data = Bytes>>(
    request: Request<B>,
) -> Result<Response<Full<Bytes>>, std::convert::Infallible> {
    let client = request.extensions().get::<AuthenticatedClient>().unwrap();
    Ok(Response::new(Full::from(thumbprint(client))))
}

fn thumbprint(client: &AuthenticatedClient) -> String {
    client.certificate_thumbprint().unwrap_or("none").to_owned()
}

#[derive(Clone, Default)]
struct Sources(Arc<Mutex<Option<IpAddr>>>);

impl Observer for Sources {
    fn decided(&self, decision: &Decision<'_>) {
        *self.0.lock().unwrap() = decision.source;
    }
}

#[derive(Clone, Default)]
struct Failures(Arc<Mutex<Vec<String>>>);

impl Failures {
    fn teller(&self) -> impl Fn(SocketAddr, &io::Error) + Clone + Send + Sync + 'static {
        let failures = Arc::clone(&self.0);
        move |_, error| failures.lock().unwrap().push(format!("{error:?}"))
    }
}
