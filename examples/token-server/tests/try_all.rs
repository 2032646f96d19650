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
        assert!(said.lines().filter(|line| line.starts_with('✓')).count() > 100, "{said}");
    }
    fs::remove_dir_all(&folder)?;
    Ok(())
}
