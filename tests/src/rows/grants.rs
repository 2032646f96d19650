//! Which methods a client may use, where and until when.

use serde_json::{Value, json};

use super::es256;
use crate::assertion::Assertion;
use crate::fixtures::fixtures;
use crate::registration::Registered;
use crate::request::Request;
use crate::row::{Endpoint, NOW, Row};
use crate::scene::{Scene, accepted, invalid_client, scene};

pub(super) fn rows() -> Vec<Row> {
    [several(), endpoints(), dates(), disabled(), loading()].concat()
}

const SECRET: &str = "the-secret-of-a-client-with-grants";

/// A client with a secret, a key, and these grants.
fn granted(name: &str, grants: Value) -> Scene {
    scene(name).client(json!({
        "client_id": "c",
        "client_secret": SECRET,
        "jwks": {"keys": [fixtures().key("attacker-ec").public()]},
        "auth_methods": grants,
    }))
}

fn basic() -> Request {
    Request::token().basic("c", SECRET)
}

fn post() -> Request {
    Request::token().post("c", SECRET)
}

fn assertion() -> Request {
    Request::token().assertion(Assertion::new("c", fixtures().key("attacker-ec"), "ES256").mint())
}

fn several() -> Vec<Row> {
    let both = json!([{"method": "client_secret_basic"}, {"method": "client_secret_post"}]);
    let moving = json!([{"method": "client_secret_basic"}, {"method": "private_key_jwt"}]);
    vec![
        granted("a client with two methods may use either", both.clone())
            .send(basic(), accepted("c", "client_secret_basic"))
            .send(post(), accepted("c", "client_secret_post"))
            .row(),
        granted("a client with two methods may not use a third", both)
            .send(assertion(), invalid_client(400, "method_not_granted"))
            .row(),
        granted("a client that moves to private_key_jwt may use it beside its secret", moving)
            .send(basic(), accepted("c", "client_secret_basic"))
            .send(assertion(), accepted("c", "private_key_jwt"))
            .send(post(), invalid_client(400, "method_not_granted"))
            .row(),
        granted(
            "a single entry in auth_methods replaces the default method",
            json!([{"method": "client_secret_post"}]),
        )
        .send(post(), accepted("c", "client_secret_post"))
        .send(basic(), invalid_client(401, "method_not_granted"))
        .row(),
        scene("the registered method is granted beside auth_methods")
            .client(json!({
                "client_id": "c", "client_secret": SECRET,
                "token_endpoint_auth_method": "client_secret_post",
                "auth_methods": [{"method": "client_secret_basic"}]
            }))
            .send(post(), accepted("c", "client_secret_post"))
            .send(basic(), accepted("c", "client_secret_basic"))
            .row(),
        granted(
            "a right secret by the wrong method is refused like a wrong one",
            json!([{"method": "private_key_jwt"}]),
        )
        .send(basic(), invalid_client(401, "method_not_granted"))
        .send(Request::token().basic("c", "wrong"), invalid_client(401, "method_not_granted"))
        .row(),
        granted(
            "a server that does not run a method grants it to nobody",
            json!([{"method": "client_secret_post"}]),
        )
        .policy(json!({"methods": ["client_secret_basic", "private_key_jwt"]}))
        .send(post(), invalid_client(400, "method_not_granted"))
        .row(),
    ]
}

fn endpoints() -> Vec<Row> {
    let only_token = json!([
        {"method": "client_secret_basic", "endpoints": ["token"]},
        {"method": "private_key_jwt", "endpoints": ["introspection", "revocation"]},
    ]);
    let limited = |name: &str| granted(name, only_token.clone());
    let mut rows = vec![
        limited("a method that is limited to an endpoint is taken there")
            .send(basic(), accepted("c", "client_secret_basic"))
            .row(),
        limited("another method is taken at its own endpoints")
            .send(assertion().at(Endpoint::Introspection), accepted("c", "private_key_jwt"))
            .send(assertion().at(Endpoint::Revocation), accepted("c", "private_key_jwt"))
            .row(),
        limited("a method that is limited to other endpoints is refused")
            .send(assertion(), invalid_client(400, "method_not_granted"))
            .row(),
        granted(
            "an empty list of endpoints grants nothing",
            json!([{"method": "client_secret_basic", "endpoints": []}]),
        )
        .send(basic(), invalid_client(401, "method_not_granted"))
        .row(),
        scene("a public client may be limited to the token endpoint")
            .client(json!({"client_id": "c", "auth_methods": [{"method": "none", "endpoints": ["token"]}]}))
            .send(Request::token().field("client_id", "c"), accepted("c", "none"))
            .send(
                Request::to(Endpoint::Revocation).field("client_id", "c"),
                invalid_client(400, "method_not_granted"),
            )
            .row(),
        scene("none at the introspection endpoint cannot be granted")
            .client(json!({"client_id": "c", "auth_methods": [{"method": "none", "endpoints": ["introspection"]}]}))
            .send(
                Request::to(Endpoint::Introspection).field("client_id", "c"),
                invalid_client(401, "method_not_granted"),
            )
            .row(),
    ];
    for endpoint in Endpoint::ALL.into_iter().filter(|endpoint| *endpoint != Endpoint::Token) {
        rows.push(
            limited(&format!(
                "a method that is limited to the token endpoint is refused at {}",
                endpoint.path()
            ))
            .send(basic().at(endpoint), invalid_client(401, "method_not_granted"))
            .row(),
        );
    }
    rows
}

