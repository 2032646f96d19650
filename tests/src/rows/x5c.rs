//! Certificates in a JWK Set (`x5c`, RFC 7517 §4.7): the first one names the key, and must hold it.

use serde_json::{Value, json};

use super::certificates::{ID, by_one, by_rsa, by_two, key_not_found, signature_invalid, verified};
use super::signed;
use crate::assertion::Assertion;
use crate::certificates::{base64, der, pem, x5t, x5t_s256};
use crate::encoding::base64url;
use crate::fixtures::fixtures;
use crate::registration::register;
use crate::row::Row;
use crate::scene::{Scene, scene};

pub(super) fn rows() -> Vec<Row> {
    [by_x5c(), bad_x5c()].concat()
}

/// A JWK with these certificates as its `x5c`.
fn jwk(key: &str, x5c: Value) -> Value {
    fixtures().key(key).with(json!({"x5c": x5c})).public()
}

fn with_jwks(name: &str, keys: Vec<Value>) -> Scene {
    scene(name).client(json!({
        "client_id": ID, "token_endpoint_auth_method": "private_key_jwt", "jwks": {"keys": keys},
    }))
}

fn by_x5c() -> Vec<Row> {
    let keys = || {
        vec![jwk("c-pkjwt-two", json!([base64("es256")])), jwk("c-pkjwt-two:2", json!([base64("es256 v1")]))]
    };
    let mut claimed = jwk("c-pkjwt-two", json!([base64("es256")]));
    claimed["x5t"] = "AAAA".into();
    claimed["x5t#S256"] = "BBBB".into();
    vec![
        with_jwks("x5t chooses the key by its x5c", keys())
            .send(signed(&by_two().header("x5t", x5t("es256 v1"))), verified())
            .send(signed(&by_one().header("x5t", x5t("es256 v1"))), signature_invalid())
            .row(),
        with_jwks("x5t#S256 chooses the key by its x5c", keys())
            .send(signed(&by_one().header("x5t#S256", x5t_s256("es256") + "=")), verified())
            .send(signed(&by_two().header("x5t#S256", x5t_s256("es256"))), signature_invalid())
            .row(),
        with_jwks("x5t that no x5c has is not found", keys())
            .send(signed(&by_one().header("x5t", x5t("attacker"))), key_not_found())
            .row(),
        with_jwks("kid goes before the thumbprint of an x5c", keys())
            .send(signed(&by_one().header("kid", "two-1").header("x5t", x5t("es256 v1"))), verified())
            .row(),
        with_jwks("computed thumbprints replace claimed ones", vec![claimed])
            .send(signed(&by_one().header("x5t", x5t("es256"))), verified())
            .send(signed(&by_one().header("x5t", "AAAA")), key_not_found())
            .send(signed(&by_one().header("x5t#S256", "BBBB")), key_not_found())
            .row(),
        with_jwks(
            "only the first certificate of an x5c names the key",
            vec![jwk("c-pkjwt-two", json!([base64("es256 issued"), base64("ca")]))],
        )
        .send(signed(&by_one().header("x5t", x5t("es256 issued"))), verified())
        .send(signed(&by_one().header("x5t", x5t("ca"))), key_not_found())
        .row(),
        with_jwks(
            "an expired certificate in x5c does not stop the key",
            vec![jwk("c-pkjwt-rs256", json!([base64("rs256 expired")]))],
        )
        .send(signed(&by_rsa().header("x5t", x5t("rs256 expired"))), verified())
        .row(),
        scene("x5t finds a certificate of public_keys beside one in x5c")
            .client(json!({
                "client_id": ID, "token_endpoint_auth_method": "private_key_jwt",
                "jwks": {"keys": keys()}, "public_keys": [base64("rs256")],
            }))
            .send(signed(&by_rsa().header("x5t#S256", x5t_s256("rs256"))), verified())
            .send(signed(&by_two().header("x5t#S256", x5t_s256("es256 v1"))), verified())
            .row(),
    ]
}

fn bad_x5c() -> Vec<Row> {
    let disabled = |what: &str, x5c: Value| {
        with_jwks(&format!("a key with {what} is not used"), vec![jwk("c-pkjwt-two", x5c)])
            .send(signed(&by_one()), key_not_found())
            .send(signed(&by_one().header("kid", "two-1")), key_not_found())
            .row()
    };
    let octets = {
        let client = register("x5c mismatch");
        let assertion = Assertion::new(ID, client.signer, &client.algorithm);
        scene("a key with other octets as its x5c is not used")
            .client(client.metadata)
            .send(signed(&assertion), key_not_found())
            .row()
    };
    vec![
        octets,
        disabled("another key's certificate in x5c", json!([base64("attacker")])),
        disabled("its own certificate second in x5c", json!([base64("ca"), base64("es256")])),
        disabled("a certificate of another kind of key in x5c", json!([base64("rs256")])),
        disabled("a public key in x5c", json!([base64("es256 public")])),
        disabled("an empty x5c", json!([])),
        disabled("a string as x5c", json!(base64("es256"))),
        disabled("a number in x5c", json!([1])),
        disabled("PEM in x5c", json!([pem("es256")])),
        disabled("base64url in x5c", json!([base64url(der("rs256"))])),
        with_jwks(
            "a key with a wrong x5c does not disturb the next",
            vec![
                jwk("c-pkjwt-two", json!([base64("attacker")])),
                jwk("c-pkjwt-two:2", json!([base64("es256 v1")])),
            ],
        )
        .send(signed(&by_one()), signature_invalid())
        .send(signed(&by_two()), verified())
        .row(),
    ]
}
