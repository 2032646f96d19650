//! Why a registration is refused, before the caller is told.

use std::borrow::Cow;

use super::event::{Operation, Outcome};
use crate::metadata::MetadataError;
use crate::secret::HashError;
use crate::store::StoreError;

/// A refusal. What the caller is told of it is fixed by its outcome, but for what is wrong with its own metadata.
pub(super) struct Failure {
    outcome: Outcome,
    field: Option<&'static str>,
    detail: Option<String>,
    retry_after: Option<u64>,
}

impl Failure {
    pub(super) fn new(outcome: Outcome, detail: impl Into<String>) -> Self {
        Failure { outcome, field: None, detail: Some(detail.into()), retry_after: None }
    }

    /// In so many seconds it may be otherwise.
    pub(super) fn with_retry_after(mut self, seconds: u64) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    /// Seconds; a second where nothing else is known of an outage.
    pub(super) fn retry_after(&self, status: u16) -> Option<u64> {
        self.retry_after.or((status == 503).then_some(1))
    }

    pub(super) fn outcome(&self) -> Outcome {
        self.outcome
    }

    pub(super) fn into_detail(self) -> Option<String> {
        self.detail
    }

    /// The status, and the `error` of [RFC 7591 §3.2.2](https://www.rfc-editor.org/rfc/rfc7591#section-3.2.2) or, for a
    /// token, of [RFC 6750 §3.1](https://www.rfc-editor.org/rfc/rfc6750#section-3.1).
    pub(super) fn public(&self, operation: Operation) -> (u16, &'static str) {
        match self.outcome {
            Outcome::ClientUnknown if is_of_operator(operation) => (404, "not_found"),
            Outcome::TokenMissing | Outcome::TokenWrong | Outcome::ClientUnknown => (401, "invalid_token"),
            Outcome::ClientDisabled => (403, "access_denied"),
            Outcome::UnsupportedMediaType => (415, "invalid_request"),
            Outcome::TooLarge => (413, "invalid_request"),
            Outcome::InvalidMetadata if self.field == Some("redirect_uris") => (400, "invalid_redirect_uri"),
            Outcome::Malformed | Outcome::InvalidMetadata => (400, "invalid_client_metadata"),
            Outcome::Throttled => (429, "temporarily_unavailable"),
            Outcome::Conflict | Outcome::StoreUnavailable | Outcome::NoRoom => {
                (503, "temporarily_unavailable")
            }
            Outcome::Done | Outcome::InternalError => (500, "server_error"),
        }
    }

    /// RFC 6750 §3: without an error code for a request that shows no token. The body is the same for both.
    pub(super) fn challenge(&self, operation: Operation) -> Option<&'static str> {
        match self.outcome {
            Outcome::ClientUnknown if is_of_operator(operation) => None,
            Outcome::TokenMissing => Some("Bearer"),
            Outcome::TokenWrong | Outcome::ClientUnknown => Some("Bearer error=\"invalid_token\""),
            _ => None,
        }
    }

    pub(super) fn description(&self, operation: Operation) -> Cow<'_, str> {
        let fixed = match self.outcome {
            Outcome::Malformed | Outcome::InvalidMetadata => {
                return self.detail.as_deref().map_or(Cow::Borrowed(""), of_the_error_charset);
            }
            Outcome::ClientUnknown if is_of_operator(operation) => "there is no such client",
            Outcome::TokenMissing | Outcome::TokenWrong | Outcome::ClientUnknown => {
                "the access token is missing or not valid here"
            }
            Outcome::ClientDisabled => "the client is disabled",
            Outcome::UnsupportedMediaType => "the body must be uncompressed application/json",
            Outcome::TooLarge => "the body is larger than 64 KiB",
            Outcome::Throttled => "too many registrations from your address, try again later",
            Outcome::NoRoom => "there is no room for more clients, try again later",
            Outcome::Conflict | Outcome::StoreUnavailable => "try again later",
            Outcome::Done | Outcome::InternalError => "the server failed to answer",
        };
        Cow::Borrowed(fixed)
    }
}

impl From<MetadataError> for Failure {
    fn from(error: MetadataError) -> Self {
        Failure {
            outcome: Outcome::InvalidMetadata,
            field: Some(error.field()),
            detail: Some(error.to_string()),
            retry_after: None,
        }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Failure::new(Outcome::StoreUnavailable, error.to_string())
    }
}

/// Of a secret that could not be made.
impl From<HashError> for Failure {
    fn from(error: HashError) -> Self {
        Failure::new(Outcome::InternalError, error.to_string())
    }
}

fn is_of_operator(operation: Operation) -> bool {
    matches!(operation, Operation::Patch | Operation::RotateSecret | Operation::RenewToken)
}

/// RFC 7591 §3.2.2 wants ASCII, and RFC 6749 §5.2 no quotation mark and no backslash.
fn of_the_error_charset(text: &str) -> Cow<'_, str> {
    const MOST: usize = 512;
    let allowed = |character: char| match character {
        ' '..='!' | '#'..='[' | ']'..='~' => character,
        '"' | '\\' => '\'',
        _ => '?',
    };
    Cow::Owned(text.chars().take(MOST).map(allowed).collect())
}
