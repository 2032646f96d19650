//! `--try-all` passes, on both frameworks, from a folder where nothing was ever started.

use std::error::Error;
use std::process::Command;
use std::{env, fs, process};

#[test]
fn every_line_is_as_expected() -> Result<(), Box<dyn Error>> {
    let folder = env::temp_dir().join(format!("token-server-try-all-{}", process::id()));
    fs::create_dir_all(&folder)?;
    for framework in ["axum", "actix"] {
        let run = Command::new(env!("CARGO_BIN_EXE_token-server"))
            .args(["--try-all", "--framework", framework])
            .current_dir(&folder)
            .output()?;
        let said = String::from_utf8_lossy(&run.stdout);
        let differing: Vec<&str> = said.lines().filter(|line| line.starts_with('✗')).collect();
        assert!(run.status.success() && differing.is_empty(), "{framework}: {differing:?}");
        let passed: Vec<&str> = said.lines().filter_map(|line| line.strip_prefix("✓ ")).collect();
        assert!(passed.len() > 100, "{said}");
        for (case, name) in OF_THE_CORPUS {
            assert!(
                passed.iter().any(|line| line.starts_with(name)),
                "{framework}: {case}: no line {name:?}"
            );
        }
    }
    fs::remove_dir_all(&folder)?;
    Ok(())
}

/// The lines that are cases of the corpus.
const OF_THE_CORPUS: [(&str, &str); 9] = [
    ("OIDF-030", "the request_uri of another client "),
    ("OIDF-034", "the refresh token of another client "),
    ("OIDF-038", "a pushed request with plain PKCE and no code_challenge "),
    ("OIDF-038", "a pushed request with plain PKCE "),
    ("OIDF-038", "a pushed request by a public client without PKCE "),
    ("JWSF-077", "the assertion of another client as a grant "),
    ("PUB-003", "client_credentials by a public client "),
    ("PUB-011", "a code_verifier nobody asked for "),
    ("PUB-011", "/authorize by a public client without PKCE "),
];
