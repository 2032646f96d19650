//! Peppers: secrets of the server's own, which the hashes of clients' secrets are keyed with.

use std::fmt;

use aws_lc_rs::hmac;

use super::digest::Digest;
use crate::config_error::ConfigError;

/// A key that is never stored with the hashes it makes: who takes the registry alone cannot try secrets against it.
///
/// Its name is stored with each hash, so that a new pepper can come beside an old one. For generated secrets; one that
/// a person chose needs a slow hash.
///
/// ```
/// # use countersign::secret::Pepper;
/// let pepper = Pepper::new("2026-01", &[7; 32])?;
/// assert!(pepper.hash("cs_…").starts_with("hmac-sha256:2026-01:"));
/// # Ok::<(), countersign::ConfigError>(())
/// ```
pub struct Pepper {
    id: Box<str>,
    key: hmac::Key,
}

impl Pepper {
    /// A pepper of this name: 1 to 32 letters, digits, `.`, `_` and `-`; and at least 32 octets, from a random source.
    ///
    /// # Errors
    /// [`ConfigError`] when it is not so.
    pub fn new(id: &str, octets: &[u8]) -> Result<Self, ConfigError> {
        if !is_pepper_id(id) {
            return Err(ConfigError::new(
                "pepper",
                format!("{id:?} is no name for a pepper"),
                "use 1 to 32 letters, digits, dots, underscores and hyphens",
            ));
        }
        if octets.len() < 32 {
            return Err(ConfigError::new(
                "pepper",
                format!("{id} has {} octets", octets.len()),
                "give it at least 32 random ones",
            ));
        }
        Ok(Pepper { id: id.into(), key: hmac::Key::new(hmac::HMAC_SHA256, octets) })
    }

    /// The name.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The hash of a secret under this pepper, for a registry: `hmac-sha256:2026-01:…`.
    pub fn hash(&self, secret: &str) -> String {
        format!("{PREFIX}{}:{}", self.id, self.digest(secret).to_hexadecimal())
    }

    pub(super) fn digest(&self, secret: &str) -> Digest {
        Digest::new(hmac::sign(&self.key, secret.as_bytes()).as_ref())
    }
}

/// Shows the name, nothing of the key.
impl fmt::Debug for Pepper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pepper").field("id", &self.id).finish_non_exhaustive()
    }
}

/// The peppers of a server; the last is the one that new hashes are made with.
pub(crate) struct Peppers(Vec<Pepper>);

impl Peppers {
    /// # Errors
    /// [`ConfigError`] when there are more than four, or two of one name.
    pub(crate) fn new(peppers: Vec<Pepper>) -> Result<Self, ConfigError> {
        if peppers.len() > MOST {
            return Err(ConfigError::new(
                "pepper",
                format!("there are {}, and each costs every request a hash", peppers.len()),
                "give four at most",
            ));
        }
        for (position, pepper) in peppers.iter().enumerate() {
            if peppers.iter().skip(position + 1).any(|other| other.id == pepper.id) {
                return Err(ConfigError::new(
                    "pepper",
                    format!("two are called {}", pepper.id),
                    "give each a name of its own",
                ));
            }
        }
        Ok(Peppers(peppers))
    }

    /// Everything that the fast hashes of this server's clients can be compared with, whoever the client is.
    pub(super) fn digests(&self, presented: &str) -> Digests {
        let mut peppered = [None; MOST];
        for (digest, pepper) in peppered.iter_mut().zip(&self.0) {
            *digest = Some(pepper.digest(presented));
        }
        Digests { plain: Digest::sha256(presented), peppered }
    }

    /// The one that new hashes are made with.
    pub(super) fn current(&self) -> Option<&Pepper> {
        self.0.last()
    }

    pub(super) fn position(&self, id: &str) -> Option<usize> {
        self.0.iter().position(|pepper| *pepper.id == *id)
    }
}

/// A presented secret under every fast hash that is in use.
pub(super) struct Digests {
    pub(super) plain: Digest,
    peppered: [Option<Digest>; MOST],
}

impl Digests {
    /// Under the pepper that has this place.
    pub(super) fn peppered(&self, position: usize) -> Option<&Digest> {
        self.peppered.get(position)?.as_ref()
    }
}

/// The hash of a secret under a pepper that this server may have.
pub(super) struct PepperedHash {
    pub(super) pepper_id: Box<str>,
    pub(super) digest: Digest,
    /// SHA-256 of the stored text.
    pub(super) identity: Digest,
}

impl PepperedHash {
    /// Reads `hmac-sha256:<pepper>:<hexadecimal or base64>`; `None` where that is not what it begins with.
    pub(super) fn parse(stored: &str) -> Option<Result<Self, &'static str>> {
        let (pepper_id, digest) = match stored.strip_prefix(PREFIX)?.split_once(':') {
            Some((pepper_id, digest)) if is_pepper_id(pepper_id) => (pepper_id, digest),
            _ => return Some(Err("hmac-sha256: must be followed by the name of a pepper and a colon")),
        };
        let hash = Digest::decode(digest).map(|digest| PepperedHash {
            pepper_id: pepper_id.into(),
            digest,
            identity: Digest::sha256(stored),
        });
        Some(hash.ok_or("hmac-sha256:<pepper>: must be followed by 32 octets in hexadecimal or base64"))
    }
}

fn is_pepper_id(id: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    (1..=32).contains(&id.len()) && id.bytes().all(is_plain)
}

const PREFIX: &str = "hmac-sha256:";
const MOST: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 4231 §4.7 (test case 6): a key longer than a block.
    #[test]
    fn a_hash_is_hmac_sha256() {
        let pepper = Pepper::new("p", &[0xaa; 131]).unwrap();
        assert_eq!(
            pepper.hash("Test Using Larger Than Block-Size Key - Hash Key First"),
            "hmac-sha256:p:60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
        );
    }

    #[test]
    fn a_set_that_makes_no_sense_is_refused() {
        assert!(Pepper::new("a b", &[1; 32]).is_err());
        assert!(Pepper::new("", &[1; 32]).is_err());
        assert!(Pepper::new("a:b", &[1; 32]).is_err());
        assert!(Pepper::new("a", &[1; 31]).is_err());
        let pepper = |id: &str| Pepper::new(id, &[1; 32]).unwrap();
        assert!(Peppers::new(vec![pepper("a"), pepper("b"), pepper("a")]).is_err());
        assert!(Peppers::new(["a", "b", "c", "d"].map(pepper).into()).is_ok());
        assert!(Peppers::new(["a", "b", "c", "d", "e"].map(pepper).into()).is_err());
        assert_eq!(format!("{:?}", pepper("a")), r#"Pepper { id: "a", .. }"#);
    }
}
