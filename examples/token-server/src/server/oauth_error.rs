//! An error of the handler, after the client was authenticated
//! ([RFC 6749 §5.2](https://www.rfc-editor.org/rfc/rfc6749#section-5.2)).

use countersign::pkce::PkceError;
use serde_json::json;

use super::Response;
use crate::state::Unanswered;

/// A registered error code with a fixed sentence. Nothing the caller sent is repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct OAuthError {
    pub(crate) status: u16,
    pub(crate) error: &'static str,
    pub(crate) description: &'static str,
}

impl OAuthError {
    const fn bad_request(error: &'static str, description: &'static str) -> Self {
        OAuthError { status: 400, error, description }
    }

    pub(crate) const fn invalid_request(description: &'static str) -> Self {
        Self::bad_request("invalid_request", description)
    }

    pub(crate) const fn invalid_grant(description: &'static str) -> Self {
        Self::bad_request("invalid_grant", description)
    }

    pub(crate) const fn invalid_scope(description: &'static str) -> Self {
        Self::bad_request("invalid_scope", description)
    }

    pub(crate) const fn unauthorized_client(description: &'static str) -> Self {
        Self::bad_request("unauthorized_client", description)
    }

    pub(crate) const fn unsupported_grant_type(description: &'static str) -> Self {
        Self::bad_request("unsupported_grant_type", description)
    }

    /// An error of the authorization endpoint that no other constructor names.
    pub(crate) const fn authorization(error: &'static str, description: &'static str) -> Self {
        Self::bad_request(error, description)
    }

    /// Nothing can be said now: a table has no room, and never makes room by forgetting something that still counts; or
    /// a store does not answer.
    pub(crate) const fn unavailable() -> Self {
        OAuthError { status: 503, error: "temporarily_unavailable", description: "try again later" }
    }

    pub(crate) const fn server_error() -> Self {
        OAuthError { status: 500, error: "server_error", description: "the server failed to answer" }
    }

    pub(crate) fn response(self) -> Response {
        let body = json!({ "error": self.error, "error_description": self.description });
        let response = Response::json(self.status, &body);
        if matches!(self.status, 429 | 503) { response.with("retry-after", "1") } else { response }
    }
}

impl From<crate::jose::Failed> for OAuthError {
    fn from(_: crate::jose::Failed) -> Self {
        OAuthError::server_error()
    }
}

impl From<Unanswered> for OAuthError {
    fn from(_: Unanswered) -> Self {
        OAuthError::unavailable()
    }
}

impl From<PkceError> for OAuthError {
    fn from(error: PkceError) -> Self {
        let description = match error {
            PkceError::MalformedChallenge => "code_challenge is malformed",
            PkceError::UnknownMethod | PkceError::PlainNotAllowed => "code_challenge_method is not accepted",
            PkceError::MalformedVerifier => "code_verifier is malformed",
            PkceError::VerifierMissing => "code_verifier is missing",
            PkceError::UnexpectedVerifier => "the authorization request had no code_challenge",
            PkceError::Mismatch => "code_verifier does not fit the code_challenge",
            _ => "the PKCE parameters are not accepted",
        };
        OAuthError::bad_request(error.error(), description)
    }
}
