//! What a flood of requests leaves behind: a million used assertions, a million clients that do not exist, and bad
//! signatures under the largest common RSA keys.
//!
//! `cargo bench -p countersign-tests --bench floods`. Prints tables, and fails when something stays behind that should
//! not, or a used assertion passes again.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::cast_precision_loss)]
#![allow(clippy::disallowed_methods, reason = "a benchmark reads the clock")]

mod resident;

use std::sync::Arc;
use std::time::Instant;

use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::KeyPair as _;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use countersign::metadata::ClientMetadata;
use countersign::replay::MemoryReplayStore;
use countersign::store::Clients;
use countersign::{AuthRequest, AuthenticatedClient, Authenticator, Client, Endpoint, Reason, Refusal};
use countersign_tests::assertion::Assertion;
use countersign_tests::drivers::SetClock;
use countersign_tests::encoding::base64url;
use countersign_tests::fixtures::fixtures;
use countersign_tests::jwk::PrivateJwk;
use countersign_tests::request::Request;
use countersign_tests::row::{Endpoint as RowEndpoint, HttpRequest, ISSUER, NOW};
use serde_json::{Value, json};

fn main() {
    let mut over = Vec::new();
    used_assertions(&mut over);
    unknown_clients(&mut over);
    bad_signatures(&mut over);
    assert!(over.is_empty(), "over target: {over:?}");
}

/// Through the whole decision, with room for all of them and with the room that there is by default.
fn used_assertions(over: &mut Vec<String>) {
    const MILLION: usize = 1_000_000;
    println!(
        "{:<44} {:>10} {:>10} {:>14}   target",
        "used assertions of one client", "accepted", "full", "of memory"
    );
    let roomy = |clock| MemoryReplayStore::with_clock(clock).with_capacity(MILLION + 1, MILLION as u32 + 1);
    let usual: fn(SetClock) -> MemoryReplayStore = |clock| MemoryReplayStore::with_clock(clock);
    for (name, store, room) in [
        ("with room for all", roomy as fn(SetClock) -> MemoryReplayStore, MILLION),
        ("as it is by default", usual, 100_000),
    ] {
        let clock = SetClock::new(NOW);
        let store = Arc::new(store(clock.clone()));
        let server = server(&[fixtures().client(MAC).metadata.clone()], Arc::clone(&store), clock);
        let key = Arc::new(PrivateJwk::of_secret(&fixtures().client(MAC).secret().unwrap()));
        let mint =
            || Request::token().assertion(Assertion::new(MAC, Arc::clone(&key), "HS256").mint()).build();
        let first = mint();
        let (mut accepted, mut full) = (0, 0);
        let mut count = |outcome: Result<AuthenticatedClient, Refusal>| match outcome {
            Ok(_) => accepted += 1,
            Err(refusal) if refusal.reason() == Reason::ReplayStoreFull => full += 1,
            Err(refusal) => panic!("{refusal:?}"),
        };
        let mut held = 0;
        count(send(&server, &first));
        for _ in 1..MILLION {
            let request = mint();
            held += allocation_counter::measure(|| count(send(&server, &request))).bytes_current;
        }
        let again = send(&server, &first).unwrap_err();
        assert_eq!(again.reason(), Reason::Replayed, "the first one passed again");
        assert_eq!((accepted, accepted + full), (room, MILLION));
        let each = held as f64 / room as f64;
        println!("{name:<44} {accepted:>10} {full:>10} {each:>10.1} B/e   64 B/e");
        if each > 64.0 {
            over.push(format!("used assertions, {name}: {each}"));
        }
    }
}

