//! The parameters of an authorization request
//! ([RFC 6749 §4.1.1](https://www.rfc-editor.org/rfc/rfc6749#section-4.1.1)), read in one place whether they come
//! by the browser or were pushed.

use countersign::form::Form;
use countersign::pkce::Challenge;
use serde::{Deserialize, Serialize};

use super::OAuthError;
use super::registration::Registration;

/// A request that passed every check. Only a user is missing.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct AuthorizationRequest {
    pub(crate) client_id: String,
    pub(crate) destination: Destination,
    /// Did the request name its redirect URI? Then the token request must too.
    pub(crate) names_redirect_uri: bool,
    pub(crate) scope: String,
    pub(crate) nonce: Option<String>,
    pub(crate) challenge: Option<Challenge>,
    /// `prompt=none`: answer without asking the user anything.
    pub(crate) silent: bool,
    /// It is used up when the code is issued.
    pub(crate) pushed_as: Option<Pushed>,
}

/// How a request was pushed.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Pushed {
    pub(crate) request_uri: String,
    /// When the client's [quota](crate::state::Quota) counted it, in Unix seconds.
    pub(crate) counted: u64,
}

/// Where the browser goes back to.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Destination {
    pub(crate) redirect_uri: String,
    pub(crate) state: Option<String>,
}

/// What is asked of a `code_challenge`.
#[derive(Clone, Copy)]
pub(crate) struct PkceRules {
    /// Is `plain` taken?
    pub(crate) plain: bool,
    /// Must confidential clients send one too? FAPI 2.0 §5.3.2.2 item 5.
    pub(crate) of_everybody: bool,
}

/// Why a request was refused, and who is told.
pub(crate) enum Refused {
    /// The redirect URI is not known to be the client's, so nothing may be sent there
    /// ([RFC 6749 §4.1.2.1](https://www.rfc-editor.org/rfc/rfc6749#section-4.1.2.1)).
    ToUser(OAuthError),
    ToClient(Destination, OAuthError),
}

impl Refused {
    pub(crate) fn error(&self) -> OAuthError {
        match self {
            Refused::ToUser(error) | Refused::ToClient(_, error) => *error,
        }
    }
}

impl AuthorizationRequest {
    pub(crate) fn read(form: &Form, registration: &Registration, pkce: PkceRules) -> Result<Self, Refused> {
        let size: usize = form.iter().map(|(name, value)| name.len() + value.len()).sum();
        if size > MOST_OCTETS {
            return Err(Refused::ToUser(OAuthError::invalid_request(
                "the authorization request is too long",
            )));
        }
        let named = form.get("redirect_uri");
        let destination = Destination {
            redirect_uri: redirect_uri(named.as_deref(), registration).map_err(Refused::ToUser)?,
            state: form.get("state").map(|state| state.into_owned()),
        };
        let names_redirect_uri = named.is_some();
        match Parameters::read(form, registration, pkce) {
            Err(error) => Err(Refused::ToClient(destination, error)),
            Ok(parameters) => Ok(AuthorizationRequest {
                client_id: registration.client_id.clone(),
                destination,
                names_redirect_uri,
                scope: parameters.scope,
                nonce: form.get("nonce").map(|nonce| nonce.into_owned()),
                challenge: parameters.challenge,
                silent: form.get("prompt").is_some_and(|prompt| prompt == "none"),
                pushed_as: None,
            }),
        }
    }
}

/// What can be refused once it is known where to send the refusal.
struct Parameters {
    scope: String,
    challenge: Option<Challenge>,
}

impl Parameters {
    fn read(form: &Form, registration: &Registration, pkce: PkceRules) -> Result<Self, OAuthError> {
        if form.get("request").is_some() {
            return Err(OAuthError::authorization(
                "request_not_supported",
                "request objects are not supported",
            ));
        }
        match form.get("response_type").as_deref() {
            Some("code") => {}
            Some(_) => {
                return Err(OAuthError::authorization(
                    "unsupported_response_type",
                    "the one response type is code",
                ));
            }
            None => return Err(OAuthError::invalid_request("response_type is missing")),
        }
        if form.get("response_mode").is_some_and(|mode| mode != "query") {
            return Err(OAuthError::invalid_request("the one response mode is query"));
        }
        if !registration.may_use("authorization_code") {
            return Err(OAuthError::unauthorized_client("the client may not use that grant type"));
        }
        let challenge = challenge(form, pkce.plain)?;
        // RFC 9700 §2.1.1.
        if registration.public && challenge.is_none() {
            return Err(OAuthError::invalid_request("a public client must send a code_challenge"));
        }
        if pkce.of_everybody && challenge.is_none() {
            return Err(OAuthError::invalid_request("code_challenge is missing"));
        }
        let scope = registration.scope_for(form.get("scope").as_deref())?;
        Ok(Parameters { scope, challenge })
    }
}

/// Registered and exactly the same text; may be left out when there is only one (RFC 6749 §3.1.2.3).
fn redirect_uri(named: Option<&str>, registration: &Registration) -> Result<String, OAuthError> {
    match (named, registration.redirect_uris.as_slice()) {
        (Some(named), registered) if registered.iter().any(|uri| uri == named) => Ok(named.to_owned()),
        (Some(_), _) => Err(OAuthError::invalid_request("redirect_uri is not registered for the client")),
        (None, [only]) => Ok(only.clone()),
        (None, _) => Err(OAuthError::invalid_request("redirect_uri is missing")),
    }
}

/// K-1, K-2 and K-5: refused here, where the client that made the mistake is told.
fn challenge(form: &Form, plain_pkce: bool) -> Result<Option<Challenge>, OAuthError> {
    let method = form.get("code_challenge_method");
    let Some(challenge) = form.get("code_challenge") else {
        return match method {
            Some(_) => Err(OAuthError::invalid_request("code_challenge is missing")),
            None => Ok(None),
        };
    };
    Ok(Some(Challenge::parse(&challenge, method.as_deref(), plain_pkce)?))
}

/// What a stranger can make the server remember, or carry in a form, is kept small.
const MOST_OCTETS: usize = 4096;
