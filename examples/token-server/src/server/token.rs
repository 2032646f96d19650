//! `POST /token`: the token endpoint ([RFC 6749 §3.2](https://www.rfc-editor.org/rfc/rfc6749#section-3.2)).

use std::sync::Arc;

use countersign::pkce::{self, PkceError};
use countersign::{AuthenticatedClient, ClientClass};
use serde_json::{Value, json};

use super::binding::Recipient;
use super::codes::{self, Redeemed};
use super::grants::{self, Grant};
use super::registration::{Registration, contains, narrowed};
use super::users::User;
use super::{ACCESS_TOKEN_SECONDS, OAuthError, Response, Server};
use crate::jose;

impl Server {
    pub(super) async fn token(&self, client: &AuthenticatedClient) -> Result<Response, OAuthError> {
        let recipient = self.recipient(client)?;
        let registration = recipient.registration;
        let grant_type =
            client.form().get("grant_type").ok_or(OAuthError::invalid_request("grant_type is missing"))?;
        if !self.grant_types().contains(&&*grant_type) {
            return Err(OAuthError::unsupported_grant_type("this server does not have that grant type"));
        }
        if !registration.may_use(&grant_type) {
            return Err(OAuthError::unauthorized_client("the client may not use that grant type"));
        }
        match &*grant_type {
            "client_credentials" => self.client_credentials(client, &recipient),
            "authorization_code" => self.authorization_code(client, &recipient).await,
            "refresh_token" => self.refresh_token(client, &recipient).await,
            _ => self.password(client, &recipient).await,
        }
    }

