//! Each story is run, and prints what the README shows.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

use std::process::Command;

#[test]
fn a_secret_is_rotated() {
    tells("rotation", env!("CARGO_BIN_EXE_rotation"));
}

#[test]
fn clients_are_imported_and_pinned() {
    tells("migration", env!("CARGO_BIN_EXE_migration"));
}

#[test]
fn a_guesser_is_slowed_down() {
    tells("abuse", env!("CARGO_BIN_EXE_abuse"));
}

#[track_caller]
fn tells(name: &str, program: &str) {
    let output = Command::new(program).output().unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{printed}{}", String::from_utf8_lossy(&output.stderr));
    // The stories' clock stands still, and so even the durations are the same each time.
    assert_eq!(printed, shown(name), "{printed}");
    assert!(printed.lines().count() > 10);
}

/// The block of the README below the line that runs the story.
fn shown(name: &str) -> &'static str {
    let readme = include_str!("../../README.md");
    let (_, after) = readme
        .split_once(&format!("cargo run -p countersign-examples --bin {name}\n```\n\n```text\n"))
        .expect("the story in the README");
    let (block, _) = after.split_once("```").expect("its end");
    block
}
