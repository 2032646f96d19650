//! One thing to say about a file of clients.

use std::path::Path;

use serde_json::{Value, json};

use crate::cli::terminal::{Paint, printable};

/// An error, with which a server does not start, or a warning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Severity {
    Error,
    Warning,
}

/// What is wrong, and where.
#[derive(Debug)]
pub(super) struct Finding {
    pub(super) severity: Severity,
    line: usize,
    client_id: Option<String>,
    field: Option<String>,
    message: String,
}

impl Finding {
    pub(super) fn error(line: usize, message: impl Into<String>) -> Self {
        Finding { severity: Severity::Error, line, client_id: None, field: None, message: message.into() }
    }

    pub(super) fn warning(line: usize, message: impl Into<String>) -> Self {
        Finding { severity: Severity::Warning, ..Finding::error(line, message) }
    }

    pub(super) fn of_client(mut self, client_id: &str) -> Self {
        self.client_id = Some(client_id.to_owned());
        self
    }

    pub(super) fn at_field(mut self, field: &str) -> Self {
        self.field = Some(field.to_owned());
        self
    }

    /// Is this its message already?
    pub(super) fn says(&self, message: &str) -> bool {
        self.message == message
    }

    /// `clients.json:4: error: client "billing": jwks: is missing, …`
    pub(super) fn line(&self, file: &Path, paint: Paint) -> String {
        let severity = match self.severity {
            Severity::Error => paint.red("error"),
            Severity::Warning => paint.yellow("warning"),
        };
        let mut line = format!("{}:{}: {severity}: ", file.display(), self.line);
        if let Some(client_id) = &self.client_id {
            line.push_str(&format!("client {client_id:?}: "));
        }
        // The library's own messages begin with the field.
        if let Some(field) = self.field.as_deref().filter(|field| !self.message.starts_with(field)) {
            line.push_str(&format!("{}: ", printable(field)));
        }
        line.push_str(&printable(&self.message));
        line.push('\n');
        line
    }

    pub(super) fn json(&self) -> Value {
        json!({
            "severity": match self.severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
            },
            "line": self.line,
            "client_id": self.client_id,
            "field": self.field,
            "message": self.message,
        })
    }
}
