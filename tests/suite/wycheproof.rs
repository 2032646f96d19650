//! The vectors of Project Wycheproof (`cases/wycheproof/`), at three levels.
//!
//! - [`raw`]: signatures and MACs against `countersign::key` and `countersign::secret`, nothing around them.
//! - [`jose`]: whole JWS with their JWKs, as far as the signature. The verdicts are those of `labels_strict.json`.
//! - [`assertions`]: as client assertions. The vectors sign no claims, so as they stand all are refused; signed again
//!   over real claims, the sound ones pass, and each mutation that a vector's comment names is refused.
//!
//! Every test counts, so that no vector can be lost on the way.

mod adapted;
mod assertions;
mod jose;
mod raw;

use std::fs;

use countersign::key::KeySet;
use serde_json::{Value, json};

/// The groups of a file.
fn groups(file: &str) -> Vec<Value> {
    let mut file = read(file);
    match file["testGroups"].take() {
        Value::Array(groups) => groups,
        _ => panic!("a file of vectors has testGroups"),
    }
}

fn read(file: &str) -> Value {
    let path = format!("{}/cases/wycheproof/{file}.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_slice(&fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"))).unwrap()
}

fn tests(group: &Value) -> impl Iterator<Item = &Value> {
    group["tests"].as_array().unwrap().iter()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("{value} is no string"))
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or_else(|| panic!("{value} is no number"))
}

/// A JWK Set of this one key.
fn set_of(jwk: &Value) -> KeySet {
    KeySet::from_jwks(&json!({"keys": [jwk]})).unwrap()
}

/// How many vectors were taken and how many were not, every one of them rightly.
#[derive(Debug, Default, PartialEq)]
struct Tally {
    accepted: usize,
    refused: usize,
}

impl Tally {
    fn count(&mut self, accepted: bool) {
        if accepted {
            self.accepted += 1;
        } else {
            self.refused += 1;
        }
    }
}
