//! The sidecar `cases/verdicts.json`: what each case must get from this server, exactly.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};

/// The verdict on a case.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Verdict {
    /// Why the case has no row.
    pub skip: Option<String>,
    /// The tests that are the case, where no row can be: `suite::…`, `token-server::…` or `benches::…`.
    pub test: Tests,
    /// Accepted.
    pub accept: bool,
    /// The public status.
    pub status: Option<u16>,
    /// The public `error`.
    pub error: Option<String>,
    /// The private reason.
    pub reason: Option<String>,
    /// Where this differs from the case, or how the case's prose was read.
    pub note: Option<String>,
    /// Fields laid over the case's `construct` (JSON merge patch, RFC 7396).
    pub patch: Value,
    /// Verdicts on single variants, which are endpoints where the case names several.
    pub variants: BTreeMap<String, Verdict>,
}

/// Names of tests: one, or a list.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(from = "OneOrMany")]
pub struct Tests(pub Vec<String>);

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

impl From<OneOrMany> for Tests {
    fn from(names: OneOrMany) -> Self {
        match names {
            OneOrMany::One(name) => Tests(vec![name]),
            OneOrMany::Many(names) => Tests(names),
        }
    }
}

/// One exact answer.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum Outcome {
    /// Both faces of a refusal.
    Refused {
        /// The public status.
        status: u16,
        /// The public `error`.
        error: String,
        /// The private reason.
        reason: String,
    },
    /// Accepted, written `{"accept": true}`.
    Accepted {
        /// True.
        accept: bool,
    },
}

impl Verdict {
    /// Does the case make rows?
    pub fn makes_rows(&self) -> bool {
        self.skip.is_none() && self.test.0.is_empty()
    }

    /// The answer, or `None` when the verdict names none.
    pub fn outcome(&self) -> Option<Outcome> {
        match (self.accept, self.status, &self.error, &self.reason) {
            (true, None, None, None) => Some(Outcome::Accepted { accept: true }),
            (false, Some(status), Some(error), Some(reason)) => {
                Some(Outcome::Refused { status, error: error.clone(), reason: reason.clone() })
            }
            _ => None,
        }
    }
}

/// Every verdict by the id of its case.
pub fn verdicts() -> BTreeMap<String, Verdict> {
    let file = include_str!("../../cases/verdicts.json");
    serde_json::from_str(file).unwrap_or_else(|error| panic!("verdicts.json: {error}"))
}

/// JSON merge patch: members are replaced, `null` removes one.
pub(super) fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        if !patch.is_null() {
            *target = patch.clone();
        }
        return;
    };
    if !target.is_object() {
        *target = Map::new().into();
    }
    let members = target.as_object_mut().expect("made an object above");
    for (name, value) in patch {
        if value.is_null() {
            members.remove(name);
        } else {
            merge(members.entry(name.clone()).or_insert(Value::Null), value);
        }
    }
}
