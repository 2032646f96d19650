//! Real servers for tests, each on a free port of 127.0.0.1 and in a temporary folder of its own.
//!
//! They end with this process, however it ends: a shell beside each has its standard input from here, and when that
//! closes it ends the server and removes the folder. So one server can stand in a `static` and serve many tests, though
//! nothing in a `static` is ever dropped.

mod folder;
pub mod postgres;
pub mod redis;

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use tokio::time::Instant;

pub use self::folder::{Folder, memory};

/// One server: where it is, and the shell that starts and ends it.
pub struct Server {
    folder: PathBuf,
    port: u16,
    shell: Mutex<Shell>,
}

impl Server {
    /// A place for a server that `command` runs in the foreground, given its folder and port. Nothing runs yet.
    pub fn new(name: &str, command: impl FnOnce(&Path, u16) -> Vec<OsString>) -> Self {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("countersign-{name}-{}-{number}", std::process::id()));
        std::fs::create_dir(&folder).unwrap();
        let port = free_port();
        let shell = Shell::new(&folder, command(&folder, port));
        Server { folder, port, shell: Mutex::new(shell) }
    }

    /// Its folder, which is removed with it.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The port it is told to listen on.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Runs the command, until `is_ready`. One that ends at once, perhaps since what it was before is still ending, is
    /// run again.
    pub fn start(&self, is_ready: impl Fn() -> bool) {
        let started = Instant::now();
        while started.elapsed() < START_DEADLINE {
            self.order("start");
            while started.elapsed() < START_DEADLINE && self.order("running") == "yes" {
                if is_ready() {
                    return;
                }
                std::thread::sleep(LOOK_EVERY);
            }
            self.stop("KILL");
            std::thread::sleep(LOOK_EVERY * 10);
        }
        let log = std::fs::read_to_string(self.folder.join("log")).unwrap_or_default();
        panic!("{} is not ready after {START_DEADLINE:?}:\n{log}", self.folder.display());
    }

    /// Sends this signal (`INT`, `KILL`, …) and waits until the server has ended. Its folder stays.
    pub fn stop(&self, signal: &str) {
        self.order(&format!("stop {signal}"));
    }

    /// Sends this signal, such as `STOP` and `CONT`.
    pub fn signal(&self, signal: &str) {
        self.order(&format!("signal {signal}"));
    }

    fn order(&self, order: &str) -> String {
        self.shell.lock().unwrap_or_else(PoisonError::into_inner).order(order)
    }
}

struct Shell {
    process: Child,
    orders: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Shell {
    fn new(folder: &Path, command: Vec<OsString>) -> Self {
        let mut process = Command::new("sh")
            .args(["-c", SCRIPT, "sh"])
            .arg(folder)
            .args(command)
            // Of its own, so that Ctrl-C does not end the one who is to clean up.
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let orders = process.stdin.take();
        let answers = BufReader::new(process.stdout.take().unwrap());
        Shell { process, orders, answers }
    }

    fn order(&mut self, order: &str) -> String {
        let orders = self.orders.as_mut().unwrap();
        orders.write_all(format!("{order}\n").as_bytes()).unwrap();
        let mut answer = String::new();
        self.answers.read_line(&mut answer).unwrap();
        answer.trim_end().to_owned()
    }
}

impl Drop for Shell {
    fn drop(&mut self) {
        drop(self.orders.take());
        let _ = self.process.wait();
    }
}

/// A port that nothing listens on and that was not given out before, below those from which the system takes the ports of
/// outgoing connections: so that a server that is stopped finds it free again.
pub fn free_port() -> u16 {
    static GIVEN: Mutex<BTreeSet<u16>> = Mutex::new(BTreeSet::new());
    let now = SystemTime::UNIX_EPOCH.elapsed().unwrap().subsec_nanos();
    let mut candidate = std::process::id().wrapping_mul(7919).wrapping_add(now);
    loop {
        candidate = candidate.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let port = 20_000 + u16::try_from((candidate >> 8) % 12_000).unwrap();
        // Tests at the same time must not get the same one before either listens there.
        let is_new = GIVEN.lock().unwrap_or_else(PoisonError::into_inner).insert(port);
        if is_new && TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

static NEXT: AtomicU32 = AtomicU32::new(0);

const START_DEADLINE: Duration = Duration::from_secs(60);
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// The folder, then the command. The server's own output goes to the file `log`: who holds this process's would keep
/// it open. Whoever tells everything to end that the tests have started does not keep it from cleaning up. A process that
/// has ended and was not waited for yet has the state Z.
const SCRIPT: &str = r#"
folder=$1; shift
pid=
trap '' HUP INT TERM
running() {
    [ -n "$pid" ] && read -r state <"/proc/$pid/stat" && [ "${state#*) Z}" = "$state" ]
}
stop() {
    [ -n "$pid" ] || return
    kill -CONT "$pid"
    kill -"$1" "$pid"
    wait "$pid"
    pid=
}
while read -r order signal; do
    answer=
    case $order in
        start) "$@" </dev/null >>"$folder/log" 2>&1 & pid=$! ;;
        running) ! running || answer=yes ;;
        stop) stop "$signal" ;;
        signal) kill -"$signal" "$pid" ;;
    esac
    echo "$answer"
done
stop INT
rm -rf "$folder"
"#;
