//! Servers whose registry of clients breaks.

use std::sync::Arc;
use std::time::Duration;

use countersign::store::{ClientRegistry as _, ClientStore as _, PostgresClients, RegisteredClient};
use countersign::{Authenticator, Endpoint};
use futures_util::{StreamExt as _, stream};
use serde_json::json;
use tokio::time::{Instant, sleep};

use super::replay_store::{at, lock_of, through, when_it_goes_on, whole};
use super::{Act, Credential, Pace, Scene};
use crate::encoding::basic;
use crate::faults::{Fault, FaultProxy};
use crate::patience::{PATIENCE, patiently};
use crate::request::Request;
use crate::row::{Endpoint as RowEndpoint, ISSUER};
use crate::servers::postgres::Postgres;

/// Killed, and started again with all that it had acknowledged.
pub(super) async fn dead(pace: Pace) -> Scene {
    let server = Arc::new(Postgres::start());
    let url = server.url();
    let registry = patiently(|| PostgresClients::connect(&url)).await;
    let again = Arc::clone(&server);
    let scene =
        scene(&url, registry, pace, Box::new(move || server.kill()), Box::new(move || again.start_again()))
            .await;
    when_it_goes_on(scene)
}

pub(super) async fn hung(pace: Pace) -> Scene {
    let (proxy, registry, url) = postgres().await;
    let harm = at(&proxy, |proxy| proxy.both_ways(Fault::Stall));
    when_it_goes_on(scene(&url, registry, pace, harm, whole(proxy, ())).await)
}

/// Every connection waits for a lock.
pub(super) async fn exhausted(pace: Pace) -> Scene {
    let (proxy, registry, url) = postgres().await;
    let (harm, mut heal) = lock_of(url.clone(), "countersign_clients");
    let keep = whole(proxy, ());
    let heal = move || {
        let _ = &keep;
        heal();
    };
    when_it_goes_on(scene(&url, registry, pace, harm, Box::new(heal)).await)
}

/// Clients that were not asked for yet need it, and those that were do not.
async fn scene(url: &str, registry: PostgresClients, pace: Pace, harm: Act, heal: Act) -> Scene {
    let (clients, removed) = (pace.credentials(PER_SECOND), 8);
    let names = (0..clients)
        .map(name)
        .chain((0..removed).map(name_of_removed))
        .chain([REMEMBERED, POLLED].map(str::to_owned));
    let inserted = stream::iter(names).for_each_concurrent(8, async |name| {
        let metadata = json!({
            "client_id": name,
            "client_secret": SECRET,
            "token_endpoint_auth_method": "client_secret_basic",
        });
        let metadata = serde_json::from_value(metadata).unwrap();
        let client = RegisteredClient { metadata, ..Default::default() };
        patiently(|| registry.insert(&client)).await;
    });
    inserted.await;
    for name in (0..removed).map(name_of_removed) {
        let client = patiently(|| registry.read(&name)).await.unwrap();
        patiently(|| registry.remove(&name, client.revision)).await;
    }
    // With the first look for changes everything is forgotten once more. It is over when one is seen.
    let seen = patiently(|| registry.read(POLLED)).await.unwrap();
    assert!(patiently(|| registry.find(POLLED)).await.is_some());
    let other = patiently(|| PostgresClients::connect(url)).await;
    patiently(|| other.remove(POLLED, seen.revision)).await;
    let waits = Instant::now();
    while patiently(|| registry.find(POLLED)).await.is_some() {
        assert!(waits.elapsed() < PATIENCE, "the first look for changes never ends");
        sleep(Duration::from_millis(50)).await;
    }
    assert!(patiently(|| registry.find(REMEMBERED)).await.is_some());
    let auth = Authenticator::builder()
        .issuer(ISSUER)
        .endpoint(Endpoint::Token, RowEndpoint::Token.url())
        .clients(registry)
        .build()
        .unwrap();
    let wrong = move |number: u64| match number / 10 % 3 {
        0 => by_secret(&name_of_removed(number % removed), SECRET),
        1 => by_secret(&format!("nobody-{number}"), SECRET),
        _ => by_secret(&name(number % clients), "a secret that nobody has"),
    };
    Scene {
        auth,
        right: Arc::new(move |number| Credential::right(by_secret(&name(number % clients), SECRET))),
        wrong: Arc::new(move |number| Credential::wrong(wrong(number))),
        others: vec![
            Credential::right(by_secret(REMEMBERED, SECRET)),
            Credential::wrong(by_secret(REMEMBERED, "a secret that nobody has")),
        ],
        harm,
        heal,
        can_be_broken_again: true,
        is_momentary: false,
        repeats: None,
        at_least: Duration::ZERO,
        per_second: PER_SECOND,
        allowed: &["503 store_unavailable"],
        expected: "503 store_unavailable",
    }
}

async fn postgres() -> (Arc<FaultProxy>, PostgresClients, String) {
    let server = Postgres::shared();
    let url = server.url_of_new_database();
    let proxy = Arc::new(FaultProxy::start(server.port()));
    let by_proxy = through(&url, server.port(), &proxy);
    let registry = patiently(|| PostgresClients::connect(&by_proxy)).await;
    (proxy, registry, url)
}

fn by_secret(client_id: &str, secret: &str) -> Request {
    Request::token().authorization(basic(client_id, secret))
}

fn name(number: u64) -> String {
    format!("client-{number}")
}

fn name_of_removed(number: u64) -> String {
    format!("removed-{number}")
}

const REMEMBERED: &str = "remembered";
const POLLED: &str = "polled";
const SECRET: &str = "wCTKUrZ5rmyUxA6MGMU8gBQRGzgtSBlq";

/// The clients that are asked for must be other ones each time.
const PER_SECOND: u32 = 100;
