//! What a registered client costs in memory: 100,000 clients, each with an inline key set of one ES256 key of its own.
//!
//! `cargo bench -p countersign-tests --bench clients`. Prints what Rust's allocator holds for a client, and what the
//! process grew by, which counts the parsed keys too: they lie on the heap of the C library. Fails when either is over
//! its target.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::cast_precision_loss)]

mod resident;

use std::sync::Arc;

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use bytes::Bytes;
use countersign::metadata::ClientMetadata;
use countersign::replay::MemoryReplayStore;
use countersign::store::Clients;
use countersign::{Authenticator, Client, Endpoint};
use countersign_tests::assertion::Assertion;
use countersign_tests::encoding::base64url;
use countersign_tests::fixtures::fixtures;
use countersign_tests::request::Request;
use countersign_tests::row::{Endpoint as RowEndpoint, ISSUER};
use serde_json::json;

fn main() {
    // Made before anything is measured, and kept until the end.
    let registry: Vec<String> = (0..CLIENTS).map(entry).collect();
    let before = resident::octets();
    let mut clients = None;
    let seen = allocation_counter::measure(|| clients = Some(load(&registry)));
    let after = resident::octets();
    let clients = clients.unwrap();
    assert_eq!(clients.iter().count(), CLIENTS);
    assert!(clients.iter().all(|client| client.keys().keys().count() == 1));

    let each = |octets: f64| octets / CLIENTS as f64;
    println!("{:<28} {:>12}   target", "memory of a client", "");
    let held = each(seen.bytes_current as f64);
    println!("{:<28} {held:>10.0} B   {TARGET:.0} B", "held, as Rust counts");
    let grown = before.zip(after).map(|(before, after)| each(after as f64 - before as f64));
    match grown {
        Some(grown) => println!("{:<28} {grown:>10.0} B   {TARGET:.0} B", "resident, with parsed keys"),
        None => println!("{:<28} {:>12}   {TARGET:.0} B", "resident, with parsed keys", "not known here"),
    }
    println!("{:<28} {:>12.1}", "allocations kept", each(seen.count_current as f64));
    they_authenticate(clients);
    assert!(held <= TARGET, "a client takes {held:.0} octets");
    assert!(grown.is_none_or(|grown| grown <= TARGET), "a client takes {grown:?} octets");
}

/// As a server reads its file of clients: one entry after the other, each parsed and let go.
fn load(registry: &[String]) -> Clients {
    let read = |entry: &String| {
        let metadata: ClientMetadata = serde_json::from_str(entry).unwrap();
        Client::try_from(&metadata).unwrap()
    };
    Clients::new(registry.iter().map(read)).unwrap()
}

fn entry(number: usize) -> String {
    let key = match number {
        // The one whose private half is known.
        0 => fixtures().key_of(SIGNER).public(),
        _ => {
            let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
            let (x, y) = key.public_key().as_ref()[1..].split_at(32);
            json!({
                "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": format!("key-{number}"),
                "x": base64url(x), "y": base64url(y),
            })
        }
    };
    json!({
        "client_id": client_id(number), "token_endpoint_auth_method": "private_key_jwt",
        "token_endpoint_auth_signing_alg": "ES256", "jwks": {"keys": [key]},
    })
    .to_string()
}

fn client_id(number: usize) -> String {
    format!("client-{number:08}")
}

/// What was measured can do its work: the first client authenticates by its key, and no other does by that one.
fn they_authenticate(clients: Clients) {
    let clock = countersign_tests::drivers::SetClock::new(countersign_tests::row::NOW);
    let auth = Authenticator::builder()
        .issuer(ISSUER)
        .endpoint(Endpoint::Token, RowEndpoint::Token.url())
        .clients(Arc::new(clients))
        .replay(MemoryReplayStore::with_clock(clock.clone()))
        .clock(clock)
        .build()
        .unwrap();
    for number in [0, 1, CLIENTS - 1] {
        let assertion = Assertion::new(&client_id(number), fixtures().key_of(SIGNER), "ES256");
        let request = Request::token().assertion(assertion.without_header("kid").mint()).build();
        let headers = request.headers.as_slice();
        let body = Bytes::from(request.body.clone());
        let decided =
            auth.authenticate(countersign::AuthRequest::new(Endpoint::Token, "POST", &headers, body));
        assert_eq!(futures_executor::block_on(decided).is_ok(), number == 0);
    }
}

const CLIENTS: usize = 100_000;
const SIGNER: &str = "c-pkjwt-es256";
const TARGET: f64 = 2048.0;
