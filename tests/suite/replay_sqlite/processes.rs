//! Several processes on one file: this program, started again and told to claim.

use std::collections::HashMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use countersign::replay::{Claim, SqliteReplayStore};
use countersign_tests::patience::{PATIENCE, patiently};
use futures_util::{StreamExt as _, stream};

use super::{Folder, claim};

const ASSERTIONS: u64 = 1024;
const AT_ONCE: u64 = 32;

#[test]
fn each_of_a_thousand_assertions_is_accepted_by_one_of_two_processes() {
    // On a busy machine one may be done before the other begins.
    for _ in 0..20 {
        let folder = Folder::new();
        let mut processes = [Process::start(&folder.file(), "0"), Process::start(&folder.file(), "1")];
        for process in &mut processes {
            process.go();
        }
        let accepted = processes.map(Process::accepted);
        assert_eq!(counts(&accepted), (0..ASSERTIONS).map(|id| (id, 1)).collect());
        if accepted.iter().all(|ids| !ids.is_empty()) {
            return;
        }
    }
    panic!("only one of them took part");
}

/// One is killed as it claims, and started again while the other goes on.
#[test]
fn a_killed_process_lets_nothing_be_accepted_twice() {
    let folder = Folder::new();
    let [mut killed, mut other] = [Process::start(&folder.file(), "0"), Process::start(&folder.file(), "1")];
    killed.go();
    let before = killed.accepted_until(200);
    other.go();
    killed.child.kill().unwrap();
    let killed = killed.accepted();
    let mut again = Process::start(&folder.file(), "0");
    again.go();
    let accepted = [before, killed, other.accepted(), again.accepted()];
    let counts = counts(&accepted);
    let twice: Vec<_> = counts.iter().filter(|(_, count)| **count > 1).collect();
    assert!(twice.is_empty(), "accepted twice: {twice:?}");
    // What the killed one had written and not yet said is used up all the same.
    assert!(counts.len() as u64 >= ASSERTIONS - AT_ONCE, "{} of {ASSERTIONS}", counts.len());
}

/// Not a test of its own, but what the processes above run.
#[test]
fn a_process_that_claims() {
    let (Some(file), Ok(turn)) = (std::env::var_os(FILE), std::env::var(TURN)) else { return };
    let turn: u64 = turn.parse().unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let store = patiently(|| SqliteReplayStore::open(Path::new(&file))).await.with_deadline(PATIENCE);
        say(READY);
        std::io::stdin().read_line(&mut String::new()).unwrap();
        // The same ones at about the same time, and neither process always first: they take turns in who begins
        // with a block.
        stream::iter((0..ASSERTIONS).map(|id| id ^ (AT_ONCE * turn)))
            .for_each_concurrent(AT_ONCE as usize, async |id| match claim(&store, "a", id).await {
                Ok(Claim::Fresh) => say(&format!("{ACCEPTED}{id}")),
                Ok(Claim::Used) => {}
                other => panic!("{id}: {other:?}"),
            })
            .await;
    });
}

/// Past the test harness, which would keep it back.
fn say(line: &str) {
    std::io::stdout().write_all(format!("\n{line}\n").as_bytes()).unwrap();
}

fn counts(accepted: &[Vec<u64>]) -> HashMap<u64, usize> {
    let mut counts = HashMap::new();
    for id in accepted.iter().flatten() {
        *counts.entry(*id).or_default() += 1;
    }
    counts
}

struct Process {
    child: Child,
    lines: std::io::Lines<BufReader<ChildStdout>>,
}

impl Process {
    /// Started, with the file open.
    fn start(file: &Path, turn: &str) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "replay_sqlite::processes::a_process_that_claims", "--nocapture"])
            .env(FILE, file)
            .env(TURN, turn)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        assert!(lines.any(|line| line.unwrap() == READY), "the process could not open the file");
        Process { child, lines }
    }

    fn go(&mut self) {
        self.child.stdin.take().unwrap().write_all(b"go\n").unwrap();
    }

    fn accepted_until(&mut self, count: usize) -> Vec<u64> {
        self.lines.by_ref().filter_map(|line| accepted(&line.unwrap())).take(count).collect()
    }

    /// What it accepts until it ends.
    fn accepted(mut self) -> Vec<u64> {
        let ids = self.accepted_until(usize::MAX);
        let status = self.child.wait().unwrap();
        assert!(status.success() || status.code().is_none(), "{status}");
        ids
    }
}

fn accepted(line: &str) -> Option<u64> {
    line.strip_prefix(ACCEPTED)?.parse().ok()
}

const FILE: &str = "COUNTERSIGN_REPLAY_FILE";
const TURN: &str = "COUNTERSIGN_REPLAY_TURN";
const READY: &str = "ready";
const ACCEPTED: &str = "accepted ";
