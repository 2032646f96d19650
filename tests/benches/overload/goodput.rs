//! How many tokens are issued in time while up to four times as many are asked for as can be.

use std::sync::LazyLock;
use std::time::Duration;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use axum::Router;
use axum::routing::post;
use countersign::metadata::ClientMetadata;
use countersign::replay::MemoryReplayStore;
use countersign::store::Clients;
use countersign::{Authenticator, Client, Endpoint};
use countersign_tests::encoding::base64url;
use countersign_tests::fixtures::fixtures;
use countersign_tests::row::{Endpoint as RowEndpoint, ISSUER};
use countersign_tower::axum::ClientAuth;

use super::flood::flood;
use super::server::{Server, layer, serve as listen};
use super::{Table, median, requests};

pub(crate) const NAME: &str = "goodput";

/// On one thread: the other core asks.
pub(crate) fn serve() {
    let clients = [BY_ASSERTION, BY_SECRET].map(|client| {
        let metadata: ClientMetadata =
            serde_json::from_value(fixtures().client(client).metadata.clone()).unwrap();
        Client::try_from(&metadata).unwrap()
    });
    let auth = Authenticator::builder()
        .issuer(ISSUER)
        .endpoint(Endpoint::Token, RowEndpoint::Token.url())
        .clients(Clients::new(clients).unwrap())
        .replay(MemoryReplayStore::new().with_capacity(1_000_000, 1_000_000))
        .build()
        .unwrap();
    listen(Router::new().route("/token", post(issue)).layer(layer(auth)), Some(1));
}

/// An access token, signed with RS256 as most are.
async fn issue(client: ClientAuth) -> String {
    static KEY: LazyLock<RsaKeyPair> = LazyLock::new(|| RsaKeyPair::generate(KeySize::Rsa2048).unwrap());
    let claims = format!(r#"{{"sub":"{}"}}"#, client.client_id());
    let input = format!("{}.{}", base64url(br#"{"alg":"RS256","typ":"at+jwt"}"#), base64url(claims));
    let mut signature = vec![0; KEY.public_modulus_len()];
    KEY.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), input.as_bytes(), &mut signature).unwrap();
    format!(r#"{{"access_token":"{input}.{}","token_type":"Bearer"}}"#, base64url(signature))
}

pub(crate) fn measure(table: &mut Table) {
    table.heading("Tokens issued within 250 ms, over at most 32 connections", "a second");
    let secret = fixtures().client(BY_SECRET).secret().unwrap();
    let by_secret = |_| requests::by_secret(BY_SECRET, &secret, "192.0.2.7");
    let by_assertion = |_| requests::by_assertion(BY_ASSERTION, "192.0.2.7");
    line(table, "client_secret_basic", &by_secret);
    line(table, "private_key_jwt (ES256)", &by_assertion);
}

fn line(table: &mut Table, method: &str, request: &dyn Fn(usize) -> Vec<u8>) {
    let server = Server::start(NAME);
    let issued = |per_second: f64| {
        let offered: Vec<Vec<u8>> = (0..(per_second * SECONDS) as usize).map(request).collect();
        let outcome = flood(server.address, 32, per_second, Duration::from_millis(250), &offered);
        assert!(outcome.in_time.keys().all(|status| *status == 200), "{:?}", outcome.in_time);
        *outcome.in_time.get(&200).unwrap_or(&0) as f64 / SECONDS
    };
    // What it can do: more than that is offered, and what was issued is counted.
    issued(200.0);
    let capacity = issued(MORE_THAN_ENOUGH);
    let loads = [1.0, 2.0, 4.0];
    let mut goodput: [Vec<f64>; 3] = Default::default();
    for _ in 0..ROUNDS {
        for (load, measured) in loads.iter().zip(&mut goodput) {
            measured.push(issued(capacity * load));
        }
    }
    let at_once = median(goodput[0].clone());
    table.note(&format!("{method}, asked as often as it can"), &format!("{at_once:.0}"));
    for (load, measured) in loads.iter().zip(&goodput).skip(1) {
        let ratios = measured.iter().zip(&goodput[0]).map(|(more, once)| more / once);
        let ratio = median(ratios.collect());
        table.line(
            &format!("{method}, {load:.0} times as often"),
            &format!("{:.0}, ratio {ratio:.2}", median(measured.clone())),
            "0.9 or more",
            ratio >= 0.9,
        );
    }
}

const BY_ASSERTION: &str = "c-pkjwt-es256";
const BY_SECRET: &str = "c-basic";
const ROUNDS: usize = 3;
const SECONDS: f64 = 0.8;
const MORE_THAN_ENOUGH: f64 = 6000.0;
