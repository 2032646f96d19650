//! A set-up mistake: where it stands, and what to do about it.

use std::fmt;
use std::path::Path;

/// One sentence for whoever starts the server, such as
/// `clients.json:14: client "billing": unknown key "client_secert", did you mean "client_secret"?`.
#[derive(Debug)]
pub(crate) struct Problem(String);

impl Problem {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Problem(message.into())
    }

    pub(crate) fn in_file(file: &Path, message: impl fmt::Display) -> Self {
        Problem(format!("{}: {message}", file.display()))
    }

    pub(crate) fn at(file: &Path, line: usize, message: impl fmt::Display) -> Self {
        Problem(format!("{}:{line}: {message}", file.display()))
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Problem {}

impl From<countersign::ConfigError> for Problem {
    fn from(error: countersign::ConfigError) -> Self {
        Problem(error.to_string())
    }
}

impl From<crate::jose::Failed> for Problem {
    fn from(failed: crate::jose::Failed) -> Self {
        Problem(failed.to_string())
    }
}

/// The line, counted from 1, in which the byte at `offset` stands.
pub(crate) fn line_at(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1
}
