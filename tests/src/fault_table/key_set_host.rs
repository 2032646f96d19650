//! Servers whose clients keep their keys at a host that breaks.

use std::sync::Arc;
use std::time::Duration;

use countersign::clock::SystemClock;
use countersign::fetch::KeySetFetcher;
use countersign::metadata::ClientMetadata;
use countersign::replay::MemoryReplayStore;
use countersign::store::Clients;
use countersign::{AuthMethod, Authenticator, Client, Endpoint};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::credential::{assertion, forged, secrets};
use super::replay_store::{at, whole};
use super::{Act, Credential, Pace, Scene};
use crate::faults::{Fault, FaultProxy};
use crate::fixtures::fixtures;
use crate::request::Request;
use crate::row::{Endpoint as RowEndpoint, ISSUER};

pub(super) async fn dead(pace: Pace) -> Scene {
    let proxy = Arc::new(FaultProxy::start(host().await));
    let harm = at(&proxy, FaultProxy::refuse);
    let heal = at(&proxy, FaultProxy::accept_again);
    scene(&proxy, pace, harm, heal)
}

pub(super) async fn hung(pace: Pace) -> Scene {
    let proxy = Arc::new(FaultProxy::start(host().await));
    let harm = at(&proxy, |proxy| proxy.both_ways(Fault::Stall));
    let scene = scene(&proxy, pace, harm, whole(Arc::clone(&proxy), ()));
    // It is given up after 2.5 s; those that wait for less when it goes on are answered.
    Scene { at_least: Duration::from_millis(3500), ..scene }
}

/// Clients whose keys were not fetched yet need it. Those with their keys here do not, nor those with a secret.
fn scene(proxy: &FaultProxy, pace: Pace, harm: Act, heal: Act) -> Scene {
    let clients = pace.credentials(PER_SECOND);
    let fetched = (0..clients).map(|number| {
        Client::new(name(number))
            .with_method(AuthMethod::PRIVATE_KEY_JWT)
            .with_jwks_uri(format!("http://127.0.0.1:{}/{number}", proxy.port()))
    });
    let here = ["c-basic", "c-post", KEY].map(|name| {
        let metadata = fixtures().client(name).metadata.clone();
        let metadata: ClientMetadata = serde_json::from_value(metadata).unwrap();
        Client::try_from(&metadata).unwrap()
    });
    let auth = Authenticator::builder()
        .issuer(ISSUER)
        .endpoint(Endpoint::Token, RowEndpoint::Token.url())
        .clients(Clients::new(fetched.chain(here)).unwrap())
        .replay(MemoryReplayStore::with_clock(SystemClock::default()))
        .key_source(KeySetFetcher::new().danger_allow_loopback(true))
        .build()
        .unwrap();
    let signed = move |number: u64| assertion(KEY, &name(number % clients)).mint();
    Scene {
        auth,
        right: Arc::new(move |number| Credential::right_once(Request::token().assertion(signed(number)))),
        wrong: Arc::new(move |number| {
            Credential::wrong(Request::token().assertion(forged(&name(number % clients)).mint()))
        }),
        others: secrets(),
        harm,
        heal,
        can_be_broken_again: true,
        is_momentary: false,
        repeats: None,
        at_least: Duration::ZERO,
        per_second: PER_SECOND,
        // What was on its way when the host broke may still arrive.
        allowed: &["503 jwks_unavailable", "200"],
        expected: "503 jwks_unavailable",
    }
}

/// A host that answers everybody with one key. It ends with the runtime.
async fn host() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let keys = json!({"keys": [fixtures().key_of(KEY).public()]}).to_string();
    let answer = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{keys}",
        keys.len()
    );
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let answer = answer.clone();
            tokio::spawn(async move {
                let (mut head, mut buffer) = (Vec::new(), [0; 1024]);
                while !head.ends_with(b"\r\n\r\n") {
                    match stream.read(&mut buffer).await {
                        Ok(read) if read > 0 => head.extend_from_slice(&buffer[..read]),
                        _ => return,
                    }
                }
                let _ = stream.write_all(answer.as_bytes()).await;
            });
        }
    });
    port
}

fn name(number: u64) -> String {
    format!("client-{number}")
}

const KEY: &str = "c-pkjwt-es256";

/// Fewer than the fetcher asks for in a second.
const PER_SECOND: u32 = 20;
