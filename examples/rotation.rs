//! A client's secret is changed without an interruption: two secrets side by side, each with a label, until the old one is
//! seen no more. Run it, and read what the operator reads:
//!
//! ```sh
//! cargo run -p countersign-examples --bin rotation
//! ```

mod story;

use std::error::Error;
use std::sync::Arc;

use countersign::metadata::ClientMetadata;
use countersign::{AuthMethod, Client, secret::SecretUse, store::Clients};
use serde_json::json;

use crate::story::{Lines, StoryClock, TokenEndpoint};

const BASIC: &AuthMethod = &AuthMethod::CLIENT_SECRET_BASIC;
/// Where it runs.
const BILLING: &str = "192.0.2.10";
const OLD: &str = "wCTKUrZ5rmyUxA6MGMU8gBQRGzgtSBlq";
const NEW: &str = "pIYq6QNnLlRUTPFYyCaY7F1dTGbHCgJ0";

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let metadata: ClientMetadata = serde_json::from_value(json!({
        "client_id": "billing",
        "client_secrets": [
            { "label": "2026", "secret": OLD, "expires_at": "2027-01-01T00:00:00Z" },
            { "label": "2027", "secret": NEW },
        ],
    }))?;
    let billing = Client::try_from(&metadata)?;
    let clock = StoryClock::at("2026-12-01T00:00:00Z")?;
    let uses = Arc::new(SecretUse::with_clock(clock.clone()));
    let auth = story::behind_a_proxy(&clock)?
        .clients(Clients::new([billing.clone()])?)
        .observer((Lines, Arc::clone(&uses)))
        .build()?;
    let endpoint = TokenEndpoint::serve(auth).await?;
    let show_uses = || uses.of(&billing).iter().for_each(|last_use| println!("{last_use}"));

    println!("# 2026-12-01: billing has a new secret, and still sends the old one.");
    endpoint.ask(BILLING, BASIC, "billing", OLD).await?;
    show_uses();

    println!("# 2026-12-10: billing is deployed with the new one.");
    clock.set("2026-12-10T00:00:00Z")?;
    endpoint.ask(BILLING, BASIC, "billing", NEW).await?;
    show_uses();

    println!("# 2027-01-01: the old one expires. Whoever kept it is told apart from a wrong guess.");
    clock.set("2027-01-01T00:00:00Z")?;
    endpoint.ask(BILLING, BASIC, "billing", OLD).await?;
    endpoint.ask(BILLING, BASIC, "billing", "a wrong guess").await?;
    endpoint.ask(BILLING, BASIC, "billing", NEW).await?;
    Ok(())
}
