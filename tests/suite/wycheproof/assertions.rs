//! The vectors as client assertions, through the whole decision.

use std::collections::BTreeSet;
use std::sync::Arc;

use countersign_tests::assertion::{Assertion, Signing};
use countersign_tests::drivers::{Core, run};
use countersign_tests::encoding::from_base64url;
use countersign_tests::fixtures::fixtures;
use countersign_tests::jwk::PrivateJwk;
use countersign_tests::request::Request;
use countersign_tests::row::{Expect, Row};
use countersign_tests::scene::{Scene, accepted, invalid_client, invalid_request, scene};
use serde_json::{Value, json};

use super::adapted::adapted;
use super::jose::{Vector, vectors};
use super::{Tally, groups, tests, text};

const ID: &str = "c-throwaway";
const MAC_ID: &str = "c-csjwt";

/// Their payloads are words, not claims.
#[test]
fn no_vector_is_an_assertion_as_it_stands() {
    let rows = vectors().into_iter().map(|vector| {
        let expect = match vector.header() {
            // An empty parameter counts as absent.
            _ if vector.jws.is_empty() => invalid_request(400, "assertion_incomplete"),
            Some(header) if header["alg"].as_str().is_some_and(|alg| alg.eq_ignore_ascii_case("none")) => {
                invalid_client(400, "alg_not_allowed")
            }
            _ => invalid_client(400, "assertion_malformed"),
        };
        registered(&vector).send(Request::token().assertion(&vector.jws), expect).row()
    });
    assert_eq!(passed(rows), Tally { accepted: 0, refused: 476 });
}

/// Refused by its shape, and nothing is decrypted.
#[test]
fn no_ciphertext_is_an_assertion() {
    let ciphertexts = ["json_web_encryption_test", "json_web_crypto_test"].into_iter().flat_map(|file| {
        let groups = groups(file);
        let jwe = |test: &Value| test["jwe"].as_str().map_or_else(|| test["jwe"].to_string(), str::to_owned);
        let of = |group| tests(group).filter(|test| !test["jwe"].is_null()).map(jwe).collect::<Vec<_>>();
        groups.iter().flat_map(of).collect::<Vec<_>>()
    });
    let rows = ciphertexts.enumerate().map(|(number, jwe)| {
        let request = Request::token().field("client_id", "c-pkjwt-es256").assertion(jwe);
        scene(format!("ciphertext {number}")).send(request, invalid_client(400, "assertion_malformed")).row()
    });
    assert_eq!(passed(rows), Tally { accepted: 0, refused: 139 + 34 });
}

/// Real claims under the header of each vector, signed by its group's key: what is left of the vector is whether that
/// header and that key are sound.
#[test]
fn sound_headers_and_keys_authenticate() {
    let mut seen = BTreeSet::new();
    let rows = vectors().into_iter().filter_map(|vector| {
        let header = vector.header()?;
        let text = vector.jws.split('.').next().unwrap().to_owned();
        let is_new = seen.insert((vector.file, vector.group, text));
        let assertion = resigned(&vector).filter(|_| is_new)?;
        let expect = soundness(&vector, &header)
            .map_or_else(|| verified(&vector), |reason| invalid_client(400, reason));
        Some(registered(&vector).send(Request::token().assertion(assertion.mint()), expect).row())
    });
    assert_eq!(passed(rows), Tally { accepted: 30, refused: 34 });
}

/// And each with the fault that its vector's comment names.
#[test]
fn each_fault_that_a_comment_names_is_refused() {
    let rows = vectors().into_iter().filter_map(|vector| {
        if vector.comment == "rejectsEmptyString" {
            return None;
        }
        let assertion = resigned(&vector)?;
        let (token, expect) = match adapted(&vector, &assertion) {
            Some((token, reason)) => (token, invalid_client(400, reason)),
            None => {
                let soundness = soundness(&vector, &vector.header()?);
                assert!(vector.valid || soundness.is_some(), "{}: what is its fault?", vector.name());
                let expect =
                    soundness.map_or_else(|| verified(&vector), |reason| invalid_client(400, reason));
                (assertion.mint(), expect)
            }
        };
        Some(registered(&vector).send(Request::token().assertion(token), expect).row())
    });
    assert_eq!(passed(rows), Tally { accepted: 49, refused: 408 });
}

