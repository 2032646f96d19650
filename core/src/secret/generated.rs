//! Secrets that this library makes.

use std::fmt;

use aws_lc_rs::rand;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::Zeroizing;

use super::digest::Digest;
use super::{ClientSecret, HashError};

/// A new secret in the clear, to be handed to its client once.
///
/// `cs_` and 256 random bits in base64url: 46 characters that no encoding changes, so that every client library sends it
/// right. A scanner that looks for leaked secrets finds it by `\bcs_[A-Za-z0-9_-]{43}\b`.
pub struct GeneratedSecret(Zeroizing<String>);

impl ClientSecret {
    /// A new secret. Keep its [`hash`](GeneratedSecret::hash) and hand out the secret itself.
    ///
    /// As the key of a MAC it is long enough for `HS256` alone.
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
        let mut octets = Zeroizing::new([0_u8; OCTETS]);
        rand::fill(&mut *octets).map_err(|_| HashError("the operating system gives no random numbers"))?;
        let mut secret = Zeroizing::new(String::with_capacity(PREFIX.len() + OCTETS.div_ceil(3) * 4));
        secret.push_str(PREFIX);
        URL_SAFE_NO_PAD.encode_string(*octets, &mut secret);
        Ok(GeneratedSecret(secret))
    }
}

impl GeneratedSecret {
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

/// Does it look like one that was made here, so that it needs no slow hash?
pub(super) fn is_generated(secret: &str) -> bool {
    let decoded = secret.strip_prefix(PREFIX).and_then(|rest| URL_SAFE_NO_PAD.decode(rest).ok());
    decoded.map(Zeroizing::new).is_some_and(|octets| octets.len() == OCTETS)
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
    fn its_hash_is_sha256() {
        let digest = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
        assert_eq!(sha256("hello"), format!("sha256:{digest}"));
    }
}
