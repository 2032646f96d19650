//! Why a key cannot be used, or an assertion not be made.

use std::borrow::Cow;
use std::fmt;

/// One sentence for whoever runs the client. Never holds key material.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignError(Cow<'static, str>);

impl SignError {
    pub(crate) fn new(problem: impl Into<Cow<'static, str>>) -> Self {
        SignError(problem.into())
    }

    /// The cryptographic library failed, and does not say how.
    pub(super) fn failed<E>(_: E) -> Self {
        SignError::new("the cryptographic library failed")
    }
}

impl fmt::Display for SignError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for SignError {}
