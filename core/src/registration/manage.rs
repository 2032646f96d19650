//! A client's own changes to its registration ([RFC 7592](https://www.rfc-editor.org/rfc/rfc7592)).

use super::access_token::Bearer;
use super::answer::{Answer, Done};
use super::event::{Operation, Outcome};
use super::failure::Failure;
use super::requested::{Purpose, Requested};
use super::secrets::{SecretDates, check_current, current_end, settle};
use super::{ATTEMPTS, Registration, body, changed, lost_race, rules};
use crate::metadata::{ClientMetadata, MetadataError, Timestamp};
use crate::request::Headers;
use crate::secret::GeneratedSecret;
use crate::store::RegisteredClient;

impl Registration {
    /// What is registered about a client: the answer to a GET at its `registration_client_uri`
    /// ([RFC 7592 §2.1](https://www.rfc-editor.org/rfc/rfc7592#section-2.1)).
    ///
    /// The answer is 200 with everything that is registered and the token that the client sent, but without its secret, of
    /// which as a rule only the hash is kept. 401, alike for an unknown client and for a token that is not its; 403 for a
    /// client that is disabled; 503.
    pub async fn read(&self, client_id: &str, headers: &dyn Headers) -> Answer {
        self.answer(Operation::Read, Some(client_id), self.try_read(client_id, headers)).await
    }

    /// Replaces what is registered about a client: the answer to a PUT at its `registration_client_uri`
    /// ([RFC 7592 §2.2](https://www.rfc-editor.org/rfc/rfc7592#section-2.2)).
    ///
    /// The body says all of it again, with its own `client_id`: what is left out is removed, or has its default. The
    /// answer is that of a registration with status 200, or one of its refusals. The client has a new `client_secret` in
    /// it when its method needs one and it had none that is enough, and where secrets
    /// [have a lifetime](Registration::secret_lifetime), when the old one has ended or is about to. Its token stays.
    ///
    /// What an operator has set stays, too: where that says the methods, the client cannot. And certificate-bound tokens
    /// (RFC 8705 §3.4), whoever has asked for them: only an operator gives them up. Grant types, scopes and redirect URIs are
    /// the client's to say, within what is registered here: it may give itself again what an operator's patch took from
    /// it. What shall stay narrow is a rule, in [`validated_by`](Registration::validated_by).
    pub async fn update(&self, client_id: &str, headers: &dyn Headers, body: &[u8]) -> Answer {
        self.answer(Operation::Update, Some(client_id), self.try_update(client_id, headers, body)).await
    }

    /// Removes a client: the answer to a DELETE at its `registration_client_uri`
    /// ([RFC 7592 §2.3](https://www.rfc-editor.org/rfc/rfc7592#section-2.3)).
    ///
    /// The answer is 204, and from then on 401, or one of the refusals of [`read`](Registration::read). What was issued to
    /// the client before is the application's to revoke.
    pub async fn delete(&self, client_id: &str, headers: &dyn Headers) -> Answer {
        self.answer(Operation::Delete, Some(client_id), self.try_delete(client_id, headers)).await
    }

    async fn try_read(&self, client_id: &str, headers: &dyn Headers) -> Result<Done, Failure> {
        let bearer = Bearer::read(headers)?;
        let metadata = self.authorized(client_id, &bearer).await?.metadata;
        Ok(Done {
            information: Some(self.information(&metadata, None, Some(bearer.token))),
            detail: None,
            client_id: metadata.client_id,
        })
    }

    async fn try_update(&self, client_id: &str, headers: &dyn Headers, body: &[u8]) -> Result<Done, Failure> {
        let bearer = Bearer::read(headers)?;
        let mut stored = self.authorized(client_id, &bearer).await?;
        // Nobody's body is looked at before it is known who sends it.
        let members = body::read(headers, body)?;
        for attempt in 1.. {
            let requested = Requested::read(members.clone(), Purpose::Update)?;
            let dates = self.secret_dates();
            let mut metadata = replaced(&stored.metadata, requested)?;
            rules::write_out_defaults(&mut metadata);
            rules::check_served(&self.auth, &metadata)?;
            self.check_requested(&metadata, Some(&stored.metadata))?;
            let ends_soon = self.secret_lifetime.is_some() && ends_soon(&metadata, &dates);
            let secret = settle(&mut metadata, ends_soon, &dates)?;
            self.judge(&metadata)?;
            let detail = changed(&stored.metadata, &metadata);
            let client = RegisteredClient { metadata, ..stored };
            if self.registry.replace(&client).await? {
                let secret = secret.as_ref().map(GeneratedSecret::expose);
                return Ok(Done {
                    information: Some(self.information(&client.metadata, secret, Some(bearer.token))),
                    detail: Some(detail),
                    client_id: client.metadata.client_id,
                });
            }
            if attempt == ATTEMPTS {
                break;
            }
            stored = self.authorized(client_id, &bearer).await?;
        }
        Err(lost_race())
    }

