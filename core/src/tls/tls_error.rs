//! Why a server cannot use its certificate.

use std::fmt;

/// What is wrong with a server's certificate chain or private key, and what to do. Never holds key material.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsError(String);

impl TlsError {
    pub(super) fn new(problem: impl Into<String>) -> Self {
        TlsError(problem.into())
    }
}

impl fmt::Display for TlsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for TlsError {}
