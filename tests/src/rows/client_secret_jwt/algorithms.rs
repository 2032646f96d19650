//! The algorithm is the registered one, of the family of the method.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{by_c, client, keyed, known, own, secret_of_length};
use crate::assertion::Assertion;
use crate::fixtures::fixtures;
use crate::jwk::PrivateJwk;
use crate::mutate::Mutation;
use crate::request::Request;
use crate::row::{Endpoint, Row};
use crate::rows::{secret_of, signed};
use crate::scene::{accepted, invalid_client, scene};

pub(super) fn rows() -> Vec<Row> {
    [spellings(), families(), registration()].concat()
}

fn refused(name: impl Into<String>, assertion: &Assertion, reason: &str) -> Row {
    known(name).send(signed(assertion), invalid_client(400, reason)).row()
}

/// `alg` is the registered one, in the registered spelling.
fn spellings() -> Vec<Row> {
    let mut rows = Vec::new();
    for algorithm in ["none", "None", "NONE", "nOnE", ""] {
        let unsecured = own().header("alg", algorithm);
        let stripped = Mutation::StripSig.apply(&unsecured.mint(), &unsecured);
        rows.extend([
            refused(format!("alg {algorithm:?} over a right tag is refused"), &unsecured, "alg_not_allowed"),
            known(format!("alg {algorithm:?} without a tag is refused"))
                .send(Request::token().assertion(stripped), invalid_client(400, "alg_not_allowed"))
                .row(),
        ]);
    }
    for algorithm in ["hs256", "Hs256", "HS256 ", "HS-256", "HS256/64", "HMAC", "SHA256", "A256KW"] {
        rows.push(refused(
            format!("alg {algorithm:?} over a right tag is refused"),
            &own().header("alg", algorithm),
            "alg_not_allowed",
        ));
    }
    let secret = secret_of_length(64);
    for pinned in ["HS256", "HS384", "HS512"] {
        for sent in ["HS256", "HS384", "HS512"] {
            let expect = if sent == pinned { by_c() } else { invalid_client(400, "alg_not_allowed") };
            rows.push(
                scene(format!("a client of {pinned} sends {sent}"))
                    .client(client(
                        json!({"client_secret": secret, "token_endpoint_auth_signing_alg": pinned}),
                    ))
                    .send(signed(&keyed(&secret, sent)), expect)
                    .row(),
            );
        }
    }
    rows.extend([
        scene("a client without a registered algorithm sends each MAC")
            .client(client(json!({"client_secret": secret})))
            .send(signed(&keyed(&secret, "HS256")), by_c())
            .send(signed(&keyed(&secret, "HS384")), by_c())
            .send(signed(&keyed(&secret, "HS512")), by_c())
            .row(),
        refused("a MAC without alg is malformed", &own().without_header("alg"), "assertion_malformed"),
        known("the preset fapi2 takes no MAC")
            .preset("fapi2")
            .send(signed(&own()), invalid_client(400, "alg_not_allowed"))
            .row(),
        known("a server's own list of algorithms refuses a MAC that is not on it")
            .policy(json!({"algorithms": ["ES256", "HS512"]}))
            .send(signed(&own()), invalid_client(400, "alg_not_allowed"))
            .row(),
        known("a server that does not run client_secret_jwt takes no MAC")
            .policy(json!({"methods": ["client_secret_basic", "client_secret_post"]}))
            .send(signed(&own()), invalid_client(400, "method_not_granted"))
            .row(),
    ]);
    rows
}

