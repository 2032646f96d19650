//! What users allowed clients to do, for as long as it lasts: refresh tokens, and what was taken back.

use std::sync::Arc;

use aws_lc_rs::{constant_time, digest};
use serde::{Deserialize, Serialize};

use super::binding::Confirmation;
use super::{ACCESS_TOKEN_SECONDS, OAuthError};
use crate::jose::{self, Failed};
use crate::state::{CLOCKS_DIFFER_SECONDS, Kind, State};

/// A user's consent to one client. Every token of it can be taken back together.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Grant {
    pub(crate) id: String,
    pub(crate) client_id: String,
    pub(crate) username: String,
    pub(crate) scope: String,
    /// When the user logged in, in Unix seconds.
    pub(crate) auth_time: u64,
    /// The certificate that a public client's refresh token is bound to (RFC 8705 §4).
    pub(crate) confirmation: Option<Confirmation>,
}

impl Grant {
    /// What access tokens call the grant. Whoever reads one must not learn the name by which a refresh token
    /// could be tried, and the grant ended.
    pub(crate) fn public_id(&self) -> String {
        public_id(&self.id)
    }
}

/// Refresh tokens with rotation, and everything that is revoked.
///
/// A refresh token is `<grant id>.<secret>`. Only the newest secret is known, by its hash: any other text that names a
/// live grant is an old token used again, and ends the grant
/// ([RFC 9700 §4.14.2](https://www.rfc-editor.org/rfc/rfc9700#section-4.14.2)).
pub(crate) struct Grants(pub(crate) Arc<State>);

#[derive(Clone, Serialize, Deserialize)]
struct Refreshable {
    grant: Grant,
    /// SHA-256, in base64url.
    secret: String,
    expires: u64,
}

impl Grants {
    /// The first refresh token of a grant.
    ///
    /// # Errors
    /// When the grant was taken back meanwhile: its code may be redeemed a second time while the first is under way.
    pub(crate) async fn start(&self, grant: Grant, now: u64) -> Result<String, OAuthError> {
        let (id, secret) = (grant.id.clone(), jose::random(32)?);
        let token = format!("{id}.{secret}");
        let expires = now + REFRESH_TOKEN_SECONDS;
        let public_id = grant.public_id();
        let kept = Refreshable { grant, secret: hashed(&secret), expires };
        self.0.insert(Kind::Grant, &id, kept.written()?, expires, now).await?;
        // After the insert: whoever takes the grant back writes that down first, and then looks for the grant.
        if self.is_revoked(&public_id, now).await? {
            self.0.take(Kind::Grant, &id, now).await?;
            return Err(REVOKED);
        }
        Ok(token)
    }

    /// The grant of a refresh token that this client could use now, and when the token expires.
    pub(crate) async fn look(
        &self,
        token: &str,
        client_id: &str,
        now: u64,
    ) -> Result<Option<(Grant, u64)>, OAuthError> {
        let Some((id, secret)) = token.split_once('.') else { return Ok(None) };
        let Some((kept, _)) = self.find(id, now).await? else { return Ok(None) };
        Ok((kept.is_of(client_id) && kept.has(secret)).then_some((kept.grant, kept.expires)))
    }

    /// The next refresh token in place of this one.
    pub(crate) async fn rotate(&self, token: &str, client_id: &str, now: u64) -> Result<String, OAuthError> {
        let (id, secret) = token.split_once('.').ok_or(UNKNOWN)?;
        let next = jose::random(32)?;
        let (kept, found) = self.find(id, now).await?.ok_or(UNKNOWN)?;
        if !kept.is_of(client_id) {
            return Err(UNKNOWN);
        }
        let rotated = Refreshable { secret: hashed(&next), ..kept.clone() }.written()?;
        if kept.has(secret) && self.0.replace(Kind::Grant, id, found, rotated, now).await? {
            if !self.is_revoked(&kept.grant.public_id(), now).await? {
                return Ok(format!("{id}.{next}"));
            }
            // Whoever took the grant back did not get to the end of it.
            self.revoke_grant(id, now).await?;
            return Err(REVOKED);
        }
        // An old one, or one that somebody else used at this very moment.
        self.revoke_grant(id, now).await?;
        Err(OAuthError::invalid_grant("the refresh token was used before; its grant is revoked"))
    }

    /// Takes back a grant with its refresh token and every access token, until the last of these has expired by itself.
    pub(crate) async fn revoke_grant(&self, id: &str, now: u64) -> Result<(), OAuthError> {
        // First, so that whoever tries again after a failure finds the grant still there.
        // The token may have been issued by a node whose clock is ahead.
        let expires = now + ACCESS_TOKEN_SECONDS + CLOCKS_DIFFER_SECONDS;
        self.0.keep(Kind::RevokedGrant, &public_id(id), expires, now).await?;
        self.0.take(Kind::Grant, id, now).await?;
        Ok(())
    }

