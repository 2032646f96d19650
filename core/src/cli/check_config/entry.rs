//! One client of the file.

use std::time::SystemTime;

use serde_json::{Map, Value, json};

use super::finding::Finding;
use super::line_at;
use crate::client::Client;
use crate::metadata::ClientMetadata;

/// The client_id, and everything to be said about the entry that begins in this line.
pub(super) fn check(text: &str, first_line: usize, now: SystemTime) -> (Option<String>, Vec<Finding>) {
    let Ok(members) = serde_json::from_str::<Map<String, Value>>(text) else {
        return (None, vec![Finding::error(first_line, "expected an object of client metadata")]);
    };
    let id = members.get("client_id").and_then(Value::as_str).map(str::to_owned);
    let mut entry = Entry { text, first_line, members, findings: Vec::new(), client_id: id.clone() };
    entry.unreadable_members();
    entry.what_makes_no_client();
    entry.warnings(now);
    (id, entry.findings)
}

struct Entry<'t> {
    text: &'t str,
    first_line: usize,
    members: Map<String, Value>,
    client_id: Option<String>,
    findings: Vec<Finding>,
}

impl Entry<'_> {
    /// Unknown names and values of the wrong type, one by one: the reader itself stops at the first.
    fn unreadable_members(&mut self) {
        let names: Vec<String> = self.members.keys().cloned().collect();
        for name in names {
            let value = self.members.get(&name).cloned().unwrap_or_default();
            let mut alone = json!({ "client_id": "alone" });
            if let Some(alone) = alone.as_object_mut() {
                alone.insert(name.clone(), value);
            }
            if let Err(error) = serde_json::from_value::<ClientMetadata>(alone) {
                self.error(&name, said(&error.to_string()));
                self.members.remove(&name);
            }
        }
        if self.client_id.is_none() && self.findings.is_empty() {
            self.error("client_id", "is missing".to_owned());
        }
        // Stands in, so that the rest can be judged.
        self.members.entry("client_id").or_insert_with(|| "(none)".into());
    }

    /// The library names one fault; the member at fault is taken out and the rest judged again.
    fn what_makes_no_client(&mut self) {
        let mut taken_out: Vec<String> = Vec::new();
        while let Some(metadata) = self.metadata() {
            let Err(error) = Client::try_from(&metadata) else { return };
            let field = error.field();
            // That nothing is left of its kind is a consequence, and no second fault.
            if taken_out.iter().any(|name| kind(name) == kind(field)) {
                return;
            }
            self.error(field, error.to_string());
            if self.members.remove(field).is_none() || field == "client_id" {
                return;
            }
            taken_out.push(field.to_owned());
        }
    }

    fn warnings(&mut self, now: SystemTime) {
        let Some(metadata) = self.metadata() else { return };
        let prefix = format!("client {:?}: ", metadata.client_id);
        for warning in metadata.warnings() {
            self.warning(warning.strip_prefix(&prefix).unwrap_or(&warning).to_owned());
        }
        let Ok(client) = Client::try_from(&metadata) else { return };
        for problem in client.keys().problems() {
            let message = format!("jwks: {problem}");
            if !self.findings.iter().any(|finding| finding.says(&message)) {
                self.warning(message);
            }
        }
        let secrets = metadata.client_secrets.iter().map(|entry| entry.expires_at);
        for end in secrets.chain([metadata.client_secret_expires_at]).flatten() {
            if end.0 > SystemTime::UNIX_EPOCH && end.0 <= now {
                self.warning("a secret has expired".to_owned());
            }
        }
        if client.grants().iter().all(|grant| grant.ends_at().is_some_and(|end| end <= now)) {
            self.warning("every method of the client has ended".to_owned());
        }
        if client.is_disabled() {
            self.warning("is disabled, and refused whatever it proves".to_owned());
        }
    }

    fn metadata(&self) -> Option<ClientMetadata> {
        serde_json::from_value(Value::Object(self.members.clone())).ok()
    }

    fn error(&mut self, field: &str, message: String) {
        let finding = Finding::error(self.line_of(field), message).at_field(field);
        self.findings.push(self.named(finding));
    }

    fn warning(&mut self, message: String) {
        let finding = Finding::warning(self.first_line, message);
        self.findings.push(self.named(finding));
    }

    fn named(&self, finding: Finding) -> Finding {
        match &self.client_id {
            Some(client_id) => finding.of_client(client_id),
            None => finding,
        }
    }

    /// Where the member stands, or the entry begins.
    fn line_of(&self, field: &str) -> usize {
        let offset = self.text.find(&format!("\"{field}\"")).unwrap_or_default();
        self.first_line + line_at(self.text, offset) - 1
    }
}

/// What one of several members can give.
fn kind(field: &str) -> &str {
    match field {
        "client_secrets" => "client_secret",
        "jwks_uri" | "public_keys" => "jwks",
        other => other,
    }
}

/// The message of serde, short of its list of every name there is.
fn said(message: &str) -> String {
    let Some((_, after)) = message.split_once("unknown field `") else { return message.to_owned() };
    let Some((word, list)) = after.split_once('`') else { return message.to_owned() };
    // The names stand between backticks, so every second piece is one.
    let known = list.split('`').skip(1).step_by(2);
    let nearest = known
        .map(|name| (strsim::damerau_levenshtein(word, name), name))
        .filter(|(distance, name)| *distance <= name.len().div_ceil(3))
        .min_by_key(|(distance, _)| *distance);
    match nearest {
        Some((_, meant)) => format!("unknown name {word:?}, did you mean {meant}?"),
        None => format!("unknown name {word:?}"),
    }
}
