//! A token-server in a process of its own.

use std::io::{BufRead as _, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use std::{fs, process, thread};

use countersign_tests::servers;

use crate::Outcome;
use crate::http::Connection;

/// It ends with this value.
pub(crate) struct Node {
    process: Child,
    pub(crate) address: String,
    /// Its TLS listener, if it has one.
    pub(crate) tls_address: Option<String>,
    log: Arc<Mutex<Vec<String>>>,
}

impl Node {
    /// With `as.toml` of this folder, on a free port.
    pub(crate) fn start(folder: &Path, framework: &str) -> Outcome<Self> {
        Self::run(folder, framework, &["--config", "as.toml"])
    }

    /// The demonstration, in this folder.
    pub(crate) fn start_demonstration(folder: &Path, framework: &str) -> Outcome<Self> {
        Self::run(folder, framework, &[])
    }

    fn run(folder: &Path, framework: &str, arguments: &[&str]) -> Outcome<Self> {
        let mut process = Command::new(env!("CARGO_BIN_EXE_token-server"))
            .args(arguments)
            .args(["--listen", "127.0.0.1:0", "--framework", framework])
            .current_dir(folder)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let log = Arc::new(Mutex::new(Vec::new()));
        let printed = process.stdout.take().ok_or("no output")?;
        let logged = process.stderr.take().ok_or("no log")?;
        let said = listen(printed, logged, Arc::clone(&log));
        let mut node = Node { process, address: String::new(), tls_address: None, log };
        while node.address.is_empty() {
            let Ok(line) = said.recv_timeout(LIMIT) else {
                return Err(format!("it does not start: {:?}", node.log()).into());
            };
            if line.contains("listening on http://") {
                node.address = after(&line, "listening on http://").unwrap_or_default();
                node.tls_address = after(&line, "and https://");
            }
        }
        Ok(node)
    }

    /// What such a start says when it fails.
    pub(crate) fn refused(folder: &Path) -> Outcome<String> {
        let ended = Command::new(env!("CARGO_BIN_EXE_token-server"))
            .args(["--config", "as.toml", "--listen", "127.0.0.1:0"])
            .current_dir(folder)
            .output()?;
        assert!(!ended.status.success());
        Ok(String::from_utf8(ended.stderr)?)
    }

    pub(crate) fn connect(&self) -> Outcome<Connection> {
        Connection::open(&self.address)
    }

    pub(crate) fn connect_as_operator(&self) -> Outcome<Connection> {
        let mark = "operators: http://";
        Connection::open(&after(&self.wait_for(mark)?, mark).unwrap_or_default())
    }

    /// Everything it has logged so far.
    pub(crate) fn log(&self) -> Vec<String> {
        self.log.lock().map(|log| log.clone()).unwrap_or_default()
    }

    /// Waits for a line of the log.
    pub(crate) fn wait_for(&self, text: &str) -> Outcome<String> {
        until(LIMIT, || Ok(self.log().into_iter().find(|line| line.contains(text))))?
            .ok_or_else(|| format!("no line {text:?} in {:?}", self.log()).into())
    }

    /// Tells it to read its files again.
    pub(crate) fn hang_up(&self) -> Outcome<()> {
        let told = Command::new("kill").args(["-s", "HUP", &self.process.id().to_string()]).status()?;
        assert!(told.success());
        Ok(())
    }

    /// As a service manager ends it.
    pub(crate) fn end(mut self) -> Outcome<()> {
        let ended = Command::new("kill").args(["-s", "TERM", &self.process.id().to_string()]).status()?;
        assert!(ended.success());
        assert!(self.process.wait()?.success(), "{:?}", self.log());
        Ok(())
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Asks until there is something, or for so long.
pub(crate) fn until<T>(limit: Duration, mut ask: impl FnMut() -> Outcome<Option<T>>) -> Outcome<Option<T>> {
    let begin = Instant::now();
    loop {
        if let Some(found) = ask()? {
            return Ok(Some(found));
        }
        if begin.elapsed() > limit {
            return Ok(None);
        }
        thread::sleep(Duration::from_millis(5));
    }
}

/// A folder with these files, in memory if there is a place for that, which goes with this value.
pub(crate) struct Folder(pub(crate) PathBuf);

impl Folder {
    pub(crate) fn with(files: &[(&str, &str)]) -> Outcome<Self> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let folder = servers::memory().join(format!("token-server-registry-{}-{number}", process::id()));
        fs::create_dir_all(&folder)?;
        for (name, text) in files {
            fs::write(folder.join(name), text)?;
        }
        Ok(Folder(folder))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn listen(
    printed: impl Read + Send + 'static,
    logged: impl Read + Send + 'static,
    log: Arc<Mutex<Vec<String>>>,
) -> Receiver<String> {
    let (say, said) = mpsc::channel();
    thread::spawn(move || {
        for line in BufReader::new(logged).lines().map_while(Result::ok) {
            if let Ok(mut log) = log.lock() {
                log.push(line);
            }
        }
    });
    thread::spawn(move || {
        for line in BufReader::new(printed).lines().map_while(Result::ok) {
            // Nobody listens once it has started.
            let _ = say.send(line);
        }
    });
    said
}

fn after(line: &str, mark: &str) -> Option<String> {
    Some(line.split_once(mark)?.1.split(' ').next()?.to_owned())
}

pub(crate) const LIMIT: Duration = Duration::from_secs(120);
