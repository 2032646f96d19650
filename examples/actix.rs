//! A token endpoint on actix-web. Try it:
//!
//! ```sh
//! cargo run -p countersign-examples --bin actix &
//! curl -u billing:wCTKUrZ5rmyUxA6MGMU8gBQRGzgtSBlq -d grant_type=client_credentials http://127.0.0.1:3002/token
//! ```

use actix_web::{App, HttpServer, web};
use countersign::{AuthMethod, Authenticator, Client, secret::ClientSecret, store::Clients};
use countersign_actix::{ClientAuth, ClientAuthMiddleware};

#[actix_web::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let billing = Client::new("billing")
        .with_method(AuthMethod::CLIENT_SECRET_BASIC)
        .with_secret(ClientSecret::generated("wCTKUrZ5rmyUxA6MGMU8gBQRGzgtSBlq"));
    // Made once, out here: actix calls the closure below once for each worker.
    let auth =
        Authenticator::builder().issuer("http://127.0.0.1:3002").clients(Clients::new([billing])?).build()?;

    HttpServer::new(move || {
        App::new().wrap(ClientAuthMiddleware::new(auth.clone())).route("/token", web::post().to(token))
    })
    .bind("127.0.0.1:3002")?
    .run()
    .await?;
    Ok(())
}

async fn token(client: ClientAuth) -> String {
    let grant = client.form().get("grant_type").unwrap_or_default();
    format!("{} asks for a token by {grant}\n", client.client_id())
}
