//! What a subcommand has to say: to people, and to machines.

use std::io::{ErrorKind, Write as _};

use serde_json::Value;

use super::problem::Problem;

/// The outcome of a subcommand.
pub(super) struct Report {
    /// Did what was checked pass? Exit code 0 or 1.
    pub(super) passed: bool,
    /// For standard output, with its line breaks.
    pub(super) text: String,
    /// Beside it, for standard error, so that the output can be piped on.
    pub(super) notes: Vec<String>,
    /// In place of both, with `--json`.
    pub(super) json: Value,
}

impl Report {
    pub(super) fn passed(text: impl Into<String>, json: Value) -> Self {
        Report { passed: true, text: text.into(), notes: Vec::new(), json }
    }

    pub(super) fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    /// Prints it; whether it passed.
    pub(super) fn print(&self, json: bool) -> Result<bool, Problem> {
        let text = if json {
            format!("{:#}\n", self.json)
        } else {
            for note in &self.notes {
                eprintln!("{note}");
            }
            self.text.clone()
        };
        let mut output = std::io::stdout().lock();
        match output.write_all(text.as_bytes()).and_then(|()| output.flush()) {
            // Whoever read has read enough.
            Err(error) if error.kind() != ErrorKind::BrokenPipe => {
                Err(Problem::new(format!("standard output: {error}")))
            }
            _ => Ok(self.passed),
        }
    }
}
