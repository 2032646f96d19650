//! Secrets that this library makes.

use std::fmt;

use aws_lc_rs::rand;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::Zeroizing;

use super::digest::Digest;
use super::{ClientSecret, HashError, MacKey};
use crate::algorithm::Algorithm;

/// A new secret in the clear, to be handed to its client once.
///
/// `cs_` and 256 random bits in base64url: 46 characters that no encoding changes, so that every client library sends it
/// right; more where it is to be the key of a stronger MAC. A scanner that looks for leaked secrets finds it by
/// `\bcs_[A-Za-z0-9_-]{43,86}\b`, and a token made for registration by `\bcr_[A-Za-z0-9_-]{43}\b`.
pub struct GeneratedSecret(Zeroizing<String>);

impl ClientSecret {
    /// A new secret. Keep its [`hash`](GeneratedSecret::hash) and hand out the secret itself.
    ///
    /// As the key of a MAC it is long enough for `HS256` alone; see
    /// [`generate_for_mac`](ClientSecret::generate_for_mac).
    ///
    /// ```
    /// # use countersign::secret::ClientSecret;
    /// let secret = ClientSecret::generate()?;
    /// let to_the_client: &str = secret.expose();
    /// let to_the_registry: String = secret.hash(); // sha256:…
    /// assert!(to_the_client.starts_with("cs_"));
    /// # Ok::<(), countersign::secret::HashError>(())
    /// ```
    ///
    /// # Errors
    /// [`HashError`] when the operating system gives no random numbers.
    pub fn generate() -> Result<GeneratedSecret, HashError> {
        GeneratedSecret::new(PREFIX, OCTETS)
    }

    /// A new secret that is long enough to be the key of this algorithm
    /// ([RFC 7518 §3.2](https://www.rfc-editor.org/rfc/rfc7518#section-3.2)): as many random octets as its hash has, so
    /// that the secret is no easier to guess than the MAC. The same as [`generate`](ClientSecret::generate) for a
    /// signature.
    ///
    /// Keep it in the clear: a hash of it verifies no MAC.
    ///
    /// ```
    /// # use countersign::{Algorithm, secret::ClientSecret};
    /// assert_eq!(ClientSecret::generate_for_mac(Algorithm::HS512)?.expose().len(), 89);
    /// # Ok::<(), countersign::secret::HashError>(())
    /// ```
    ///
    /// # Errors
    /// [`HashError`] when the operating system gives no random numbers.
    pub fn generate_for_mac(algorithm: Algorithm) -> Result<GeneratedSecret, HashError> {
        GeneratedSecret::new(PREFIX, MacKey::least_octets(algorithm).unwrap_or(OCTETS))
    }
}

impl GeneratedSecret {
    /// So many random octets in base64url, behind a prefix that tells scanners what it is.
    pub(crate) fn new(prefix: &str, octets: usize) -> Result<Self, HashError> {
        let mut random = Zeroizing::new(vec![0_u8; octets]);
        rand::fill(&mut random).map_err(|_| HashError("the operating system gives no random numbers"))?;
        let mut secret = Zeroizing::new(String::with_capacity(prefix.len() + octets.div_ceil(3) * 4));
        secret.push_str(prefix);
        URL_SAFE_NO_PAD.encode_string(&*random, &mut secret);
        Ok(GeneratedSecret(secret))
    }

    /// The secret itself.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Its hash, for a registry: `sha256:…`. With a pepper: [`Pepper::hash`](super::Pepper::hash).
    pub fn hash(&self) -> String {
        sha256(&self.0)
    }

    /// The secret as a client has it, known by its hash.
    pub fn client_secret(&self) -> ClientSecret {
        ClientSecret::generated(&self.0)
    }
}

/// Shows nothing of it.
impl fmt::Debug for GeneratedSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GeneratedSecret").finish_non_exhaustive()
    }
}

/// The hash of a generated secret, for a registry: `sha256:…`. It does not hold for one that a person chose.
pub fn sha256(secret: &str) -> String {
    format!("sha256:{}", Digest::sha256(secret).to_hexadecimal())
}

/// The octets of SHA-256 of a generated secret or token, for whoever stores them as such.
pub(crate) fn sha256_octets(secret: &str) -> [u8; 32] {
    Digest::sha256(secret).octets()
}

/// Reads what [`sha256`] writes.
pub(crate) fn read_sha256(hash: &str) -> Result<[u8; 32], HashError> {
    let digest = hash.strip_prefix("sha256:").and_then(Digest::decode);
    let digest = digest.ok_or(HashError("is not sha256: and 32 octets in hexadecimal or base64"))?;
    Ok(digest.octets())
}

/// Does it look like one that was made here, so that it needs no slow hash?
pub(super) fn is_generated(secret: &str) -> bool {
    let decoded = secret.strip_prefix(PREFIX).and_then(|rest| URL_SAFE_NO_PAD.decode(rest).ok());
    decoded.map(Zeroizing::new).is_some_and(|octets| octets.len() >= OCTETS)
}

const PREFIX: &str = "cs_";
const OCTETS: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_secret_is_what_its_description_says() {
        let (one, other) = (ClientSecret::generate().unwrap(), ClientSecret::generate().unwrap());
        assert_ne!(one.expose(), other.expose());
        for secret in [&one, &other] {
            let (prefix, rest) = secret.expose().split_at(3);
            assert_eq!((prefix, rest.len()), ("cs_", 43));
            assert!(rest.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)));
            assert!(is_generated(secret.expose()));
            assert!(!format!("{secret:?}").contains(rest));
        }
        assert!(!is_generated("cs_short"));
        assert!(!is_generated(one.expose().trim_start_matches("cs_")));
    }

    #[test]
    fn the_key_of_a_mac_has_as_many_random_octets_as_its_hash() {
        for (algorithm, characters) in
            [(Algorithm::HS256, 46), (Algorithm::HS384, 67), (Algorithm::HS512, 89), (Algorithm::ES256, 46)]
        {
            let secret = ClientSecret::generate_for_mac(algorithm).unwrap();
            assert_eq!(secret.expose().len(), characters, "{algorithm}");
            assert!(is_generated(secret.expose()));
            let key = MacKey::new(secret.expose());
            assert!(!algorithm.is_symmetric() || key.fits(algorithm));
        }
    }

    #[test]
    fn its_hash_is_sha256() {
        let digest = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
        assert_eq!(sha256("hello"), format!("sha256:{digest}"));
    }
}
