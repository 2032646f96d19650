//! The entries of `public_keys`: certificates and bare public keys as text
//! ([RFC 7468](https://www.rfc-editor.org/rfc/rfc7468)).

use std::fmt;

use x509_parser::pem::Pem;

use super::material::KeyMaterial;
use super::x509::{Certificate, base64_der};
use super::{KeySet, MAX_KEYS, VerificationKey};

impl KeySet {
    /// The keys of this set, and behind them those of the entries, each of which is one of
    ///
    /// - PEM `CERTIFICATE`, or the bare base64 of a DER certificate, in one line or many,
    /// - PEM `PUBLIC KEY` (`SubjectPublicKeyInfo`), or `RSA PUBLIC KEY` (PKCS#1).
    ///
    /// They are held to the same rules as a JWK. None has a `kid`: an assertion finds a certificate by `x5t#S256`
    /// or `x5t`, and otherwise every key that fits is tried. A certificate is a carrier of its key and nothing
    /// more: it may be self-signed or expired, since registration is what makes the key the client's.
    ///
    /// ```
    /// use countersign::{Algorithm, key::KeySet};
    ///
    /// let pem = "-----BEGIN PUBLIC KEY-----
    /// MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=
    /// -----END PUBLIC KEY-----";
    /// let keys = KeySet::default().with_public_keys(&[pem])?;
    /// assert!(keys.keys().all(|key| key.fits(Algorithm::Ed25519)));
    ///
    /// let private = "-----BEGIN PRIVATE KEY-----\n…";
    /// assert!(KeySet::default().with_public_keys(&[private]).is_err());
    /// # Ok::<(), countersign::key::PublicKeyError>(())
    /// ```
    ///
    /// # Errors
    /// [`PublicKeyError`] for the first entry that is none of these, holds several keys, a private key or a key
    /// that a JWK would not be taken with; and when there would be more than [`MAX_KEYS`] keys.
    #[cfg_attr(docsrs, doc(cfg(feature = "x509")))]
    pub fn with_public_keys<T: AsRef<str>>(self, entries: &[T]) -> Result<Self, PublicKeyError> {
        let room = MAX_KEYS.saturating_sub(self.keys().count());
        let read = |(position, entry): (usize, &T)| {
            let problem = |problem| PublicKeyError { position, problem };
            if position >= room {
                return Err(problem("is one key too many: a client has at most 100"));
            }
            read_entry(entry.as_ref()).map_err(problem)
        };
        Ok(self.followed_by(entries.iter().enumerate().map(read).collect::<Result<_, _>>()?))
    }
}

fn read_entry(entry: &str) -> Result<VerificationKey, &'static str> {
    // Before any decoding, which an encrypted key would not survive.
    if entry.contains("PRIVATE KEY-----") {
        return Err("is a private key, of which only the public part belongs here");
    }
    if !entry.contains("-----BEGIN") {
        let der = base64_der(entry).ok_or("is neither PEM nor base64")?;
        return Certificate::from_der(&der).map(Certificate::into_key);
    }
    let mut blocks = Pem::iter_from_buffer(entry.as_bytes());
    let (Some(Ok(block)), None) = (blocks.next(), blocks.next()) else {
        return Err("is not exactly one readable PEM block; a chain or a second key does not belong here");
    };
    match block.label.as_str() {
        "CERTIFICATE" => Certificate::from_der(&block.contents).map(Certificate::into_key),
        "PUBLIC KEY" => KeyMaterial::from_spki_der(&block.contents).map(VerificationKey::bare),
        "RSA PUBLIC KEY" => KeyMaterial::from_pkcs1_der(&block.contents).map(VerificationKey::bare),
        _ => Err("is PEM of another kind than CERTIFICATE, PUBLIC KEY and RSA PUBLIC KEY"),
    }
}

/// An entry of `public_keys` that is not taken. The feature `x509` shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PublicKeyError {
    position: usize,
    problem: &'static str,
}

impl PublicKeyError {
    /// The position of the entry, from 0.
    pub fn position(&self) -> usize {
        self.position
    }
}

impl fmt::Display for PublicKeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "entry {} {}", self.position, self.problem)
    }
}

impl std::error::Error for PublicKeyError {}
