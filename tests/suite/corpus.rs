//! The tests that cases of the corpus name exist.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use countersign_tests::corpus::verdicts;

#[test]
fn every_test_that_a_verdict_names_exists() {
    let own = tests_of_this_program();
    for (id, verdict) in verdicts() {
        for name in &verdict.test.0 {
            let (home, path) = name.split_once("::").unwrap_or_default();
            let exists = match home {
                "suite" => own.contains(path),
                "token-server" => declares("../examples/token-server/tests", path, "#[test]\nfn "),
                "benches" => {
                    declares("benches", path, "\nfn ") || declares("benches", path, "\npub(crate) fn ")
                }
                _ => false,
            };
            assert!(exists, "{id}: there is no {name}");
        }
    }
}

/// As the harness itself lists them.
pub(crate) fn tests_of_this_program() -> BTreeSet<String> {
    let listed = Command::new(std::env::current_exe().unwrap()).arg("--list").output().unwrap();
    let listed = String::from_utf8(listed.stdout).unwrap();
    let tests: BTreeSet<_> =
        listed.lines().filter_map(|line| line.strip_suffix(": test")).map(str::to_owned).collect();
    assert!(tests.contains("corpus::every_test_that_a_verdict_names_exists"), "{listed}");
    tests
}

/// Does a file of this folder declare the function of this path?
pub(crate) fn declares(folder: &str, path: &str, declaration: &str) -> bool {
    let Some((module, function)) = path.rsplit_once("::") else { return false };
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder).join(module.replace("::", "/"));
    let source = std::fs::read_to_string(folder.with_extension("rs")).unwrap_or_default();
    source.contains(&format!("{declaration}{function}("))
}
