//! A token endpoint on axum. Try it:
//!
//! ```sh
//! cargo run -p countersign-examples --bin axum &
//! curl -u billing:wCTKUrZ5rmyUxA6MGMU8gBQRGzgtSBlq -d grant_type=client_credentials http://127.0.0.1:3000/token
//! curl -u billing:wrong -d grant_type=client_credentials http://127.0.0.1:3000/token
//! ```

use std::net::SocketAddr;

use axum::{Router, extract::ConnectInfo, routing::post};
use countersign::{AuthMethod, Authenticator, Client, secret::ClientSecret, store::Clients};
use countersign_tower::{ClientAuthLayer, axum::ClientAuth};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let billing = Client::new("billing")
        .with_method(AuthMethod::CLIENT_SECRET_BASIC)
        .with_secret(ClientSecret::generated("wCTKUrZ5rmyUxA6MGMU8gBQRGzgtSBlq"));
    let auth =
        Authenticator::builder().issuer("http://127.0.0.1:3000").clients(Clients::new([billing])?).build()?;

    // Whose failures are limited.
    let layer = ClientAuthLayer::new(auth)
        .source(|extensions| Some(extensions.get::<ConnectInfo<SocketAddr>>()?.0.ip()));
    let app = Router::new().route("/token", post(token)).layer(layer);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
    axum::serve(listener, app.into_make_service_with_connect_info::<SocketAddr>()).await?;
    Ok(())
}

async fn token(client: ClientAuth) -> String {
    let grant = client.form().get("grant_type").unwrap_or_default();
    format!("{} asks for a token by {grant}\n", client.client_id())
}
