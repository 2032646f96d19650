//! `assertion_reuse`: a client that may send one assertion until it expires, as Microsoft's client libraries do.

use serde_json::{Value, json};

use super::{by_es256, es256, signed};
use crate::assertion::Assertion;
use crate::fixtures::fixtures;
use crate::request::Request;
use crate::row::{Endpoint, Expect, NOW, Row};
use crate::scene::{Scene, accepted, invalid_client, scene};

pub(super) fn rows() -> Vec<Row> {
    [reused(), limits(), others()].concat()
}

/// A client of private_key_jwt with these members besides.
fn with(name: &str, members: Value) -> Scene {
    let mut client = json!({
        "client_id": "msal",
        "token_endpoint_auth_method": "private_key_jwt",
        "jwks": {"keys": [key_members()]},
    });
    client.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    scene(name).client(client)
}

fn key_members() -> Value {
    fixtures().key("c-pkjwt-ps256").with(json!({"x5t#S256": X5T})).public()
}

const X5T: &str = "7Hs3JQyXnH0ZcDPyoKJ9d0VgQxPq4aXQFZcA0yCk1bE";

fn reusing(name: &str) -> Scene {
    with(name, json!({"assertion_reuse": "until_exp"}))
}

/// What msal for Python sends: a padded thumbprint, fractional times, ten minutes of life, the token endpoint.
fn assertion() -> Assertion {
    Assertion::new("msal", fixtures().key("c-pkjwt-ps256"), "PS256")
        .without_header("kid")
        .header("typ", "JWT")
        .header("x5t#S256", format!("{X5T}="))
        .claim("aud", Endpoint::Token.url())
        .raw_claim("iat", "1800000000.25")
        .raw_claim("exp", "1800000600.25")
}

fn sent(assertion: &Assertion) -> Request {
    signed(assertion).field("client_id", "msal")
}

fn proved() -> Expect {
    accepted("msal", "private_key_jwt")
}

fn reused() -> Vec<Row> {
    let (again, everywhere, same_jti) = (sent(&assertion()), sent(&assertion()), assertion());
    let secret = "Jwfzmcq31MrRezUwgizLqbeLdulZkvYNmvuF3npamJBuD89xfdu2dExsOZK6OwpE";
    let mac = json!({
        "client_id": "c-csjwt", "token_endpoint_auth_method": "client_secret_jwt", "client_secret": secret,
        "assertion_reuse": "until_exp",
    });
    let one_mac = signed(&Assertion::of("c-csjwt"));
    let by_mac = || accepted("c-csjwt", "client_secret_jwt");
    vec![
        reusing("a client that may reuse its assertions sends one again and again")
            .send(again.clone(), proved())
            .send(again.clone(), proved())
            .advance(300)
            .send(again, proved())
            .row(),
        reusing("a reused assertion is taken at every endpoint")
            .send(everywhere.clone(), proved())
            .send(everywhere.clone().at(Endpoint::Revocation), proved())
            .send(everywhere.at(Endpoint::Introspection), proved())
            .row(),
        reusing("another assertion of a reused jti is taken")
            .send(sent(&same_jti), proved())
            .send(sent(&same_jti.claim("exp", NOW + 300)), proved())
            .row(),
        scene("a client of client_secret_jwt may reuse its assertions, too")
            .client(mac)
            .send(one_mac.clone(), by_mac())
            .send(one_mac, by_mac())
            .row(),
    ]
}

/// Nothing but the single use is lifted.
fn limits() -> Vec<Row> {
    let kept = sent(&assertion());
    let refused = |what: &str, assertion: &Assertion, reason: &str| {
        reusing(&format!("a client that may reuse its assertions sends one {what}"))
            .send(sent(assertion), invalid_client(400, reason))
            .send(sent(assertion), invalid_client(400, reason))
            .row()
    };
    vec![
        reusing("a reused assertion still expires")
            .send(kept.clone(), proved())
            .advance(630)
            .send(kept.clone(), proved())
            .advance(1)
            .send(kept, invalid_client(400, "expired"))
            .row(),
        refused("that is forged", &assertion().signed_by("attacker-rsa"), "signature_invalid"),
        refused("for another server", &assertion().claim("aud", "https://other.test"), "aud_mismatch"),
        refused("that lives for a day", &assertion().claim("exp", NOW + 86_400), "lifetime_too_long"),
        refused("without jti", &assertion().without_claim("jti"), "jti_missing"),
        refused("that has expired", &assertion().claim("exp", NOW - 60), "expired"),
    ]
}

fn others() -> Vec<Row> {
    let (own, other, without) = (sent(&assertion()), signed(&es256()), sent(&assertion()));
    let unknown = |value: Value| {
        with(
            &format!("a client with assertion_reuse {value} is not registered"),
            json!({"assertion_reuse": value}),
        )
        .send(sent(&assertion()), invalid_client(400, "unknown_client"))
        .row()
    };
    vec![
        reusing("other clients send an assertion once beside one that may reuse its own")
            .send(own.clone(), proved())
            .send(other.clone(), by_es256())
            .send(other, invalid_client(400, "replayed"))
            .send(own, proved())
            .row(),
        with("without assertion_reuse the same client sends an assertion once", json!({}))
            .send(without.clone(), proved())
            .send(without, invalid_client(400, "replayed"))
            .row(),
        unknown(json!("always")),
        unknown(json!("")),
        unknown(json!(true)),
        unknown(json!(600)),
    ]
}
