//! FIGURES.md has a section for each benchmark, in the form that `tests/figures` reads.

use std::path::Path;

const PAGE: &str = include_str!("../../FIGURES.md");
const MANIFEST: &str = include_str!("../Cargo.toml");

#[test]
fn every_benchmark_has_a_section_of_figures() {
    let commands: Vec<String> = sections().map(|(name, text)| unfolded(command_of(name, text))).collect();
    let benchmarks: Vec<&str> = MANIFEST.split("[[bench]]\nname = \"").skip(1).map(up_to_quote).collect();
    assert!(benchmarks.len() > 10, "{benchmarks:?}");
    for benchmark in benchmarks {
        let runs = |command: &String| {
            let words: Vec<&str> = command.split_whitespace().collect();
            words.windows(2).any(|pair| pair == ["--bench", benchmark])
        };
        assert!(commands.iter().any(runs), "no section of FIGURES.md runs the benchmark {benchmark}");
    }
}

/// Between the marks stand a block and one line about it: nothing that somebody wrote.
#[test]
fn every_section_of_figures_is_for_its_command_to_fill() {
    for (name, text) in sections() {
        let marked = text.split_once(&format!("\n<!-- figures: {name} -->\n```text\n"));
        let (_, marked) = marked.unwrap_or_else(|| panic!("{name}: there is no block below its mark"));
        let (_, stamp) =
            marked.split_once("\n```\n").unwrap_or_else(|| panic!("{name}: its block has no end"));
        let (stamp, rest) = stamp.split_once("<!-- end -->").unwrap_or_else(|| panic!("{name}: {stamp}"));
        assert!(stamp.trim().lines().count() <= 1 && rest.trim().is_empty(), "{name}: {stamp}{rest}");
    }
}

fn sections() -> impl Iterator<Item = (&'static str, &'static str)> {
    PAGE.split("\n## ").skip(1).map(|section| section.split_once('\n').unwrap_or((section, "")))
}

fn command_of(name: &str, text: &'static str) -> &'static str {
    let command = text.split_once("\n```sh\n").and_then(|(_, rest)| rest.split_once("\n```\n"));
    command.unwrap_or_else(|| panic!("{name}: there is no command")).0
}

/// With what a script of ours runs.
fn unfolded(command: &str) -> String {
    let script = command.split_whitespace().next().filter(|word| word.starts_with("tests/"));
    let Some(script) = script else { return command.to_owned() };
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(script);
    std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

fn up_to_quote(text: &str) -> &str {
    text.split('"').next().unwrap_or_default()
}
