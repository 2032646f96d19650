//! Client secrets: how they are kept, and how one that was presented is compared.
//!
//! Every comparison costs the same whoever the client is and whatever is wrong: the presented secret is hashed once in
//! every fast way this server uses, and compared with at least four digests; and where there is a slow hash anywhere, a
//! failed attempt computes as many, of each kind and cost, as one of the client with most of them. What remains: a
//! client with more than four secrets costs some nanoseconds more; and a registry that does not tell what it holds
//! ([`ClientStore::slow_clients`](crate::store::ClientStore::slow_clients)) is learnt client by client.

mod argon2id;
#[cfg(feature = "bcrypt")]
mod bcrypt;
mod decoys;
mod digest;
mod generated;
mod hash_error;
mod hash_memory;
mod last_use;
mod mac;
mod pbkdf2;
mod pepper;
mod rehash;
mod slow;
mod slow_hash;
mod verified;
mod verify;

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use zeroize::Zeroizing;

pub use self::argon2id::argon2id;
pub(crate) use self::decoys::MOST_FOR_ONE_CLIENT;
use self::digest::Digest;
pub use self::generated::{GeneratedSecret, sha256};
pub(crate) use self::generated::{read_sha256, sha256_octets};
pub use self::hash_error::HashError;
use self::hash_memory::HashMemory;
pub use self::last_use::{LastUse, SecretUse};
pub use self::mac::MacKey;
pub use self::pepper::Pepper;
pub(crate) use self::pepper::Peppers;
use self::pepper::{Digests, PepperedHash};
pub use self::rehash::{Rehash, WeakHash};
pub(crate) use self::slow::SlowHashes;
use self::slow_hash::SlowHash;
pub(crate) use self::verify::{Secrets, outcome};

/// One secret of a client, with its own label and dates.
///
/// A secret that a machine generated (256 bits, say) is kept as its SHA-256 hash and costs a microsecond to check.
/// A secret that a person chose needs Argon2id.
#[derive(Clone)]
pub struct ClientSecret {
    kind: Kind,
    label: Option<Arc<str>>,
    not_before: Option<SystemTime>,
    expires_at: Option<SystemTime>,
    /// What a refusal says of it where it can never match; in stock, so that no refusal takes longer for having one.
    useless: Option<Arc<str>>,
}

#[derive(Clone)]
enum Kind {
    /// In the clear, as methods that use it as a key need it; its hash is what is compared.
    Raw(Arc<RawSecret>),
    Sha256(Digest),
    Peppered(Arc<PepperedHash>),
    Slow(Arc<SlowHash>),
    /// Its stored hash cannot be read; it never matches.
    Unusable(HashError),
}

struct RawSecret {
    secret: Zeroizing<String>,
    sha256: Digest,
    mac_key: MacKey,
}

impl ClientSecret {
    /// A generated secret, given in the clear and kept as its hash. An empty one never matches.
    pub fn generated(secret: &str) -> Self {
        ClientSecret::of(Kind::Sha256(Digest::sha256(secret)))
    }

    /// A secret that is kept in the clear, because some method uses it as a key. An empty one never matches.
    pub fn raw(secret: impl Into<String>) -> Self {
        let secret = Zeroizing::new(secret.into());
        let mac_key = MacKey::new(secret.as_bytes());
        ClientSecret::of(Kind::Raw(Arc::new(RawSecret { sha256: Digest::sha256(&secret), secret, mac_key })))
    }

