//! Clients of a server that did not look at the method are imported, watched, and held to what they use: an upgrade that
//! breaks nobody. Run it, and read what the operator reads:
//!
//! ```sh
//! cargo run -p countersign-examples --bin migration
//! ```
//!
//! `token-server` has the report at `GET /methods`, and `countersign pin` does the last step to a file of clients.

mod story;

use std::error::Error;
use std::sync::Arc;

use countersign::metadata::ClientMetadata;
use countersign::observer::MethodUse;
use countersign::store::{Clients, ReloadableClients};
use countersign::{AuthMethod, Client};
use serde_json::json;

use crate::story::{Lines, StoryClock, TokenEndpoint};

const BASIC: &AuthMethod = &AuthMethod::CLIENT_SECRET_BASIC;
const POST: &AuthMethod = &AuthMethod::CLIENT_SECRET_POST;

/// Where they all run.
const CLIENTS: &str = "192.0.2.10";
const OF_BILLING: &str = "wCTKUrZ5rmyUxA6MGMU8gBQRGzgtSBlq";
const OF_REPORTS: &str = "pIYq6QNnLlRUTPFYyCaY7F1dTGbHCgJ0";

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut imported: Vec<ClientMetadata> = serde_json::from_value(json!([
        { "client_id": "archive", "client_secret": "8sSWyKTYbMlO", "any_secret_method": true },
        { "client_id": "billing", "client_secret": OF_BILLING, "any_secret_method": true },
        { "client_id": "reports", "client_secret": OF_REPORTS, "any_secret_method": true },
    ]))?;
    let registry = ReloadableClients::new(registered(&imported)?);
    let clock = StoryClock::at("2026-12-01T00:00:00Z")?;
    let uses = Arc::new(MethodUse::with_clock(&clock));
    let auth = story::behind_a_proxy(&clock)?
        .clients(registry.clone())
        .observer((Lines, Arc::clone(&uses)))
        .build()?;
    let endpoint = TokenEndpoint::serve(auth).await?;

    println!("# 2026-12-01: the clients are imported, and go on as they did.");
    endpoint.ask(CLIENTS, POST, "billing", OF_BILLING).await?;
    endpoint.ask(CLIENTS, POST, "reports", OF_REPORTS).await?;
    endpoint.ask(CLIENTS, BASIC, "reports", OF_REPORTS).await?;

    println!("# 2027-01-01: what do they really use?");
    clock.set("2027-01-01T00:00:00Z")?;
    endpoint.ask(CLIENTS, POST, "billing", OF_BILLING).await?;
    let report = uses.report(registry.current().iter().map(AsRef::as_ref));
    print!("{report}");

    println!("# They are pinned to that. Who was not seen is left as it is.");
    for seen in report.clients.iter().filter(|seen| !seen.pin_to.is_empty()) {
        for metadata in imported.iter_mut().filter(|metadata| metadata.client_id == seen.client_id) {
            metadata.pin(&seen.pin_to)?;
        }
    }
    registry.replace(registered(&imported)?);
    endpoint.ask(CLIENTS, POST, "billing", OF_BILLING).await?;
    endpoint.ask(CLIENTS, BASIC, "reports", OF_REPORTS).await?;
    endpoint.ask(CLIENTS, BASIC, "archive", "8sSWyKTYbMlO").await?;

    println!("# A way that nobody needed is shut, with the right secret too.");
    endpoint.ask(CLIENTS, BASIC, "billing", OF_BILLING).await?;
    Ok(())
}

fn registered(metadata: &[ClientMetadata]) -> Result<Clients, Box<dyn Error>> {
    let clients: Result<Vec<Client>, _> = metadata.iter().map(Client::try_from).collect();
    Ok(Clients::new(clients?)?)
}
