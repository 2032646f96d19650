//! The tower layer: in front of a bare hyper service, over real HTTP, and in front of axum.

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
use tower::ServiceExt;

use super::core::echo;
use super::server::routes;
use super::{Answer, Driver, Server};
use crate::row::HttpRequest;

/// A bare hyper service behind the layer, spoken to in HTTP/1.1 over a pipe.
pub struct Hyper(tokio::sync::Mutex<SendRequest<Full<Bytes>>>);

impl Driver for Hyper {
    const NAME: &'static str = "hyper";
    const OVER_HTTP: bool = true;

    async fn start(server: Server) -> Self {
        let layer = ClientAuthLayer::new(server.auth).routes(routes()).unwrap();
        let service = tower::ServiceBuilder::new().layer(layer).service(tower::service_fn(handle));
        let (client, connection) = tokio::io::duplex(64 * 1024);
        tokio::spawn(
            hyper::server::conn::http1::Builder::new()
                .serve_connection(TokioIo::new(connection), TowerToHyperService::new(service)),
        );
        let (sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(client)).await.unwrap();
        tokio::spawn(connection);
        Hyper(tokio::sync::Mutex::new(sender))
    }

    async fn send(&self, request: &HttpRequest) -> Answer {
        let mut sender = self.0.lock().await;
        sender.ready().await.unwrap();
        answer(sender.send_request(http_request(request)).await.unwrap()).await
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
        Axum(router.layer(ClientAuthLayer::new(server.auth).routes(routes()).unwrap()))
    }

    async fn send(&self, request: &HttpRequest) -> Answer {
        let request = http_request(request).map(AxumBody::new);
        answer(self.0.clone().oneshot(request).await.unwrap()).await
    }
}

async fn axum_handler(client: ClientAuth, body: Bytes) -> ([(&'static str, &'static str); 1], String) {
    ([("content-type", "application/json")], echo(&client, &body))
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
