//! Tokens by which strangers may register a client, each once: handed out by an operator, known by their hash alone, and
//! by every node on the registry.

use std::sync::Arc;

use aws_lc_rs::digest;
use countersign::clock::{Clock as _, SystemClock};
use countersign::registration::{InitialAccess, generate_token};
use countersign::secret::GeneratedSecret;
use countersign::store::StoreError;

use crate::jose::base64url;
use crate::state::{Kind, State, Unanswered};

/// The tokens that were handed out and are not used yet.
pub(crate) struct InitialAccessTokens(pub(crate) Arc<State>);

/// How long a token can be used.
pub(crate) const LIFE_SECONDS: u64 = 3600;

impl InitialAccessTokens {
    /// A new one, to be shown once; `None` when it cannot be made or written down.
    pub(crate) async fn issue(&self) -> Option<GeneratedSecret> {
        let (token, now) = (generate_token().ok()?, now());
        let hash = base64url(digest::digest(&digest::SHA256, token.expose().as_bytes()).as_ref());
        let written = self.0.insert(KIND, &hash, Vec::new(), now + LIFE_SECONDS, now);
        written.await.unwrap_or(false).then_some(token)
    }
}

impl InitialAccess for InitialAccessTokens {
    /// Uses it up, whatever becomes of the registration: a token that could be tried again after a mistake could be tried
    /// twice at once.
    async fn admits(&self, token: &[u8; 32]) -> Result<bool, StoreError> {
        let found = self.0.take(KIND, &base64url(token), now()).await;
        let found =
            found.map_err(|Unanswered| StoreError::new("the tokens cannot be looked up; see the log"))?;
        Ok(found.is_some())
    }
}

fn now() -> u64 {
    let since = SystemClock::default().now().duration_since(std::time::UNIX_EPOCH);
    since.unwrap_or_default().as_secs()
}

const KIND: Kind = Kind::InitialAccessToken;

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_token_admits_once() {
        let tokens = InitialAccessTokens(Arc::new(State::in_memory()));
        let token = tokens.issue().await.unwrap();
        let hash = |text: &str| -> [u8; 32] {
            digest::digest(&digest::SHA256, text.as_bytes()).as_ref().try_into().unwrap()
        };
        assert!(!tokens.admits(&hash("cr_of-somebody-else")).await.unwrap());
        assert!(tokens.admits(&hash(token.expose())).await.unwrap());
        assert!(!tokens.admits(&hash(token.expose())).await.unwrap());
    }
}
