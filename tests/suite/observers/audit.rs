//! The file of JSON lines.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use countersign::observer::AuditLog;
use serde_json::Value;

use super::{Folder, naming, send, server};

fn lines(path: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(path).unwrap();
    assert!(text.is_empty() || text.ends_with('\n'));
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn clients(path: &Path) -> Vec<String> {
    lines(path).iter().map(|line| line["client_id"].as_str().unwrap().to_owned()).collect()
}

/// The last clone of the authenticator drops the log, which waits until everything is written.
#[test]
fn every_decision_is_a_line_and_none_is_left_behind() {
    let folder = Folder::new();
    let auth = server(AuditLog::open(folder.file()).unwrap());
    let sent: Vec<String> = (0..1_000).map(|number| format!("client-{number}")).collect();
    for client_id in &sent {
        let _ = send(&auth, &naming(client_id));
    }
    drop(auth);
    assert_eq!(clients(&folder.file()), sent);
}

#[test]
fn what_is_there_stays_and_the_file_is_for_one_user() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = Folder::new();
    for client_id in ["first", "second"] {
        let auth = server(AuditLog::open(folder.file()).unwrap());
        let _ = send(&auth, &naming(client_id));
    }
    assert_eq!(clients(&folder.file()), ["first", "second"]);
    let mode = std::fs::metadata(folder.file()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn a_file_that_was_moved_deleted_or_emptied_is_found_again() {
    let folder = Folder::new();
    let audit = Arc::new(AuditLog::open(folder.file()).unwrap());
    let auth = server(Arc::clone(&audit));
    let tell = |client_id: &str| {
        let _ = send(&auth, &naming(client_id));
        audit.flush();
    };
    let moved = folder.0.join("audit.jsonl.1");
    tell("a");
    std::fs::rename(folder.file(), &moved).unwrap();
    tell("b");
    assert_eq!((clients(&moved), clients(&folder.file())), (vec!["a".to_owned()], vec!["b".to_owned()]));
    std::fs::remove_file(folder.file()).unwrap();
    tell("c");
    assert_eq!(clients(&folder.file()), ["c"]);
    // As `copytruncate` does.
    std::fs::File::create(folder.file()).unwrap();
    tell("d");
    assert_eq!(clients(&folder.file()), ["d"]);
    // Replaced before it was missed.
    std::fs::rename(folder.file(), &moved).unwrap();
    std::fs::write(folder.file(), "").unwrap();
    tell("e");
    assert_eq!(clients(&folder.file()), ["e"]);
    assert_eq!(audit.lost(), 0);
}

/// While there is no way to make the file anew, the moved one gets the lines; what nobody could read is counted.
#[test]
fn what_cannot_be_written_is_counted_and_told_later() {
    let folder = Folder::new();
    let (there, away) = (folder.0.join("there"), folder.0.join("away"));
    std::fs::create_dir(&there).unwrap();
    let audit = Arc::new(AuditLog::open(there.join("audit.jsonl")).unwrap());
    let auth = server(Arc::clone(&audit));
    let tell = |client_id: &str| {
        let _ = send(&auth, &naming(client_id));
        audit.flush();
    };
    tell("a");
    std::fs::rename(&there, &away).unwrap();
    tell("b");
    assert_eq!((clients(&away.join("audit.jsonl")), audit.lost()), (vec!["a".to_owned(), "b".to_owned()], 0));
    std::fs::remove_dir_all(&away).unwrap();
    tell("c");
    tell("d");
    assert_eq!(audit.lost(), 2);
    std::fs::create_dir(&there).unwrap();
    tell("e");
    let lines = lines(&there.join("audit.jsonl"));
    assert_eq!(lines.len(), 2);
    assert_eq!(lines[0]["client_id"], "e");
    assert_eq!(lines[1], serde_json::json!({"time": "2027-01-15T08:00:00.000000Z", "lost": 2}));
    tell("f");
    assert_eq!(audit.lost(), 2, "counted once");
}

/// The disk hangs: a pipe that nobody empties. Requests are answered, and later the file says what it lacks.
#[test]
fn a_disk_that_hangs_holds_no_request_up() {
    const TOLD: u64 = 8_000;
    let folder = Folder::new();
    assert!(Command::new("mkfifo").arg(folder.file()).status().unwrap().success());
    // Read and write, so that neither end waits for the other.
    let pipe = std::fs::OpenOptions::new().read(true).write(true).open(folder.file()).unwrap();
    let audit = Arc::new(AuditLog::open(folder.file()).unwrap());
    let auth = server(Arc::clone(&audit));
    for number in 0..TOLD {
        assert!(send(&auth, &naming(&format!("client-{number}"))).is_err());
    }
    let lost = audit.lost();

    let (mut written, mut told_lost) = (0, 0);
    let mut lines = BufReader::new(pipe).lines();
    while written + told_lost < TOLD {
        let line: Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
        match line["lost"].as_u64() {
            Some(lost) => told_lost += lost,
            None => written += 1,
        }
    }
    assert!(lost > 0 && lost < TOLD, "{lost}");
    assert_eq!((told_lost, audit.lost()), (lost, lost));
}

/// Two processes, as far as the file can tell.
#[test]
fn two_logs_share_a_file() {
    let folder = Folder::new();
    let threads: Vec<_> = ["a", "b"]
        .into_iter()
        .map(|name| {
            let auth = server(AuditLog::open(folder.file()).unwrap());
            std::thread::spawn(move || {
                for number in 0..500 {
                    let _ = send(&auth, &naming(&format!("{name}-{number}")));
                }
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
    let clients = clients(&folder.file());
    for name in ["a", "b"] {
        let own: Vec<_> = clients.iter().filter(|id| id.starts_with(name)).cloned().collect();
        assert_eq!(own, (0..500).map(|number| format!("{name}-{number}")).collect::<Vec<_>>());
    }
}

#[test]
fn a_file_that_cannot_be_made_is_told_at_once() {
    let folder = Folder::new();
    let error = AuditLog::open(folder.0.join("missing/audit.jsonl")).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::NotFound);
}
