//! `client_secret_jwt`: a MAC keyed with the client secret.

mod algorithms;
mod claims;
mod grants;
mod keys;
mod secrets;
mod tags;

use std::sync::Arc;

use serde_json::{Value, json};

use super::{secret_of, signed, status_at};
use crate::assertion::Assertion;
use crate::fixtures::fixtures;
use crate::jwk::PrivateJwk;
use crate::request::Request;
use crate::row::{Endpoint, Expect, Row};
use crate::scene::{Scene, accepted, invalid_client, invalid_request, scene};

pub(super) fn rows() -> Vec<Row> {
    [
        everywhere(),
        named(),
        other_methods(),
        strangers(),
        keys::rows(),
        secrets::rows(),
        tags::rows(),
        algorithms::rows(),
        grants::rows(),
        claims::rows(),
    ]
    .concat()
}

/// A client `c` of the method, with these members besides.
fn client(members: Value) -> Value {
    let mut client = json!({"client_id": "c", "token_endpoint_auth_method": "client_secret_jwt"});
    client.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    client
}

/// A valid assertion of `c` under this secret.
fn keyed(secret: &str, algorithm: &str) -> Assertion {
    Assertion::new("c", Arc::new(PrivateJwk::of_secret(secret)), algorithm)
}

/// A secret of this many octets.
fn secret_of_length(octets: usize) -> String {
    "Jwfzmcq31MrRezUwgizLqbeL".chars().cycle().take(octets).collect()
}

fn by_c() -> Expect {
    accepted("c", "client_secret_jwt")
}

/// A fresh assertion of `c-csjwt`, which is registered for HS256.
fn own() -> Assertion {
    Assertion::of("c-csjwt")
}

fn by_own() -> Expect {
    accepted("c-csjwt", "client_secret_jwt")
}

fn known(name: impl Into<String>) -> Scene {
    scene(name).fixture("c-csjwt")
}

/// Each algorithm and the octets of its hash.
const ALGORITHMS: [(&str, usize); 3] = [("HS256", 32), ("HS384", 48), ("HS512", 64)];

fn everywhere() -> Vec<Row> {
    let at = |endpoint: Endpoint| {
        let forged = own().signed_with(Arc::new(PrivateJwk::of_secret("not the secret")));
        known(format!("a MAC authenticates at {}, and a wrong one does not", endpoint.path()))
            .send(signed(&own()).at(endpoint), by_own())
            .send(signed(&forged).at(endpoint), invalid_client(status_at(endpoint), "signature_invalid"))
            .row()
    };
    Endpoint::ALL.map(at).to_vec()
}

/// RFC 7521 §4.2: `client_id` is optional beside an assertion.
fn named() -> Vec<Row> {
    vec![
        known("a MAC with its own client_id in the body names one client")
            .send(signed(&own()).field("client_id", "c-csjwt"), by_own())
            .row(),
        known("a MAC with another client_id in the body names two clients")
            .send(signed(&own()).field("client_id", "c-basic"), invalid_client(400, "client_id_mismatch"))
            .row(),
        known("a MAC with an empty client_id in the body names one client")
            .send(signed(&own()).field("client_id", ""), by_own())
            .row(),
        known("a MAC and its secret in the body are two carriers")
            .send(
                signed(&own()).post("c-csjwt", &secret_of("c-csjwt")),
                invalid_request(400, "multiple_methods"),
            )
            .row(),
        known("a MAC and its secret in Basic are two carriers")
            .send(
                signed(&own()).basic("c-csjwt", &secret_of("c-csjwt")),
                invalid_request(400, "multiple_methods"),
            )
            .row(),
        known("a kid names no secret and is ignored").send(signed(&own().header("kid", "x")), by_own()).row(),
    ]
}

/// A right secret by another method, and the method by other clients.
fn other_methods() -> Vec<Row> {
    let secret = secret_of("c-csjwt");
    let not_granted = |status: u16| invalid_client(status, "method_not_granted");
    let mac_of = |client: &str, secret: &str| {
        signed(&Assertion::new(client, Arc::new(PrivateJwk::of_secret(secret)), "HS256"))
    };
    vec![
        known("a client of client_secret_jwt may not use Basic, even with its secret")
            .send(Request::token().basic("c-csjwt", &secret), not_granted(401))
            .send(Request::token().basic("c-csjwt", "wrong"), not_granted(401))
            .row(),
        known("a client of client_secret_jwt may not send its secret in the body")
            .send(Request::token().post("c-csjwt", &secret), not_granted(400))
            .row(),
        known("a client of client_secret_jwt may not use its name alone")
            .send(Request::token().field("client_id", "c-csjwt"), not_granted(400))
            .row(),
        scene("a client of Basic may not send a MAC under its secret")
            .send(mac_of("c-basic", &secret_of("c-basic")), not_granted(400))
            .row(),
        scene("a client of client_secret_post may not send a MAC under its secret")
            .send(mac_of("c-post", &secret_of("c-post")), not_granted(400))
            .row(),
        scene("a public client may not send a MAC").send(mac_of("c-none", ""), not_granted(400)).row(),
        scene("a secret that signs ID tokens is no key of client_secret_jwt")
            .client(json!({
                "client_id": "c", "client_secret": secret_of_length(64), "id_token_signed_response_alg": "HS256"
            }))
            .send(signed(&keyed(&secret_of_length(64), "HS256")), not_granted(400))
            .row(),
    ]
}

fn strangers() -> Vec<Row> {
    let disabled = |name: &str| {
        scene(name).client(client(json!({"client_secret": secret_of_length(64), "disabled": true})))
    };
    let other = fixtures().key_of("c-csjwt-with-jwks");
    vec![
        disabled("a disabled client with a right MAC is refused")
            .send(signed(&keyed(&secret_of_length(64), "HS256")), invalid_client(400, "client_disabled"))
            .row(),
        disabled("a disabled client with a wrong MAC is refused as disabled")
            .send(signed(&keyed("x", "HS256")), invalid_client(400, "client_disabled"))
            .row(),
        scene("a MAC of a client that is not registered is refused")
            .send(signed(&keyed(&secret_of_length(64), "HS256")), invalid_client(400, "unknown_client"))
            .row(),
        scene("a MAC in the name of nobody is refused with 401 at introspection")
            .send(
                signed(&keyed("", "HS256").claim("iss", "nobody").claim("sub", "nobody"))
                    .at(Endpoint::Introspection),
                invalid_client(401, "unknown_client"),
            )
            .row(),
        known("the secret of another client makes no MAC of this one")
            .fixture("c-csjwt-with-jwks")
            .send(signed(&own().signed_with(other)), invalid_client(400, "signature_invalid"))
            .row(),
        known("a key in the header is no key of a MAC")
            .send(
                signed(
                    &own()
                        .header("jwk", json!({"kty": "oct", "k": "eA"}))
                        .signed_with(Arc::new(PrivateJwk::of_secret("x"))),
                ),
                invalid_client(400, "signature_invalid"),
            )
            .row(),
    ]
}
