//! Somebody guesses at a client's secret: his address is slowed down, and the client elsewhere does not notice. Run it, and
//! read what the operator reads:
//!
//! ```sh
//! cargo run -p countersign-examples --bin abuse
//! ```

mod story;

use std::error::Error;
use std::time::Duration;

use countersign::secret::ClientSecret;
use countersign::{AuthMethod, Client, store::Clients, throttle::FailureLimits};

use crate::story::{Lines, StoryClock, TokenEndpoint};

const BASIC: &AuthMethod = &AuthMethod::CLIENT_SECRET_BASIC;
const SECRET: &str = "wCTKUrZ5rmyUxA6MGMU8gBQRGzgtSBlq";
const BILLING: &str = "192.0.2.10";
const GUESSER: &str = "198.51.100.7";

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let billing = Client::new("billing")
        .with_method(BASIC.clone())
        .with_secret(ClientSecret::generated(SECRET).with_label("2026"));
    let clock = StoryClock::at("2026-12-01T00:00:00Z")?;
    let auth = story::behind_a_proxy(&clock)?
        .clients(Clients::new([billing])?)
        // The default allows 20 at once and then one in 6 s, and is there without this line.
        .throttle(FailureLimits::with_clock(clock.clone()).at_a_client(3, Duration::from_secs(6)))
        .observer(Lines)
        .build()?;
    let endpoint = TokenEndpoint::serve(auth).await?;

    println!("# Three guesses are free.");
    for guess in ["billing", "password", "hunter2"] {
        endpoint.ask(GUESSER, BASIC, "billing", guess).await?;
    }

    println!("# Then the address waits, even with the right secret: a 429 tells it nothing.");
    endpoint.ask(GUESSER, BASIC, "billing", "letmein").await?;
    endpoint.ask(GUESSER, BASIC, "billing", SECRET).await?;

    println!("# The client, from its own address, is not locked out.");
    endpoint.ask(BILLING, BASIC, "billing", SECRET).await?;

    println!("# Six seconds later there is room for one more guess.");
    clock.set("2026-12-01T00:00:06Z")?;
    endpoint.ask(GUESSER, BASIC, "billing", "letmein").await?;
    endpoint.ask(GUESSER, BASIC, "billing", "letmein2").await?;
    Ok(())
}
