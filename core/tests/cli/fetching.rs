//! `explain` for clients whose keys stand at their `jwks_uri`.

use serde_json::{Value, json};

use crate::authority::{Authority, Wants};
use crate::bench::{Bench, ISSUER, Run};
use crate::server::Server;

/// A client with one key, which it publishes at `jwks_uri`, and an assertion of it.
struct Scene {
    bench: Bench,
    assertion: String,
}

impl Scene {
    fn new(name: &str) -> Self {
        let bench = Bench::new(name);
        bench.run(&["keygen", "--out", "k.jwk", "--public", "k.jwks", "--format", "jwks"]).ends(0);
        bench.run(&["keygen", "--out", "o.jwk", "--public", "o.jwks", "--format", "jwks"]).ends(0);
        let mut scene = Scene { bench, assertion: String::new() };
        scene.assertion = scene.assert(&[]);
        scene
    }

    fn assert(&self, options: &[&str]) -> String {
        let assert = ["assert", "reports", "--key", "k.jwk", "--issuer", ISSUER];
        self.bench.run(&[assert.as_slice(), options].concat()).ends(0).out
    }

    fn published(&self, file: &str) -> Server {
        Server::answering(200, &self.bench.read(file))
    }

    fn explain(&self, jwks_uri: &str, assertion: &str, options: &[&str]) -> Run {
        let clients = json!([{
            "client_id": "reports", "token_endpoint_auth_method": "private_key_jwt", "jwks_uri": jwks_uri,
        }]);
        self.bench.write("clients.json", clients.to_string());
        let explain = ["explain", "--issuer", ISSUER, "--clients", "clients.json"];
        self.bench.run_with(&[explain.as_slice(), options].concat(), assertion)
    }

    /// As JSON, with the code it must end with.
    fn explained(&self, jwks_uri: &str, assertion: &str, options: &[&str], code: i32) -> Value {
        self.explain(jwks_uri, assertion, &[options, &["--json"]].concat()).ends(code).json()
    }
}

const LOOPBACK: &[&str] = &["--danger-allow-loopback"];

#[test]
fn keys_are_fetched_as_a_server_fetches_them_and_no_assertion_is_used_up() {
    let scene = Scene::new("fetch");
    let host = scene.published("k.jwks");
    let run = scene.explain(&host.url, &scene.assertion, LOOPBACK).ends(0);
    assert!(run.out.contains("authenticated: reports by private_key_jwt, key "), "{}", run.out);
    let line = run.out.lines().find(|line| line.contains("client's keys can be had")).unwrap();
    assert!(line.contains(&host.url), "{line}");
    // The same assertion once more.
    assert_eq!(scene.explained(&host.url, &scene.assertion, LOOPBACK, 0)["accepted"], true);
    let heard = host.heard();
    assert_eq!(heard.len(), 2);
    assert!(heard[0].request.starts_with("GET /token HTTP/1.1\r\n"), "{}", heard[0].request);
}

#[test]
fn what_a_server_does_not_fetch_is_not_fetched_here() {
    let scene = Scene::new("fetch-not");
    let host = scene.published("k.jwks");
    // Plain http, and an address of this machine.
    let said = scene.explained(&host.url, &scene.assertion, &[], 1);
    assert_eq!((&said["reason"], &said["status"]), (&json!("jwks_unavailable"), &json!(503)));
    assert!(said["got"].as_str().unwrap().contains("not an https URL"), "{said}");
    let said = scene.explained(&host.url.replace("http:", "https:"), &scene.assertion, &[], 1);
    assert!(said["got"].as_str().unwrap().contains("127.0.0.1 is not a public one"), "{said}");
    // Nobody is asked for the sake of a client that is unknown, or an assertion that is wrong in itself.
    let expired = scene.assert(&["--claim", "exp=1"]);
    assert_eq!(scene.explained(&host.url, &expired, LOOPBACK, 1)["reason"], "expired");
    let stranger = scene.bench.run(&["assert", "stranger", "--key", "k.jwk", "--issuer", ISSUER]).ends(0).out;
    assert_eq!(scene.explained(&host.url, &stranger, LOOPBACK, 1)["reason"], "unknown_client");
    assert!(host.heard().is_empty());
}

#[test]
fn a_key_that_is_not_published_is_not_found() {
    let scene = Scene::new("fetch-kid");
    let host = scene.published("k.jwks");
    let unknown = scene.assert(&["--kid", "unknown"]);
    let run = scene.explain(&host.url, &unknown, LOOPBACK).ends(1);
    assert!(
        run.out.contains("refused: key_not_found; ") && run.out.contains("    cure      "),
        "{}",
        run.out
    );
    assert!(run.out.contains("✓ client's keys can be had"), "{}", run.out);
    assert_eq!(host.heard().len(), 1, "an unknown kid does not have a set fetched twice in a moment");
    let other = scene.published("o.jwks");
    assert_eq!(scene.explained(&other.url, &scene.assertion, LOOPBACK, 1)["reason"], "key_not_found");
}

