//! `countersign check-config`.

mod entry;
mod finding;

use std::path::PathBuf;
use std::time::SystemTime;

use serde_json::{json, value::RawValue};

use self::finding::{Finding, Severity};
use super::files;
use super::problem::Problem;
use super::report::Report;
use super::terminal::Paint;
use crate::clock::{Clock as _, SystemClock};

/// Check a clients.json: every error and every warning, with its line, client and field
///
/// The file is a JSON array of client metadata objects (RFC 7591), as token-server and `ClientMetadata` read it.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// The file; - for standard input
    file: PathBuf,
}

impl Arguments {
    pub(super) fn run(&self, paint: Paint) -> Result<Report, Problem> {
        let text = files::read_text(&self.file)?;
        let (clients, findings) = check(&text, SystemClock::default().now());
        let count = |severity| findings.iter().filter(|finding| finding.severity == severity).count();
        let (errors, warnings) = (count(Severity::Error), count(Severity::Warning));
        let mut lines: String = findings.iter().map(|finding| finding.line(&self.file, paint)).collect();
        lines.push_str(&format!(
            "{}, {}, {}\n",
            counted(clients, "client"),
            counted(errors, "error"),
            counted(warnings, "warning")
        ));
        let json = json!({
            "clients": clients,
            "errors": errors,
            "warnings": warnings,
            "findings": findings.iter().map(Finding::json).collect::<Vec<_>>(),
        });
        Ok(Report { passed: errors == 0, ..Report::passed(lines, json) })
    }
}

/// How many clients there are, and what is to be said about them.
fn check(text: &str, now: SystemTime) -> (usize, Vec<Finding>) {
    let entries: Vec<&RawValue> = match serde_json::from_str(text) {
        Ok(entries) => entries,
        Err(error) => {
            let message = format!("expected a JSON array of client metadata objects: {error}");
            return (0, vec![Finding::error(error.line(), message)]);
        }
    };
    let mut findings = Vec::new();
    let mut ids: Vec<String> = Vec::new();
    for entry in &entries {
        let start = (entry.get().as_ptr() as usize).saturating_sub(text.as_ptr() as usize);
        let line = line_at(text, start);
        let (id, of_entry) = entry::check(entry.get(), line, now);
        findings.extend(of_entry);
        if let Some(id) = id {
            if ids.contains(&id) {
                let finding = Finding::error(line, "another client above has the same client_id");
                findings.push(finding.of_client(&id).at_field("client_id"));
            }
            ids.push(id);
        }
    }
    (entries.len(), findings)
}

/// The line, counted from 1, in which the byte at `offset` stands.
fn line_at(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1
}

fn counted(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

const EXAMPLES: &str = "\
Example:
  countersign check-config clients.json && systemctl reload authorization-server
Exit code 1 when there is an error; warnings alone are fine.";

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn lines(text: &str) -> Vec<String> {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000);
        let file = PathBuf::from("c");
        check(text, now).1.iter().map(|finding| finding.line(&file, Paint::never())).collect()
    }

    #[test]
    fn every_mistake_is_named_with_its_line_client_and_field() {
        let found = lines(
            r#"[
  { "client_id": "a", "client_secert": "x", "client_secret": "s",
    "grant_types": "all" },
  { "client_id": "b", "token_endpoint_auth_method": "private_key_jwt" },
  { "client_id": "b", "client_secret": "", "token_endpoint_auth_signing_alg": "none" },
  7
]"#,
        );
        assert_eq!(found.len(), 7, "{found:#?}");
        assert!(found[0].starts_with("c:2: error: client \"a\": client_secert: "), "{}", found[0]);
        assert!(found[0].contains("did you mean client_secret?"), "{}", found[0]);
        assert!(found[1].starts_with("c:3: error: client \"a\": grant_types: "), "{}", found[1]);
        assert!(found[2].starts_with("c:4: error: client \"b\": jwks is missing"), "{}", found[2]);
        assert!(found[3].contains("client_secret") && found[4].contains("signing_alg"), "{found:#?}");
        assert!(found[5].contains("same client_id"), "{}", found[5]);
        assert!(found[6].starts_with("c:6: error: "), "{}", found[6]);
    }

    #[test]
    fn what_surprises_is_a_warning() {
        let found = lines(
            r#"[{ "client_id": "a:b", "client_secret": "s", "client_secret_expires_at": 1000, "disabled": true }]"#,
        );
        assert_eq!(found.len(), 3, "{found:#?}");
        assert!(found.iter().all(|line| line.contains("warning")));
        assert!(lines("[]").is_empty());
        assert!(lines("{").first().unwrap().contains("c:1: error"));
    }
}