    async fn try_delete(&self, client_id: &str, headers: &dyn Headers) -> Result<Done, Failure> {
        let bearer = Bearer::read(headers)?;
        for _ in 0..ATTEMPTS {
            let stored = self.authorized(client_id, &bearer).await?;
            if self.registry.remove(client_id, stored.revision).await? {
                return Ok(Done { client_id: client_id.to_owned(), information: None, detail: None });
            }
        }
        Err(lost_race())
    }

    /// The client, if this is its registration access token. An unknown one costs the same and answers the same.
    async fn authorized(&self, client_id: &str, bearer: &Bearer<'_>) -> Result<RegisteredClient, Failure> {
        let stored = self.registry.read(client_id).await?;
        let token = stored.as_ref().and_then(|stored| stored.registration_access_token.as_ref());
        let is_its = bearer.is(token);
        match stored {
            Some(stored) if is_its && stored.metadata.disabled => {
                Err(Failure::new(Outcome::ClientDisabled, "an operator has disabled the client"))
            }
            Some(stored) if is_its => Ok(stored),
            Some(_) => {
                Err(Failure::new(Outcome::TokenWrong, "not the registration access token of this client"))
            }
            None => Err(Failure::new(Outcome::ClientUnknown, "there is no such client")),
        }
    }
}

/// The new registration: what the client says, and of the old one what is not for it to say.
fn replaced(old: &ClientMetadata, requested: Requested) -> Result<ClientMetadata, MetadataError> {
    let Requested { metadata: new, client_id, client_secret } = requested;
    if client_id.as_deref() != Some(old.client_id.as_str()) {
        return Err(MetadataError::new(
            "client_id",
            "is not the one of this registration",
            "send the client_id that the server gave (RFC 7592 §2.2)",
        ));
    }
    if let Some(claimed) = &client_secret {
        check_current(old, claimed)?;
    }
    let managed = old.any_secret_method || !old.auth_methods.is_empty();
    if managed
        && new.token_endpoint_auth_method.is_some()
        && new.token_endpoint_auth_method != old.token_endpoint_auth_method
    {
        return Err(MetadataError::new(
            "token_endpoint_auth_method",
            "is set by the operator of this server",
            "leave it out, or ask the operator to change it",
        ));
    }
    if old.tls_client_certificate_bound_access_tokens == Some(true)
        && new.tls_client_certificate_bound_access_tokens == Some(false)
    {
        return Err(MetadataError::new(
            "tls_client_certificate_bound_access_tokens",
            "is true, and a client does not weaken its own tokens",
            "leave it as it is, or ask the operator to change it",
        ));
    }
    let token_endpoint_auth_method = match managed {
        true => old.token_endpoint_auth_method.clone(),
        false => new.token_endpoint_auth_method.clone(),
    };
    Ok(ClientMetadata {
        client_id: old.client_id.clone(),
        client_id_issued_at: old.client_id_issued_at,
        client_secret: old.client_secret.clone(),
        client_secret_expires_at: old.client_secret_expires_at,
        client_secrets: old.client_secrets.clone(),
        token_endpoint_auth_method,
        auth_methods: old.auth_methods.clone(),
        any_secret_method: old.any_secret_method,
        public_keys: old.public_keys.clone(),
        assertion_reuse: old.assertion_reuse.clone(),
        tls_client_certificate_bound_access_tokens: old
            .tls_client_certificate_bound_access_tokens
            .filter(|bound| *bound)
            .or(new.tls_client_certificate_bound_access_tokens),
        disabled: old.disabled,
        ..new
    })
}

/// Has the current secret ended, or has it less left than a client is given to move to the next?
fn ends_soon(metadata: &ClientMetadata, dates: &SecretDates) -> bool {
    let end = current_end(metadata).and_then(Timestamp::unless_zero);
    let soon = dates.now.checked_add(dates.overlap);
    end.zip(soon).is_some_and(|(end, soon)| end <= soon)
}
