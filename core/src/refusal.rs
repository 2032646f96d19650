//! The two faces of a refused request.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use crate::auth_method::AuthMethod;
use crate::reason::{Reason, RefusalKind};

/// Why a step of the decision failed, before it is known what the caller will be told.
///
/// Made by methods and ports; the conductor turns it into a [`Refusal`].
#[derive(Clone, PartialEq, Eq)]
pub struct Failure {
    reason: Reason,
    expected: Option<Cow<'static, str>>,
    got: Option<Cow<'static, str>>,
    registered: bool,
    of_one_client: bool,
    // Rarely there, and an error is to be small.
    method: Option<Box<AuthMethod>>,
    retry_after: Option<u64>,
}

impl Failure {
    /// A failure without further detail.
    pub const fn new(reason: Reason) -> Self {
        Failure {
            reason,
            expected: None,
            got: None,
            registered: false,
            // Each client names a host of its own.
            of_one_client: matches!(reason, Reason::JwksUnavailable),
            method: None,
            retry_after: None,
        }
    }

    /// What would have been accepted. Never a secret.
    #[must_use]
    pub fn expected(mut self, expected: impl Into<Cow<'static, str>>) -> Self {
        self.expected = Some(expected.into());
        self
    }

    /// What came instead. Never a secret, an assertion or a `jti`; cut to 256 bytes.
    #[must_use]
    pub fn got(mut self, got: impl Into<Cow<'static, str>>) -> Self {
        self.got = Some(shorten(got.into()));
        self
    }

    /// When to try again, in seconds, where that is known.
    pub(crate) fn with_retry_after(mut self, seconds: u64) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    /// It is about a client that is registered.
    pub(crate) fn of_registered_client(mut self) -> Self {
        self.registered = true;
        self
    }

    /// Others could be served meanwhile.
    pub(crate) fn of_one_client(mut self) -> Self {
        self.of_one_client = true;
        self
    }

    /// It is this method that failed, of those that were tried.
    pub(crate) fn by(mut self, method: &AuthMethod) -> Self {
        self.method.get_or_insert_with(|| Box::new(method.clone()));
        self
    }

    /// The method that failed, once it came to one.
    pub(crate) fn method(&self) -> Option<&AuthMethod> {
        self.method.as_deref()
    }

    /// Is it about the credential, and not about a dependency, a limit or a bug?
    pub(crate) fn is_about_the_credential(&self) -> bool {
        self.reason.kind() == RefusalKind::NotAuthenticated
    }

    /// The reason.
    pub const fn reason(&self) -> Reason {
        self.reason
    }
}

impl From<Reason> for Failure {
    fn from(reason: Reason) -> Self {
        Failure::new(reason)
    }
}

impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Failure")
            .field("reason", &self.reason)
            .field("expected", &self.expected)
            .field("got", &self.got)
            .finish()
    }
}