    /// A secret that is known by its hash alone, at its registration.
    ///
    /// ```
    /// # use countersign::secret::ClientSecret;
    /// // SHA-256 in hexadecimal or base64, for generated ones
    /// ClientSecret::hashed("sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824")?;
    /// // the same under a pepper of the server's own
    /// ClientSecret::hashed("hmac-sha256:2026-01:LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=")?;
    /// // Argon2id in PHC format, for secrets that people chose
    /// ClientSecret::hashed("$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ$8Bz6p8c3v0bE4dXz5kqlLZ6Ww1y7nO2cQkE8m0sYQ1U")?;
    /// // what comes from elsewhere: PBKDF2 in PHC format or passlib's, and with the feature `bcrypt` $2a$, $2b$, $2y$
    /// ClientSecret::hashed("$pbkdf2-sha256$29000$N2YMIWQsBWBMae09x1jrPQ$1t8iyB2A.WF/Z5JZv.lfCIhXXN33N23OSgQYThBYRfk")?;
    /// # Ok::<(), countersign::secret::HashError>(())
    /// ```
    ///
    /// # Errors
    /// [`HashError`] for another format, and for parameters of a hash that would take more than about a second or
    /// 256 MiB: a stored row is not to be believed with the server's resources.
    pub fn hashed(hash: &str) -> Result<Self, HashError> {
        if let Some(digest) = hash.strip_prefix("sha256:") {
            return Digest::decode(digest)
                .map(|digest| ClientSecret::of(Kind::Sha256(digest)))
                .ok_or(HashError("sha256: must be followed by 32 octets in hexadecimal or base64"));
        }
        if let Some(hash) = PepperedHash::parse(hash) {
            return hash.map(|hash| ClientSecret::of(Kind::Peppered(Arc::new(hash)))).map_err(HashError);
        }
        let hash = SlowHash::parse(hash).ok_or(HashError(
            "is none of sha256:…, hmac-sha256:<pepper>:…, $argon2id$…, $pbkdf2-sha256$… and $2b$…",
        ))?;
        Ok(ClientSecret::of(Kind::Slow(Arc::new(hash?))))
    }

    /// A secret whose hash lies in a store and was judged when it was registered. A hash that cannot be read disables
    /// this one secret: it never matches, at the same cost as any other, [`problem`](ClientSecret::problem) says why,
    /// and so does each decision in which the client is refused for a wrong secret. The client's other secrets work.
    ///
    /// ```
    /// # use countersign::secret::ClientSecret;
    /// let secret = ClientSecret::stored("sha256:cut off in a migrati");
    /// assert!(secret.problem().is_some());
    /// ```
    pub fn stored(hash: &str) -> Self {
        ClientSecret::hashed(hash).unwrap_or_else(|error| ClientSecret::of(Kind::Unusable(error)))
    }

    /// A name for logs, so that an operator sees which secret is in use.
    #[must_use]
    pub fn with_label(mut self, label: impl Into<Arc<str>>) -> Self {
        self.label = Some(label.into());
        self.useless = self.kind.useless(self.label.as_deref());
        self
    }

    /// Does not authenticate before this time.
    #[must_use]
    pub fn not_before(mut self, start: SystemTime) -> Self {
        self.not_before = Some(start);
        self
    }

    /// Does not authenticate from this time on.
    #[must_use]
    pub fn expires_at(mut self, end: SystemTime) -> Self {
        self.expires_at = Some(end);
        self
    }

    /// The label.
    pub fn label(&self) -> Option<&Arc<str>> {
        self.label.as_ref()
    }

    /// From when on it authenticates; `None`: always did.
    pub fn begins_at(&self) -> Option<SystemTime> {
        self.not_before
    }

    /// When it ends; `None`: never.
    pub fn ends_at(&self) -> Option<SystemTime> {
        self.expires_at
    }

    /// Is it kept under a hash that is slow on purpose?
    pub fn is_slow(&self) -> bool {
        matches!(self.kind, Kind::Slow(_))
    }

