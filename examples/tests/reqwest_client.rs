//! `reqwest_client` against a token endpoint, and the lines of it that the documentation shows.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

use std::path::Path;
use std::process::{Command, Output};

use axum::{Router, routing::post};
use countersign::sign::SigningKey;
use countersign::{Algorithm, AuthMethod, Authenticator, Client, Endpoint};
use countersign::{key::KeySet, replay::MemoryReplayStore, store::Clients};
use countersign_tower::{ClientAuthLayer, axum::ClientAuth};

#[tokio::test(flavor = "multi_thread")]
async fn it_gets_a_token_with_its_own_key_and_none_with_another() {
    let own = SigningKey::generate(Algorithm::ES256).unwrap();
    let other = SigningKey::generate(Algorithm::ES256).unwrap();
    let issuer = serve(&own).await;
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let own_file = folder.join(format!("reqwest-own-{}.pem", std::process::id()));
    let other_file = folder.join(format!("reqwest-other-{}.pem", std::process::id()));
    std::fs::write(&own_file, own.to_pem().unwrap().as_bytes()).unwrap();
    std::fs::write(&other_file, other.to_pem().unwrap().as_bytes()).unwrap();

    // Twice: each request has an assertion of its own.
    for _ in 0..2 {
        let output = run(&issuer, &own_file, None).await;
        assert_eq!(String::from_utf8_lossy(&output.stdout), "a token for billing\n", "{output:?}");
    }
    for key_id in [None, own.key_id()] {
        let output = run(&issuer, &other_file, key_id).await;
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && output.stdout.is_empty(), "{output:?}");
        assert!(said.contains("400 Bad Request") && said.contains("invalid_client"), "{said}");
        assert!(!said.contains("eyJ"), "an assertion is shown: {said}");
    }
    std::fs::remove_file(own_file).unwrap();
    std::fs::remove_file(other_file).unwrap();
}

#[test]
fn the_documentation_shows_what_is_run() {
    let example = include_str!("../reqwest_client.rs");
    let documentation = include_str!("../../core/src/sign/mod.rs");
    let (_, block) = documentation.split_once("//! ```ignore\n").expect("the block in the documentation");
    let (block, _) = block.split_once("//! ```\n").expect("its end");
    let shown: String = block
        .lines()
        .map(|line| line.strip_prefix("//! ").or(line.strip_prefix("//!")).unwrap().to_owned() + "\n")
        .collect();
    assert!(shown.lines().count() > 15, "{shown}");
    assert!(example.contains(&shown), "examples/reqwest_client.rs does not have the lines\n{shown}");
}

/// A token endpoint, on the runtime of the test, where the client billing has this key. Its issuer identifier.
async fn serve(key: &SigningKey) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let issuer = format!("http://{}", listener.local_addr().unwrap());
    let keys = serde_json::json!({ "keys": [key.public_jwk()] });
    let billing = Client::new("billing")
        .with_method(AuthMethod::PRIVATE_KEY_JWT)
        .with_keys(KeySet::from_jwks(&keys).unwrap());
    let auth = Authenticator::builder()
        .issuer(issuer.as_str())
        .endpoint(Endpoint::Token, format!("{issuer}/token"))
        .clients(Clients::new([billing]).unwrap())
        .replay(MemoryReplayStore::new())
        .build()
        .unwrap();
    let app = Router::new().route("/token", post(answer)).layer(ClientAuthLayer::new(auth));
    tokio::spawn(async { axum::serve(listener, app).await });
    issuer
}

async fn answer(client: ClientAuth) -> String {
    serde_json::json!({ "access_token": format!("a token for {}", client.client_id()) }).to_string()
}

async fn run(issuer: &str, key_file: &Path, key_id: Option<&str>) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_reqwest_client"));
    command.args([issuer, "billing"]).arg(key_file).args(key_id);
    tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
}