fn shorten(text: Cow<'static, str>) -> Cow<'static, str> {
    const MOST: usize = 256;
    if text.len() <= MOST {
        return text;
    }
    let end = (0..=MOST).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    Cow::Owned(format!("{}…", text.get(..end).unwrap_or_default()))
}

/// A refused request: the answer for the caller, and the reason for the operator.
///
/// The answer is one of a few fixed texts. Two requests that fail for different reasons of the same
/// [`RefusalKind`] get byte-identical answers; what went wrong stands in [`reason`](Refusal::reason),
/// [`expected`](Refusal::expected) and [`got`](Refusal::got), which an adapter must not send.
#[derive(Clone)]
pub struct Refusal {
    failure: Failure,
    status: u16,
    challenge: Option<Arc<str>>,
    retry_after: Option<Box<str>>,
}

impl Refusal {
    pub(crate) fn new(failure: Failure, status: u16, challenge: Option<Arc<str>>) -> Self {
        let retry_after = failure.retry_after.map(|seconds| seconds.to_string().into());
        Refusal { failure, status, challenge, retry_after }
    }

    /// What the caller is told.
    pub fn kind(&self) -> RefusalKind {
        self.failure.reason.kind()
    }

    /// Why, for the operator.
    pub fn reason(&self) -> Reason {
        self.failure.reason
    }

    /// What would have been accepted, for the operator.
    pub fn expected(&self) -> Option<&str> {
        self.failure.expected.as_deref()
    }

    /// What came, for the operator. Text of the caller: escape it before it reaches a terminal or a log.
    pub fn got(&self) -> Option<&str> {
        self.failure.got.as_deref()
    }

    /// Of a [`RefusalKind::DependencyDown`]: is it about this one client, so that it says nothing of others? So are its
    /// `jwks_uri`, an entry of the registry that cannot be read, and its part of the replay store.
    pub fn is_of_one_client(&self) -> bool {
        self.failure.of_one_client
    }

    pub(crate) fn method(&self) -> Option<&AuthMethod> {
        self.failure.method()
    }

    /// Did the request name a client that is registered?
    pub(crate) fn is_of_registered_client(&self) -> bool {
        self.failure.registered
    }

    /// The status code of the answer.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The header fields of the answer, names in lower case.
    pub fn headers(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let extra = match self.kind() {
            RefusalKind::WrongVerb => Some(("allow", "POST")),
            RefusalKind::Throttled | RefusalKind::DependencyDown => {
                Some(("retry-after", self.retry_after.as_deref().unwrap_or(RETRY_AFTER_SECONDS)))
            }
            _ => None,
        };
        [("content-type", "application/json"), ("cache-control", "no-store"), ("pragma", "no-cache")]
            .into_iter()
            .chain(self.challenge.as_deref().map(|challenge| ("www-authenticate", challenge)))
            .chain(extra)
    }

    /// The JSON body of the answer, [RFC 6749 §5.2](https://www.rfc-editor.org/rfc/rfc6749#section-5.2).
    pub fn body(&self) -> &'static [u8] {
        match self.kind() {
            RefusalKind::Malformed => br#"{"error":"invalid_request","error_description":"the request is malformed"}"#,
            RefusalKind::UnsupportedMedia => {
                br#"{"error":"invalid_request","error_description":"the body must be an uncompressed UTF-8 form"}"#
            }
            RefusalKind::TooLarge => br#"{"error":"invalid_request","error_description":"the request is too large"}"#,
            RefusalKind::WrongVerb => br#"{"error":"invalid_request","error_description":"use POST"}"#,
            RefusalKind::NotAuthenticated => {
                br#"{"error":"invalid_client","error_description":"client authentication failed"}"#
            }
            RefusalKind::Throttled => br#"{"error":"invalid_client","error_description":"too many attempts, try again later"}"#,
            RefusalKind::DependencyDown => {
                br#"{"error":"temporarily_unavailable","error_description":"try again later"}"#
            }
            RefusalKind::Bug => br#"{"error":"server_error","error_description":"the server failed to answer"}"#,
        }
    }
}

impl fmt::Debug for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Refusal").field("status", &self.status).field("failure", &self.failure).finish()
    }
}

/// The reason's code and cause. The caller's text is left out, so that an error printed in passing carries none.
impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "client authentication refused: {}: {}", self.reason().code(), self.reason().cause())
    }
}

impl std::error::Error for Refusal {}

/// Where nobody knows better.
const RETRY_AFTER_SECONDS: &str = "1";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_are_json_of_the_error_charset() {
        for reason in Reason::ALL {
            let refusal = Refusal::new(Failure::new(*reason), 400, None);
            let body: serde_json::Value = serde_json::from_slice(refusal.body()).unwrap();
            for member in ["error", "error_description"] {
                let text = body[member].as_str().unwrap();
                assert!(text.bytes().all(|byte| matches!(byte, 0x20..=0x21 | 0x23..=0x5B | 0x5D..=0x7E)));
            }
        }
    }

    #[test]
    fn long_text_of_the_caller_is_cut_at_a_character() {
        let failure = Failure::new(Reason::UnknownClient).got("é".repeat(1000));
        let refusal = Refusal::new(failure, 400, None);
        assert!(refusal.got().unwrap().len() < 270);
    }
}
