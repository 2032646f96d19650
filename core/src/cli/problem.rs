//! Why the command could not do its work: wrong usage, or a file.

use std::fmt;
use std::io::Write as _;
use std::path::Path;

use serde_json::json;

use super::terminal::printable;

/// One sentence for whoever typed the command. Exit code 2.
#[derive(Debug)]
pub(super) struct Problem(String);

impl Problem {
    pub(super) fn new(message: impl Into<String>) -> Self {
        Problem(message.into())
    }

    pub(super) fn in_file(file: &Path, message: impl fmt::Display) -> Self {
        Problem(format!("{}: {message}", file.display()))
    }

    /// To standard error; as JSON to standard output, where a machine looks.
    pub(super) fn print(&self, json: bool) {
        // Where nobody listens any more, nobody needs to be told.
        let _ = if json {
            writeln!(std::io::stdout(), "{}", json!({ "error": self.0 }))
        } else {
            writeln!(std::io::stderr(), "countersign: {}", printable(&self.0))
        };
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Problem {}

impl From<crate::ConfigError> for Problem {
    fn from(error: crate::ConfigError) -> Self {
        Problem(error.to_string())
    }
}

impl From<crate::sign::SignError> for Problem {
    fn from(error: crate::sign::SignError) -> Self {
        Problem(error.to_string())
    }
}