    /// Is this the secret? For whoever registers a hash and has the secret at hand; dates do not count. Takes as long as
    /// the hash does: not for an async thread. A secret under a pepper needs that pepper.
    ///
    /// # Errors
    /// [`HashError`] when this can never be a secret of that hash, so that it must not be registered: bcrypt does not
    /// look at more than 72 octets. Also when the hash cannot be read, or its pepper is not this one.
    pub fn is(&self, secret: &str, pepper: Option<&Pepper>) -> Result<bool, HashError> {
        match &self.kind {
            Kind::Slow(hash) if hash.most_octets().is_some_and(|most| secret.len() > most) => {
                Err(HashError("is a bcrypt hash, and bcrypt looks at 72 octets: the secret is longer"))
            }
            Kind::Slow(hash) => Ok(hash.verify(secret, &mut HashMemory::default()) && !secret.is_empty()),
            Kind::Unusable(error) => Err(*error),
            Kind::Peppered(hash) => {
                let pepper = pepper.filter(|pepper| *pepper.id() == *hash.pepper_id);
                let pepper = pepper.ok_or(HashError("needs its pepper"))?;
                Ok(bool::from(hash.digest.same(&pepper.digest(secret))) && !secret.is_empty())
            }
            Kind::Sha256(digest) => {
                Ok(bool::from(digest.same(&Digest::sha256(secret))) && !secret.is_empty())
            }
            Kind::Raw(raw) => Ok(bool::from(raw.sha256.same(&Digest::sha256(secret))) && !secret.is_empty()),
        }
    }

    /// Why it never matches, where its stored hash cannot be read.
    pub fn problem(&self) -> Option<&HashError> {
        match &self.kind {
            Kind::Unusable(error) => Some(error),
            _ => None,
        }
    }

    /// The pepper without which it never matches, where it is kept under one.
    pub fn pepper_id(&self) -> Option<&str> {
        self.peppered().map(|hash| &*hash.pepper_id)
    }

    /// The secret itself, where it is kept in the clear.
    pub fn expose_raw(&self) -> Option<&str> {
        match &self.kind {
            Kind::Raw(raw) => Some(&raw.secret),
            _ => None,
        }
    }

    /// The key of its MACs, where it is kept in the clear.
    pub(crate) fn mac_key(&self) -> Option<&MacKey> {
        match &self.kind {
            Kind::Raw(raw) => Some(&raw.mac_key),
            _ => None,
        }
    }

    /// The kind of its hash and the parameters of that, where it is a slow one.
    #[cfg(any(feature = "sqlite", feature = "postgres"))]
    pub(crate) fn slow_cost(&self) -> Option<String> {
        self.slow_hash().map(|hash| hash.cost().to_string())
    }

    fn slow_hash(&self) -> Option<&Arc<SlowHash>> {
        match &self.kind {
            Kind::Slow(hash) => Some(hash),
            _ => None,
        }
    }

    fn peppered(&self) -> Option<&PepperedHash> {
        match &self.kind {
            Kind::Peppered(hash) => Some(hash),
            _ => None,
        }
    }

    /// Is its fast hash among those of the presented secret? The same work where it has none.
    fn has_digest(&self, presented: &Digests, peppers: &Peppers) -> bool {
        let (own, presented) = match &self.kind {
            Kind::Raw(raw) => (Some(&raw.sha256), Some(&presented.plain)),
            Kind::Sha256(digest) => (Some(digest), Some(&presented.plain)),
            Kind::Peppered(hash) => {
                let position = peppers.position(&hash.pepper_id);
                (Some(&hash.digest), position.and_then(|position| presented.peppered(position)))
            }
            Kind::Slow(_) | Kind::Unusable(_) => (None, Some(&presented.plain)),
        };
        let comparable = own.is_some() && presented.is_some();
        let nothing = Digest::new(&[]);
        comparable & bool::from(own.unwrap_or(&nothing).same(presented.unwrap_or(&nothing)))
    }

    fn of(kind: Kind) -> Self {
        ClientSecret { useless: kind.useless(None), kind, label: None, not_before: None, expires_at: None }
    }
}

impl Kind {
    fn useless(&self, label: Option<&str>) -> Option<Arc<str>> {
        let problem = match self {
            Kind::Unusable(error) => error.to_string(),
            Kind::Peppered(hash) => {
                format!("needs the pepper {}, which this server does not have", hash.pepper_id)
            }
            Kind::Raw(_) | Kind::Sha256(_) | Kind::Slow(_) => return None,
        };
        Some(format!("the secret {:?} cannot be used: it {problem}", label.unwrap_or("(no label)")).into())
    }
}

/// Shows the label, never the secret or its hash.
impl fmt::Debug for ClientSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientSecret").field("label", &self.label).finish_non_exhaustive()
    }
}
