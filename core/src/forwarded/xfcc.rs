//! Envoy's `x-forwarded-client-cert`.

use aws_lc_rs::digest::{SHA256, digest};

use super::escaped_pem;
use super::format::{Format, Values};
use super::pairs::{Element, elements};
use super::refused;
use crate::refusal::Failure;

pub(super) static FORMAT: Format = Format {
    name: "xfcc",
    header: "x-forwarded-client-cert",
    chain_header: None,
    chain_may_be_split: false,
    read,
};

fn read(values: &Values<'_>) -> Result<Vec<Vec<u8>>, Failure> {
    let elements =
        elements(values.leaf).ok_or_else(|| refused("pairs, quoted where need be", "other text"))?;
    let [element] = &*elements else {
        return Err(refused("one element, that of the nearest proxy", "several"));
    };
    let cert = only(element, "Cert")?.map(escaped_pem::certificate).transpose()?;
    let chain = only(element, "Chain")?.map(escaped_pem::certificates).transpose()?;
    let certificates = match (cert, chain) {
        // Where the two name different leaves, a name in the client's certificate was taken for one of them.
        (Some(cert), Some(chain)) if cert.first() != chain.first() => {
            return Err(refused("a Chain that begins with Cert", "another certificate"));
        }
        (_, Some(chain)) => chain,
        (Some(cert), None) => cert,
        (None, None) => return Err(refused("Cert or Chain", "neither of them")),
    };
    // Envoy writes the hash first and always, so that it tells when a certificate was slipped in behind it.
    if let (Some(hash), Some(leaf)) = (only(element, "Hash")?, certificates.first())
        && !is_hash_of(leaf, hash)
    {
        return Err(refused("the certificate of Hash", "another certificate"));
    }
    Ok(certificates)
}

/// The value of a key, in any case. Several of them are an error.
fn only<'v>(element: &Element<'v>, key: &str) -> Result<Option<&'v str>, Failure> {
    let mut values =
        element.iter().filter(|(name, _)| name.eq_ignore_ascii_case(key)).map(|(_, value)| *value);
    match (values.next(), values.next()) {
        (_, Some(_)) => Err(refused("each key once", "one of Cert, Chain and Hash twice")),
        (value, None) => Ok(value),
    }
}

/// SHA-256 in hexadecimal.
fn is_hash_of(certificate: &[u8], hash: &str) -> bool {
    let hexadecimal: String =
        digest(&SHA256, certificate).as_ref().iter().map(|octet| format!("{octet:02x}")).collect();
    hash.eq_ignore_ascii_case(&hexadecimal)
}
