//! An authentication method from outside the crate: a key in a header of its own. Try it:
//!
//! ```sh
//! cargo run -p countersign-examples --bin custom_method &
//! curl -H 'X-Client-Key: billing.pIYq6QNnLlRUTPFYyCaY7F1dTGbHCgJ0' -d grant_type=client_credentials http://127.0.0.1:3003/token
//! curl -H 'X-Client-Key: billing.wrong' -d grant_type=client_credentials http://127.0.0.1:3003/token
//! ```
//!
//! It implements the two traits that the methods of the specifications implement, and is handed to the builder.

use axum::{Router, routing::post};
use countersign::method::{Attempt, Context, Failure, Method, Presented, Proof, Verification};
use countersign::{AuthMethod, Authenticator, Client, Reason, store::Clients};
use countersign_tower::{ClientAuthLayer, axum::ClientAuth};
use subtle::ConstantTimeEq;

/// The method's name. RFC 7591 §2 wants an absolute URI for one that is not registered.
const CLIENT_KEY: AuthMethod = AuthMethod::from_static("https://example.com/client-key");

struct ClientKey;

impl Method for ClientKey {
    fn name(&self) -> AuthMethod {
        CLIENT_KEY
    }

    fn attempt<'r>(&self, presented: &'r Presented<'r>) -> Option<Box<dyn Attempt + 'r>> {
        let mut header = None;
        presented.headers().each("x-client-key", &mut |value| header = Some(value));
        let (client_id, key) = std::str::from_utf8(header?).ok()?.split_once('.')?;
        Some(Box::new(Key { client_id, key }))
    }
}

struct Key<'r> {
    client_id: &'r str,
    key: &'r str,
}

/// What the application keeps about a client.
struct Registered {
    key: &'static str,
}

impl Attempt for Key<'_> {
    fn client_id(&self) -> &str {
        self.client_id
    }

    /// Called with a decoy where there is no such client, so it compares whatever it was given.
    fn verify<'a>(&'a self, client: &'a Client, _: &'a Context<'a>) -> Verification<'a> {
        let registered = client.app::<Registered>().map_or("no such key", |registered| registered.key);
        let equal = bool::from(registered.as_bytes().ct_eq(self.key.as_bytes()));
        Verification::done(if equal {
            Ok(Proof::default())
        } else {
            Err(Failure::new(Reason::SecretMismatch))
        })
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let billing = Client::new("billing")
        .with_method(CLIENT_KEY)
        .with_app(Registered { key: "pIYq6QNnLlRUTPFYyCaY7F1dTGbHCgJ0" });
    let auth = Authenticator::builder()
        .issuer("http://127.0.0.1:3003")
        .clients(Clients::new([billing])?)
        .method(ClientKey)
        .build()?;

    let app = Router::new().route("/token", post(token)).layer(ClientAuthLayer::new(auth));
    axum::serve(tokio::net::TcpListener::bind("127.0.0.1:3003").await?, app).await?;
    Ok(())
}

async fn token(client: ClientAuth) -> String {
    format!("{} proved itself by {}\n", client.client_id(), client.method())
}
