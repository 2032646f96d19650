//! `countersign pin`.

mod change;

use std::path::PathBuf;

use serde_json::{json, value::RawValue};

use self::change::Change;
use super::files;
use super::problem::Problem;
use super::report::Report;
use super::terminal::{Paint, printable};
use crate::metadata::ClientMetadata;
use crate::observer::MethodReport;

/// Hold clients of any_secret_method to the methods they really use
///
/// Takes the report of the observer MethodUse, which token-server serves to operators at /methods, and shows
/// what changes in clients.json. With --write it does it, in one step: every other character of the file stays.
///
/// A client that was not seen is left as it is, and so are the others.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// The file of clients
    #[arg(long, value_name = "FILE")]
    clients: PathBuf,

    /// The report; - for standard input
    #[arg(long, value_name = "FILE")]
    used: PathBuf,

    /// Only this client, by its client_id; may be given again
    #[arg(long = "client", value_name = "ID")]
    only: Vec<String>,

    /// Replace the file
    #[arg(long)]
    write: bool,
}

impl Arguments {
    pub(super) fn run(&self, paint: Paint) -> Result<Report, Problem> {
        if self.clients.as_os_str() == "-" {
            return Err(Problem::new("--clients needs a file, which can be replaced"));
        }
        let text = files::read_text(&self.clients)?;
        let report = self.report()?;
        let (changes, unseen) = self.changes(&text, &report)?;
        if self.write && !changes.is_empty() {
            files::replace(&self.clients, &text, &change::apply(&text, &changes))?;
        }
        let mut lines: String = changes.iter().map(|change| change.lines(&self.clients, paint)).collect();
        lines.push_str(&match (changes.len(), self.write) {
            (0, _) => "nothing to pin\n".to_owned(),
            (count, true) => format!("pinned: {count}\n"),
            (count, false) => format!("to be pinned: {count}; --write does it\n"),
        });
        let json = json!({
            "pinned": changes.iter().map(Change::json).collect::<Vec<_>>(),
            "unseen": unseen,
            "written": self.write && !changes.is_empty(),
        });
        // Who named a client wanted it pinned.
        let passed = self.only.is_empty() || unseen.is_empty();
        let report = Report { passed, ..Report::passed(lines, json) };
        Ok(unseen.iter().fold(report, |report, client_id| {
            report.note(format!("not pinned: client {client_id:?} was not seen to authenticate"))
        }))
    }

    fn report(&self) -> Result<MethodReport, Problem> {
        let text = files::read_text(&self.used)?;
        let report: MethodReport = serde_json::from_str(&text).map_err(|error| {
            Problem::in_file(
                &self.used,
                format!("is no report of methods: {}", printable(&error.to_string())),
            )
        })?;
        if report.complete {
            return Ok(report);
        }
        Err(Problem::in_file(
            &self.used,
            "is not complete: there was no room for every use, and what was left out would be refused",
        ))
    }

    /// What is to change, and the clients about which the report says nothing.
    fn changes(&self, text: &str, report: &MethodReport) -> Result<(Vec<Change>, Vec<String>), Problem> {
        let broken = |error: &dyn std::fmt::Display| {
            Problem::in_file(&self.clients, format!("{error}; countersign check-config says more"))
        };
        let entries: Vec<&RawValue> = serde_json::from_str(text).map_err(|error| broken(&error))?;
        let (mut changes, mut unseen, mut ids) = (Vec::new(), Vec::new(), Vec::new());
        for entry in entries {
            let metadata: ClientMetadata =
                serde_json::from_str(entry.get()).map_err(|error| broken(&error))?;
            let client_id = metadata.client_id.clone();
            if ids.contains(&client_id) {
                return Err(broken(&format!("two clients have the id {client_id:?}")));
            }
            ids.push(client_id.clone());
            let is_named = self.only.contains(&client_id);
            if !metadata.any_secret_method {
                if is_named {
                    return Err(Problem::new(format!("client {client_id:?} is pinned already")));
                }
                continue;
            }
            if !self.only.is_empty() && !is_named {
                continue;
            }
            let known = report.clients.iter().find(|known| known.client_id == client_id);
            match known.map(|known| known.pin_to.as_slice()) {
                None | Some([]) => unseen.push(client_id),
                Some(methods) => {
                    let change = Change::new(text, entry.get(), metadata, methods);
                    changes
                        .push(change.map_err(|problem| broken(&format!("client {client_id:?}: {problem}")))?);
                }
            }
        }
        match self.only.iter().find(|client_id| !ids.contains(client_id)) {
            Some(missing) => Err(Problem::in_file(&self.clients, format!("has no client {missing:?}"))),
            None => Ok((changes, unseen)),
        }
    }
}

const EXAMPLES: &str = "\
Examples:
  curl -s http://127.0.0.1:8081/methods > used.json
  countersign pin --clients clients.json --used used.json            shows what would change
  countersign pin --clients clients.json --used used.json --write    does it; token-server reads the file again by itself
  countersign pin --clients clients.json --used used.json --client billing --write
Exit code 1 when a client that was named could not be pinned because it was not seen.";
