//! Which secrets are keys, and which octets they stand for (OpenID Connect Core §10.1, RFC 7518 §3.2).

use serde_json::{Value, json};

use super::{ALGORITHMS, by_c, client, keyed, secret_of_length};
use crate::assertion::{Assertion, Signing};
use crate::encoding::{from_base64url, from_hex, sha256_hex};
use crate::row::{Expect, Row};
use crate::rows::signed;
use crate::scene::{invalid_client, scene};

pub(super) fn rows() -> Vec<Row> {
    [lengths(), octets()].concat()
}

fn refused(reason: &str) -> Expect {
    invalid_client(400, reason)
}

/// A key at least as long as the hash.
fn lengths() -> Vec<Row> {
    let sent = |name: String, registered: Value, octets: usize, algorithm: &str, expect: Expect| {
        let secret = secret_of_length(octets);
        let mut client = client(registered);
        client["client_secret"] = json!(secret);
        scene(name).client(client).send(signed(&keyed(&secret, algorithm)), expect).row()
    };
    let mut rows = Vec::new();
    for (algorithm, least) in ALGORITHMS {
        let pinned = || json!({"token_endpoint_auth_signing_alg": algorithm});
        let shorter = least - 1;
        rows.extend([
            sent(
                format!("a secret of {least} octets is a key of {algorithm}"),
                pinned(),
                least,
                algorithm,
                by_c(),
            ),
            sent(
                format!("a client of {algorithm} with a secret of {shorter} octets is not registered"),
                pinned(),
                shorter,
                algorithm,
                refused("unknown_client"),
            ),
            sent(
                format!("a secret of {least} octets is a key of {algorithm} when no algorithm is registered"),
                json!({}),
                least,
                algorithm,
                by_c(),
            ),
            sent(
                format!("a secret of 300 octets is a key of {algorithm}"),
                json!({}),
                300,
                algorithm,
                by_c(),
            ),
        ]);
    }
    let unpinned = |octets: usize, algorithm: &str, expect: Expect| {
        let name =
            format!("without a registered algorithm a secret of {octets} octets is no key of {algorithm}");
        sent(name, json!({}), octets, algorithm, expect)
    };
    rows.extend([
        unpinned(31, "HS256", refused("unknown_client")),
        unpinned(40, "HS384", refused("key_unfit")),
        unpinned(40, "HS512", refused("key_unfit")),
        unpinned(47, "HS384", refused("key_unfit")),
        unpinned(48, "HS512", refused("key_unfit")),
        unpinned(63, "HS512", refused("key_unfit")),
        sent(
            "a secret that is no key of HS512 is still one of HS256".to_owned(),
            json!({}),
            40,
            "HS256",
            by_c(),
        ),
        scene("the fixture client with 16 octets of secret is not registered")
            .fixture("c-csjwt-short")
            .send(signed(&Assertion::of("c-csjwt-short")), refused("unknown_client"))
            .row(),
        scene("an empty secret is no key")
            .client(client(json!({"client_secret": ""})))
            .send(signed(&keyed("", "HS256")), refused("unknown_client"))
            .row(),
        scene("a client of client_secret_jwt without a secret is not registered")
            .client(client(json!({})))
            .send(signed(&keyed("", "HS256")), refused("unknown_client"))
            .row(),
        scene("a secret that is too short stands beside a long one and is no key")
            .client(client(json!({"client_secrets": [
                {"label": "short", "secret": "0123456789abcdef"}, {"label": "long", "secret": secret_of_length(32)}
            ]})))
            .send(signed(&keyed("0123456789abcdef", "HS256")), refused("signature_invalid"))
            .send(signed(&keyed(&secret_of_length(32), "HS256")), by_c())
            .row(),
    ]);
    rows
}

/// The key is the UTF-8 text of the secret, whatever the text looks like.
fn octets() -> Vec<Row> {
    let with = |name: &str, secret: &str| scene(name).client(client(json!({"client_secret": secret})));
    let hmac = |octets: Vec<u8>| signed(&keyed("", "HS256").signing(Signing::Hmac(octets)));
    let only_text = |what: &str, secret: &str, decoded: Vec<u8>| {
        with(&format!("a secret that looks like {what} is a key as text and never decoded"), secret)
            .send(hmac(decoded), refused("signature_invalid"))
            .send(signed(&keyed(secret, "HS256")), by_c())
            .row()
    };
    let counted = |secret: &str, expect: Expect| {
        let (octets, characters) = (secret.len(), secret.chars().count());
        let name = format!("a secret of {characters} characters has {octets} octets");
        with(&name, secret).send(signed(&keyed(secret, "HS256")), expect).row()
    };
    let other = |what: &str, registered: &str, sent: &str| {
        with(&format!("{what} makes another key"), registered)
            .send(signed(&keyed(sent, "HS256")), refused("signature_invalid"))
            .send(signed(&keyed(registered, "HS256")), by_c())
            .row()
    };
    let plain = secret_of_length(48);
    let (accented, latin1) = ("é".repeat(16), vec![0xE9; 16]);
    let hex = sha256_hex(plain.as_bytes());
    vec![
        only_text("base64url", &plain, from_base64url(&plain)),
        only_text("base64 with padding", "KysrKysrKysrKysrKysrKysrKysrKysrKysrKysrKys=", b"+".repeat(32)),
        only_text("hexadecimal", &hex, from_hex(&hex)),
        only_text("form-encoded text", &format!("{plain}%41+"), format!("{plain}A ").into_bytes()),
        only_text("JSON", &format!("\"{plain}\""), plain.clone().into_bytes()),
        counted(&accented, by_c()),
        counted(&format!("{}x", "é".repeat(15)), refused("unknown_client")),
        counted(&format!("{}xx", "中".repeat(10)), by_c()),
        counted(&"😀".repeat(8), by_c()),
        counted(&"😀".repeat(7), refused("unknown_client")),
        with("a secret with accents is not a key in Latin-1", &accented)
            .send(hmac(latin1), refused("signature_invalid"))
            .send(signed(&keyed(&accented, "HS256")), by_c())
            .row(),
        other("another normalisation of the secret", &accented, &"e\u{301}".repeat(16)),
        other("a line break behind the secret", &plain, &format!("{plain}\n")),
        other("a blank in front of the secret", &plain, &format!(" {plain}")),
        other("a secret without its blanks", &format!(" {plain} "), &plain),
        other("the secret in capitals", &plain, &plain.to_uppercase()),
        other("the secret without its last character", &plain, &plain[..47]),
        other("the client_id", &plain, "c"),
        other("no secret at all", &plain, ""),
    ]
}
