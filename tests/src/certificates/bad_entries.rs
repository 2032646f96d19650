//! Entries of `public_keys` that no loader may take.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::{der, pem};
use crate::der::public_key_pem;
use crate::encoding::{base64url, from_hex};
use crate::fixtures::fixtures;

/// Entries of `public_keys` that are not taken, and what the loader says of each.
pub fn bad_entries() -> Vec<(&'static str, String, &'static str)> {
    const SECRET: &str = "is a private key, of which only the public part belongs here";
    const BLOCK: &str = "is not exactly one readable PEM block; a chain or a second key does not belong here";
    const LABEL: &str = "is PEM of another kind than CERTIFICATE, PUBLIC KEY and RSA PUBLIC KEY";
    let garbled = pem("es256").replacen("MII", "!!!", 1);
    let cut = pem("es256").lines().take(3).collect::<Vec<_>>().join("\n");
    let relabelled = |name: &str, label: &str| {
        let was = pem(name);
        let was_label = was.lines().next().unwrap().trim_matches('-').trim_start_matches("BEGIN ").to_owned();
        was.replace(&was_label, label)
    };
    let base64_of = |octets: Vec<u8>| STANDARD.encode(octets);
    let trailing = [der("es256"), vec![0]].concat();
    let labelled = |label: &str, octets: Vec<u8>| {
        format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", STANDARD.encode(octets))
    };
    // Without the octet for its sign, and every length one less.
    let negative = {
        let mut octets = der("rs256 pkcs1");
        assert_eq!(octets[..9], [0x30, 0x82, 0x01, 0x0A, 0x02, 0x82, 0x01, 0x01, 0x00]);
        octets.remove(8);
        (octets[3], octets[7], octets[6]) = (0x09, 0x00, 0x01);
        labelled("RSA PUBLIC KEY", octets)
    };
    let small_order =
        labelled("PUBLIC KEY", from_hex(&format!("302a300506032b6570032100{}", "00".repeat(32))));
    let longer = labelled("PUBLIC KEY", [der("es256 public"), vec![0]].concat());
    let (ec, rsa) = (fixtures().key("attacker-ec"), fixtures().key("attacker-rsa"));
    let beside = public_key_pem(&ec.with(json!({"y": ec.member("x")})));
    let exponent = public_key_pem(&rsa.with(json!({"e": "AQ"})));
    let even = public_key_pem(&rsa.with(json!({"n": base64url([rsa.octets("n"), vec![0]].concat())})));
    vec![
        ("a private key", pem("private"), SECRET),
        ("a private EC key", pem("private sec1"), SECRET),
        ("a private RSA key", pem("private rsa"), SECRET),
        ("an encrypted private key", pem("private encrypted"), SECRET),
        ("a private key encrypted in the old way", pem("private encrypted traditional"), SECRET),
        ("a certificate with its private key", pem("es256") + &pem("private"), SECRET),
        ("nothing", String::new(), "is not a DER certificate"),
        ("a word", "password".to_owned(), "is not a DER certificate"),
        ("a sentence", "my key, please!".to_owned(), "is neither PEM nor base64"),
        (
            "an SSH key",
            "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA me@host".to_owned(),
            "is neither PEM nor base64",
        ),
        ("PEM that is not base64", garbled, BLOCK),
        ("PEM that is cut off", cut, BLOCK),
        ("a public key with an octet behind it", longer, "has octets behind its public key"),
        ("PEM without its newlines", pem("es256").replace('\n', ""), BLOCK),
        ("a chain", pem("es256 issued") + &pem("ca"), BLOCK),
        ("a certificate request", pem("request"), LABEL),
        (
            "a public key labelled as certificate",
            relabelled("es256 public", "CERTIFICATE"),
            "is not a DER certificate",
        ),
        (
            "a certificate labelled as public key",
            relabelled("es256", "PUBLIC KEY"),
            "is not a DER public key",
        ),
        (
            "an EC key labelled as RSA key",
            relabelled("es256 public", "RSA PUBLIC KEY"),
            "is not an RSA key in DER",
        ),
        ("a certificate in base64url", base64url(der("rs256")), "is neither PEM nor base64"),
        ("an octet behind a certificate", base64_of(trailing), "has octets behind its certificate"),
        (
            "a certificate of a 1024-bit RSA key",
            pem("rsa1024"),
            "has an RSA modulus outside 2048 to 8192 bits",
        ),
        ("a 1024-bit RSA key", pem("rsa1024 public"), "has an RSA modulus outside 2048 to 8192 bits"),
        (
            "a certificate on secp256k1",
            pem("secp256k1"),
            "has an EC key on a curve other than P-256, P-384 and P-521",
        ),
        (
            "a curve that is written out",
            pem("es256 explicit curve"),
            "has an EC key without the name of its curve",
        ),
        ("a compressed point", pem("es256 compressed"), "has an EC point that is compressed, or none"),
        (
            "an RSASSA-PSS key",
            pem("rsa-pss public"),
            "has an RSA key bound to RSASSA-PSS; register it as a JWK with its alg",
        ),
        ("a point beside its curve", beside, "is not a point on its curve"),
        ("an RSA key with exponent 1", exponent, "has an RSA exponent that is even, below 3 or above 2^33"),
        ("an even RSA modulus", even, "has an even RSA modulus"),
        ("a negative RSA modulus", negative, "has a negative RSA modulus or exponent"),
        (
            "an Ed25519 key of small order",
            small_order,
            "is an Ed25519 point of small order, under which forged signatures verify",
        ),
        ("an X25519 key", pem("x25519 public"), "has a key that is neither RSA, nor EC, nor Ed25519"),
        ("an Ed448 key", pem("ed448 public"), "has a key that is neither RSA, nor EC, nor Ed25519"),
    ]
}