    /// The grants this server has; those that need users only when it has some.
    pub(super) fn grant_types(&self) -> &'static [&'static str] {
        grant_types(self.people.is_some())
    }

    /// [RFC 6749 §4.4](https://www.rfc-editor.org/rfc/rfc6749#section-4.4). Nobody logged in, so there is
    /// neither a refresh token (§4.4.3) nor an ID token.
    fn client_credentials(
        &self,
        client: &AuthenticatedClient,
        recipient: &Recipient<'_>,
    ) -> Result<Response, OAuthError> {
        if client.class() == ClientClass::Public {
            return Err(OAuthError::unauthorized_client("a public client may not use that grant type"));
        }
        let scope = recipient.registration.scope_for(client.form().get("scope").as_deref())?;
        let token = self.tokens.access_token(recipient, client.client_id(), &scope, None, self.now())?;
        Ok(Answer::new(token, scope).response())
    }

    /// [RFC 6749 §4.1.3](https://www.rfc-editor.org/rfc/rfc6749#section-4.1.3) with
    /// [RFC 7636](https://www.rfc-editor.org/rfc/rfc7636).
    async fn authorization_code(
        &self,
        client: &AuthenticatedClient,
        recipient: &Recipient<'_>,
    ) -> Result<Response, OAuthError> {
        let form = client.form();
        let code = form.get("code").ok_or(OAuthError::invalid_request("code is missing"))?;
        let verifier = form.get("code_verifier");
        // A malformed request uses no code up.
        if let Err(error @ PkceError::MalformedVerifier) = pkce::check(None, verifier.as_deref()) {
            return Err(error.into());
        }
        let now = self.now();
        let code = match codes::redeem(&self.state, &code, client.client_id(), now).await? {
            Redeemed::Once(code) => code,
            Redeemed::Again(grant_id) => {
                self.grants.revoke_grant(&grant_id, now).await?;
                return Err(OAuthError::invalid_grant("the code was used before; its tokens are revoked"));
            }
            Redeemed::Unknown => {
                return Err(OAuthError::invalid_grant("the code is unknown, expired or of another client"));
            }
        };
        if let Some(expected) = &code.redirect_uri
            && form.get("redirect_uri").as_deref() != Some(expected)
        {
            return Err(OAuthError::invalid_grant("redirect_uri is not that of the authorization request"));
        }
        pkce::check(code.challenge.as_ref(), verifier.as_deref())?;
        self.user_answer(recipient, &code.grant, code.nonce.as_deref(), now).await
    }

    /// [RFC 6749 §6](https://www.rfc-editor.org/rfc/rfc6749#section-6), with rotation.
    async fn refresh_token(
        &self,
        client: &AuthenticatedClient,
        recipient: &Recipient<'_>,
    ) -> Result<Response, OAuthError> {
        let form = client.form();
        let presented =
            form.get("refresh_token").ok_or(OAuthError::invalid_request("refresh_token is missing"))?;
        let now = self.now();
        let usable = self.grants.look(&presented, client.client_id(), now).await?;
        if let Some((grant, _)) = &usable
            && grant.confirmation.is_some()
            && grant.confirmation != recipient.confirmation
        {
            return Err(OAuthError::invalid_grant("the refresh token is bound to another certificate"));
        }
        // A scope that is refused must not use the token up, so it is judged before the rotation.
        let scope = match (&usable, form.get("scope")) {
            (Some((grant, _)), Some(requested)) => Some(narrowed(&requested, Some(&grant.scope))?),
            _ => None,
        };
        let next = self.grants.rotate(&presented, client.client_id(), now).await?;
        let (mut grant, _) = usable.ok_or(grants::UNKNOWN)?;
        if let Some(scope) = scope {
            grant.scope = scope;
        }
        let answer = self.tokens_for(recipient, &grant, None, now)?;
        Ok(answer.with_refresh_token(next).response())
    }

    /// [RFC 6749 §4.3](https://www.rfc-editor.org/rfc/rfc6749#section-4.3), for clients that still have it.
    async fn password(
        &self,
        client: &AuthenticatedClient,
        recipient: &Recipient<'_>,
    ) -> Result<Response, OAuthError> {
        let form = client.form();
        let (Some(username), Some(password)) = (form.get("username"), form.get("password")) else {
            return Err(OAuthError::invalid_request("username or password is missing"));
        };
        let scope = recipient.registration.scope_for(form.get("scope").as_deref())?;
        let people = self.people.as_ref().ok_or_else(OAuthError::server_error)?;
        let user = people.users.log_in(&username, &password).await;
        let user = user.ok_or(OAuthError::invalid_grant("the user name or the password is wrong"))?;
        let now = self.now();
        let grant = self.new_grant(client.client_id(), user, scope, now)?;
        self.user_answer(recipient, &grant, None, now).await
    }

    pub(super) fn new_grant(
        &self,
        client_id: &str,
        user: &User,
        scope: String,
        now: u64,
    ) -> Result<Grant, OAuthError> {
        Ok(Grant {
            id: jose::random(16)?,
            client_id: client_id.to_owned(),
            username: user.username.clone(),
            scope,
            auth_time: now,
            confirmation: None,
        })
    }

    /// The first answer under a grant; it brings a refresh token when the client may use one.
    async fn user_answer(
        &self,
        recipient: &Recipient<'_>,
        grant: &Grant,
        nonce: Option<&str>,
        now: u64,
    ) -> Result<Response, OAuthError> {
        let answer = self.tokens_for(recipient, grant, nonce, now)?;
        if !recipient.registration.may_use("refresh_token") {
            return Ok(answer.response());
        }
        let grant = Grant { confirmation: recipient.refresh_confirmation(), ..grant.clone() };
        Ok(answer.with_refresh_token(self.grants.start(grant, now).await?).response())
    }

    fn tokens_for(
        &self,
        recipient: &Recipient<'_>,
        grant: &Grant,
        nonce: Option<&str>,
        now: u64,
    ) -> Result<Answer, OAuthError> {
        let user = self.people.as_ref().and_then(|people| people.users.find(&grant.username));
        let user = user.ok_or_else(OAuthError::server_error)?;
        let token = self.tokens.access_token(recipient, user.subject(), &grant.scope, Some(grant), now)?;
        let answer = Answer::new(token, grant.scope.clone());
        if !contains(&grant.scope, "openid") {
            return Ok(answer);
        }
        Ok(answer.with_id_token(self.tokens.id_token(recipient.registration, user, grant, nonce, now)?))
    }

    /// The registration travels with the client; a client without one was not loaded by this server.
    pub(super) fn registration<'c>(
        &self,
        client: &'c AuthenticatedClient,
    ) -> Result<&'c Registration, OAuthError> {
        client
            .app::<Arc<Registration>>()
            .map(|registration| &**registration)
            .ok_or_else(OAuthError::server_error)
    }
}

pub(super) fn grant_types(has_users: bool) -> &'static [&'static str] {
    const WITH_USERS: [&str; 4] = ["client_credentials", "authorization_code", "refresh_token", "password"];
    if has_users { &WITH_USERS } else { &["client_credentials"] }
}

/// A successful answer ([RFC 6749 §5.1](https://www.rfc-editor.org/rfc/rfc6749#section-5.1)).
struct Answer(Value);

impl Answer {
    fn new(access_token: String, scope: String) -> Self {
        let mut answer = Answer(json!({
            "access_token": access_token,
            "token_type": "Bearer",
            "expires_in": ACCESS_TOKEN_SECONDS,
        }));
        if !scope.is_empty() {
            answer.set("scope", scope);
        }
        answer
    }

    fn with_refresh_token(mut self, token: String) -> Self {
        self.set("refresh_token", token);
        self
    }

    fn with_id_token(mut self, token: String) -> Self {
        self.set("id_token", token);
        self
    }

    fn response(self) -> Response {
        Response::json(200, &self.0)
    }

    fn set(&mut self, name: &str, value: String) {
        if let Some(members) = self.0.as_object_mut() {
            members.insert(name.to_owned(), value.into());
        }
    }
}
