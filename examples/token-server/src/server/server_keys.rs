//! The keys this server signs its tokens with.

use aws_lc_rs::digest;
use countersign::Algorithm;

use crate::config::problem::Problem;
use crate::jose::{Failed, SigningKey, base64url};
use crate::state::{FOR_EVER, Kind, State};

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

    /// The keys that are kept beside the registered clients: made by whichever node needs them first, and the same for
    /// all. Without such a place they are keys for one run.
    pub(crate) async fn kept(state: &State, now: u64) -> Result<Self, Problem> {
        if state.is_of_this_process() {
            return Ok(Self::generate()?);
        }
        Ok(Self::new(kept(state, Algorithm::RS256, now).await?, kept(state, Algorithm::ES256, now).await?))
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

async fn kept(state: &State, algorithm: Algorithm, now: u64) -> Result<SigningKey, Problem> {
    let unreadable = |_| Problem::new("registry: the signing keys beside it cannot be read; see the log");
    let name = algorithm.as_str();
    let mut found = state.find(Kind::SigningKey, name, now).await.map_err(unreadable)?;
    if found.is_none() {
        let made = SigningKey::generate(algorithm)?.to_pkcs8()?;
        // Of two nodes that begin at once one alone writes its key, and both use what is there then.
        state.insert(Kind::SigningKey, name, made, FOR_EVER, now).await.map_err(unreadable)?;
        found = state.find(Kind::SigningKey, name, now).await.map_err(unreadable)?;
    }
    Ok(SigningKey::from_pkcs8(algorithm, &found.ok_or(Failed)?)?)
}

impl Key {
    fn new(signing: SigningKey) -> Self {
        let digest = digest::digest(&digest::SHA256, signing.public_octets());
        let id = base64url(digest.as_ref().get(..12).unwrap_or_default());
        Key { signing, id }
    }
}
