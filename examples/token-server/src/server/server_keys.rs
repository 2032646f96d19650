//! The keys this server signs its tokens with.

use aws_lc_rs::digest;
use countersign::Algorithm;

use crate::jose::{Failed, SigningKey, base64url};

/// The server's own keys: one for RS256, one for ES256.
pub(crate) struct ServerKeys {
    rs256: Key,
    es256: Key,
}

pub(super) struct Key {
    pub(super) signing: SigningKey,
    /// Its `kid`: taken from the public key, so that it changes with it.
    pub(super) id: String,
}

impl ServerKeys {
    pub(crate) fn new(rs256: SigningKey, es256: SigningKey) -> Self {
        ServerKeys { rs256: Key::new(rs256), es256: Key::new(es256) }
    }

    /// Keys for one run: tokens signed with them end with the process.
    pub(crate) fn generate() -> Result<Self, Failed> {
        Ok(Self::new(SigningKey::generate(Algorithm::RS256)?, SigningKey::generate(Algorithm::ES256)?))
    }

    pub(super) fn all(&self) -> [&Key; 2] {
        [&self.rs256, &self.es256]
    }

    /// Octets that nobody else knows, and that stay the same as long as the keys do.
    pub(super) fn secret(&self) -> Result<Vec<u8>, Failed> {
        self.es256.signing.to_pkcs8()
    }

    pub(super) fn find(&self, algorithm: Algorithm) -> Option<&Key> {
        self.all().into_iter().find(|key| key.signing.algorithm() == algorithm)
    }
}

impl Key {
    fn new(signing: SigningKey) -> Self {
        let digest = digest::digest(&digest::SHA256, signing.public_octets());
        let id = base64url(digest.as_ref().get(..12).unwrap_or_default());
        Key { signing, id }
    }
}
