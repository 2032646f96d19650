//! `POST /par`: pushed authorization requests ([RFC 9126](https://www.rfc-editor.org/rfc/rfc9126)).

use countersign::AuthenticatedClient;
use serde_json::json;

use super::authorization_request::AuthorizationRequest;
use super::expiring::Expiring;
use super::{OAuthError, Response, Server};
use crate::jose;

/// The requests pushed lately, by `request_uri`.
pub(crate) struct Pushed(Expiring<AuthorizationRequest>);

impl Pushed {
    pub(crate) fn new() -> Self {
        Pushed(Expiring::new(MOST))
    }

    /// The request that this client pushed. It stays until a code is issued for it, so that the log-in page can
    /// be loaded twice.
    pub(crate) fn find(&self, request_uri: &str, client_id: &str, now: u64) -> Option<AuthorizationRequest> {
        let request = self.0.with(request_uri, now, |request| request.clone())?;
        (request.client_id == client_id).then_some(request)
    }

    /// Uses a request up; false when it is gone already.
    pub(crate) fn use_up(&self, request_uri: &str, now: u64) -> bool {
        self.0.take(request_uri, now).is_some()
    }
}

impl Server {
    pub(super) fn par(&self, client: &AuthenticatedClient) -> Result<Response, OAuthError> {
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
        let mut request = AuthorizationRequest::read(form, registration, self.plain_pkce)
            .map_err(|refused| refused.error())?;
        let request_uri = format!("{URN}{}", jose::random(32)?);
        request.pushed_as = Some(request_uri.clone());
        let now = self.now();
        self.pushed.0.insert(request_uri.clone(), request, now + LIFE_SECONDS, now)?;
        Ok(Response::json(201, &json!({ "request_uri": request_uri, "expires_in": LIFE_SECONDS })))
    }
}

const URN: &str = "urn:ietf:params:oauth:request_uri:";

/// Long enough for a person to type a password.
const LIFE_SECONDS: u64 = 300;

const MOST: usize = 20_000;
