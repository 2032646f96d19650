//! The replay store in an SQLite file: what every store must do, faults of the file, and several processes on it.

mod faults;
mod processes;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use countersign::replay::{Claim, ReplayKey, ReplayStore, ReplayUse, SqliteReplayStore};
use countersign::store::StoreError;
use countersign_tests::drivers::SetClock;
use countersign_tests::patience::{PATIENCE, patiently, until};
use countersign_tests::replay_conformance as conformance;
use countersign_tests::servers;
use sqlx::{Connection as _, SqliteConnection};

#[tokio::test]
async fn keys_are_used_once_released_and_kept_for_their_time() {
    let (folder, clock) = (Folder::new(), SetClock::new(NOW));
    let store = open_with_clock(folder.url(), clock.clone()).await;
    conformance::a_key_is_used_once_until_it_is_released(&store, "one").await;
    conformance::a_key_is_kept_for_its_time(&store, "time", pass(&clock)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_of_64_tasks_gets_a_key() {
    let folder = Folder::new();
    let store = open(folder.file()).await;
    conformance::a_race_has_one_winner(Arc::new(store), "race", 100).await;
}

#[tokio::test]
async fn what_is_full_refuses_and_forgets_nothing() {
    let (folder, clock) = (Folder::new(), SetClock::new(NOW));
    let open = async |file: &str| open_with_clock(folder.path().join(file), clock.clone()).await;
    let quota = open("quota.db").await.with_capacity(100, 10);
    conformance::a_full_client_is_refused_alone(&quota, "quota", 10).await;
    let small = open("small.db").await.with_capacity(20, 20);
    conformance::a_full_store_forgets_nothing(&small, "small", 20, pass(&clock)).await;
}

/// The counts are the file's, not a store's.
#[tokio::test]
async fn two_stores_share_keys_and_counts() {
    let folder = Folder::new();
    let one = open(folder.file()).await.with_capacity(12, 10);
    let other = open(folder.url()).await.with_capacity(12, 10);
    for id in 0..10 {
        let (first, second) = if id % 2 == 0 { (&one, &other) } else { (&other, &one) };
        assert_eq!(claim(first, "a", id).await.unwrap(), Claim::Fresh);
        assert_eq!(claim(second, "a", id).await.unwrap(), Claim::Used);
    }
    assert_eq!(claim(&one, "a", 10).await.unwrap(), Claim::ClientFull);
    assert_eq!(claim(&other, "b", 1).await.unwrap(), Claim::Fresh);
    assert_eq!(claim(&one, "b", 2).await.unwrap(), Claim::Fresh);
    assert_eq!(claim(&other, "b", 3).await.unwrap(), Claim::Full);
    // Each has claimed the last or been refused after it, and looks once it has answered.
    for store in [&one, &other] {
        until(async || store.in_use() == Some(ReplayUse { entries: 12, capacity: 12 })).await;
    }
    let again = open(folder.file()).await;
    assert_eq!(again.in_use(), Some(ReplayUse { entries: 12, capacity: 1_000_000 }), "before it is asked");
}

#[tokio::test]
async fn a_file_that_is_opened_again_remembers() {
    let (folder, clock) = (Folder::new(), SetClock::new(NOW));
    for round in 0..3 {
        let store = open_with_clock(folder.file(), clock.clone()).await;
        let expected = if round == 0 { Claim::Fresh } else { Claim::Used };
        assert_eq!(claim(&store, "a", 1).await.unwrap(), expected);
        // Nothing from before the file was made is remembered, so the fence stays there.
        assert_eq!(
            store.memory_lost_at(),
            SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(NOW as u64))
        );
        clock.advance(10);
    }
}

/// By the claims of others, and without slowing one: the rest goes by itself.
#[tokio::test]
async fn what_expired_is_swept() {
    let (folder, clock) = (Folder::new(), SetClock::new(NOW));
    let store = open_with_clock(folder.file(), clock.clone()).await;
    let claims = (0..1000).map(|id| claim(&store, "a", id));
    assert!(
        futures_util::future::join_all(claims).await.iter().all(|claim| matches!(claim, Ok(Claim::Fresh)))
    );
    clock.advance(100);
    assert_eq!(claim(&store, "b", 1).await.unwrap(), Claim::Fresh);
    let mut file = folder.connect().await;
    let within = tokio::time::timeout(PATIENCE, async {
        while count(&mut file, "SELECT count(*) FROM used").await > 1 {
            clock.advance(1);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    within.await.expect("expired keys are still in the file");
    assert_eq!(count(&mut file, "SELECT live FROM store").await, 1);
    assert_eq!(count(&mut file, "SELECT count(*) FROM held").await, 1);
}

#[tokio::test]
async fn a_claim_that_was_dropped_leaves_the_store_in_order() {
    let folder = Folder::new();
    let store = open(folder.file()).await;
    for id in 0..200 {
        let wait = Duration::from_micros(id * 20);
        let _ = tokio::time::timeout(wait, claim(&store, "a", id)).await;
    }
    for id in 0..200 {
        let first = claim(&store, "a", id).await.unwrap();
        assert!(matches!(first, Claim::Fresh | Claim::Used));
        assert_eq!(claim(&store, "a", id).await.unwrap(), Claim::Used);
    }
    let mut file = folder.connect().await;
    assert_eq!(count(&mut file, "SELECT live FROM store").await, 200);
}

#[cfg(unix)]
#[tokio::test]
async fn the_file_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = Folder::new();
    let store = open(folder.file()).await;
    claim(&store, "a", 1).await.unwrap();
    let files: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|file| file.unwrap()).collect();
    assert_eq!(files.len(), 3, "the database, its log and the log's index");
    for file in files {
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{:?}", file.path());
    }
}

fn pass(clock: &SetClock) -> impl AsyncFn(Duration) {
    async |time| clock.advance(time.as_secs().cast_signed())
}

/// One that waits for its answers, however busy the disk is.
async fn open(file: impl AsRef<Path>) -> SqliteReplayStore {
    patiently(|| SqliteReplayStore::open(&file)).await.with_deadline(PATIENCE)
}

async fn open_with_clock(file: impl AsRef<Path>, clock: SetClock) -> SqliteReplayStore {
    patiently(|| SqliteReplayStore::open_with_clock(&file, clock.clone())).await.with_deadline(PATIENCE)
}

async fn claim(store: &SqliteReplayStore, client: &str, id: u64) -> Result<Claim, StoreError> {
    store.claim(&ReplayKey::new("", client, &id.to_string()), Duration::from_secs(60)).await
}

async fn count(file: &mut SqliteConnection, sql: &'static str) -> i64 {
    sqlx::query_scalar(sql).fetch_one(file).await.unwrap()
}

/// A folder of a test's own, gone when the test is.
pub(crate) struct Folder(servers::Folder);

impl Folder {
    pub(crate) fn new() -> Self {
        Folder(servers::Folder::in_memory("replay"))
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn file(&self) -> PathBuf {
        self.path().join("replay.db")
    }

    fn url(&self) -> String {
        format!("sqlite://{}", self.file().display())
    }

    /// Past the store.
    pub(crate) async fn connect(&self) -> SqliteConnection {
        SqliteConnection::connect(&self.url()).await.unwrap()
    }

    /// A file with `keys` used keys that no store has open any more.
    async fn closed_file(&self, keys: u64) -> PathBuf {
        let store = open(self.file()).await;
        let claims = (0..keys).map(|id| claim(&store, "a", id));
        assert!(futures_util::future::join_all(claims).await.iter().all(|claim| claim.is_ok()));
        drop(store);
        // The last to close a file takes its log away.
        while Path::new(&format!("{}-wal", self.file().display())).exists() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        self.file()
    }
}

const NOW: i64 = 1_760_000_000;
