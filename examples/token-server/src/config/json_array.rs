//! A JSON array of objects in a file, each read by itself, so that a mistake is named with its object and line.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::nearest::unknown_key_of_serde;
use super::problem::{Problem, line_at};

/// One object of the array.
pub(crate) struct Entry<'t> {
    file: &'t Path,
    whole: &'t str,
    text: &'t str,
    /// How messages call it, such as `client "billing"`.
    name: String,
}

/// The objects of a file that holds `kind`s, each with its name under `name_key`.
pub(crate) fn entries<'t>(
    file: &'t Path,
    whole: &'t str,
    kind: &str,
    name_key: &str,
) -> Result<Vec<Entry<'t>>, Problem> {
    let objects: Vec<&RawValue> = serde_json::from_str(whole).map_err(|error| {
        Problem::at(
            file,
            error.line().max(1),
            format!("expected a JSON array of {kind} objects: {}", said(&error)),
        )
    })?;
    Ok(objects
        .into_iter()
        .enumerate()
        .map(|(position, object)| {
            let mut entry =
                Entry { file, whole, text: object.get(), name: format!("{kind} {}", position + 1) };
            if let Some(name) = entry.string(name_key) {
                entry.name = format!("{kind} {name:?}");
            }
            entry
        })
        .collect())
}

impl<'t> Entry<'t> {
    pub(crate) fn parse<T: Deserialize<'t>>(&self) -> Result<T, Problem> {
        serde_json::from_str(self.text).map_err(|error| {
            let message = unknown_key_of_serde(&error.to_string()).unwrap_or_else(|| said(&error));
            self.problem_on(self.line() + error.line().max(1) - 1, message)
        })
    }

    /// A mistake in the value of one key, or in the object when it has no such key.
    pub(crate) fn problem(&self, key: &str, message: impl std::fmt::Display) -> Problem {
        let value = self.members().get(key).copied();
        let line = value.map_or_else(|| self.line(), |value| self.line_of(value.get()));
        self.problem_on(line, message)
    }

    /// The text of a member, if it is one.
    pub(crate) fn string(&self, key: &str) -> Option<String> {
        serde_json::from_str(self.members().get(key)?.get()).ok()
    }

    /// The line the object begins in.
    pub(crate) fn line(&self) -> usize {
        self.line_of(self.text)
    }

    fn problem_on(&self, line: usize, message: impl std::fmt::Display) -> Problem {
        Problem::at(self.file, line, format!("{}: {message}", self.name))
    }

    fn members(&self) -> BTreeMap<String, &'t RawValue> {
        serde_json::from_str(self.text).unwrap_or_default()
    }

    /// `part` is borrowed from the whole text, so its address tells where it stands.
    fn line_of(&self, part: &str) -> usize {
        line_at(self.whole, (part.as_ptr() as usize).saturating_sub(self.whole.as_ptr() as usize))
    }
}

/// The message of serde_json without the place, which is counted from the object and not from the file.
fn said(error: &serde_json::Error) -> String {
    let message = error.to_string();
    message.split(" at line ").next().unwrap_or_default().to_owned()
}
