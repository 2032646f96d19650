//! One client's change in the text of a file: a member for a member, and nothing else.

use std::ops::Range;
use std::path::Path;

use serde::Deserialize;
use serde_json::{Value, json, value::RawValue};

use crate::auth_method::AuthMethod;
use crate::cli::terminal::Paint;
use crate::client::Client;
use crate::metadata::ClientMetadata;

/// `"any_secret_method": true`, and what stands there instead.
pub(super) struct Change {
    client_id: String,
    methods: Vec<AuthMethod>,
    span: Range<usize>,
    line: usize,
    old: String,
    new: String,
}

impl Change {
    /// Pins the client of this entry, which is a part of the text.
    ///
    /// # Errors
    /// What is in the way, in words.
    pub(super) fn new(
        text: &str,
        entry: &str,
        metadata: ClientMetadata,
        methods: &[AuthMethod],
    ) -> Result<Self, String> {
        let mut pinned = metadata;
        pinned.pin(methods).map_err(|error| error.to_string())?;
        Client::from_stored(&pinned).map_err(|error| error.to_string())?;
        let new = match &pinned.token_endpoint_auth_method {
            Some(method) => format!("\"token_endpoint_auth_method\": {}", json!(method)),
            None => format!("\"auth_methods\": {}", json!(pinned.auth_methods)),
        };
        let place = place(entry).ok_or("any_secret_method is written in an unusual way; write it plainly")?;
        let edited = replaced(entry, &place, &new);
        // The text says what the library would: the one is checked against the other.
        let read: ClientMetadata = serde_json::from_str(&edited).map_err(|error| error.to_string())?;
        if value(&read)? != value(&pinned)? {
            return Err("the changed entry would not say what it should".to_owned());
        }
        let start = offset(text, entry) + place.start;
        Ok(Change {
            client_id: pinned.client_id,
            methods: methods.to_vec(),
            line: text.bytes().take(start).filter(|byte| *byte == b'\n').count() + 1,
            old: entry
                .get(place.clone())
                .unwrap_or_default()
                .split_whitespace()
                .collect::<Vec<_>>()
                .join(" "),
            span: start..start + place.len(),
            new,
        })
    }

    /// As a diff of the member alone: its line may hold a secret.
    pub(super) fn lines(&self, file: &Path, paint: Paint) -> String {
        let (old, new) = (format!("-  {}", self.old), format!("+  {}", self.new));
        format!(
            "{}:{}: client {:?}\n{}\n{}\n",
            file.display(),
            self.line,
            self.client_id,
            paint.red(old),
            paint.green(new)
        )
    }

    pub(super) fn json(&self) -> Value {
        json!({ "client_id": self.client_id, "methods": self.methods, "line": self.line })
    }
}

/// The text with every change made.
pub(super) fn apply(text: &str, changes: &[Change]) -> String {
    // From the end, so that what comes before stays where it is.
    changes.iter().rev().fold(text.to_owned(), |text, change| replaced(&text, &change.span, &change.new))
}

fn replaced(text: &str, place: &Range<usize>, new: &str) -> String {
    let before = text.get(..place.start).unwrap_or_default();
    let after = text.get(place.end..).unwrap_or_default();
    [before, new, after].concat()
}

/// Where the member stands in the entry, name and value.
fn place(entry: &str) -> Option<Range<usize>> {
    #[derive(Deserialize)]
    struct Member<'e> {
        #[serde(borrow)]
        any_secret_method: &'e RawValue,
    }
    let member: Member<'_> = serde_json::from_str(entry).ok()?;
    let value = offset(entry, member.any_secret_method.get());
    let before = entry.get(..value)?.trim_end().strip_suffix(':')?.trim_end();
    let start = before.strip_suffix("\"any_secret_method\"")?.len();
    Some(start..value + member.any_secret_method.get().len())
}

/// Where a part of a text begins in it.
fn offset(text: &str, part: &str) -> usize {
    (part.as_ptr() as usize).saturating_sub(text.as_ptr() as usize)
}

fn value(metadata: &ClientMetadata) -> Result<Value, String> {
    serde_json::to_value(metadata).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pinned(entry: &str, methods: &[AuthMethod]) -> Result<String, String> {
        let text = format!("[\n {entry}\n]");
        let entries: Vec<&RawValue> = serde_json::from_str(&text).unwrap();
        let entry = entries[0].get();
        let change = Change::new(&text, entry, serde_json::from_str(entry).unwrap(), methods)?;
        Ok(apply(&text, &[change]))
    }

    #[test]
    fn every_other_character_stays() {
        let post = [AuthMethod::CLIENT_SECRET_POST];
        for (member, around) in [
            (r#""any_secret_method":true"#, r#"{"client_id":"c","client_secret":"s",@}"#),
            (
                "\"any_secret_method\"\t: \n true",
                r#"{ @ ,  "client_id": "\u0063", "client_secret": "any_secret_method"}"#,
            ),
        ] {
            let got = pinned(&around.replace('@', member), &post).unwrap();
            let new = r#""token_endpoint_auth_method": "client_secret_post""#;
            assert_eq!(got, format!("[\n {}\n]", around.replace('@', new)));
        }
    }

    #[test]
    fn several_methods_become_a_list() {
        let both = [AuthMethod::CLIENT_SECRET_POST, AuthMethod::CLIENT_SECRET_BASIC];
        let got = pinned(r#"{"client_id":"c","any_secret_method":true,"client_secret":"s"}"#, &both).unwrap();
        let list = r#""auth_methods": [{"method":"client_secret_basic"},{"method":"client_secret_post"}]"#;
        assert_eq!(got, format!("[\n {{\"client_id\":\"c\",{list},\"client_secret\":\"s\"}}\n]"));
    }

    #[test]
    fn what_cannot_be_changed_safely_is_not() {
        let post = [AuthMethod::CLIENT_SECRET_POST];
        let plain = r#"{"client_id":"c","any_secret_method":true,"client_secret":"s"}"#;
        assert!(pinned(&plain.replace("any_", "\\u0061ny_"), &post).unwrap_err().contains("unusual way"));
        // An empty list beside it would come twice.
        let both = [AuthMethod::CLIENT_SECRET_POST, AuthMethod::CLIENT_SECRET_BASIC];
        assert!(
            pinned(&plain.replace("\"client_secret\"", "\"auth_methods\":[],\"client_secret\""), &both)
                .is_err()
        );
        assert!(pinned(plain, &[]).is_err());
        assert!(pinned(plain, &[AuthMethod::PRIVATE_KEY_JWT]).is_err());
    }
}
