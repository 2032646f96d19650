//! A token-server in a process of its own.

use std::io::{self, BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// Ends with this value.
pub(crate) struct TokenServer {
    process: Child,
    /// Where it listens.
    pub(crate) address: String,
}

impl TokenServer {
    /// Starts with a configuration of this folder, on a free port, and waits until it listens.
    pub(crate) fn start(
        folder: &Path,
        configuration: &str,
        framework: &str,
        log: impl Into<Stdio>,
    ) -> io::Result<Self> {
        let mut process = Command::new(env!("CARGO_BIN_EXE_token-server"))
            .args(["--config", configuration, "--listen", "127.0.0.1:0", "--framework", framework])
            .current_dir(folder)
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()?;
        let mut line = String::new();
        if let Some(output) = process.stdout.take() {
            BufReader::new(output).read_line(&mut line)?;
        }
        let listening = line.split("listening on http://").nth(1).unwrap_or_default();
        let address = listening.split([' ', '\n']).next().unwrap_or_default().to_owned();
        Ok(TokenServer { process, address })
    }
}

impl Drop for TokenServer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
