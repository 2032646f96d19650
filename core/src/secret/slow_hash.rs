//! A stored hash that is slow on purpose, whatever it is made by.

use std::fmt;

use super::argon2id::Argon2Hash;
#[cfg(feature = "bcrypt")]
use super::bcrypt::BcryptHash;
use super::digest::Digest;
use super::hash_memory::HashMemory;
use super::pbkdf2::Pbkdf2Hash;
use super::{HashError, WeakHash};

/// A slow hash, ready to be compared with.
pub(super) struct SlowHash {
    kind: Kind,
    identity: Digest,
}

enum Kind {
    Argon2(Box<Argon2Hash>),
    Pbkdf2(Pbkdf2Hash),
    #[cfg(feature = "bcrypt")]
    Bcrypt(BcryptHash),
}

impl SlowHash {
    /// Reads a stored hash; `None` where it does not begin as a slow one does.
    pub(super) fn parse(stored: &str) -> Option<Result<Self, HashError>> {
        let kind = if stored.starts_with("$argon2") {
            Argon2Hash::parse(stored).map(|hash| Kind::Argon2(Box::new(hash)))
        } else if stored.starts_with("$pbkdf2") {
            Pbkdf2Hash::parse(stored).map(Kind::Pbkdf2)
        } else if ["$2a$", "$2b$", "$2y$"].iter().any(|version| stored.starts_with(version)) {
            bcrypt(stored)
        } else if stored.starts_with("$2") {
            Err(HashError("is a bcrypt hash of a flawed version; $2a$, $2b$ and $2y$ are read"))
        } else {
            return None;
        };
        Some(kind.map(|kind| SlowHash { kind, identity: Digest::sha256(stored) }))
    }

    /// Is it the hash of this secret? Takes as long whether it is or not.
    pub(super) fn verify(&self, secret: &str, memory: &mut HashMemory) -> bool {
        match &self.kind {
            Kind::Argon2(hash) => hash.verify(secret.as_bytes(), memory),
            Kind::Pbkdf2(hash) => hash.verify(secret.as_bytes()),
            #[cfg(feature = "bcrypt")]
            Kind::Bcrypt(hash) => hash.verify(secret.as_bytes()),
        }
    }

    /// What it costs.
    pub(super) fn cost(&self) -> Cost {
        match &self.kind {
            Kind::Argon2(hash) => hash.cost(),
            Kind::Pbkdf2(hash) => hash.cost(),
            #[cfg(feature = "bcrypt")]
            Kind::Bcrypt(hash) => hash.cost(),
        }
    }

    /// What is weak about it, if something is.
    pub(super) fn weakness(&self) -> Option<WeakHash> {
        match &self.kind {
            Kind::Argon2(hash) => hash.is_weak().then_some(WeakHash::Argon2Parameters),
            Kind::Pbkdf2(_) => Some(WeakHash::Pbkdf2),
            #[cfg(feature = "bcrypt")]
            Kind::Bcrypt(_) => Some(WeakHash::Bcrypt),
        }
    }

    /// SHA-256 of the stored text.
    pub(super) fn identity(&self) -> &Digest {
        &self.identity
    }

    /// How much of a secret it looks at, where there is a limit.
    pub(super) fn most_octets(&self) -> Option<usize> {
        match &self.kind {
            Kind::Argon2(_) | Kind::Pbkdf2(_) => None,
            #[cfg(feature = "bcrypt")]
            Kind::Bcrypt(_) => Some(MOST_BCRYPT_OCTETS),
        }
    }
}

/// The kind of a hash and its parameters: what is equal in both takes equally long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cost {
    pub(super) kind: &'static str,
    pub(super) parameters: [u32; 3],
}

impl fmt::Display for Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [first, second, third] = self.parameters;
        write!(f, "{}:{first},{second},{third}", self.kind)
    }
}

/// bcrypt looks at no more.
#[cfg(feature = "bcrypt")]
pub(super) const MOST_BCRYPT_OCTETS: usize = 72;

#[cfg(feature = "bcrypt")]
fn bcrypt(stored: &str) -> Result<Kind, HashError> {
    BcryptHash::parse(stored).map(Kind::Bcrypt)
}

#[cfg(not(feature = "bcrypt"))]
fn bcrypt(_: &str) -> Result<Kind, HashError> {
    Err(HashError("is a bcrypt hash, which cannot be read without the feature bcrypt of countersign"))
}