/// The vector's header over real claims under its group's key. Where the group has no key that we could sign with,
/// the honest owner of the key that it distorts.
fn resigned(vector: &Vector) -> Option<Assertion> {
    let with_header = |assertion: Assertion| match vector.header() {
        Some(_) => assertion.header_text(from_base64url(vector.jws.split('.').next().unwrap())),
        None => assertion,
    };
    if vector.public.is_none() {
        let secret = fixtures().client(MAC_ID).secret().unwrap();
        // A fault of a symmetric JWK is none that a secret can have.
        let is_hs256 = vector.of_a_sound_group && vector.private.iter().all(|jwk| jwk["alg"] == "HS256");
        let assertion = Assertion::new(MAC_ID, fixtures().key("attacker-ec"), "HS256").without_header("kid");
        return is_hs256.then(|| with_header(assertion).signing(Signing::Hmac(secret.into_bytes())));
    }
    let key = &vector.private[0];
    let key = match key["kid"].as_str() {
        Some("kid-ec-sign") => honest_ec_key(),
        _ => Arc::new(PrivateJwk::new(key)),
    };
    let algorithm = vector.header().map(|header| text(&header["alg"]).to_owned());
    let algorithm = algorithm.filter(|name| name.starts_with("RS") || name.starts_with("PS"));
    let own = key.algorithm().to_owned();
    let assertion = Assertion::new(ID, key, &algorithm.unwrap_or(own.clone())).header("alg", own);
    Some(with_header(assertion))
}

/// What is wrong with the header or the key, if anything is.
fn soundness(vector: &Vector, header: &Value) -> Option<&'static str> {
    let algorithm = text(&header["alg"]);
    if algorithm.eq_ignore_ascii_case("none") {
        return Some("alg_not_allowed");
    }
    // A secret goes with whatever `kid` is said.
    let key = vector.public.as_ref()?.first()?;
    if algorithm.starts_with("HS") {
        return Some("alg_not_allowed");
    }
    if !vector.of_a_sound_group {
        // Some keys can be read and serve for something else; the others are no keys.
        let for_encryption =
            key["use"] == "enc" && key["alg"] != "RSA1_5" || key["key_ops"] == json!(["encrypt"]);
        let for_another = key["alg"] == "PS256" && algorithm == "PS384";
        return Some(if for_encryption || for_another { "key_unfit" } else { "key_not_found" });
    }
    if header["kid"] != key["kid"] {
        return Some("key_not_found");
    }
    (header["alg"] != key["alg"]).then_some("key_unfit")
}

fn verified(vector: &Vector) -> Expect {
    match vector.public {
        Some(_) => accepted(ID, "private_key_jwt"),
        None => accepted(MAC_ID, "client_secret_jwt"),
    }
}

fn registered(vector: &Vector) -> Scene {
    let scene = scene(vector.name()).fixture(MAC_ID);
    match &vector.public {
        Some(keys) => scene.client(json!({
            "client_id": ID, "token_endpoint_auth_method": "private_key_jwt", "jwks": {"keys": keys},
        })),
        None => scene,
    }
}

fn honest_ec_key() -> Arc<PrivateJwk> {
    Arc::new(PrivateJwk::new(&groups("json_web_signature_test")[1]["private"]))
}

fn passed(rows: impl Iterator<Item = Row>) -> Tally {
    let mut tally = Tally::default();
    let mut problems = Vec::new();
    for row in rows {
        match futures_executor::block_on(run::<Core>(&row)) {
            Ok(answers) => tally.count(answers.iter().all(|answer| answer.status == 200)),
            Err(problem) => problems.push(problem),
        }
    }
    assert!(problems.is_empty(), "{} vectors:\n{}", problems.len(), problems.join("\n"));
    tally
}
