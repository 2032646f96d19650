//! Authorization codes ([RFC 6749 §4.1.2](https://www.rfc-editor.org/rfc/rfc6749#section-4.1.2)).

use std::mem;

use countersign::pkce::Challenge;

use super::OAuthError;
use super::expiring::Expiring;
use super::grants::Grant;
use crate::jose;

/// What a code stands for.
pub(crate) struct Code {
    pub(crate) grant: Grant,
    /// The redirect URI of the authorization request, if it named one: the token request must repeat it.
    pub(crate) redirect_uri: Option<String>,
    pub(crate) challenge: Option<Challenge>,
    pub(crate) nonce: Option<String>,
}

/// The codes given out lately, used ones included.
pub(crate) struct Codes(Expiring<State>);

enum State {
    Fresh(Box<Code>),
    /// With the id of the grant it started.
    Used(String),
}

/// What became of a code that was presented.
pub(crate) enum Redeemed {
    Once(Box<Code>),
    /// Presented a second time: the grant with this id must end.
    Again(String),
    Unknown,
}

impl Codes {
    pub(crate) fn new() -> Self {
        Codes(Expiring::new(MOST))
    }

    pub(crate) fn issue(&self, code: Code, now: u64) -> Result<String, OAuthError> {
        let text = jose::random(32)?;
        self.0.insert(text.clone(), State::Fresh(Box::new(code)), now + CODE_SECONDS, now)?;
        Ok(text)
    }

    /// Uses a code up. Of several requests at once, one alone gets it.
    pub(crate) fn redeem(&self, code: &str, client_id: &str, now: u64) -> Redeemed {
        let redeemed = self.0.with(code, now, |state| match state {
            State::Used(grant_id) => Redeemed::Again(grant_id.clone()),
            // A stranger who saw the code uses nothing up.
            State::Fresh(code) if code.grant.client_id != client_id => Redeemed::Unknown,
            State::Fresh(code) => {
                let used = State::Used(code.grant.id.clone());
                match mem::replace(state, used) {
                    State::Fresh(code) => Redeemed::Once(code),
                    State::Used(grant_id) => Redeemed::Again(grant_id),
                }
            }
        });
        redeemed.unwrap_or(Redeemed::Unknown)
    }
}

const CODE_SECONDS: u64 = 60;

const MOST: usize = 20_000;
