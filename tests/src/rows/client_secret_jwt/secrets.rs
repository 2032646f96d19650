//! Several secrets as keys, each with its own dates, and secrets that are known by a hash alone.

use serde_json::json;

use super::{by_c, client, keyed, secret_of_length};
use crate::assertion::Signing;
use crate::encoding::{base64url, from_hex, sha256_hex};
use crate::request::Request;
use crate::row::{Expect, NOW, Row};
use crate::rows::signed;
use crate::scene::{accepted, invalid_client, scene};

pub(super) fn rows() -> Vec<Row> {
    [rotation(), hashes()].concat()
}

fn refused(reason: &str) -> Expect {
    invalid_client(400, reason)
}

/// Several secrets, each with its own dates.
fn rotation() -> Vec<Row> {
    let of = |letter: &str| letter.repeat(40);
    let sent = |letter: &str| signed(&keyed(&of(letter), "HS256"));
    let three = |name: &str| {
        scene(name).client(client(json!({"client_secrets": [
            {"label": "old", "secret": of("o"), "expires_at": NOW - 10},
            {"label": "now", "secret": of("n"), "not_before": NOW - 10, "expires_at": NOW + 10},
            {"label": "next", "secret": of("x"), "not_before": NOW + 10},
        ]})))
    };
    let expiring = |name: &str, at: i64| {
        scene(name).client(client(json!({"client_secret": of("o"), "client_secret_expires_at": at})))
    };
    vec![
        three("a MAC of the present one of several secrets is accepted").send(sent("n"), by_c()).row(),
        three("a MAC of an expired one of several secrets is refused as expired")
            .send(sent("o"), refused("secret_expired"))
            .row(),
        three("a MAC of a future one of several secrets is refused as not yet valid")
            .send(sent("x"), refused("secret_not_yet_valid"))
            .row(),
        three("a MAC of none of several secrets is invalid")
            .send(sent("z"), refused("signature_invalid"))
            .row(),
        three("secrets take turns as keys as time passes")
            .send(sent("n"), by_c())
            .advance(10)
            .send(sent("x"), by_c())
            .send(sent("n"), refused("secret_expired"))
            .row(),
        three("an expired secret does not burn the jti")
            .send(signed(&keyed(&of("o"), "HS256").claim("jti", "rotated")), refused("secret_expired"))
            .send(signed(&keyed(&of("n"), "HS256").claim("jti", "rotated")), by_c())
            .row(),
        expiring("the key of a MAC is good until the secret expires", NOW + 1).send(sent("o"), by_c()).row(),
        expiring("the key of a MAC is no longer good when the secret expires", NOW)
            .send(sent("o"), refused("secret_expired"))
            .row(),
        expiring("the key of a MAC whose secret expires at 0 never does", 0).send(sent("o"), by_c()).row(),
        expiring("a MAC of a wrong secret of a client whose secret has expired is invalid", NOW - 10)
            .send(sent("z"), refused("signature_invalid"))
            .row(),
        scene("client_secret and client_secrets are keys beside each other")
            .client(client(json!({
                "client_secret": of("a"), "client_secrets": [{"label": "more", "secret": of("b")}]
            })))
            .send(sent("a"), by_c())
            .send(sent("b"), by_c())
            .row(),
        scene("the dates of one key do not touch another of the same value")
            .client(client(json!({"client_secrets": [
                {"secret": of("a"), "expires_at": NOW - 10}, {"secret": of("a")}
            ]})))
            .send(sent("a"), by_c())
            .row(),
    ]
}

/// A hash is not the secret, and so no key (KEY-036).
fn hashes() -> Vec<Row> {
    let secret = secret_of_length(64);
    let (raw, hashed) = ("r".repeat(40), "h".repeat(40));
    let hex = sha256_hex(hashed.as_bytes());
    let stored = format!("sha256:{hex}");
    let hash_alone = |what: &str, hash: &str| {
        scene(format!("a client of client_secret_jwt whose secret is stored as {what} is not registered"))
            .client(client(json!({"client_secrets": [{"secret_hash": hash}]})))
            .send(signed(&keyed(&secret, "HS256")), refused("unknown_client"))
            .send(signed(&keyed(hash, "HS256")), refused("unknown_client"))
            .row()
    };
    let beside = |name: &str| {
        scene(name).client(client(json!({
            "client_secrets": [{"label": "hashed", "secret_hash": stored}, {"label": "raw", "secret": raw}],
            "auth_methods": [{"method": "client_secret_basic"}, {"method": "client_secret_jwt"}],
        })))
    };
    let hmac = |octets: Vec<u8>| signed(&keyed("", "HS256").signing(Signing::Hmac(octets)));
    let invalid = || refused("signature_invalid");
    vec![
        hash_alone("its SHA-256", &format!("sha256:{}", sha256_hex(secret.as_bytes()))),
        hash_alone("an Argon2id hash", ARGON2ID),
        scene("a hash and a secret at once are not registered")
            .client(client(json!({"client_secrets": [{"secret": raw, "secret_hash": stored}]})))
            .send(signed(&keyed(&raw, "HS256")), refused("unknown_client"))
            .row(),
        beside("a secret in the clear is a key beside a hash")
            .send(signed(&keyed(&raw, "HS256")), by_c())
            .row(),
        beside("a secret that is known by its hash is no key")
            .send(signed(&keyed(&hashed, "HS256")), invalid())
            .row(),
        beside("a secret that is known by its hash still opens Basic")
            .send(Request::token().basic("c", &hashed), accepted("c", "client_secret_basic"))
            .send(Request::token().basic("c", &raw), accepted("c", "client_secret_basic"))
            .row(),
        beside("a stored hash is no key, however it is read")
            .send(hmac(stored.clone().into_bytes()), invalid())
            .send(hmac(hex.clone().into_bytes()), invalid())
            .send(hmac(from_hex(&hex)), invalid())
            .send(hmac(base64url(from_hex(&hex)).into_bytes()), invalid())
            .row(),
    ]
}

/// The secret of 64 octets under Argon2id.
const ARGON2ID: &str =
    "$argon2id$v=19$m=8,t=1,p=1$c2FsdCBvZiBhIGZpeHR1cmU$tAVqxtCnl7VKUV157BeNnMALZ9w3K0r4UcUvR7ZlKG8";
