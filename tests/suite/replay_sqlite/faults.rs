//! A file that cannot be used is an error, in bounded time, and never a success.

use std::path::Path;
use std::time::Duration;

use countersign::replay::{Claim, ReplayStore as _, SqliteReplayStore};
use countersign::store::StoreError;
use sqlx::{Connection as _, Executor as _};

use super::{Folder, claim};

#[tokio::test]
async fn a_file_that_cannot_be_made_is_an_error() {
    let folder = Folder::new();
    let nowhere = folder.path().join("nowhere/replay.db");
    for name in ["", "sqlite://", ":memory:", "sqlite::memory:", "sqlite://replay.db?mode=memory", "/"] {
        assert!(open(Path::new(name)).await.is_err(), "{name:?}");
    }
    assert!(open(&nowhere).await.is_err());
    assert!(open(folder.path()).await.is_err());
    assert!(open(Path::new("/proc/replay.db")).await.is_err());
}

#[tokio::test]
async fn a_damaged_file_is_an_error() {
    let folder = Folder::new();
    let file = folder.closed_file(500).await;
    let good = std::fs::read(&file).unwrap();
    assert!(good.len() > 40_000);
    let damages: [(&str, Vec<u8>); 4] = [
        ("no database", b"used up: nothing\n".repeat(1000)),
        ("cut short", good[..good.len() / 2].to_vec()),
        ("all pages but the first overwritten", [&good[..4096], &vec![0xff; good.len() - 4096]].concat()),
        ("all pages but the first zeroed", [&good[..4096], &vec![0; good.len() - 4096]].concat()),
    ];
    for (damage, octets) in damages {
        std::fs::write(&file, octets).unwrap();
        if let Ok(store) = open(&file).await {
            for id in [1, 400, 10_000] {
                assert!(in_time(claim(&store, "a", id)).await.is_err(), "{damage}, key {id}");
            }
        }
        remove(&folder);
    }
}

/// By the number of its format, which also stops root.
#[tokio::test]
async fn a_read_only_file_is_an_error() {
    let folder = Folder::new();
    let file = folder.closed_file(1).await;
    let mut octets = std::fs::read(&file).unwrap();
    assert_eq!(octets[18], 2);
    octets[18] = 3;
    std::fs::write(&file, octets).unwrap();
    let error = open(&file).await.unwrap_err().to_string();
    assert!(error.contains("replay.db") && error.contains("readonly"), "{error}");
}

#[tokio::test]
async fn the_database_of_something_else_is_refused_and_left_alone() {
    for sql in ["CREATE TABLE clients (id TEXT)", "PRAGMA user_version = 1", "PRAGMA application_id = 7"] {
        let folder = Folder::new();
        std::fs::write(folder.file(), "").unwrap();
        folder.connect().await.execute(sql).await.unwrap();
        let before = std::fs::read(folder.file()).unwrap();
        let error = open(&folder.file()).await.unwrap_err().to_string();
        assert!(error.contains("a database of something else"), "{error}");
        assert_eq!(std::fs::read(folder.file()).unwrap(), before);
    }
}

#[tokio::test]
async fn a_newer_schema_is_refused() {
    let folder = Folder::new();
    folder.closed_file(1).await;
    folder.connect().await.execute("PRAGMA user_version = 2").await.unwrap();
    let error = open(&folder.file()).await.unwrap_err().to_string();
    assert!(error.contains("schema 2"), "{error}");
}

#[tokio::test]
async fn a_locked_file_is_an_error_until_it_is_free() {
    let folder = Folder::new();
    let store = super::open(folder.file()).await.with_deadline(DEADLINE);
    assert_eq!(claim(&store, "a", 1).await.unwrap(), Claim::Fresh);
    let mut other = folder.connect().await;
    let lock = other.begin_with("BEGIN EXCLUSIVE").await.unwrap();
    let claims = (1..20).map(|id| in_time(claim(&store, "a", id)));
    assert!(futures_util::future::join_all(claims).await.iter().all(Result::is_err));
    assert!(open(&folder.file()).await.is_err());
    lock.rollback().await.unwrap();
    // Nobody waited for these any more, so they were not used up.
    assert_eq!(claim(&store, "a", 2).await.unwrap(), Claim::Fresh);
    assert_eq!(claim(&store, "a", 1).await.unwrap(), Claim::Used);
}

/// Though it lasts for longer than is usually waited.
#[tokio::test]
async fn a_lock_that_is_kept_for_less_than_the_deadline_is_no_error() {
    let folder = Folder::new();
    let store = super::open(folder.file()).await;
    let mut other = folder.connect().await;
    let lock = other.begin_with("BEGIN IMMEDIATE").await.unwrap();
    let (claimed, ()) = tokio::join!(claim(&store, "a", 1), async {
        tokio::time::sleep(SqliteReplayStore::DEADLINE + Duration::from_millis(500)).await;
        lock.rollback().await.unwrap();
    });
    assert_eq!(claimed.unwrap(), Claim::Fresh);
}

#[tokio::test]
async fn a_table_that_refuses_is_an_error_for_every_claim_of_the_batch() {
    let folder = Folder::new();
    let store = super::open(folder.file()).await;
    let mut other = folder.connect().await;
    other
        .execute("CREATE TRIGGER no BEFORE INSERT ON used BEGIN SELECT raise(FAIL, 'no'); END")
        .await
        .unwrap();
    let claims = (0..10).map(|id| in_time(claim(&store, "a", id)));
    assert!(futures_util::future::join_all(claims).await.iter().all(Result::is_err));
    other.execute("DROP TRIGGER no").await.unwrap();
    // The store has opened the file again by itself.
    assert_eq!(claim(&store, "a", 1).await.unwrap(), Claim::Fresh);
}

/// SQLite would go on with the deleted file, and another process with a new one.
#[cfg(unix)]
#[tokio::test]
async fn a_file_that_is_deleted_under_the_store_is_an_error_until_there_is_one() {
    let (folder, clock) = (Folder::new(), super::SetClock::new(super::NOW));
    let store = super::open_with_clock(folder.file(), clock.clone()).await.with_deadline(DEADLINE);
    assert_eq!(claim(&store, "a", 1).await.unwrap(), Claim::Fresh);
    let made_at = store.memory_lost_at().unwrap();
    remove(&folder);
    assert!(in_time(claim(&store, "a", 1)).await.is_err());
    clock.advance(100);
    let other = super::open_with_clock(folder.file(), clock).await;
    assert_eq!(claim(&other, "a", 2).await.unwrap(), Claim::Fresh);
    assert_eq!(claim(&store, "a", 2).await.unwrap(), Claim::Used);
    assert_eq!(store.memory_lost_at().unwrap(), made_at + Duration::from_secs(100));
}

async fn open(file: &Path) -> Result<SqliteReplayStore, StoreError> {
    in_time(SqliteReplayStore::open(file)).await
}

async fn in_time<T>(answer: impl Future<Output = T>) -> T {
    tokio::time::timeout(DEADLINE * 15, answer).await.expect("no answer in time")
}

/// Of those that must give up. What is well answers within it on a busy machine too.
const DEADLINE: Duration = Duration::from_secs(2);

fn remove(folder: &Folder) {
    for file in std::fs::read_dir(folder.path()).unwrap() {
        // A store that was just dropped may be removing its log itself.
        let _ = std::fs::remove_file(file.unwrap().path());
    }
}
