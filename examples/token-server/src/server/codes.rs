//! Authorization codes ([RFC 6749 §4.1.2](https://www.rfc-editor.org/rfc/rfc6749#section-4.1.2)).

use countersign::pkce::Challenge;
use serde::{Deserialize, Serialize};

use super::OAuthError;
use super::grants::Grant;
use crate::jose::{self, Failed};
use crate::state::{Kind, State};

/// What a code stands for.
#[derive(Serialize, Deserialize)]
pub(crate) struct Code {
    pub(crate) grant: Grant,
    /// The redirect URI of the authorization request, if it named one: the token request must repeat it.
    pub(crate) redirect_uri: Option<String>,
    pub(crate) challenge: Option<Challenge>,
    pub(crate) nonce: Option<String>,
}

/// What became of a code that was given out.
#[derive(Serialize, Deserialize)]
enum Given {
    Fresh(Box<Code>),
    /// What it started: a grant, of a client.
    Used {
        grant_id: String,
        client_id: String,
    },
}

/// What became of a code that was presented.
pub(crate) enum Redeemed {
    Once(Box<Code>),
    /// Presented a second time: the grant with this id must end.
    Again(String),
    Unknown,
}

pub(crate) async fn issue(state: &State, code: Code, now: u64) -> Result<String, OAuthError> {
    let text = jose::random(32)?;
    let given = written(&Given::Fresh(Box::new(code)))?;
    state.insert(Kind::Code, &text, given, now + CODE_SECONDS, now).await?;
    Ok(text)
}

/// Uses a code up. Of several requests at once, one alone gets it.
pub(crate) async fn redeem(
    state: &State,
    code: &str,
    client_id: &str,
    now: u64,
) -> Result<Redeemed, OAuthError> {
    // Whoever loses the race for a fresh code finds it used the second time.
    for _ in 0..2 {
        let Some(found) = state.find(Kind::Code, code, now).await? else { return Ok(Redeemed::Unknown) };
        let fresh = match serde_json::from_slice(&found).map_err(|_| Failed)? {
            // A stranger who saw the code uses nothing up, and ends nothing.
            Given::Used { client_id: of, .. } if of != client_id => return Ok(Redeemed::Unknown),
            Given::Fresh(code) if code.grant.client_id != client_id => return Ok(Redeemed::Unknown),
            Given::Used { grant_id, .. } => return Ok(Redeemed::Again(grant_id)),
            Given::Fresh(code) => code,
        };
        let used = Given::Used { grant_id: fresh.grant.id.clone(), client_id: client_id.to_owned() };
        let used = written(&used)?;
        if state.replace(Kind::Code, code, found, used, now).await? {
            return Ok(Redeemed::Once(fresh));
        }
    }
    Ok(Redeemed::Unknown)
}

fn written(given: &Given) -> Result<Vec<u8>, Failed> {
    serde_json::to_vec(given).map_err(|_| Failed)
}

const CODE_SECONDS: u64 = 60;
