//! The README names the client libraries that proved each method, and no other: those of `tests/interop/results.json`.

use std::collections::BTreeMap;

use serde_json::Value;

const README: &str = include_str!("../../README.md");
const RESULTS: &str = include_str!("../interop/results.json");

#[test]
fn the_readme_names_who_proved_each_method() {
    let results: BTreeMap<String, Value> = serde_json::from_str(RESULTS).unwrap();
    let mut methods = 0;
    for line in README.lines() {
        let Some((method, _)) = line.strip_prefix("| `").and_then(|rest| rest.split_once("` | ")) else {
            continue;
        };
        let mut proved: Vec<&str> = results
            .iter()
            .filter(|(_, of_library)| {
                let methods = of_library["methods"].as_object().unwrap();
                methods.keys().any(|name| name.split(' ').next() == Some(method))
            })
            .map(|(library, _)| library.as_str())
            .collect();
        if proved.is_empty() {
            continue;
        }
        methods += 1;
        proved.sort_by_key(|library| library.to_lowercase());
        let proved = proved.join(", ");
        assert!(line.ends_with(&format!(" | {proved} |")), "the last cell of {method} must be: {proved}");
    }
    assert_eq!(methods, 7, "each method has its line");
}