fn unknown_clients(over: &mut Vec<String>) {
    const MILLION: usize = 1_000_000;
    println!("\n{:<44} {:>14} {:>14}   target", "a million unknown clients", "left, by Rust", "process grew");
    let clock = SetClock::new(NOW);
    let store = MemoryReplayStore::with_clock(clock.clone());
    let server = server(&[fixtures().client("c-basic").metadata.clone()], store, clock);
    let unknown = |number: usize| Request::token().basic(&format!("{number:x}-nobody"), "x").build();
    let mut held = 0;
    (0..1000).for_each(|number| assert!(send(&server, &unknown(number)).is_err()));
    let before = resident::octets();
    for number in 0..MILLION {
        let request = unknown(number);
        let seen = allocation_counter::measure(|| {
            let refusal = send(&server, &request).unwrap_err();
            assert_eq!(refusal.reason(), Reason::UnknownClient);
        });
        held += seen.bytes_current;
    }
    let grown = before.zip(resident::octets()).map(|(before, after)| after as i64 - before as i64);
    let shown = grown.map_or("not known".to_owned(), |grown| format!("{grown} B"));
    println!("{:<44} {held:>12} B {shown:>14}   0 B, and below 1 MiB", "by a secret");
    if held > 0 || grown.is_some_and(|grown| grown > 1 << 20) {
        over.push(format!("unknown clients: {held}, {grown:?}"));
    }
}

/// Nothing is queued: a decision takes its time on the thread that asks for it, and leaves nothing.
fn bad_signatures(over: &mut Vec<String>) {
    const CALLS: usize = 5_000;
    println!(
        "\n{:<44} {:>14} {:>14}   target",
        "bad signatures of 4096 bits, one thread", "per second", "left, by Rust"
    );
    let pair = KeyPair::generate(KeySize::Rsa4096).unwrap();
    let pem = format!(
        "-----BEGIN RSA PUBLIC KEY-----\n{}\n-----END RSA PUBLIC KEY-----\n",
        STANDARD.encode(pair.public_key())
    );
    let client = json!({
        "client_id": RSA, "token_endpoint_auth_method": "private_key_jwt", "public_keys": [pem],
    });
    let clock = SetClock::new(NOW);
    let server = server(&[client], MemoryReplayStore::with_clock(clock.clone()), clock);
    for algorithm in ["RS256", "PS256"] {
        for (whose, client_id) in [("of a client", RSA), ("of nobody", "nobody")] {
            let requests: Vec<HttpRequest> =
                (0..CALLS).map(|number| forged(client_id, algorithm, number)).collect();
            let mut held = 0;
            assert!(send(&server, &requests[0]).is_err());
            let started = Instant::now();
            for request in &requests {
                let seen = allocation_counter::measure(|| {
                    let refusal = send(&server, request).unwrap_err();
                    let known = client_id == RSA;
                    let expected = if known { Reason::SignatureInvalid } else { Reason::UnknownClient };
                    assert_eq!(refusal.reason(), expected);
                });
                held += seen.bytes_current;
            }
            let rate = CALLS as f64 / started.elapsed().as_secs_f64();
            println!("{:<44} {rate:>14.0} {held:>12} B   0 B", format!("{algorithm} {whose}"));
            if held > 0 {
                over.push(format!("bad {algorithm} signatures {whose}: {held}"));
            }
        }
    }
}

/// A whole assertion under a signature that is none, of the right length.
fn forged(client_id: &str, algorithm: &str, number: usize) -> HttpRequest {
    let assertion = Assertion::new(client_id, fixtures().key("attacker-ec"), "ES256");
    let token = assertion.header("alg", algorithm).without_header("kid").mint();
    let (input, _) = token.rsplit_once('.').unwrap();
    let mut signature = vec![0x5A; 512];
    signature[1..9].copy_from_slice(&number.to_be_bytes());
    Request::token().assertion(format!("{input}.{}", base64url(signature))).build()
}

fn server(
    clients: &[Value],
    replay: impl countersign::replay::ReplayStore,
    clock: SetClock,
) -> Authenticator {
    let clients = clients.iter().map(|client| {
        let metadata: ClientMetadata = serde_json::from_value(client.clone()).unwrap();
        Client::try_from(&metadata).unwrap()
    });
    Authenticator::builder()
        .issuer(ISSUER)
        .endpoint(Endpoint::Token, RowEndpoint::Token.url())
        .clients(Clients::new(clients).unwrap())
        .replay(replay)
        .clock(clock)
        .build()
        .unwrap()
}

fn send(server: &Authenticator, request: &HttpRequest) -> Result<AuthenticatedClient, Refusal> {
    let headers = request.headers.as_slice();
    let body = Bytes::from(request.body.clone());
    let decided = server.authenticate(AuthRequest::new(Endpoint::Token, "POST", &headers, body));
    futures_executor::block_on(decided)
}

const MAC: &str = "c-csjwt";
const RSA: &str = "large-key";
