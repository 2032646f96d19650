//! actix-web: the middleware, and the extractor alone.

use std::rc::Rc;

use actix_http::Request;
use actix_web::body::{MessageBody, to_bytes};
use actix_web::dev::{Service, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::{App, Error, HttpMessage, HttpResponse, test, web};
use bytes::Bytes;
use countersign_actix::{ClientAuth, ClientAuthConfig, ClientAuthMiddleware};
use futures_util::future::LocalBoxFuture;

use super::core::echo;
use super::server::{routes, shown};
use super::{Answer, Driver, Server};
use crate::row::HttpRequest;

/// The middleware in front of a handler that takes the client and the body.
pub struct ActixMiddleware(Application);

impl Driver for ActixMiddleware {
    const NAME: &'static str = "actix middleware";
    const OVER_HTTP: bool = false;

    async fn start(server: Server) -> Self {
        let middleware = ClientAuthMiddleware::new(server.auth).routes(routes()).unwrap();
        let app = App::new().configure(configure).wrap(middleware);
        ActixMiddleware(application(test::init_service(app).await))
    }

    async fn send(&self, request: &HttpRequest) -> Answer {
        (self.0)(actix_request(request)).await
    }
}

/// The extractor as the first argument of a handler, without a middleware.
pub struct ActixExtractor(Application);

impl Driver for ActixExtractor {
    const NAME: &'static str = "actix extractor";
    const OVER_HTTP: bool = false;

    async fn start(server: Server) -> Self {
        let config = ClientAuthConfig::new(server.auth).routes(routes()).unwrap();
        let app = App::new().app_data(config).configure(configure);
        ActixExtractor(application(test::init_service(app).await))
    }

    async fn send(&self, request: &HttpRequest) -> Answer {
        (self.0)(actix_request(request)).await
    }
}

type Application = Box<dyn Fn(Request) -> LocalBoxFuture<'static, Answer>>;

fn application<S, B>(service: S) -> Application
where
    S: Service<Request, Response = ServiceResponse<B>, Error = Error> + 'static,
    B: MessageBody + 'static,
{
    let service = Rc::new(service);
    Box::new(move |request| {
        let service = Rc::clone(&service);
        Box::pin(async move {
            let response = test::call_service(&*service, request).await;
            let (status, headers) = (response.status().as_u16(), response.headers().clone());
            let body = to_bytes(response.into_body()).await.unwrap_or_default();
            Answer::new(status, headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())), &body)
        })
    })
}

fn configure(config: &mut web::ServiceConfig) {
    for (path, _) in routes() {
        // Every verb, so that it is the layer and not the router that refuses others.
        config.route(path, web::to(handle));
    }
}

/// `web::Bytes` after the client: the body must still be there.
async fn handle(client: ClientAuth, body: Bytes) -> HttpResponse {
    HttpResponse::Ok().content_type("application/json").body(echo(&client, &body))
}

fn actix_request(request: &HttpRequest) -> Request {
    let query = request.query.as_ref().map_or(String::new(), |query| format!("?{query}"));
    let mut builder = test::TestRequest::default()
        .method(Method::from_bytes(request.verb.as_bytes()).unwrap())
        .uri(&format!("{}{query}", request.endpoint.path()))
        .set_payload(request.body.clone());
    for (name, value) in &request.headers {
        let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
        builder = builder.append_header((name, HeaderValue::from_bytes(value).unwrap()));
    }
    if let Some(address) = request.peer.address {
        builder = builder.peer_addr((address, CLIENT_PORT).into());
    }
    let with_head = builder.to_request();
    if let Some(certificates) = shown(&request.peer) {
        with_head.extensions_mut().insert(certificates);
    }
    with_head
}

/// Where no server listens; the address alone is looked at.
const CLIENT_PORT: u16 = 49_152;