/// The method fixes the family.
fn families() -> Vec<Row> {
    let not_allowed = || invalid_client(400, "alg_not_allowed");
    let signature = |key: &str, algorithm: &str| {
        let assertion = Assertion::new("c-csjwt", fixtures().key(key), algorithm);
        refused(format!("{algorithm} of {key} is no MAC"), &assertion, "alg_not_allowed")
    };
    let mut rows = vec![
        signature("attacker-rsa", "RS256"),
        signature("attacker-rsa", "RS512"),
        signature("attacker-rsa", "PS256"),
        signature("attacker-ec", "ES256"),
        signature("attacker-p384", "ES384"),
        signature("attacker-ed", "EdDSA"),
        signature("attacker-ed", "Ed25519"),
        scene("a client of client_secret_jwt that also has keys may not sign with them")
            .fixture("c-csjwt-with-jwks")
            .send(
                signed(&Assertion::new(
                    "c-csjwt-with-jwks",
                    fixtures().key("c-csjwt-with-jwks:rsa"),
                    "RS256",
                )),
                not_allowed(),
            )
            .send(
                signed(&Assertion::of("c-csjwt-with-jwks")),
                accepted("c-csjwt-with-jwks", "client_secret_jwt"),
            )
            .row(),
        scene("without a registered algorithm a client of client_secret_jwt may not sign either")
            .client(client(json!({
                "client_secret": secret_of_length(64),
                "jwks": {"keys": [fixtures().key("attacker-ec").public()]},
            })))
            .send(signed(&Assertion::new("c", fixtures().key("attacker-ec"), "ES256")), not_allowed())
            .row(),
        scene("a signature of a client of client_secret_jwt is refused with 401 at introspection")
            .fixture("c-csjwt")
            .send(
                signed(&Assertion::new("c-csjwt", fixtures().key("attacker-ec"), "ES256"))
                    .at(Endpoint::Introspection),
                invalid_client(401, "alg_not_allowed"),
            )
            .row(),
    ];
    let secret = secret_of("c-pkjwt-with-secret");
    for algorithm in ["HS256", "HS384", "HS512"] {
        let mac = |secret: &str| {
            Assertion::new("c-pkjwt-with-secret", Arc::new(PrivateJwk::of_secret(secret)), algorithm)
        };
        rows.extend([
            scene(format!("a client of private_key_jwt may not send {algorithm} under its secret"))
                .fixture("c-pkjwt-with-secret")
                .send(signed(&mac(&secret)), not_allowed())
                .row(),
            scene(format!(
                "a client of private_key_jwt without a registered algorithm may not send {algorithm}"
            ))
            .client(unpinned("c-pkjwt-with-secret"))
            .send(signed(&mac(&secret)), not_allowed())
            .send(signed(&mac("")), not_allowed())
            .row(),
        ]);
    }
    let beside_basic = json!({
        "client_id": "c", "client_secret": secret_of_length(64),
        "jwks": {"keys": [fixtures().key("attacker-ec").public()]},
        "auth_methods": [{"method": "client_secret_basic"}, {"method": "private_key_jwt"}],
    });
    rows.push(
        scene("the secret of Basic is no key beside private_key_jwt")
            .client(beside_basic)
            .send(signed(&keyed(&secret_of_length(64), "HS256")), not_allowed())
            .row(),
    );
    rows
}

/// A fixture client without its registered algorithm.
fn unpinned(client: &str) -> Value {
    let mut metadata = fixtures().client(client).metadata.clone();
    metadata.as_object_mut().unwrap().remove("token_endpoint_auth_signing_alg");
    metadata
}

fn registration() -> Vec<Row> {
    let secret = secret_of_length(64);
    let refused = |what: &str, members: Value| {
        let mut metadata = client(json!({"client_secret": secret}));
        metadata.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        scene(format!("a client of client_secret_jwt {what} is not registered"))
            .client(metadata)
            .send(signed(&keyed(&secret, "HS256")), invalid_client(400, "unknown_client"))
            .row()
    };
    let oct = json!({"kty": "oct", "k": "Jwfzmcq31MrRezUwgizLqbeLdulZkvYNmvuF3npamJA", "alg": "HS256"});
    vec![
        refused("with alg none", json!({"token_endpoint_auth_signing_alg": "none"})),
        refused("with an asymmetric algorithm", json!({"token_endpoint_auth_signing_alg": "RS256"})),
        refused("with an unknown algorithm", json!({"token_endpoint_auth_signing_alg": "HS257"})),
        refused("with its secret as a key", json!({"jwks": {"keys": [oct]}})),
    ]
}
