//! The tests that the threat model names exist.

use std::collections::BTreeSet;
use std::path::Path;

use countersign_tests::all_rows;

use crate::corpus::{declares, tests_of_this_program};

const DOCUMENT: &str = include_str!("../../THREAT-MODEL.md");

#[test]
fn every_test_that_the_threat_model_names_exists() {
    let (listed, rows) = (tests_of_this_program(), all_rows());
    let rows: BTreeSet<&str> = rows.iter().map(|row| row.name.as_str()).collect();
    let mut named = 0;
    for name in code_spans().filter(|name| !name.ends_with('…')) {
        let exists = if let Some(row) = name.strip_prefix("row ") {
            rows.contains(row)
        } else if let Some(case) = name.strip_prefix("case ") {
            rows.iter().any(|row| row.split([':', ' ']).next() == Some(case))
        } else if let Some((home, path)) = name.split_once("::") {
            match home {
                "suite" => path == "threat_model" || listed.contains(path),
                "core" => declares("../core/src", path, "#[test]\n    fn "),
                "cli" => declares("../core/tests/cli", path, "#[test]\nfn "),
                "token-server" => {
                    declares("../examples/token-server/tests", path, "#[test]\nfn ")
                        || ["#[test]\n    fn ", "#[test]\nfn "]
                            .iter()
                            .any(|test| declares("../examples/token-server/src", path, test))
                }
                "ci" => checks().contains(&format!("\n{path}() {{")),
                // A path of the library.
                _ => continue,
            }
        } else {
            continue;
        };
        assert!(exists, "there is no {name}");
        named += 1;
    }
    assert!(named > 100, "only {named} names were found");
}

/// A threat without a test is a hope.
#[test]
fn every_threat_has_a_test() {
    let mut threats = 0;
    for line in DOCUMENT.lines() {
        let cells: Vec<&str> = line.split(" | ").collect();
        let [category, _, _, tests] = cells.as_slice() else { continue };
        if ["| S", "| T", "| R", "| I", "| D", "| E"].contains(category) {
            assert!(tests.starts_with('`'), "{line}");
            threats += 1;
        }
    }
    let boundaries = DOCUMENT.lines().filter(|line| *line == "| | threat | what holds it | test |").count();
    assert!(boundaries == 8 && threats > 60, "{boundaries} boundaries, {threats} threats");
}

fn code_spans() -> impl Iterator<Item = &'static str> {
    DOCUMENT.lines().flat_map(|line| line.split('`').skip(1).step_by(2))
}

fn checks() -> String {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../.ci/run");
    std::fs::read_to_string(&script).unwrap_or_else(|error| panic!("{}: {error}", script.display()))
}
