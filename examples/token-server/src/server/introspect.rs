//! `POST /introspect` ([RFC 7662](https://www.rfc-editor.org/rfc/rfc7662)).

use countersign::AuthenticatedClient;
use serde_json::{Value, json};

use super::tokens::{AccessToken, Tokens};
use super::{OAuthError, Response, Server};

impl Server {
    /// Any confidential client may ask about an access token, since it may be the resource the token is for;
    /// about a refresh token its own client alone. `token_type_hint` is not needed: the two cannot be confused.
    pub(super) async fn introspect(&self, client: &AuthenticatedClient) -> Result<Response, OAuthError> {
        let token = client.form().get("token").ok_or(OAuthError::invalid_request("token is missing"))?;
        let answer = match self.active_access_token(&token).await? {
            Some(claims) => Some(self.access_token_state(&claims)),
            None => self.refresh_token_state(&token, client.client_id()).await?,
        };
        Ok(Response::json(200, &answer.unwrap_or_else(|| json!({ "active": false }))))
    }

    /// The claims of a token that can be used now.
    ///
    /// # Errors
    /// When nobody can say who its client is.
    pub(super) async fn active_access_token(&self, token: &str) -> Result<Option<AccessToken>, OAuthError> {
        let Some(client_id) = Tokens::client_id_in(token) else { return Ok(None) };
        let Some(registration) = self.registration_of(&client_id).await? else { return Ok(None) };
        let now = self.now();
        let claims = self.tokens.read_access_token(token, &registration, now);
        match claims {
            Some(claims) if !self.is_revoked(&claims, now).await? => Ok(Some(claims)),
            _ => Ok(None),
        }
    }

    async fn is_revoked(&self, claims: &AccessToken, now: u64) -> Result<bool, OAuthError> {
        if let Some(grant) = &claims.grant_id
            && self.grants.is_revoked(grant, now).await?
        {
            return Ok(true);
        }
        self.grants.is_access_token_revoked(&claims.jti, now).await
    }

    fn access_token_state(&self, claims: &AccessToken) -> Value {
        let mut state = json!({
            "active": true,
            "token_type": "Bearer",
            "iss": claims.iss,
            "sub": claims.sub,
            "aud": claims.aud,
            "client_id": claims.client_id,
            "scope": claims.scope,
            "jti": claims.jti,
            "iat": claims.iat,
            "exp": claims.exp,
        });
        // RFC 8705 §3.2: the resource compares it with the certificate it sees.
        if let (Some(members), Some(confirmation)) = (state.as_object_mut(), &claims.cnf) {
            members.insert("cnf".to_owned(), json!(confirmation));
        }
        state
    }

    async fn refresh_token_state(&self, token: &str, client_id: &str) -> Result<Option<Value>, OAuthError> {
        let found = self.grants.look(token, client_id, self.now()).await?;
        Ok(found.map(|(grant, expires)| {
            json!({
                "active": true,
                "iss": self.issuer,
                "client_id": grant.client_id,
                "username": grant.username,
                "scope": grant.scope,
                "exp": expires,
            })
        }))
    }
}
