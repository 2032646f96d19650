//! A secret that matched under a hash which should be replaced.

use std::fmt;

use zeroize::Zeroizing;

use super::digest::Digest;
use super::verify::Secrets;
use super::{HashError, argon2id, generated};

/// Why the hash that a secret matched should be replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum WeakHash {
    /// `bcrypt`: it looks at 72 octets, and takes no memory to speak of.
    Bcrypt,
    /// `pbkdf2`: it takes no memory to speak of.
    Pbkdf2,
    /// `argon2_parameters`: less memory and passes than any setting of OWASP's, or not Argon2id 1.3.
    Argon2Parameters,
    /// `slow_for_generated`: the secret was generated, so a slow hash protects nothing and costs much.
    SlowForGenerated,
    /// `old_pepper`: the server has a newer pepper.
    OldPepper,
}

impl WeakHash {
    /// The word for it in logs, such as `bcrypt`.
    pub const fn as_str(self) -> &'static str {
        match self {
            WeakHash::Bcrypt => "bcrypt",
            WeakHash::Pbkdf2 => "pbkdf2",
            WeakHash::Argon2Parameters => "argon2_parameters",
            WeakHash::SlowForGenerated => "slow_for_generated",
            WeakHash::OldPepper => "old_pepper",
        }
    }
}

impl fmt::Display for WeakHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a store needs to replace a stored hash; see [`ClientStore::rehash`](crate::store::ClientStore::rehash). The
/// secret itself cannot be had from it.
pub struct Rehash<'a> {
    pub(super) secrets: &'a Secrets,
    pub(super) secret: &'a str,
    pub(super) label: Option<&'a str>,
    pub(super) identity: &'a Digest,
    pub(super) weak_hash: WeakHash,
}

impl Rehash<'_> {
    /// The label of the secret.
    pub fn label(&self) -> Option<&str> {
        self.label
    }

    /// What is wrong with its hash.
    pub fn weak_hash(&self) -> WeakHash {
        self.weak_hash
    }

    /// Is this the stored hash that is to be replaced? Labels may be missing, or the row may have changed meanwhile.
    pub fn replaces(&self, stored_hash: &str) -> bool {
        Digest::sha256(stored_hash).same(self.identity).into()
    }

    /// A new hash of the same secret: under the newest pepper or SHA-256 for a generated one, else Argon2id, which is
    /// computed on the threads for slow hashes.
    ///
    /// # Errors
    /// [`HashError`] when too many slow hashes wait already.
    pub async fn new_hash(&self) -> Result<String, HashError> {
        if matches!(self.weak_hash, WeakHash::OldPepper | WeakHash::SlowForGenerated) {
            let pepper = self.secrets.peppers().current();
            return Ok(
                pepper.map_or_else(|| generated::sha256(self.secret), |pepper| pepper.hash(self.secret))
            );
        }
        let secret = Zeroizing::new(self.secret.to_owned());
        let made = self.secrets.slow().run(move |_| argon2id(&secret)).await;
        made.unwrap_or(Err(HashError("cannot be computed now: too many slow hashes wait")))
    }
}

/// Shows nothing of the secret or the hash.
impl fmt::Debug for Rehash<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rehash")
            .field("label", &self.label)
            .field("weak_hash", &self.weak_hash)
            .finish_non_exhaustive()
    }
}
