//! From one method to another, and from any that proves the secret to the one that is used.

use std::sync::Arc;

use countersign::AuthMethod;
use countersign::metadata::ClientMetadata;
use serde_json::{Value, json};

use super::status_at;
use crate::assertion::Assertion;
use crate::encoding::sha256_hex;
use crate::fixtures::fixtures;
use crate::jwk::PrivateJwk;
use crate::request::Request;
use crate::row::{Endpoint, Expect, NOW, Row};
use crate::scene::{Scene, accepted, accepted_with, invalid_client, scene};
use crate::x509::{self, certificate};

pub(super) fn rows() -> Vec<Row> {
    [moving(), unpinned(), pinned()].concat()
}

const SECRET: &str = "the-secret-of-a-client-that-moves";

fn basic() -> Request {
    Request::token().basic("c", SECRET)
}

fn post() -> Request {
    Request::token().post("c", SECRET)
}

fn signed() -> Request {
    Request::token().assertion(Assertion::new("c", fixtures().key("attacker-ec"), "ES256").mint())
}

fn keyed(secret: &str) -> Request {
    let key = Arc::new(PrivateJwk::of_secret(secret));
    Request::token().assertion(Assertion::new("c", key, "HS256").mint())
}

fn by(method: &str) -> Expect {
    accepted("c", method)
}

fn not_granted(status: u16) -> Expect {
    invalid_client(status, "method_not_granted")
}

/// `client_secret_post` at the token endpoint until a date, `private_key_jwt` there at once, and at introspection nothing
/// but a certificate.
fn moving() -> Vec<Row> {
    const END: i64 = NOW + 20;
    let one = certificate("c-tls-dn").der.clone();
    let by_certificate = accepted_with("c", "tls_client_auth", &one);
    let showing =
        |endpoint: Endpoint| Request::to(endpoint).field("client_id", "c").certificates([one.clone()]);
    let introspection = Endpoint::Introspection;
    let client = json!({
        "client_id": "c",
        "client_secret": SECRET,
        "jwks": {"keys": [fixtures().key("attacker-ec").public()]},
        "tls_client_auth_subject_dn": "CN=client one,O=Example Ltd,C=DE",
        "auth_methods": [
            {"method": "client_secret_post", "endpoints": ["token"], "until": END},
            {"method": "private_key_jwt", "endpoints": ["token"]},
            {"method": "tls_client_auth", "endpoints": ["introspection"]},
        ],
    });
    let server = |name: &str| scene(name).mutual_tls(x509::anchors()).client(client.clone());
    vec![
        server("a client that moves uses the old method until its date, and the new one at once")
            .send(post(), by("client_secret_post"))
            .send(signed(), by("private_key_jwt"))
            .advance(19)
            .send(post(), by("client_secret_post"))
            .advance(1)
            .send(post(), invalid_client(400, "method_grant_expired"))
            .send(Request::token().post("c", "wrong"), invalid_client(400, "method_grant_expired"))
            .send(signed(), by("private_key_jwt"))
            .row(),
        server("a client that moves has the old method by its own name alone")
            .send(basic(), not_granted(401))
            .row(),
        server("a client that moves takes nothing but its certificate to the introspection endpoint")
            .send(showing(introspection), by_certificate)
            .send(post().at(introspection), not_granted(401))
            .send(signed().at(introspection), not_granted(401))
            .send(showing(Endpoint::Token), not_granted(400))
            .row(),
        server("a client that moves has no method at the other endpoints")
            .send(post().at(Endpoint::Revocation), not_granted(400))
            .send(signed().at(Endpoint::PushedAuthorization), not_granted(400))
            .send(showing(Endpoint::DeviceAuthorization), not_granted(400))
            .row(),
    ]
}

fn any_secret_method() -> Value {
    json!({"client_id": "c", "client_secret": SECRET, "any_secret_method": true})
}

