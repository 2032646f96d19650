//! MACs beside signatures and beside the secret itself, by one client.

use serde_json::{Value, json};

use super::{by_c, keyed, secret_of_length};
use crate::assertion::Assertion;
use crate::fixtures::fixtures;
use crate::request::Request;
use crate::row::{Endpoint, NOW, Row};
use crate::rows::signed;
use crate::scene::{Scene, accepted, invalid_client, scene};

pub(super) fn rows() -> Vec<Row> {
    let both = || json!([{"method": "client_secret_jwt"}, {"method": "private_key_jwt"}]);
    let mac = |algorithm: &str| keyed(&secret_of_length(64), algorithm);
    let signature = || Assertion::new("c", fixtures().key("attacker-ec"), "ES256");
    let by_key = || accepted("c", "private_key_jwt");
    let not_allowed = || invalid_client(400, "alg_not_allowed");
    let ended = json!([{"method": "client_secret_jwt", "until": NOW - 1}, {"method": "private_key_jwt"}]);
    let apart = json!([
        {"method": "client_secret_jwt", "endpoints": ["token"]},
        {"method": "private_key_jwt", "endpoints": ["revocation"]},
    ]);
    vec![
        granted("a client of both assertion methods may use either", both())
            .send(signed(&mac("HS256")), by_c())
            .send(signed(&signature()), by_key())
            .send(signed(&mac("HS512")), by_c())
            .row(),
        granted("a client of both assertion methods may not use its secret otherwise", both())
            .send(
                Request::token().basic("c", &secret_of_length(64)),
                invalid_client(401, "method_not_granted"),
            )
            .send(
                Request::token().post("c", &secret_of_length(64)),
                invalid_client(400, "method_not_granted"),
            )
            .row(),
        granted("a jti that was used in a MAC is used for signatures too", both())
            .send(signed(&mac("HS256").claim("jti", "both")), by_c())
            .send(signed(&signature().claim("jti", "both")), invalid_client(400, "replayed"))
            .send(signed(&mac("HS384").claim("jti", "both")), invalid_client(400, "replayed"))
            .row(),
        with_alg("a client of both assertion methods is held to its registered MAC", both(), json!("HS256"))
            .send(signed(&mac("HS256")), by_c())
            .send(signed(&mac("HS384")), not_allowed())
            .send(signed(&signature()), not_allowed())
            .row(),
        with_alg(
            "a client of both assertion methods is held to its registered signature",
            both(),
            json!("ES256"),
        )
        .send(signed(&signature()), by_key())
        .send(signed(&mac("HS256")), not_allowed())
        .row(),
        granted(
            "a client moves from Basic to client_secret_jwt with one secret",
            json!([{"method": "client_secret_basic"}, {"method": "client_secret_jwt"}]),
        )
        .send(Request::token().basic("c", &secret_of_length(64)), accepted("c", "client_secret_basic"))
        .send(signed(&mac("HS256")), by_c())
        .send(signed(&signature()), not_allowed())
        .row(),
        granted("a client moves from MACs to signatures by a date", ended)
            .send(signed(&mac("HS256")), invalid_client(400, "method_grant_expired"))
            .send(signed(&signature()), by_key())
            .row(),
        granted("MACs at one endpoint and signatures at another", apart)
            .send(signed(&mac("HS256")), by_c())
            .send(signed(&signature()).at(Endpoint::Revocation), by_key())
            .send(signed(&mac("HS256")).at(Endpoint::Revocation), not_allowed())
            .send(
                signed(&mac("HS256")).at(Endpoint::PushedAuthorization),
                invalid_client(400, "method_not_granted"),
            )
            .row(),
    ]
}

/// A client with a secret, a key, and these grants.
fn granted(name: &str, grants: Value) -> Scene {
    with_alg(name, grants, Value::Null)
}

fn with_alg(name: &str, grants: Value, algorithm: Value) -> Scene {
    let mut metadata = json!({
        "client_id": "c", "client_secret": secret_of_length(64), "auth_methods": grants,
        "jwks": {"keys": [fixtures().key("attacker-ec").public()]},
    });
    if algorithm.is_string() {
        metadata["token_endpoint_auth_signing_alg"] = algorithm;
    }
    scene(name).client(metadata)
}
