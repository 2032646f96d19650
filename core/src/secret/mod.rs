//! Client secrets: how they are kept, and how one that was presented is compared.

mod mac;
mod slow;
mod verify;

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use argon2::PasswordHash;
use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use zeroize::Zeroizing;

pub use self::mac::MacKey;
pub(crate) use self::slow::{MOST_FOR_ONE_ATTEMPT, SlowHashes};
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
}

#[derive(Clone)]
enum Kind {
    /// In the clear, as methods that use it as a key need it; its hash is what is compared.
    Raw(Arc<RawSecret>),
    Sha256([u8; 32]),
    Argon2(Arc<PasswordHash>),
}

struct RawSecret {
    secret: Zeroizing<String>,
    sha256: [u8; 32],
    mac_key: MacKey,
}

impl ClientSecret {
    /// A generated secret, given in the clear and kept as its hash. An empty one never matches.
    pub fn generated(secret: &str) -> Self {
        ClientSecret::of(Kind::Sha256(sha256(secret)))
    }

    /// A secret that is kept in the clear, because some method uses it as a key. An empty one never matches.
    pub fn raw(secret: impl Into<String>) -> Self {
        let secret = Zeroizing::new(secret.into());
        let mac_key = MacKey::new(secret.as_bytes());
        ClientSecret::of(Kind::Raw(Arc::new(RawSecret { sha256: sha256(&secret), secret, mac_key })))
    }

    /// A secret that is known by its hash alone.
    ///
    /// ```
    /// # use countersign::secret::ClientSecret;
    /// // Argon2id in PHC format, for secrets that people chose
    /// ClientSecret::hashed("$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ$8Bz6p8c3v0bE4dXz5kqlLZ6Ww1y7nO2cQkE8m0sYQ1U")?;
    /// // SHA-256 in hexadecimal or base64, for generated ones
    /// ClientSecret::hashed("sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824")?;
    /// # Ok::<(), countersign::secret::HashError>(())
    /// ```
    ///
    /// # Errors
    /// [`HashError`] for another format, and for parameters of a hash that would take more than 256 MiB or 16
    /// passes: a stored row is not to be believed with the server's memory.
    pub fn hashed(hash: &str) -> Result<Self, HashError> {
        if let Some(digest) = hash.strip_prefix("sha256:") {
            return decode_sha256(digest)
                .map(|digest| ClientSecret::of(Kind::Sha256(digest)))
                .ok_or(HashError("sha256: must be followed by 32 octets in hexadecimal or base64"));
        }
        let hash = PasswordHash::new(hash).map_err(|_| {
            HashError("is neither an Argon2 hash in PHC format nor sha256:<hexadecimal or base64>")
        })?;
        slow::check_parameters(&hash)?;
        Ok(ClientSecret::of(Kind::Argon2(Arc::new(hash))))
    }

    /// A name for logs, so that an operator sees which secret is in use.
    #[must_use]
    pub fn with_label(mut self, label: impl Into<Arc<str>>) -> Self {
        self.label = Some(label.into());
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

    /// Is it kept under a hash that is slow on purpose?
    pub fn is_slow(&self) -> bool {
        matches!(self.kind, Kind::Argon2(_))
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

    fn of(kind: Kind) -> Self {
        ClientSecret { kind, label: None, not_before: None, expires_at: None }
    }
}

/// Shows the label, never the secret or its hash.
impl fmt::Debug for ClientSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientSecret").field("label", &self.label).finish_non_exhaustive()
    }
}

/// A stored hash that is in no known format, or asks for too much.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HashError(&'static str);

impl fmt::Display for HashError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for HashError {}

fn sha256(secret: &str) -> [u8; 32] {
    let mut octets = [0; 32];
    octets.copy_from_slice(digest::digest(&digest::SHA256, secret.as_bytes()).as_ref());
    octets
}

fn decode_sha256(text: &str) -> Option<[u8; 32]> {
    let octets = if text.len() == 64 {
        text.as_bytes()
            .chunks(2)
            .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
            .collect::<Option<Vec<u8>>>()?
    } else {
        [&URL_SAFE_NO_PAD, &URL_SAFE, &STANDARD_NO_PAD, &STANDARD]
            .into_iter()
            .find_map(|engine| engine.decode(text).ok())?
    };
    octets.try_into().ok()
}