#[test]
fn a_host_that_is_down_is_said_so_with_the_cure() {
    let scene = Scene::new("fetch-down");
    let host = scene.published("k.jwks");
    let url = host.url.clone();
    drop(host);
    let run = scene.explain(&url, &scene.assertion, LOOPBACK).ends(1);
    let said = &run.out;
    assert!(said.contains("✗ client's keys can be had"), "{said}");
    assert!(said.contains(&format!("    expected  {url}\n")), "{said}");
    assert!(said.contains("    got       the key set cannot be had: connect: "), "{said}");
    assert!(said.contains("    cure      Look at the host of the jwks_uri"), "{said}");
    assert!(said.contains("! The keys were fetched from this machine"), "{said}");
    assert!(
        said.contains("refused: jwks_unavailable; the caller is told 503 temporarily_unavailable"),
        "{said}"
    );
    assert!(!said.contains("✓ signature") && said.contains("not reached: key; "), "{said}");
    for (status, body, detail) in
        [(404, "", "status: the host answered 404"), (200, "<html>", "not_a_key_set: ")]
    {
        let host = Server::answering(status, body);
        let said = scene.explained(&host.url, &scene.assertion, LOOPBACK, 1);
        assert_eq!(said["reason"], "jwks_unavailable");
        assert!(said["got"].as_str().unwrap().contains(detail), "{said}");
    }
}

#[test]
fn an_extra_authority_is_trusted_when_it_is_named() {
    let scene = Scene::new("fetch-ca");
    let authority = Authority::new("authority");
    scene.bench.write("ca.pem", authority.pem());
    let issued = authority.issue("localhost", |_| {});
    let host = Server::secure(issued.server(Wants::Nothing), 200, &scene.bench.read("k.jwks"));
    let said = scene.explained(&host.url, &scene.assertion, LOOPBACK, 1);
    assert_eq!(said["reason"], "jwks_unavailable");
    assert!(said["got"].as_str().unwrap().contains("tls: "), "{said}");
    let with_authority = ["--danger-allow-loopback", "--ca", "ca.pem"];
    assert_eq!(scene.explained(&host.url, &scene.assertion, &with_authority, 0)["accepted"], true);
    // The authority alone does not lead to this machine.
    let said = scene.explained(&host.url, &scene.assertion, &["--ca", "ca.pem"], 1);
    assert!(said["got"].as_str().unwrap().contains("address_refused: "), "{said}");
    assert_eq!(host.heard().len(), 1);
}

#[test]
fn a_saved_key_set_is_judged_without_a_network() {
    let scene = Scene::new("fetch-saved");
    let nowhere = "https://reports.invalid/jwks.json";
    let said = scene.explain(nowhere, &scene.assertion, &["--jwks", "k.jwks"]).ends(0).out;
    assert!(said.contains("authenticated: reports by private_key_jwt"), "{said}");
    assert_eq!(
        scene.explained(nowhere, &scene.assertion, &["--jwks", "o.jwks"], 1)["reason"],
        "key_not_found"
    );
    // The other key under the name of this one.
    let mut forged = scene.bench.read_json("o.jwks");
    forged["keys"][0]["kid"] = scene.bench.read_json("k.jwks")["keys"][0]["kid"].clone();
    scene.bench.write("forged.jwks", forged.to_string());
    let said = scene.explained(nowhere, &scene.assertion, &["--jwks", "forged.jwks"], 1);
    assert_eq!(said["reason"], "signature_invalid");
    // A host is not asked where there is one.
    let host = scene.published("k.jwks");
    let said = scene.explained(&host.url, &scene.assertion, &["--jwks", "o.jwks"], 1);
    assert_eq!(said["reason"], "key_not_found");
    assert!(host.heard().is_empty());
    scene.bench.write("twice.jwks", r#"{"keys":[],"keys":[]}"#);
    for (options, said) in [
        (vec!["--jwks", "none.jwks"], "none.jwks: No such file"),
        (vec!["--jwks", "twice.jwks"], "twice.jwks: not_a_key_set: "),
        (vec!["--jwks", "k.jwk"], "k.jwk: not_a_key_set: "),
        (vec!["--jwks", "k.jwks", "--danger-allow-loopback"], "cannot be used with"),
        (vec!["--ca", "k.jwks"], "k.jwks: extra_root_certificate: "),
    ] {
        let run = scene.explain(nowhere, &scene.assertion, &options).ends(2);
        assert!(run.err.contains(said), "{options:?}: {}", run.err);
    }
}
