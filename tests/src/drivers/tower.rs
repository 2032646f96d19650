//! The tower layer: in front of a bare hyper service, over real HTTP, and in front of axum.

use std::collections::HashMap;
use std::net::IpAddr;

use axum::Router;
use axum::body::Body as AxumBody;
use axum::routing::post;
use bytes::Bytes;
use countersign::AuthenticatedClient;
use countersign_tower::ClientAuthLayer;
use countersign_tower::axum::ClientAuth;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Body;
use hyper::client::conn::http1::SendRequest;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use tokio::sync::Mutex;
use tower::ServiceExt;

use super::core::echo;
use super::server::{routes, shown};
use super::{Answer, Driver, Server};
use crate::row::{HttpRequest, Peer};

/// A bare hyper service behind the layer, spoken to in HTTP/1.1 over pipes: one connection for each peer.
pub struct Hyper {
    layer: ClientAuthLayer,
    connections: Mutex<HashMap<Peer, SendRequest<Full<Bytes>>>>,
}

impl Driver for Hyper {
    const NAME: &'static str = "hyper";
    const OVER_HTTP: bool = true;

    async fn start(server: Server) -> Self {
        Hyper { layer: layer(server), connections: Mutex::default() }
    }

    async fn send(&self, request: &HttpRequest) -> Answer {
        let mut connections = self.connections.lock().await;
        if !connections.contains_key(&request.peer) {
            connections.insert(request.peer.clone(), self.connect(&request.peer).await);
        }
        let sender = connections.get_mut(&request.peer).unwrap();
        sender.ready().await.unwrap();
        answer(sender.send_request(http_request(request)).await.unwrap()).await
    }
}

impl Hyper {
    /// A connection whose every request shows who is at its other end, as an accept loop would have it.
    async fn connect(&self, peer: &Peer) -> SendRequest<Full<Bytes>> {
        let (layer, peer) = (self.layer.clone(), peer.clone());
        let service = tower::ServiceBuilder::new()
            .map_request(move |request| on_connection_of(&peer, request))
            .layer(layer)
            .service(tower::service_fn(handle));
        let (client, connection) = tokio::io::duplex(64 * 1024);
        tokio::spawn(
            hyper::server::conn::http1::Builder::new()
                .serve_connection(TokioIo::new(connection), TowerToHyperService::new(service)),
        );
        let (sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(client)).await.unwrap();
        tokio::spawn(connection);
        sender
    }
}

/// The handler, generic over the body as a user's would be.
async fn handle<B>(request: Request<B>) -> Result<Response<Full<Bytes>>, std::convert::Infallible>
where
    B: Body<Data = Bytes>,
    B::Error: std::fmt::Debug,
{
    let client = request.extensions().get::<AuthenticatedClient>().unwrap().clone();
    let body = request.into_body().collect().await.unwrap().to_bytes();
    let response = Response::builder().header("content-type", "application/json");
    Ok(response.body(Full::from(echo(&client, &body))).unwrap())
}

/// An axum router behind the layer, with the extractor.
pub struct Axum(Router);

impl Driver for Axum {
    const NAME: &'static str = "axum";
    const OVER_HTTP: bool = false;

    async fn start(server: Server) -> Self {
        let mut router = Router::new();
        for (path, _) in routes() {
            router = router.route(path, post(axum_handler));
        }
        Axum(router.layer(layer(server)))
    }

    async fn send(&self, request: &HttpRequest) -> Answer {
        let request = on_connection_of(&request.peer, http_request(request).map(AxumBody::new));
        answer(self.0.clone().oneshot(request).await.unwrap()).await
    }
}

async fn axum_handler(client: ClientAuth, body: Bytes) -> ([(&'static str, &'static str); 1], String) {
    ([("content-type", "application/json")], echo(&client, &body))
}

fn layer(server: Server) -> ClientAuthLayer {
    let layer = ClientAuthLayer::new(server.auth).routes(routes()).unwrap();
    layer.source(|extensions| extensions.get::<IpAddr>().copied())
}

fn on_connection_of<B>(peer: &Peer, mut request: Request<B>) -> Request<B> {
    if let Some(address) = peer.address {
        request.extensions_mut().insert(address);
    }
    if let Some(certificates) = shown(peer) {
        request.extensions_mut().insert(certificates);
    }
    request
}

pub(super) fn http_request(request: &HttpRequest) -> Request<Full<Bytes>> {
    let query = request.query.as_ref().map_or(String::new(), |query| format!("?{query}"));
    let mut builder =
        Request::builder().method(request.verb.as_str()).uri(format!("{}{query}", request.endpoint.path()));
    for (name, value) in &request.headers {
        builder = builder.header(name.as_str(), value.as_slice());
    }
    builder.header("host", "as.example.com").body(Full::from(request.body.clone())).unwrap()
}

async fn answer<B: Body>(response: Response<B>) -> Answer
where
    B::Error: std::fmt::Debug,
{
    let (parts, body) = response.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    let headers = parts.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
    Answer::new(parts.status.as_u16(), headers, &body)
}
