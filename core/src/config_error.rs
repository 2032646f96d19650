//! What is wrong with how a server was put together.

use std::fmt;

/// A setting is missing, contradicts another, or has a value that cannot be.
///
/// For whoever builds the server; it never answers a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    setting: &'static str,
    problem: String,
    cure: String,
}

impl ConfigError {
    /// An error about `setting`: what is wrong with it, and what to do.
    pub(crate) fn new(setting: &'static str, problem: impl Into<String>, cure: impl Into<String>) -> Self {
        ConfigError { setting, problem: problem.into(), cure: cure.into() }
    }

    /// The setting's name, as in the builder or in a configuration file.
    pub fn setting(&self) -> &'static str {
        self.setting
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}; {}", self.setting, self.problem, self.cure)
    }
}

impl std::error::Error for ConfigError {}
