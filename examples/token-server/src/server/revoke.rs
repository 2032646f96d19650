//! `POST /revoke` ([RFC 7009](https://www.rfc-editor.org/rfc/rfc7009)).

use countersign::AuthenticatedClient;

use super::{ACCESS_TOKEN_SECONDS, OAuthError, Response, Server};
use crate::state::Quota;

impl Server {
    /// A refresh token ends with its grant and every access token of it; an access token ends alone. A token
    /// that is unknown, or does not live any more, is as good as revoked (§2.2).
    pub(super) async fn revoke(&self, client: &AuthenticatedClient) -> Result<Response, OAuthError> {
        let token = client.form().get("token").ok_or(OAuthError::invalid_request("token is missing"))?;
        let now = self.now();
        if let Some((grant, _)) = self.grants.look(&token, client.client_id(), now).await? {
            self.grants.revoke_grant(&grant.id, now).await?;
        } else if let Some(claims) = self.active_access_token(&token).await? {
            // §2.1: the token of another client is not this one's to end, and it is told so.
            if claims.client_id != client.client_id() {
                return Err(OAuthError::invalid_grant("the token was issued to another client"));
            }
            let counted =
                self.revocations.take(client.client_id(), now).ok_or_else(OAuthError::unavailable)?;
            let written = self.grants.revoke_access_token(&claims.jti, claims.exp, now).await;
            if written.is_err() {
                // It may have been written all the same, where the answer was late: the room of the kind bounds that.
                self.revocations.give_back(client.client_id(), counted);
            }
            written?;
        }
        Ok(Response::empty(200))
    }
}

/// What one client may revoke. Anybody who can register can get tokens and revoke them.
pub(super) fn quota() -> Quota {
    Quota::new(10_000, ACCESS_TOKEN_SECONDS)
}
