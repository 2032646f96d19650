//! X.509 certificates as the rows need them: ordinary ones, and those that no library makes.
//!
//! Written by hand, so that any part can be wrong. What they are read with is another's work, and
//! `cases/certificates.json` has some that OpenSSL made.

mod draft;
mod extension;
mod name;
mod recipes;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

pub use self::draft::{Draft, Issued};
pub use self::extension::{AlternativeName, Extension};
pub use self::name::{Attribute, Text, dn, dn_as, name};
pub use self::recipes::{anchors, certificate, chain, collector, jwk};

/// A certificate in PEM, with a final newline.
pub fn pem(der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let lines: Vec<_> = text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
    format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n"))
}
