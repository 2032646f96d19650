//! A token endpoint on bare hyper. Try it:
//!
//! ```sh
//! cargo run -p countersign-examples --bin hyper &
//! curl -u billing:wCTKUrZ5rmyUxA6MGMU8gBQRGzgtSBlq -d grant_type=client_credentials http://127.0.0.1:3001/token
//! ```

use std::convert::Infallible;
use std::net::IpAddr;

use bytes::Bytes;
use countersign::{
    AuthMethod, AuthenticatedClient, Authenticator, Client, secret::ClientSecret, store::Clients,
};
use countersign_tower::ClientAuthLayer;
use http::{Request, Response, StatusCode};
use http_body::Body;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::{rt::TokioIo, service::TowerToHyperService};
use tower::{ServiceBuilder, service_fn};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let billing = Client::new("billing")
        .with_method(AuthMethod::CLIENT_SECRET_BASIC)
        .with_secret(ClientSecret::generated("wCTKUrZ5rmyUxA6MGMU8gBQRGzgtSBlq"));
    let auth =
        Authenticator::builder().issuer("http://127.0.0.1:3001").clients(Clients::new([billing])?).build()?;

    // Whose failures are limited.
    let layer = ClientAuthLayer::new(auth).source(|extensions| extensions.get::<IpAddr>().copied());
    let service = ServiceBuilder::new().layer(layer).service(service_fn(token));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:3001").await?;
    loop {
        let (stream, peer) = listener.accept().await?;
        let from_there = move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(peer.ip());
            request
        };
        let service = ServiceBuilder::new().map_request(from_there).service(service.clone());
        let connection =
            http1::Builder::new().serve_connection(TokioIo::new(stream), TowerToHyperService::new(service));
        tokio::spawn(connection);
    }
}

/// Generic over the body, since the layer hands on a body of its own.
async fn token<B: Body<Data = Bytes>>(request: Request<B>) -> Result<Response<Full<Bytes>>, Infallible> {
    let Some(client) = request.extensions().get::<AuthenticatedClient>() else {
        let mut response = Response::new(Full::from("the layer is missing\n"));
        *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
        return Ok(response);
    };
    Ok(Response::new(Full::from(format!("a token for {}\n", client.client_id()))))
}
