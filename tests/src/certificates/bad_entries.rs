//! Entries of `public_keys` that no loader may take.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{der, pem};
use crate::encoding::base64url;

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
        ("an X25519 key", pem("x25519 public"), "has a key that is neither RSA, nor EC, nor Ed25519"),
        ("an Ed448 key", pem("ed448 public"), "has a key that is neither RSA, nor EC, nor Ed25519"),
    ]
}
