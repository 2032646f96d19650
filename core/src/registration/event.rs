//! What an operator is told of a registration.

use std::fmt;

use crate::observer::escape::Escaped;

/// What was asked for, and what became of it: one log line by its `Display`, safe for a terminal.
///
/// It holds no secret and no token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    pub(super) operation: Operation,
    pub(super) outcome: Outcome,
    pub(super) client_id: Option<Box<str>>,
    pub(super) detail: Option<Box<str>>,
}

impl Event {
    /// What was asked for.
    pub fn operation(&self) -> Operation {
        self.operation
    }

    /// What became of it.
    pub fn outcome(&self) -> Outcome {
        self.outcome
    }

    /// The client, where there is one. In a refusal this is what the caller named.
    pub fn client_id(&self) -> Option<&str> {
        self.client_id.as_deref()
    }

    /// What is wrong, or what was changed. Partly text of the caller: escape it before it reaches a terminal or a log, as
    /// `Display` does.
    pub fn detail(&self) -> Option<&str> {
        self.detail.as_deref()
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "registration operation={} outcome={}", self.operation, self.outcome)?;
        if let Some(client_id) = &self.client_id {
            write!(f, " client_id=\"{}\"", Escaped(client_id))?;
        }
        if let Some(detail) = &self.detail {
            write!(f, " detail=\"{}\"", Escaped(detail))?;
        }
        Ok(())
    }
}

/// A thing that can be done to a registration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Operation {
    /// A client registers itself.
    Register,
    /// A client reads its registration.
    Read,
    /// A client replaces its registration.
    Update,
    /// A client removes its registration.
    Delete,
    /// An operator changes members of a registration.
    Patch,
    /// An operator gives a client a new secret.
    RotateSecret,
    /// An operator gives a client a new registration access token.
    RenewToken,
}

impl Operation {
    /// The word for it in logs, such as `register`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Operation::Register => "register",
            Operation::Read => "read",
            Operation::Update => "update",
            Operation::Delete => "delete",
            Operation::Patch => "patch",
            Operation::RotateSecret => "rotate_secret",
            Operation::RenewToken => "renew_token",
        }
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What became of it. Several of them look alike to the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Outcome {
    /// It is done: 201, 200 or 204.
    Done,
    /// No bearer token came, or none that can be read: 401.
    TokenMissing,
    /// Not an initial access token, or not this client's registration access token: 401.
    TokenWrong,
    /// There is no such client: 401 for a caller with a token, 404 for an operator.
    ClientUnknown,
    /// A stranger's source has registered too many clients lately: 429 with `Retry-After`.
    Throttled,
    /// So many strangers have registered that there is no room for another: 503 with `Retry-After`.
    NoRoom,
    /// The operator has disabled the client: 403.
    ClientDisabled,
    /// The body is not uncompressed `application/json`: 415.
    UnsupportedMediaType,
    /// The body is too large: 413.
    TooLarge,
    /// The body is not a JSON object with unique members: 400 `invalid_client_metadata`.
    Malformed,
    /// The metadata makes no client, or none that this server registers: 400 `invalid_client_metadata` or
    /// `invalid_redirect_uri`.
    InvalidMetadata,
    /// Another write came between, twice: 503 with `Retry-After`. Nothing was changed.
    Conflict,
    /// The registry, or the port of initial access tokens, cannot answer: 503 with `Retry-After`. The change may have been
    /// made all the same.
    StoreUnavailable,
    /// A panic in a user's code, or no random numbers: 500.
    InternalError,
}

impl Outcome {
    /// The stable code in logs, such as `token_wrong`.
    pub const fn code(self) -> &'static str {
        match self {
            Outcome::Done => "done",
            Outcome::TokenMissing => "token_missing",
            Outcome::TokenWrong => "token_wrong",
            Outcome::ClientUnknown => "client_unknown",
            Outcome::Throttled => "throttled",
            Outcome::NoRoom => "no_room",
            Outcome::ClientDisabled => "client_disabled",
            Outcome::UnsupportedMediaType => "unsupported_media_type",
            Outcome::TooLarge => "too_large",
            Outcome::Malformed => "malformed",
            Outcome::InvalidMetadata => "invalid_metadata",
            Outcome::Conflict => "conflict",
            Outcome::StoreUnavailable => "store_unavailable",
            Outcome::InternalError => "internal_error",
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}
