//! Keys that were registered as certificates or in PEM (`public_keys`).

use serde_json::{Value, json};

use super::signed;
use crate::assertion::Assertion;
use crate::certificates::{bad_entries, base64, fingerprint, pem, x5t, x5t_s256};
use crate::fixtures::fixtures;
use crate::request::Request;
use crate::row::{Expect, Row};
use crate::scene::{Scene, accepted, invalid_client, scene};

pub(super) fn rows() -> Vec<Row> {
    [forms(), kinds(), dates(), by_thumbprint(), beside_others(), refused()].concat()
}

pub(super) const ID: &str = "c-throwaway";

pub(super) fn verified() -> Expect {
    accepted(ID, "private_key_jwt")
}

pub(super) fn signature_invalid() -> Expect {
    invalid_client(400, "signature_invalid")
}

pub(super) fn key_not_found() -> Expect {
    invalid_client(400, "key_not_found")
}

/// A client that registered these entries and nothing else.
fn client(public_keys: &[String]) -> Value {
    json!({"client_id": ID, "token_endpoint_auth_method": "private_key_jwt", "public_keys": public_keys})
}

fn registered(name: impl Into<String>, public_keys: &[String]) -> Scene {
    scene(name).client(client(public_keys))
}

/// An assertion under a header without `kid`, as clients with certificates send it.
pub(super) fn by(key: &str, algorithm: &str) -> Assertion {
    Assertion::new(ID, fixtures().key(key), algorithm).without_header("kid")
}

pub(super) fn by_rsa() -> Assertion {
    by("c-pkjwt-rs256", "RS256")
}

pub(super) fn by_one() -> Assertion {
    by("c-pkjwt-two", "ES256")
}

pub(super) fn by_two() -> Assertion {
    by("c-pkjwt-two:2", "ES256")
}

/// One key in every form in which it may stand in the registration.
fn forms() -> Vec<Row> {
    let lines = |separator: &str| {
        let text = base64("rs256");
        let lines: Vec<&str> =
            text.as_bytes().chunks(76).map(|line| std::str::from_utf8(line).unwrap()).collect();
        lines.join(separator) + separator
    };
    let bag = "Bag Attributes\n    localKeyID: 01\nsubject=CN = client one\n";
    [
        ("a certificate in PEM", pem("rs256")),
        ("a certificate in PEM with CRLF", pem("rs256").replace('\n', "\r\n")),
        ("a certificate in PEM without a final newline", pem("rs256").trim_end().to_owned()),
        ("a certificate in PEM below a text", bag.to_owned() + &pem("rs256")),
        ("a certificate in base64 in one line", base64("rs256")),
        ("a certificate in base64 in many lines", lines("\n")),
        ("a certificate in base64 in many lines with CRLF", lines("\r\n")),
        ("a public key in PEM", pem("rs256 public")),
        ("an RSA public key in PEM", pem("rs256 pkcs1")),
    ]
    .into_iter()
    .map(|(form, entry)| registered(form, &[entry]).send(signed(&by_rsa()), verified()).row())
    .collect()
}

fn kinds() -> Vec<Row> {
    let mut rows: Vec<Row> = [
        ("es256", "c-pkjwt-two", "ES256"),
        ("es384", "c-pkjwt-es384", "ES384"),
        ("es512", "c-pkjwt-es512", "ES512"),
        ("ed25519", "c-pkjwt-eddsa", "EdDSA"),
        ("ed25519", "c-pkjwt-eddsa", "Ed25519"),
        ("rs256", "c-pkjwt-rs256", "RS512"),
        ("rs256", "c-pkjwt-rs256", "PS256"),
    ]
    .into_iter()
    .flat_map(|(name, key, algorithm)| {
        [("certificate", pem(name)), ("public key", pem(&format!("{name} public")))].map(|(form, entry)| {
            registered(format!("a {form} {name} verifies {algorithm}"), &[entry])
                .send(signed(&by(key, algorithm)), verified())
                .row()
        })
    })
    .collect();
    rows.push(
        registered("a certificate does not fit the algorithm of another curve", &[pem("es256")])
            .send(signed(&by("c-pkjwt-es384", "ES384")), invalid_client(400, "key_unfit"))
            .row(),
    );
    rows.push(
        registered("a certificate does not verify what another key signed", &[pem("es256")])
            .send(signed(&by("attacker-ec", "ES256")), signature_invalid())
            .row(),
    );
    rows
}

