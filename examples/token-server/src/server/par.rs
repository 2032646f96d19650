//! `POST /par`: pushed authorization requests ([RFC 9126](https://www.rfc-editor.org/rfc/rfc9126)).

use countersign::AuthenticatedClient;
use serde_json::json;

use super::authorization_request::{AuthorizationRequest, Pushed};
use super::{OAuthError, Response, Server};
use crate::jose::{self, Failed};
use crate::state::{Kind, Quota, State};

/// The request that this client pushed. It stays until a code is issued for it, so that the log-in page can be loaded
/// twice.
pub(crate) async fn find(
    state: &State,
    request_uri: &str,
    client_id: &str,
    now: u64,
) -> Result<Option<AuthorizationRequest>, OAuthError> {
    let Some(found) = state.find(Kind::PushedRequest, request_uri, now).await? else { return Ok(None) };
    let request: AuthorizationRequest = serde_json::from_slice(&found).map_err(|_| Failed)?;
    Ok((request.client_id == client_id).then_some(request))
}

/// Uses a request up; false when it is gone already.
pub(crate) async fn use_up(state: &State, request_uri: &str, now: u64) -> Result<bool, OAuthError> {
    Ok(state.take(Kind::PushedRequest, request_uri, now).await?.is_some())
}

impl Server {
    pub(super) async fn par(&self, client: &AuthenticatedClient) -> Result<Response, OAuthError> {
        if self.people.is_none() {
            return Err(OAuthError::unauthorized_client(
                "this server has no users, so no authorization endpoint",
            ));
        }
        let form = client.form();
        if form.get("request_uri").is_some() {
            return Err(OAuthError::invalid_request("request_uri must not be pushed"));
        }
        // §2.1: an authorization parameter, whatever already named the client. The layer saw that both agree.
        if form.get("client_id").is_none() {
            return Err(OAuthError::invalid_request("client_id is missing"));
        }
        let registration = self.registration(client)?;
        let mut request =
            AuthorizationRequest::read(form, registration, self.pkce).map_err(|refused| refused.error())?;
        let request_uri = format!("{URN}{}", jose::random(32)?);
        let now = self.now();
        let counted = self.pushed_requests.take(client.client_id(), now).ok_or(OAuthError {
            status: 429,
            error: "temporarily_unavailable",
            description: "this client has pushed too many requests in a short time",
        })?;
        request.pushed_as = Some(Pushed { request_uri: request_uri.clone(), counted });
        let kept = serde_json::to_vec(&request).map_err(|_| Failed)?;
        let expires = now + LIFE_SECONDS;
        let written = self.state.insert(Kind::PushedRequest, &request_uri, kept, expires, now).await;
        if written.is_err() {
            // It may have been written all the same, where the answer was late: the room of the kind bounds that.
            self.pushed_requests.give_back(client.client_id(), counted);
        }
        written?;
        Ok(Response::json(201, &json!({ "request_uri": request_uri, "expires_in": LIFE_SECONDS })))
    }
}

/// What one client may push before users act on it.
pub(super) fn quota() -> Quota {
    Quota::new(2_000, LIFE_SECONDS)
}

const URN: &str = "urn:ietf:params:oauth:request_uri:";

/// Long enough for a person to type a password.
const LIFE_SECONDS: u64 = 300;