    /// Until the token has expired by itself.
    pub(crate) async fn revoke_access_token(
        &self,
        id: &str,
        expires: u64,
        now: u64,
    ) -> Result<(), OAuthError> {
        Ok(self.0.keep(Kind::RevokedToken, id, expires, now).await?)
    }

    /// Was this grant taken back, by what access tokens call it?
    pub(crate) async fn is_revoked(&self, public_id: &str, now: u64) -> Result<bool, OAuthError> {
        Ok(self.0.find(Kind::RevokedGrant, public_id, now).await?.is_some())
    }

    pub(crate) async fn is_access_token_revoked(&self, id: &str, now: u64) -> Result<bool, OAuthError> {
        Ok(self.0.find(Kind::RevokedToken, id, now).await?.is_some())
    }

    async fn find(&self, id: &str, now: u64) -> Result<Option<(Refreshable, Vec<u8>)>, OAuthError> {
        let Some(found) = self.0.find(Kind::Grant, id, now).await? else { return Ok(None) };
        let kept = serde_json::from_slice(&found).map_err(|_| Failed)?;
        Ok(Some((kept, found)))
    }
}

fn public_id(id: &str) -> String {
    let digest = digest::digest(&digest::SHA256, id.as_bytes());
    jose::base64url(digest.as_ref().get(..16).unwrap_or_default())
}

fn hashed(secret: &str) -> String {
    jose::base64url(digest::digest(&digest::SHA256, secret.as_bytes()).as_ref())
}

impl Refreshable {
    fn is_of(&self, client_id: &str) -> bool {
        self.grant.client_id == client_id
    }

    fn has(&self, secret: &str) -> bool {
        constant_time::verify_slices_are_equal(self.secret.as_bytes(), hashed(secret).as_bytes()).is_ok()
    }

    fn written(&self) -> Result<Vec<u8>, Failed> {
        serde_json::to_vec(self).map_err(|_| Failed)
    }
}

pub(crate) const UNKNOWN: OAuthError =
    OAuthError::invalid_grant("the refresh token is unknown, expired or of another client");

const REVOKED: OAuthError = OAuthError::invalid_grant("the grant was revoked");

const REFRESH_TOKEN_SECONDS: u64 = 14 * 24 * 3600;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stores;

    fn grant() -> Grant {
        let text = str::to_owned;
        Grant {
            id: text("g"),
            client_id: text("c"),
            username: text("u"),
            scope: text("s"),
            auth_time: 0,
            confirmation: None,
        }
    }

    #[tokio::test]
    async fn a_refresh_token_used_twice_ends_its_grant() {
        let grants = Grants(Arc::new(State::in_memory()));
        let first = grants.start(grant(), 0).await.unwrap();
        let second = grants.rotate(&first, "c", 1).await.unwrap();
        assert!(grants.look(&second, "c", 1).await.unwrap().is_some());
        assert!(grants.rotate(&second, "somebody else", 1).await.is_err());
        assert!(grants.look(&second, "c", 1).await.unwrap().is_some(), "a stranger ends nothing");
        assert!(grants.rotate(&first, "c", 2).await.is_err());
        assert!(grants.rotate(&second, "c", 2).await.is_err());
        assert!(grants.is_revoked(&grant().public_id(), 2).await.unwrap());
    }

    /// As when a code comes a second time before the request that used it has got its grant.
    #[test]
    fn a_grant_that_was_taken_back_does_not_start() {
        stores::block_on(async {
            let grants = Grants(Arc::new(State::in_memory()));
            grants.revoke_grant("g", 0).await.unwrap();
            assert!(grants.start(grant(), 0).await.is_err());
            assert!(grants.0.find(Kind::Grant, "g", 0).await.unwrap().is_none());
        })
        .unwrap();
    }

    /// As when the store went down after the first of the two steps of taking it back.
    #[test]
    fn a_grant_that_was_half_taken_back_is_not_refreshed() {
        stores::block_on(async {
            let grants = Grants(Arc::new(State::in_memory()));
            let token = grants.start(grant(), 0).await.unwrap();
            grants.0.keep(Kind::RevokedGrant, &grant().public_id(), 100, 0).await.unwrap();
            assert!(grants.rotate(&token, "c", 1).await.is_err());
            assert!(grants.0.find(Kind::Grant, "g", 1).await.unwrap().is_none());
            assert!(grants.is_revoked(&grant().public_id(), 101).await.unwrap(), "for the last token's life");
        })
        .unwrap();
    }
}
