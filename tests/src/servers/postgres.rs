//! A PostgreSQL server for tests.

use std::ffi::OsString;
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use tokio::time::Instant;

use super::Server;
use crate::patience::PATIENCE;

/// A running PostgreSQL, with a password, fast and forgetful: it syncs nothing to the disk.
pub struct Postgres {
    server: Server,
    programs: PathBuf,
    databases: AtomicU32,
}

impl Postgres {
    /// The one of this process, for tests that do not stop it. Each takes a [database](Self::url_of_new_database) of
    /// its own.
    pub fn shared() -> &'static Postgres {
        static SHARED: OnceLock<Postgres> = OnceLock::new();
        SHARED.get_or_init(Postgres::start)
    }

    /// One of the test's own.
    pub fn start() -> Self {
        let made = Self::make();
        let password = made.server.folder().join("password");
        std::fs::write(&password, PASSWORD).unwrap();
        // Plain, since the usual hash of it takes an unoptimised client 30 ms for each connection.
        made.run("initdb", |initdb| {
            initdb.args([
                "--no-sync",
                "--no-locale",
                "--encoding=UTF8",
                "--auth=password",
                "--username=postgres",
            ]);
            initdb.arg("--pwfile").arg(&password).arg("--pgdata").arg(made.data());
        });
        made.start_again();
        made
    }

    /// A hot standby that follows this one, asynchronously. `promote` makes it a primary.
    pub fn start_standby(&self) -> Self {
        let made = Self::make();
        made.run("pg_basebackup", |backup| {
            backup.args(["--write-recovery-conf", "--wal-method=stream", "--checkpoint=fast", "--no-sync"]);
            backup.arg("--dbname").arg(self.url()).arg("--pgdata").arg(made.data());
        });
        made.start_again();
        made
    }

    fn make() -> Self {
        let programs = programs();
        let server = Server::new("postgres", |folder, port| command(&programs, folder, port));
        let made = Postgres { server, programs, databases: AtomicU32::new(0) };
        if is_root() {
            done(Command::new("chown").arg("postgres:").arg(made.server.folder()));
        }
        made
    }

    /// Where its own database is: `postgres://postgres:…@127.0.0.1:…/postgres`.
    pub fn url(&self) -> String {
        self.url_of("postgres")
    }

    /// Makes an empty database, and says where it is.
    pub fn url_of_new_database(&self) -> String {
        let name = format!("test_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        self.run("createdb", |createdb| {
            createdb.arg("--maintenance-db").arg(self.url()).arg(&name);
        });
        self.url_of(&name)
    }

    fn url_of(&self, database: &str) -> String {
        format!("postgres://postgres:{PASSWORD}@127.0.0.1:{}/{database}", self.port())
    }

    /// The port of 127.0.0.1 that it listens on.
    pub fn port(&self) -> u16 {
        self.server.port()
    }

    /// Where its files are.
    pub fn folder(&self) -> &Path {
        self.server.folder()
    }

    /// Shuts it down in order. Its connections break.
    pub fn stop(&self) {
        self.server.stop("INT");
    }

    /// Ends it as a loss of power would, save that the system has what was written.
    ///
    /// # Panics
    /// When a part of it goes on for longer than [`PATIENCE`].
    pub fn kill(&self) {
        self.server.signal("STOP");
        let parts = self.parts();
        self.server.stop("KILL");
        // Each ends by itself once it notices, and may serve one more before that.
        let started = Instant::now();
        while parts.iter().any(|part| parent(part).is_some()) {
            assert!(started.elapsed() < PATIENCE, "a part of it goes on");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// The processes of its sessions, and others that it has started.
    fn parts(&self) -> Vec<PathBuf> {
        let file = std::fs::read_to_string(self.data().join("postmaster.pid")).unwrap();
        let own: u32 = file.lines().next().unwrap().parse().unwrap();
        let processes = std::fs::read_dir("/proc").unwrap().map(|process| process.unwrap().path());
        processes.filter(|process| parent(process) == Some(own)).collect()
    }

    /// Starts it after it was stopped or killed, on the same port with the same data, and waits until it answers.
    pub fn start_again(&self) {
        self.server.start(|| {
            let ask = self.command("pg_isready").arg("--quiet").arg("--dbname").arg(self.url()).status();
            ask.unwrap().success()
        });
    }

    /// Takes a table of a database for itself, until that is dropped.
    pub fn lock(&self, url: &str, table: &str) -> TableLock {
        let mut psql = self.command("psql");
        psql.args(["--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--dbname", url]);
        let mut psql = psql.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let take = format!("BEGIN; LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE;\n\\echo locked\n");
        psql.stdin.as_mut().unwrap().write_all(take.as_bytes()).unwrap();
        let mut answer = String::new();
        BufReader::new(psql.stdout.take().unwrap()).read_line(&mut answer).unwrap();
        assert_eq!(answer, "locked\n");
        TableLock(psql)
    }

    /// Makes a standby a primary.
    pub fn promote(&self) {
        self.run("pg_ctl", |pg_ctl| {
            pg_ctl.args(["promote", "--wait", "--silent", "--pgdata"]).arg(self.data());
        });
    }

    fn data(&self) -> PathBuf {
        self.server.folder().join("data")
    }

    fn command(&self, program: &str) -> Command {
        let mut words = as_its_user().into_iter().chain([self.programs.join(program).into()]);
        let mut command = Command::new(words.next().unwrap());
        command.args(words).current_dir(self.server.folder());
        command
    }

    fn run(&self, program: &str, arguments: impl FnOnce(&mut Command)) {
        let mut command = self.command(program);
        arguments(&mut command);
        done(&mut command);
    }
}

/// Held by a session of its own.
pub struct TableLock(Child);

impl Drop for TableLock {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}

/// Of a process in `/proc` that runs.
fn parent(process: &Path) -> Option<u32> {
    let stat = std::fs::read_to_string(process.join("stat")).ok()?;
    // Behind its name, which may have spaces and brackets in it.
    let mut fields = stat.rsplit_once(") ")?.1.split(' ');
    if fields.next()? == "Z" { None } else { fields.next()?.parse().ok() }
}

fn done(command: &mut Command) {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{command:?}: {}\n{out}{err}", output.status);
}

fn command(programs: &Path, folder: &Path, port: u16) -> Vec<OsString> {
    let settings = [
        format!("port={port}"),
        "listen_addresses=127.0.0.1".to_owned(),
        format!("unix_socket_directories={}", folder.display()),
        "fsync=off".to_owned(),
        "full_page_writes=off".to_owned(),
        "shared_buffers=16MB".to_owned(),
        "max_connections=200".to_owned(),
        // In its folder, so that nothing of it is left elsewhere.
        "dynamic_shared_memory_type=mmap".to_owned(),
    ];
    let mut command = as_its_user();
    command.extend([programs.join("postgres").into(), "-D".into(), folder.join("data").into()]);
    command.extend(settings.into_iter().flat_map(|setting| ["-c".into(), setting.into()]));
    command
}

/// It refuses to be run by root. This becomes the program, which `runuser` would be the parent of.
fn as_its_user() -> Vec<OsString> {
    let setpriv: &[&str] = &["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups", "--"];
    if is_root() { setpriv.iter().map(OsString::from).collect() } else { Vec::new() }
}

fn is_root() -> bool {
    std::fs::metadata("/proc/self").unwrap().uid() == 0
}

/// The folder of the newest version. Debian keeps them out of the path.
fn programs() -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let newest = versions
        .filter_map(|version| Some((version.file_name().to_str()?.parse::<f64>().ok()?, version.path())))
        .filter(|(_, path)| path.join("bin/postgres").exists())
        .max_by(|one, other| one.0.total_cmp(&other.0));
    let in_path = std::env::var_os("PATH").unwrap_or_default();
    newest
        .map(|(_, path)| path.join("bin"))
        .or_else(|| std::env::split_paths(&in_path).find(|folder| folder.join("postgres").exists()))
        .expect("there is no PostgreSQL here; tests/run installs it (Debian's package postgresql)")
}

const PASSWORD: &str = "a-password-for-tests";
