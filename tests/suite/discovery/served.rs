//! The document over real sockets: from axum, bare hyper and actix the same.

use std::net::{SocketAddr, TcpListener};

use actix_web::{App, HttpServer};
use axum::Router;
use countersign::discovery::AuthorizationServerMetadata;
use countersign::{Authenticator, Endpoint};
use countersign_tower::ClientAuthLayer;
use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use serde_json::{Value, json};

use super::pairs::clients;
use crate::wire::node::Connection;

const ISSUER: &str = "https://as.example.com/tenant";

fn authenticator() -> Authenticator {
    Authenticator::builder()
        .issuer(ISSUER)
        .endpoint(Endpoint::Token, "https://as.example.com/tenant/token")
        .clients(clients())
        .build()
        .unwrap()
}

fn metadata() -> AuthorizationServerMetadata {
    let metadata = AuthorizationServerMetadata::of(&authenticator()).unwrap();
    metadata.with("grant_types_supported", json!(["client_credentials"])).unwrap()
}

/// A server of one framework. It stops when it is dropped.
struct Served {
    name: &'static str,
    address: SocketAddr,
    stop: Option<Box<dyn FnOnce()>>,
}

impl Served {
    fn all() -> [Served; 3] {
        [Served::by("axum", axum), Served::by("hyper", hyper), Served::by("actix", actix)]
    }

    fn by(name: &'static str, serve: fn(TcpListener) -> Box<dyn FnOnce()>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        Served { name, address, stop: Some(serve(listener)) }
    }

    /// The first line; the header fields, sorted, but for those of the connection; the body.
    fn answer(&self, verb: &str, path: &str) -> (String, Vec<String>, String) {
        let mut connection = Connection::to(self.address);
        connection.send(format!(
            "{verb} {path} HTTP/1.1\r\nhost: as.example.com\r\norigin: https://web.example\r\nconnection: close\r\n\r\n"
        ));
        let answer = connection.answer();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let mut lines = head.lines().map(str::to_owned);
        let status = lines.next().unwrap();
        let of_the_connection = |line: &String| line.starts_with("date:") || line.starts_with("connection:");
        let mut fields: Vec<String> = lines.filter(|line| !of_the_connection(line)).collect();
        fields.sort();
        (status, fields, body.to_owned())
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            stop();
        }
    }
}

/// Beside a layer that covers the token endpoint.
fn axum(listener: TcpListener) -> Box<dyn FnOnce()> {
    let (metadata, layer) = (metadata(), ClientAuthLayer::new(authenticator()));
    let discovery = countersign_tower::Discovery::new(&metadata);
    let app = Router::new()
        .route("/token", axum::routing::post(async || "a token"))
        .layer(layer.routes([("/token", Endpoint::Token)]).unwrap())
        .route_service(&metadata.oauth_authorization_server_path(), discovery.clone())
        .route_service(&metadata.openid_configuration_path(), discovery);
    on_tokio(listener, async move |listener| axum::serve(listener, app).await.unwrap())
}

fn hyper(listener: TcpListener) -> Box<dyn FnOnce()> {
    let discovery = countersign_tower::Discovery::new(&metadata());
    on_tokio(listener, async move |listener| {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let service = TowerToHyperService::new(discovery.clone());
            tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
        }
    })
}

fn on_tokio<F: Future<Output = ()> + Send + 'static>(
    listener: TcpListener,
    serve: impl FnOnce(tokio::net::TcpListener) -> F + Send + 'static,
) -> Box<dyn FnOnce()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    listener.set_nonblocking(true).unwrap();
    let listener = {
        let _entered = runtime.enter();
        tokio::net::TcpListener::from_std(listener).unwrap()
    };
    runtime.spawn(serve(listener));
    Box::new(move || runtime.shutdown_background())
}

fn actix(listener: TcpListener) -> Box<dyn FnOnce()> {
    let (give, handle_of) = std::sync::mpsc::channel();
    let serving = std::thread::spawn(move || {
        actix_web::rt::System::new().block_on(async move {
            let discovery = countersign_actix::Discovery::new(&metadata());
            let app = move || App::new().service(discovery.clone());
            let running = HttpServer::new(app).workers(1).disable_signals().listen(listener).unwrap().run();
            give.send(running.handle()).unwrap();
            running.await.unwrap();
        });
    });
    let running = handle_of.recv().unwrap();
    Box::new(move || {
        drop(running.stop(false));
        serving.join().unwrap();
    })
}

const PATHS: [&str; 2] =
    ["/.well-known/oauth-authorization-server/tenant", "/tenant/.well-known/openid-configuration"];

#[test]
fn the_document_is_the_same_from_every_framework() {
    let document = metadata().to_json();
    for server in Served::all() {
        for path in PATHS {
            let (status, fields, body) = server.answer("GET", path);
            assert_eq!(status, "HTTP/1.1 200 OK", "{}", server.name);
            let length = format!("content-length: {}", document.len());
            let expected = [
                "access-control-allow-origin: *",
                "cache-control: public, max-age=300",
                &length,
                "content-type: application/json",
            ];
            assert_eq!(fields, expected, "{}", server.name);
            assert_eq!(body, document, "{}", server.name);
            let read: Value = serde_json::from_str(&body).unwrap();
            assert_eq!(read["issuer"], ISSUER);
            assert_eq!(read["grant_types_supported"], json!(["client_credentials"]));

            let head = server.answer("HEAD", path);
            assert_eq!(head, (status, fields, String::new()), "{}", server.name);
        }
    }
}

#[test]
fn other_verbs_are_told_which_are_taken() {
    for server in Served::all() {
        for path in PATHS {
            for verb in ["POST", "PUT", "DELETE", "OPTIONS", "PATCH", "BREW"] {
                let (status, fields, body) = server.answer(verb, path);
                assert_eq!(status, "HTTP/1.1 405 Method Not Allowed", "{} {verb}", server.name);
                let expected = [
                    "allow: GET, HEAD",
                    "cache-control: no-store",
                    "content-length: 57",
                    "content-type: application/json",
                    "pragma: no-cache",
                ];
                assert_eq!(fields, expected, "{} {verb}", server.name);
                assert_eq!(body, r#"{"error":"invalid_request","error_description":"use GET"}"#);
            }
        }
    }
}

/// The handler's answer has no body of its own to a HEAD, for servers that would send it.
#[test]
fn a_head_has_no_body_whatever_the_server() {
    use http_body::Body as _;
    use tower::ServiceExt as _;
    let discovery = countersign_tower::Discovery::new(&metadata());
    let request = http::Request::head(PATHS[0]).body(()).unwrap();
    let response = futures_executor::block_on(discovery.oneshot(request)).unwrap();
    assert!(response.body().is_end_stream());
    let length = response.headers()["content-length"].to_str().unwrap();
    assert_eq!(length, metadata().to_json().len().to_string());
}
