//! `safewhere`: assertions of the SHA-256 family, with the key named by `x5t`, beside a code and without `client_id`.

use std::sync::Arc;

use serde_json::json;

use super::{TOKEN, redemption};
use crate::assertion::Assertion;
use crate::fixtures::fixtures;
use crate::jwk::PrivateJwk;
use crate::registration::Registered;
use crate::row::{Expect, ISSUER, Row};
use crate::rows::{by_basic, by_none, by_post, good_basic, good_none, good_post};
use crate::scene::{Scene, accepted, invalid_client, scene};

pub(super) fn rows() -> Vec<Row> {
    [algorithms(), thumbprints(), requests()].concat()
}

fn under(name: impl Into<String>) -> Scene {
    scene(format!("under safewhere {}", name.into())).preset("safewhere")
}

fn proved() -> Expect {
    accepted("c-throwaway", "private_key_jwt")
}

/// A client that registered this key with a thumbprint.
fn registered(key: &str) -> Registered {
    let key = Arc::new(without_alg(&fixtures().key(key)).with(json!({"x5t": X5T})));
    Registered::with_keys([key.public()], key).of_any_algorithm()
}

const X5T: &str = "NmJZMUxBaW5pT1FFRVJfX3lGVzVZQQ";

fn without_alg(key: &PrivateJwk) -> PrivateJwk {
    let mut members = key.private();
    members.as_object_mut().unwrap().remove("alg");
    PrivateJwk::new(&members)
}

/// The assertion that such a client sends.
fn assertion(client: &Registered, algorithm: &str) -> Assertion {
    Assertion::new(client.client_id(), client.signer.clone(), algorithm)
        .without_header("kid")
        .header("typ", "JWT")
        .header("x5t", X5T)
        .claim("aud", TOKEN)
}

const KEYS: [(&str, &[&str], &[&str]); 5] = [
    ("c-pkjwt-rs256", &["RS256", "PS256"], &["RS384", "RS512", "PS384", "PS512"]),
    ("c-pkjwt-es256", &["ES256"], &[]),
    ("c-pkjwt-es384", &[], &["ES384"]),
    ("c-pkjwt-es512", &[], &["ES512"]),
    ("c-pkjwt-eddsa", &[], &["EdDSA", "Ed25519"]),
];

fn algorithms() -> Vec<Row> {
    let mut rows = Vec::new();
    for (key, taken, refused) in KEYS {
        let client = registered(key);
        let sent = |algorithm: &str| redemption().assertion(assertion(&client, algorithm).mint());
        for algorithm in taken {
            rows.push(
                under(format!("{algorithm} is accepted"))
                    .client(client.metadata.clone())
                    .send(sent(algorithm), proved())
                    .row(),
            );
        }
        for algorithm in refused {
            rows.extend([
                under(format!("{algorithm} is refused"))
                    .client(client.metadata.clone())
                    .send(sent(algorithm), invalid_client(400, "alg_not_allowed"))
                    .row(),
                scene(format!("what safewhere refuses for {algorithm} is accepted under default"))
                    .client(client.metadata.clone())
                    .send(sent(algorithm), proved())
                    .row(),
            ]);
        }
    }
    let secret = "Jwfzmcq31MrRezUwgizLqbeLdulZkvYNmvuF3npamJBuD89xfdu2dExsOZK6OwpE";
    let mac = |algorithm: &str| {
        let key = Arc::new(PrivateJwk::of_secret(secret));
        redemption().assertion(Assertion::new("c", key, algorithm).claim("aud", TOKEN).mint())
    };
    rows.push(
        under("of the MACs HS256 alone is accepted")
            .client(json!({
                "client_id": "c", "token_endpoint_auth_method": "client_secret_jwt", "client_secret": secret
            }))
            .send(mac("HS256"), accepted("c", "client_secret_jwt"))
            .send(mac("HS384"), invalid_client(400, "alg_not_allowed"))
            .send(mac("HS512"), invalid_client(400, "alg_not_allowed"))
            .row(),
    );
    rows
}

/// A key is named by its certificate's thumbprint.
fn thumbprints() -> Vec<Row> {
    let client = registered("c-pkjwt-rs256");
    let sent = |name: &str, assertion: Assertion, expect: Expect| {
        under(name)
            .client(client.metadata.clone())
            .send(redemption().assertion(assertion.mint()), expect)
            .row()
    };
    let base = || assertion(&client, "RS256");
    vec![
        sent("padding of x5t is ignored", base().header("x5t", format!("{X5T}==")), proved()),
        sent(
            "an x5t that no key has is not found",
            base().header("x5t", "x"),
            invalid_client(400, "key_not_found"),
        ),
        sent(
            "an x5t in small letters is another one",
            base().header("x5t", X5T.to_lowercase()),
            invalid_client(400, "key_not_found"),
        ),
        sent("a client with one key need not name it", base().without_header("x5t"), proved()),
        sent(
            "an x5t lends no key to a forger",
            base().signed_by("attacker-rsa"),
            invalid_client(400, "signature_invalid"),
        ),
        scene("an x5t in place of kid is read under default, too")
            .client(client.metadata.clone())
            .send(redemption().assertion(base().mint()), proved())
            .row(),
    ]
}

fn requests() -> Vec<Row> {
    let client = registered("c-pkjwt-rs256");
    let with = |name: &str| under(name).client(client.metadata.clone());
    let sent = |assertion: &Assertion| redemption().assertion(assertion.mint());
    let base = || assertion(&client, "RS256");
    let once = sent(&base());
    vec![
        with("an assertion with its client_id in the body is accepted")
            .send(sent(&base()).field("client_id", "c-throwaway"), proved())
            .row(),
        with("an assertion with another client_id in the body is refused")
            .send(sent(&base()).field("client_id", "c-basic"), invalid_client(400, "client_id_mismatch"))
            .row(),
        with("the issuer is an audience, too").send(sent(&base().claim("aud", ISSUER)), proved()).row(),
        with("another server is no audience")
            .send(sent(&base().claim("aud", "https://other.test/token")), invalid_client(400, "aud_mismatch"))
            .row(),
        with("an assertion without jti is refused")
            .send(sent(&base().without_claim("jti")), invalid_client(400, "jti_missing"))
            .row(),
        with("an assertion is used once")
            .send(once.clone(), proved())
            .send(once, invalid_client(400, "replayed"))
            .row(),
        with("a code without a credential is redeemed by nobody")
            .send(redemption(), invalid_client(400, "no_credentials"))
            .row(),
        under("Basic, the body secret and public clients work as ever")
            .send(good_basic(), by_basic())
            .send(good_post(), by_post())
            .send(good_none(), by_none())
            .row(),
    ]
}