/// The certificate only carries the key; registration is the trust.
fn dates() -> Vec<Row> {
    vec![
        registered("an expired certificate still carries its key", &[pem("rs256 expired")])
            .send(signed(&by_rsa().header("x5t", x5t("rs256 expired"))), verified())
            .row(),
        registered("a certificate of next century carries its key already", &[pem("rs256 not yet")])
            .send(signed(&by_rsa()), verified())
            .row(),
        registered("a certificate of version 1 carries its key", &[pem("es256 v1")])
            .send(signed(&by_two().header("x5t#S256", x5t_s256("es256 v1"))), verified())
            .row(),
        registered("a certificate by whatever issuer carries its key", &[pem("es256 issued")])
            .send(signed(&by_one().header("x5t", x5t("es256 issued"))), verified())
            .row(),
    ]
}

fn by_thumbprint() -> Vec<Row> {
    let both = [pem("es256"), base64("es256 v1")];
    let hinted = |name: &str, assertion: Assertion, expect: Expect| {
        registered(name, &both).send(signed(&assertion), expect).row()
    };
    let padded = |thumbprint: String| thumbprint + "=";
    vec![
        hinted("x5t chooses a certificate", by_two().header("x5t", x5t("es256 v1")), verified()),
        hinted(
            "x5t#S256 chooses a certificate",
            by_two().header("x5t#S256", x5t_s256("es256 v1")),
            verified(),
        ),
        hinted(
            "a padded x5t chooses a certificate",
            by_one().header("x5t", padded(x5t("es256"))),
            verified(),
        ),
        hinted(
            "a padded x5t#S256 chooses a certificate",
            by_one().header("x5t#S256", padded(x5t_s256("es256"))),
            verified(),
        ),
        hinted(
            "x5t rules the other certificate out",
            by_one().header("x5t", x5t("es256 v1")),
            signature_invalid(),
        ),
        hinted(
            "x5t#S256 rules the other certificate out",
            by_one().header("x5t#S256", x5t_s256("es256 v1")),
            signature_invalid(),
        ),
        hinted(
            "x5t#S256 goes before x5t among certificates",
            by_two().header("x5t", x5t("es256")).header("x5t#S256", x5t_s256("es256 v1")),
            verified(),
        ),
        hinted("without a thumbprint both certificates are tried", by_two(), verified()),
        hinted(
            "a kid in the manner of .NET is no obstacle",
            by_two().header("kid", fingerprint("es256 v1", "sha1").to_uppercase()),
            verified(),
        ),
        hinted(
            "x5t of a new certificate for the same key is not found",
            by_one().header("x5t", x5t("es256 issued")),
            key_not_found(),
        ),
        hinted(
            "x5t in hexadecimal is not found",
            by_one().header("x5t", fingerprint("es256", "sha1")),
            key_not_found(),
        ),
        hinted("SHA-256 as x5t is not found", by_one().header("x5t", x5t_s256("es256")), key_not_found()),
        registered("x5t of another client's certificate is not found", &both)
            .client(json!({
                "client_id": "c-other", "token_endpoint_auth_method": "private_key_jwt",
                "public_keys": [pem("attacker")],
            }))
            .send(signed(&by("attacker-ec", "ES256").header("x5t", x5t("attacker"))), key_not_found())
            .send(
                signed(&by("attacker-ec", "ES256").header("x5t#S256", x5t_s256("attacker"))),
                key_not_found(),
            )
            .row(),
        registered(
            "a thumbprint may mean a key that was registered without certificate",
            &[pem("es256 public")],
        )
        .send(signed(&by_one().header("x5t", x5t("es256"))), verified())
        .send(signed(&by_one().header("x5t#S256", x5t_s256("es256"))), verified())
        .send(signed(&by_two().header("x5t", x5t("es256"))), signature_invalid())
        .row(),
        registered(
            "a thumbprint that a certificate has rules the bare key out",
            &[pem("es256 public"), pem("es256 v1")],
        )
        .send(signed(&by_one().header("x5t", x5t("es256 v1"))), signature_invalid())
        .row(),
    ]
}

