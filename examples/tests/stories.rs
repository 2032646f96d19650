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

#[track_caller]
fn tells(name: &str, program: &str) {
    let output = Command::new(program).output().unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{printed}{}", String::from_utf8_lossy(&output.stderr));
    let printed: Vec<String> = printed.lines().map(without_duration).collect();
    let shown: Vec<String> = shown(name).iter().map(|line| without_duration(line)).collect();
    assert_eq!(printed, shown, "\n{}\n", printed.join("\n"));
    assert!(printed.len() > 10);
}

/// The block of the README below the line that runs the story.
fn shown(name: &str) -> Vec<String> {
    let readme = include_str!("../../README.md");
    let (_, after) = readme
        .split_once(&format!("cargo run -p countersign-examples --bin {name}\n```\n\n```text\n"))
        .expect("the story in the README");
    let (block, _) = after.split_once("```").expect("its end");
    block.lines().map(str::to_owned).collect()
}

/// How long a decision took is another number each time.
fn without_duration(line: &str) -> String {
    match line.rsplit_once(" us=") {
        Some((line, number)) if number.bytes().all(|byte| byte.is_ascii_digit()) => format!("{line} us=…"),
        _ => line.to_owned(),
    }
}
