//! Certificates and public keys as clients hand them in (`cases/certificates.json`).

mod bad_entries;

use std::sync::OnceLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

pub use self::bad_entries::bad_entries;

use crate::encoding::{base64url, from_hex};

/// A certificate or key in PEM.
pub fn pem(name: &str) -> String {
    file()["pem"][name].as_str().unwrap_or_else(|| panic!("there is no {name:?}")).to_owned()
}

/// The same as bare base64 in one line.
pub fn base64(name: &str) -> String {
    pem(name).lines().filter(|line| !line.starts_with("-----")).collect()
}

/// The same in DER.
pub fn der(name: &str) -> Vec<u8> {
    STANDARD.decode(base64(name)).unwrap()
}

/// The SHA-1 thumbprint of a certificate, by OpenSSL's word for it.
pub fn x5t(name: &str) -> String {
    base64url(from_hex(fingerprint(name, "sha1")))
}

/// The SHA-256 thumbprint of a certificate, by OpenSSL's word for it.
pub fn x5t_s256(name: &str) -> String {
    base64url(from_hex(fingerprint(name, "sha256")))
}

/// A thumbprint of a certificate in hexadecimal.
pub fn fingerprint(name: &str, hash: &str) -> &'static str {
    file()["fingerprints"][name][hash].as_str().unwrap_or_else(|| panic!("{name:?} is no certificate"))
}

fn file() -> &'static Value {
    static FILE: OnceLock<Value> = OnceLock::new();
    FILE.get_or_init(|| serde_json::from_str(include_str!("../cases/certificates.json")).unwrap())
}