/// Keys of every origin, and secrets, of one client.
fn beside_others() -> Vec<Row> {
    let jwk = fixtures().key("c-pkjwt-es256").public();
    let mut mixed = client(&[pem("rs256"), pem("es256 public")]);
    mixed["jwks"] = json!({"keys": [jwk]});
    let named = Assertion::new(ID, fixtures().key("c-pkjwt-es256"), "ES256");
    let with_secrets = json!({
        "client_id": ID,
        "auth_methods": [{"method": "client_secret_basic"}, {"method": "private_key_jwt"}],
        "client_secrets": [
            {"label": "first", "secret": "a-secret-of-the-throwaway-client"},
            {"label": "second", "secret": "another-secret-of-the-throwaway"},
        ],
        "public_keys": [base64("es256"), base64("rs256")],
    });
    let crowd = |position: usize| -> Vec<String> {
        (1..=5).map(|number| pem(if number == position { "es256 public" } else { "es256 v1" })).collect()
    };
    let mut pinned = client(&[pem("rs256"), pem("es256")]);
    pinned["token_endpoint_auth_signing_alg"] = "PS256".into();
    vec![
        scene("keys of jwks and of public_keys all verify")
            .client(mixed)
            .send(signed(&named), verified())
            .send(signed(&by_rsa()), verified())
            .send(signed(&by_one()), verified())
            .send(signed(&by_two()), signature_invalid())
            .row(),
        scene("one of several certificates verifies beside several secrets")
            .client(with_secrets)
            .send(signed(&by_rsa().header("x5t", x5t("rs256"))), verified())
            .send(signed(&by_rsa()), verified())
            .send(
                Request::token().basic(ID, "another-secret-of-the-throwaway"),
                accepted(ID, "client_secret_basic"),
            )
            .send(signed(&by_rsa().header("x5t", x5t("es256"))), invalid_client(400, "key_unfit"))
            .row(),
        scene("one fitting certificate of two is enough for the registered algorithm")
            .client(pinned)
            .send(signed(&by("c-pkjwt-rs256", "PS256")), verified())
            .send(signed(&by_rsa()), invalid_client(400, "alg_not_allowed"))
            .row(),
        registered("without a thumbprint the fourth of five public keys is tried", &crowd(4))
            .send(signed(&by_one()), verified())
            .row(),
        registered("without a thumbprint the fifth of five public keys is not tried", &crowd(5))
            .send(signed(&by_one()), signature_invalid())
            .row(),
    ]
}

/// What makes the loader refuse the client. The texts are in `suite/public_keys.rs`.
fn refused() -> Vec<Row> {
    let of = |name: String, metadata: Value| {
        scene(name).client(metadata).send(signed(&by_one()), invalid_client(400, "unknown_client")).row()
    };
    let mut beside_uri = client(&[pem("es256")]);
    beside_uri["jwks_uri"] = "https://client.example.com/jwks".into();
    let mut unfit = client(&[pem("es256")]);
    unfit["token_endpoint_auth_signing_alg"] = "RS256".into();
    let mut rows: Vec<Row> = bad_entries()
        .into_iter()
        .map(|(what, entry, _)| {
            of(format!("a client that registered {what} is not registered"), client(&[pem("es256"), entry]))
        })
        .collect();
    rows.extend([
        of("a client with public_keys beside jwks_uri is not registered".to_owned(), beside_uri),
        of("a client whose certificate does not fit its algorithm is not registered".to_owned(), unfit),
        of("a client whose public_keys are empty has none".to_owned(), client(&[])),
    ]);
    rows
}