fn unpinned() -> Vec<Row> {
    let hash = format!("sha256:{}", sha256_hex(SECRET.as_bytes()));
    let hashed =
        json!({"client_id": "c", "client_secrets": [{"secret_hash": hash}], "any_secret_method": true});
    let short = json!({"client_id": "c", "client_secret": "short", "any_secret_method": true});
    let unpinned = |name: &str| scene(name).client(any_secret_method());
    let mut rows = vec![
        unpinned("a client that is not pinned uses any method that proves its secret")
            .send(basic(), by("client_secret_basic"))
            .send(post(), by("client_secret_post"))
            .send(keyed(SECRET), by("client_secret_jwt"))
            .row(),
        unpinned("a client that is not pinned proves its secret")
            .send(Request::token().basic("c", "wrong"), invalid_client(401, "secret_mismatch"))
            .send(Request::token().post("c", "wrong"), invalid_client(400, "secret_mismatch"))
            .send(keyed(&"wrong".repeat(9)), invalid_client(400, "signature_invalid"))
            .row(),
        unpinned("a client that is not pinned is not let in by its name")
            .send(Request::token().field("client_id", "c"), not_granted(400))
            .row(),
        // The two that take a JWT differ by its algorithm alone.
        unpinned("a client that is not pinned has no method of keys")
            .send(signed(), invalid_client(400, "alg_not_allowed"))
            .row(),
        unpinned("a client that is not pinned has no method of certificates")
            .mutual_tls(x509::anchors())
            .send(
                Request::token().field("client_id", "c").certificates([certificate("c-tls-dn").der.clone()]),
                not_granted(400),
            )
            .row(),
        scene("a client that is not pinned, with a hash, has no key of a MAC")
            .client(hashed)
            .send(basic(), by("client_secret_basic"))
            .send(post(), by("client_secret_post"))
            .send(keyed(SECRET), not_granted(400))
            .send(signed(), not_granted(400))
            .row(),
        scene("a client that is not pinned, with a short secret, has no key of a MAC")
            .client(short)
            .send(Request::token().basic("c", "short"), by("client_secret_basic"))
            .send(keyed("short"), not_granted(400))
            .row(),
        scene("a client without a registered method is pinned to client_secret_basic")
            .client(json!({"client_id": "c", "client_secret": SECRET}))
            .send(basic(), by("client_secret_basic"))
            .send(post(), not_granted(400))
            .row(),
    ];
    for endpoint in Endpoint::ALL {
        rows.push(
            unpinned(&format!("a client that is not pinned is so at {}", endpoint.path()))
                .send(basic().at(endpoint), by("client_secret_basic"))
                .send(post().at(endpoint), by("client_secret_post"))
                .send(Request::to(endpoint).field("client_id", "c"), not_granted(status_at(endpoint)))
                .row(),
        );
    }
    for (what, change) in [
        ("with a registered method", json!({"token_endpoint_auth_method": "client_secret_post"})),
        ("with a list of methods", json!({"auth_methods": [{"method": "client_secret_post"}]})),
        ("without a secret", json!({"client_secret": null})),
        ("in words", json!({"any_secret_method": "true"})),
    ] {
        let mut client = any_secret_method();
        client.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        rows.push(
            scene(format!("any_secret_method {what} is not registered"))
                .client(client)
                .send(post(), invalid_client(400, "unknown_client"))
                .row(),
        );
    }
    rows
}

/// While the server runs.
fn pinned() -> Vec<Row> {
    let to = |methods: &[AuthMethod]| {
        let mut metadata: ClientMetadata = serde_json::from_value(any_secret_method()).unwrap();
        metadata.pin(methods).unwrap();
        serde_json::to_value(metadata).unwrap()
    };
    let before = |name: &str| -> Scene {
        scene(name)
            .client(any_secret_method())
            .send(basic(), by("client_secret_basic"))
            .send(post(), by("client_secret_post"))
    };
    vec![
        before("a client that is pinned to client_secret_post keeps that alone")
            .register(to(&[AuthMethod::CLIENT_SECRET_POST]))
            .send(post(), by("client_secret_post"))
            .send(basic(), not_granted(401))
            .send(keyed(SECRET), not_granted(400))
            .row(),
        before("a client that is pinned to two methods keeps both, and no third")
            .register(to(&[AuthMethod::CLIENT_SECRET_POST, AuthMethod::CLIENT_SECRET_BASIC]))
            .send(post(), by("client_secret_post"))
            .send(basic(), by("client_secret_basic"))
            .send(keyed(SECRET), not_granted(400))
            .row(),
        before("a client that is pinned to client_secret_jwt keeps that alone")
            .register(to(&[AuthMethod::CLIENT_SECRET_JWT]))
            .send(keyed(SECRET), by("client_secret_jwt"))
            .send(basic(), not_granted(401))
            .send(post(), not_granted(400))
            .row(),
    ]
}
