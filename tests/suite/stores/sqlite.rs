//! The registry in an SQLite file.

use std::path::PathBuf;
use std::time::Duration;

use countersign::store::{ClientRegistry, ClientStore, SqliteClients, StoreError};
use countersign_tests::drivers::SetClock;
use countersign_tests::patience::PATIENCE;
use countersign_tests::row::NOW;
use countersign_tests::servers::Folder;
use sqlx::{AssertSqlSafe, Connection as _, SqliteConnection};

use super::bed::Bed;
use super::{
    SEEN_EVERYWHERE_IN, conformance, databases, name_kept, name_of, registered, until_it_is, until_it_is_at,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn in_a_file() {
    let file = File::new();
    conformance::a_registry_keeps_its_promises(file.opened().await).await;
}

#[tokio::test]
async fn a_file_is_there_after_a_restart() {
    databases::what_was_written_is_there_after_a_restart(&File::new()).await;
}

#[tokio::test]
async fn a_change_in_a_file_is_seen_by_every_process() {
    databases::a_change_is_seen_by_every_other_process(&File::new()).await;
}

#[tokio::test]
async fn a_change_in_a_file_is_seen_within_two_seconds() {
    databases::most_changes_are_seen_within(&File::new(), SEEN_EVERYWHERE_IN, 4).await;
}

#[tokio::test]
async fn a_change_in_a_file_by_hand_is_seen() {
    databases::a_change_by_hand_is_seen(&File::new()).await;
}

#[tokio::test]
async fn a_change_in_a_file_that_is_not_logged_is_seen_after_a_lifetime() {
    let silence = "DROP TRIGGER client_changed";
    databases::a_change_that_is_not_logged_is_seen_after_a_lifetime(&File::new(), silence).await;
}

#[tokio::test]
async fn a_log_in_a_file_that_is_too_short_empties_the_cache() {
    databases::a_log_that_does_not_go_back_far_enough_empties_the_cache(&File::new(), "601").await;
}

#[tokio::test]
async fn the_log_in_a_file_is_pruned_by_age() {
    let file = File::new();
    databases::the_log_is_pruned_by_age(&file, "601", async || {
        let mut connection = SqliteConnection::connect(&file.url()).await.unwrap();
        sqlx::query_scalar("SELECT count(*) FROM changes").fetch_one(&mut connection).await.unwrap()
    })
    .await;
}

#[tokio::test]
async fn a_broken_row_in_a_file_fails_its_own_client() {
    let broken = [
        ("metadata = '{\"client_id\": \"poison\", \"client_secret\": \"dO5mwDJv'", "not JSON"),
        ("metadata = ''", "not JSON"),
        ("metadata = '{\"client_id\": \"poison\", \"secret\": \"dO5mwDJv\"}'", "unknown field `secret`"),
        ("metadata = '{\"client_id\": \"poison\", \"client_secrets\": \"dO5mwDJv\"}'", "wrong kind"),
        ("metadata = '{\"client_id\": \"z\", \"client_secret\": \"dO5mwDJv\"}'", "another client_id"),
        ("metadata = '{\"client_id\": \"poison\", \"client_secret\": \"\"}'", "client_secret is empty"),
        ("metadata = CAST(x'80' AS TEXT)", "something else than text"),
        ("revision = -1", "revision"),
    ];
    databases::a_broken_row_fails_its_own_client(&File::new(), &broken).await;
}

#[tokio::test]
async fn slow_hashes_in_a_file_are_known_from_the_start() {
    databases::slow_hashes_are_known_from_the_start(&File::new()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_can_open_a_new_file_at_once() {
    databases::many_can_open_it_at_once(&File::new()).await;
}

#[tokio::test]
async fn a_file_of_a_newer_version_is_refused() {
    let newer = "INSERT INTO _sqlx_migrations VALUES (3, 'later', CURRENT_TIMESTAMP, true, x'00', 0)";
    databases::a_newer_schema_is_refused(&File::new(), newer).await;
}

#[tokio::test]
async fn a_file_of_the_first_schema_is_brought_to_this_one() {
    let forget = "DELETE FROM _sqlx_migrations WHERE version = 2";
    databases::the_first_schema_is_brought_to_this_one(&File::new(), forget).await;
}

#[tokio::test]
async fn a_file_of_something_else_is_refused_and_left_as_it_is() {
    let file = File::new();
    let path = file.path();
    sqlx::sqlite::SqliteConnectOptions::new().filename(&path).create_if_missing(true);
    std::fs::write(&path, "").unwrap();
    file.execute("CREATE TABLE of_another_program (a)").await;
    let before = std::fs::read(&path).unwrap();
    let error = file.open(SetClock::new(NOW)).await.map(drop).unwrap_err().to_string();
    assert!(error.contains("something else"), "{error}");
    assert_eq!(std::fs::read(&path).unwrap(), before);

    std::fs::write(&path, "no database at all, but a text that is longer than its header would be".repeat(9))
        .unwrap();
    assert!(file.open(SetClock::new(NOW)).await.is_err());
    for name in ["sqlite://", ":memory:", "sqlite://a?mode=ro", "/nowhere/at/all/registry.db"] {
        assert!(SqliteClients::open(name).await.is_err(), "{name}");
    }
}

#[cfg(unix)]
#[tokio::test]
async fn the_file_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let file = File::new();
    let registry = file.opened().await;
    registry.insert(&registered("a", "")).await.unwrap();
    let files: Vec<_> = std::fs::read_dir(file.folder.path()).unwrap().map(|file| file.unwrap()).collect();
    assert_eq!(files.len(), 3, "the database, its log and the log's index");
    for file in files {
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{:?}", file.path());
    }
}

/// What is remembered is served until its lifetime ends; what is not, is an error and not an unknown client.
#[cfg(unix)]
#[tokio::test]
async fn a_file_that_is_gone_is_an_error_until_it_is_back() {
    let (file, clock) = (File::new(), SetClock::new(NOW));
    let registry = file.opened_with(&clock).await;
    for id in ["known", "other"] {
        registry.insert(&registered(id, "first")).await.unwrap();
    }
    until_it_is(&registry, "known", Some("first")).await;
    super::bed::first_poll(&file, &registry).await;
    until_it_is(&registry, "known", Some("first")).await;
    let away = file.folder.path().join("away");
    std::fs::rename(file.path(), &away).unwrap();

    clock.advance(59);
    assert_eq!(name_of(&registry, "known").await.unwrap().as_deref(), Some("first"));
    assert!(registry.find("other").await.is_err());
    assert!(registry.insert(&registered("third", "")).await.is_err());
    assert!(registry.read("known").await.is_err());
    assert!(registry.page("", 1).await.is_err());
    clock.advance(1);
    assert!(registry.find("known").await.is_err());
    assert!(!file.path().exists(), "an empty file would be one without clients");

    std::fs::rename(&away, file.path()).unwrap();
    clock.advance(1);
    for id in ["known", "other"] {
        until_it_is_at(&clock, &registry, id, Some("first")).await;
    }

    // Another file in its place, with a count of changes that is as high.
    let another = File::new();
    let of_another = another.opened().await;
    for id in ["known", "new"] {
        of_another.insert(&registered(id, "second")).await.unwrap();
    }
    drop(of_another);
    another.is_closed().await;
    std::fs::rename(another.path(), file.path()).unwrap();
    for suffix in ["-wal", "-shm"] {
        let _ = std::fs::remove_file(format!("{}{suffix}", file.path().display()));
    }
    until_it_is_at(&clock, &registry, "known", Some("second")).await;
    until_it_is_at(&clock, &registry, "new", Some("second")).await;
    until_it_is_at(&clock, &registry, "other", None).await;
}

/// Two processes, each with a connection that wants the one lock.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn writers_of_several_processes_wait_for_each_other() {
    let file = File::new();
    let (one, other) = (file.opened().await, file.opened().await);
    let writes = (0..100).map(|number| {
        let registry = if number % 2 == 0 { one.clone() } else { other.clone() };
        async move { registry.insert(&registered(&format!("{number:03}"), "")).await }
    });
    assert!(futures_util::future::join_all(writes).await.iter().all(|added| matches!(added, Ok(true))));
    assert_eq!(one.page("", 1000).await.unwrap().len(), 100);
    // One that keeps it is an error in time, and reading goes on.
    let (one, other) = (one.with_deadline(DEADLINE), other.with_deadline(DEADLINE));
    // Each opens the file once more for that, which takes the lock for a moment.
    for registry in [&one, &other] {
        assert!(registry.read("001").await.unwrap().is_some());
    }
    let mut keeper = SqliteConnection::connect(&file.url()).await.unwrap();
    let transaction = keeper.begin_with("BEGIN IMMEDIATE").await.unwrap();
    assert!(one.insert(&registered("late", "")).await.is_err());
    assert!(one.find("001").await.unwrap().is_some());
    assert!(other.find("late").await.unwrap().is_none());
    drop(transaction);
    keeper.close().await.unwrap();
    assert!(one.insert(&registered("late", "")).await.unwrap());
}

/// For longer than anybody waits unless told, which is a second.
#[tokio::test]
async fn a_lock_that_is_kept_for_less_than_the_deadline_is_waited_for() {
    let file = File::new();
    let registry = file.opened().await;
    // It opens the file once more for its deadline.
    assert!(registry.read("a").await.unwrap().is_none());
    let mut keeper = SqliteConnection::connect(&file.url()).await.unwrap();
    let transaction = keeper.begin_with("BEGIN IMMEDIATE").await.unwrap();
    let a = registered("a", "");
    let (inserted, ()) = tokio::join!(registry.insert(&a), async {
        tokio::time::sleep(Duration::from_millis(1500)).await;
        transaction.rollback().await.unwrap();
    });
    assert!(inserted.unwrap());
}

/// As for a request: whoever is dropped took nothing along.
#[tokio::test]
async fn a_write_that_was_dropped_is_whole_or_not_there() {
    let file = File::new();
    let registry = file.opened().await;
    for number in 0..100 {
        let client = registered(&format!("{number}"), "whole");
        let wait = Duration::from_micros(number * 20);
        let _ = tokio::time::timeout(wait, registry.insert(&client)).await;
        let _ = tokio::time::timeout(wait, registry.find(&client.metadata.client_id)).await;
    }
    for number in 0..100 {
        let client = registered(&format!("{number}"), "whole");
        registry.insert(&client).await.unwrap();
        let name = name_of(&registry, &client.metadata.client_id).await.unwrap();
        assert_eq!(name.as_deref(), Some("whole"));
    }
}

/// Of those that must give up. What is well answers within it on a busy machine too.
const DEADLINE: Duration = Duration::from_secs(4);

/// A file in a folder of its own, gone when the test is.
struct File {
    folder: Folder,
}

impl File {
    fn new() -> Self {
        File { folder: Folder::in_memory("registry") }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("registry.db")
    }

    fn url(&self) -> String {
        format!("sqlite://{}", self.path().display())
    }

    /// The last to close a file takes its log away.
    #[cfg(unix)]
    async fn is_closed(&self) {
        while self.folder.path().join("registry.db-wal").exists() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

impl Bed for File {
    type Registry = SqliteClients;

    async fn open(&self, clock: SetClock) -> Result<SqliteClients, StoreError> {
        let registry = SqliteClients::open(self.url()).await?.with_deadline(PATIENCE);
        Ok(registry.with_clock(clock).prepared_by(name_kept))
    }

    async fn execute(&self, sql: &str) {
        let mut connection = SqliteConnection::connect(&self.url()).await.unwrap();
        sqlx::raw_sql(AssertSqlSafe(sql.replace("{}", ""))).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    }
}