fn dates() -> Vec<Row> {
    let until =
        |name: &str, end: Value| granted(name, json!([{"method": "client_secret_basic", "until": end}]));
    let expired = || invalid_client(401, "method_grant_expired");
    vec![
        until("a grant is good until its date", json!(NOW + 1))
            .send(basic(), accepted("c", "client_secret_basic"))
            .row(),
        until("a grant is no longer good in the second in which it ends", json!(NOW))
            .send(basic(), expired())
            .row(),
        until("a grant that ended is refused", json!(NOW - 86_400)).send(basic(), expired()).row(),
        until("the end of a grant may be written in RFC 3339", json!("2027-01-15T08:00:00Z"))
            .send(basic(), expired())
            .row(),
        until("a wrong secret under a grant that ended is told the grant", json!(NOW - 1))
            .send(Request::token().basic("c", "wrong"), expired())
            .row(),
        until("a grant ends while the server runs", json!(NOW + 3600))
            .send(basic(), accepted("c", "client_secret_basic"))
            .advance(3600)
            .send(basic(), expired())
            .row(),
        granted(
            "a client moves from its secret to its key by a date",
            json!([{"method": "client_secret_post", "until": NOW - 1}, {"method": "private_key_jwt"}]),
        )
        .send(post(), invalid_client(400, "method_grant_expired"))
        .send(assertion(), accepted("c", "private_key_jwt"))
        .row(),
        granted(
            "a grant that ended at one endpoint is none at another",
            json!([{"method": "client_secret_basic", "endpoints": ["token"], "until": NOW - 1}]),
        )
        .send(basic(), expired())
        .send(basic().at(Endpoint::Revocation), invalid_client(401, "method_not_granted"))
        .row(),
    ]
}

fn disabled() -> Vec<Row> {
    let client = |method: &str| {
        json!({
            "client_id": "c", "client_secret": SECRET, "token_endpoint_auth_method": method, "disabled": true,
            "jwks": {"keys": [fixtures().key("attacker-ec").public()]},
        })
    };
    let refused = |method: &str, request: Request, status: u16| {
        scene(format!("a disabled client of {method} is refused"))
            .client(client(method))
            .send(request, invalid_client(status, "client_disabled"))
            .row()
    };
    let mut enabled = client("client_secret_basic");
    enabled["disabled"] = false.into();
    vec![
        refused("client_secret_basic", basic(), 401),
        refused("client_secret_post", post(), 400),
        refused("private_key_jwt", assertion(), 400),
        refused("none", Request::token().field("client_id", "c"), 400),
        scene("a disabled client with a wrong secret is refused as disabled")
            .client(client("client_secret_basic"))
            .send(Request::token().basic("c", "wrong"), invalid_client(401, "client_disabled"))
            .row(),
        scene("a disabled client by the wrong method is refused as disabled")
            .client(client("client_secret_basic"))
            .send(post(), invalid_client(400, "client_disabled"))
            .row(),
        scene("a client that is explicitly not disabled is accepted")
            .client(enabled)
            .send(basic(), accepted("c", "client_secret_basic"))
            .row(),
    ]
}

/// A client of private_key_jwt that the loader refuses stays unknown.
fn loading() -> Vec<Row> {
    let refused = |what: &str, change: Value| {
        let key = fixtures().key("attacker-ec");
        let mut client = Registered::with_keys([key.public()], key.clone());
        for (name, value) in change.as_object().unwrap() {
            client.metadata[name] = value.clone();
        }
        let token = Assertion::new(client.client_id(), key, "ES256").mint();
        scene(format!("a client of private_key_jwt {what} is not registered"))
            .client(client.metadata)
            .send(Request::token().assertion(token), invalid_client(400, "unknown_client"))
            .row()
    };
    vec![
        refused("with alg none", json!({"token_endpoint_auth_signing_alg": "none"})),
        refused("with a symmetric algorithm", json!({"token_endpoint_auth_signing_alg": "HS256"})),
        refused("with an unknown algorithm", json!({"token_endpoint_auth_signing_alg": "ES257"})),
        refused("with jwks and jwks_uri", json!({"jwks_uri": "https://c.test/jwks.json"})),
        refused("with an unknown member", json!({"jwk_set": {}})),
        refused("with keys that are a string", json!({"jwks": "{\"keys\":[]}"})),
        scene("a client that could not be registered does not disturb the others")
            .client(json!({"client_id": "c", "client_secret": ""}))
            .send(Request::token().assertion(es256().mint()), super::by_es256())
            .row(),
    ]
}
