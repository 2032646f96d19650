//! What users allowed clients to do, for as long as it lasts: refresh tokens, and what was taken back.

use aws_lc_rs::{constant_time, digest};

use super::binding::Confirmation;
use super::expiring::{Expiring, Full};
use super::{ACCESS_TOKEN_SECONDS, OAuthError};
use crate::jose;

/// A user's consent to one client. Every token of it can be taken back together.
#[derive(Clone)]
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
/// A refresh token is `<grant id>.<secret>`. Only the newest secret is kept: any other text that names a live
/// grant is an old token used again, and ends the grant
/// ([RFC 9700 §4.14.2](https://www.rfc-editor.org/rfc/rfc9700#section-4.14.2)).
pub(crate) struct Grants {
    refreshable: Expiring<Refreshable>,
    /// Public ids of grants, and ids of single access tokens, until the last token of them has expired by itself.
    revoked: Expiring<()>,
}

struct Refreshable {
    grant: Grant,
    secret: String,
    expires: u64,
}

impl Grants {
    pub(crate) fn new() -> Self {
        Grants { refreshable: Expiring::new(MOST), revoked: Expiring::new(MOST) }
    }

    /// The first refresh token of a grant.
    pub(crate) fn start(&self, grant: Grant, now: u64) -> Result<String, OAuthError> {
        let (id, secret) = (grant.id.clone(), jose::random(32)?);
        let token = format!("{id}.{secret}");
        let expires = now + REFRESH_TOKEN_SECONDS;
        self.refreshable.insert(id, Refreshable { grant, secret, expires }, expires, now)?;
        Ok(token)
    }

    /// The grant of a refresh token that this client could use now, and when the token expires.
    pub(crate) fn look(&self, token: &str, client_id: &str, now: u64) -> Option<(Grant, u64)> {
        let (id, secret) = token.split_once('.')?;
        self.refreshable
            .with(id, now, |kept| {
                (kept.is_of(client_id) && kept.has(secret)).then(|| (kept.grant.clone(), kept.expires))
            })
            .flatten()
    }

    /// The next refresh token in place of this one.
    pub(crate) fn rotate(&self, token: &str, client_id: &str, now: u64) -> Result<String, OAuthError> {
        let (id, secret) = token.split_once('.').ok_or(UNKNOWN)?;
        let next = jose::random(32)?;
        let rotation = self.refreshable.with(id, now, |kept| {
            if !kept.is_of(client_id) {
                return Rotation::Foreign;
            }
            if !kept.has(secret) {
                return Rotation::Reused;
            }
            kept.secret.clone_from(&next);
            Rotation::Done
        });
        match rotation {
            Some(Rotation::Done) => Ok(format!("{id}.{next}")),
            Some(Rotation::Reused) => {
                self.revoke_grant(id, now)?;
                Err(OAuthError::invalid_grant("the refresh token was used before; its grant is revoked"))
            }
            Some(Rotation::Foreign) | None => Err(UNKNOWN),
        }
    }

    /// Takes back a grant with its refresh token and every access token.
    pub(crate) fn revoke_grant(&self, id: &str, now: u64) -> Result<(), OAuthError> {
        self.refreshable.take(id, now);
        Ok(self.revoked.insert(public_id(id), (), now + ACCESS_TOKEN_SECONDS, now)?)
    }

    pub(crate) fn revoke_access_token(&self, id: &str, expires: u64, now: u64) -> Result<(), OAuthError> {
        Ok(self.revoked.insert(id.to_owned(), (), expires, now)?)
    }

    pub(crate) fn is_revoked(&self, id: &str, now: u64) -> bool {
        self.revoked.contains(id, now)
    }
}

fn public_id(id: &str) -> String {
    let digest = digest::digest(&digest::SHA256, id.as_bytes());
    jose::base64url(digest.as_ref().get(..16).unwrap_or_default())
}

enum Rotation {
    Done,
    Reused,
    Foreign,
}

impl Refreshable {
    fn is_of(&self, client_id: &str) -> bool {
        self.grant.client_id == client_id
    }

    fn has(&self, secret: &str) -> bool {
        constant_time::verify_slices_are_equal(self.secret.as_bytes(), secret.as_bytes()).is_ok()
    }
}

impl From<Full> for OAuthError {
    fn from(_: Full) -> Self {
        OAuthError::unavailable()
    }
}

pub(crate) const UNKNOWN: OAuthError =
    OAuthError::invalid_grant("the refresh token is unknown, expired or of another client");

const REFRESH_TOKEN_SECONDS: u64 = 14 * 24 * 3600;

const MOST: usize = 100_000;

#[cfg(test)]
mod tests {
    use super::*;

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

    #[test]
    fn a_refresh_token_used_twice_ends_its_grant() {
        let grants = Grants::new();
        let first = grants.start(grant(), 0).unwrap();
        let second = grants.rotate(&first, "c", 1).unwrap();
        assert!(grants.look(&second, "c", 1).is_some());
        assert!(grants.rotate(&second, "somebody else", 1).is_err());
        assert!(grants.look(&second, "c", 1).is_some(), "a stranger ends nothing");
        assert!(grants.rotate(&first, "c", 2).is_err());
        assert!(grants.rotate(&second, "c", 2).is_err());
        assert!(grants.is_revoked(&grant().public_id(), 2));
    }
}
