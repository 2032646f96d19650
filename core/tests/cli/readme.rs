//! The lines of the README about the command, pasted into a shell.

use std::path::Path;
use std::process::Command;

use crate::bench::Bench;

#[test]
fn the_lines_of_the_readme_do_what_they_say() {
    let readme = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../README.md")).unwrap();
    let (_, section) = readme.split_once("## countersign, the command").unwrap();
    let (_, block) = section.split_once("```sh\n").unwrap();
    let (block, _) = block.split_once("```").unwrap();
    let commands = commands(block);
    let bench = Bench::new("readme");
    let folder = Path::new(env!("CARGO_BIN_EXE_countersign")).parent().unwrap();
    let path = format!("{}:{}", folder.display(), std::env::var("PATH").unwrap());
    let (mut ran, mut refused) = (0, 0);
    for command in &commands {
        // One builds the command, the others want the demonstration's server.
        if command.starts_with("cargo install ") || command.starts_with("countersign try ") {
            continue;
        }
        let output = Command::new("sh")
            .args(["-c", command])
            .current_dir(bench.path("."))
            .env("PATH", &path)
            .output()
            .unwrap();
        let expected = if command.contains("elsewhere.example") { 1 } else { 0 };
        let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        assert_eq!(output.status.code(), Some(expected), "{command}\n{said}");
        if expected == 1 {
            assert!(said.contains("refused: aud_mismatch"), "{said}");
            refused += 1;
        }
        ran += 1;
    }
    assert!(ran >= 8 && refused == 1, "{commands:#?}");
}

/// One for each command, however many lines it has.
fn commands(block: &str) -> Vec<String> {
    let mut commands: Vec<String> = Vec::new();
    let mut goes_on = false;
    for line in block.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        match commands.last_mut().filter(|_| goes_on) {
            Some(command) => command.extend(["\n", line]),
            None => commands.push(line.to_owned()),
        }
        goes_on = line.ends_with('\\') || line.ends_with('|');
    }
    commands
}
