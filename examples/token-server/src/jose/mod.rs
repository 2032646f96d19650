//! Signing and checking JSON Web Signatures: the tokens this server issues, and the demo clients' assertions.

pub(crate) mod algorithm;
pub(crate) mod compact;
pub(crate) mod signing_key;

pub(crate) use algorithm::Algorithm;
pub(crate) use signing_key::SigningKey;

use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// base64url without padding, as every JOSE document writes octets.
pub(crate) fn base64url(octets: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(octets)
}

pub(crate) fn from_base64url(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

/// An unguessable text of `octets` random octets: identifiers, codes, secrets.
pub(crate) fn random(octets: usize) -> Result<String, Failed> {
    let mut buffer = vec![0; octets];
    SystemRandom::new().fill(&mut buffer).map_err(|_| Failed)?;
    Ok(base64url(&buffer))
}

/// The cryptographic library could not do its work. There is nothing more to say about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Failed;

impl std::fmt::Display for Failed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the cryptographic library failed")
    }
}

impl std::error::Error for Failed {}
