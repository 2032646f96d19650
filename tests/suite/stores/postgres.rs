//! The registry in a PostgreSQL database.

mod faults;

use std::time::Duration;

use countersign::store::{ClientRegistry, ClientStore, PostgresClients, StoreError};
use countersign_tests::drivers::SetClock;
use countersign_tests::patience::PATIENCE;
use countersign_tests::servers::postgres::Postgres;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

use super::bed::Bed;
use super::{SEEN_EVERYWHERE_IN, conformance, databases, name_kept, registered, until_it_is};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn in_postgres() {
    let database = Database::new();
    conformance::a_registry_keeps_its_promises(database.opened().await).await;
}

#[tokio::test]
async fn a_database_is_there_after_a_restart() {
    databases::what_was_written_is_there_after_a_restart(&Database::new()).await;
}

#[tokio::test]
async fn a_change_in_postgres_is_seen_by_every_node() {
    databases::a_change_is_seen_by_every_other_process(&Database::new()).await;
}

#[tokio::test]
async fn a_change_in_postgres_by_hand_is_seen() {
    let database = Database::new();
    databases::a_change_by_hand_is_seen(&database).await;
    // More than are logged one by one, and all of them.
    let registry = database.opened().await;
    assert!(registry.find("many 2000").await.unwrap().is_none());
    let metadata =
        r#"json_build_object('client_id', 'many ' || n, 'client_secret', 's', 'client_name', 'by hand')"#;
    let many = format!("SELECT 'many ' || n, {metadata} FROM generate_series(1, 2000) AS n");
    database.execute(&format!("INSERT INTO {{}}clients (client_id, metadata) {many}")).await;
    until_it_is(&registry, "many 2000", Some("by hand")).await;
    database.execute("TRUNCATE {}clients").await;
    until_it_is(&registry, "many 2000", None).await;
}

#[tokio::test]
async fn a_change_in_postgres_that_is_not_logged_is_seen_after_a_lifetime() {
    let silence = "DROP TRIGGER countersign_clients_changed ON countersign_clients";
    databases::a_change_that_is_not_logged_is_seen_after_a_lifetime(&Database::new(), silence).await;
}

#[tokio::test]
async fn a_log_in_postgres_that_is_too_short_empties_the_cache() {
    let database = Database::new();
    databases::a_log_that_does_not_go_back_far_enough_empties_the_cache(&database, ELEVEN_MINUTES).await;
}

#[tokio::test]
async fn the_log_in_postgres_is_pruned_by_age() {
    let database = Database::new();
    databases::the_log_is_pruned_by_age(&database, ELEVEN_MINUTES, async || {
        let mut connection = database.connect().await;
        sqlx::query_scalar("SELECT count(*) FROM countersign_changes")
            .fetch_one(&mut connection)
            .await
            .unwrap()
    })
    .await;
}

#[tokio::test]
async fn a_broken_row_in_postgres_fails_its_own_client() {
    let broken = [
        ("metadata = '{\"client_id\": \"poison\", \"secret\": \"dO5mwDJv\"}'", "unknown field `secret`"),
        ("metadata = '{\"client_id\": \"poison\", \"client_secrets\": \"dO5mwDJv\"}'", "wrong kind"),
        ("metadata = '{\"client_id\": \"z\", \"client_secret\": \"dO5mwDJv\"}'", "another client_id"),
        ("metadata = '{\"client_id\": \"poison\", \"client_secret\": \"\"}'", "client_secret is empty"),
        ("metadata = 'null'", "wrong kind"),
        ("revision = -1", "revision"),
    ];
    databases::a_broken_row_fails_its_own_client(&Database::new(), &broken).await;
}

#[tokio::test]
async fn slow_hashes_in_postgres_are_known_from_the_start() {
    databases::slow_hashes_are_known_from_the_start(&Database::new()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_can_make_the_tables_at_once() {
    databases::many_can_open_it_at_once(&Database::new()).await;
}

#[tokio::test]
async fn tables_of_a_newer_version_are_refused() {
    let database = Database::new();
    // An application's own migrations are nothing of ours.
    database
        .execute("CREATE TABLE _sqlx_migrations (version bigint); INSERT INTO _sqlx_migrations VALUES (99)")
        .await;
    let newer = "INSERT INTO {}clients_schema VALUES (3, 'later', now(), true, '\\x00', 0)";
    databases::a_newer_schema_is_refused(&database, newer).await;
}

#[tokio::test]
async fn tables_of_the_first_schema_are_brought_to_this_one() {
    let forget = "DELETE FROM {}clients_schema WHERE version = 2";
    databases::the_first_schema_is_brought_to_this_one(&Database::new(), forget).await;
}

/// Changes one after the other: without hints, each would wait for the next poll, almost a second.
#[tokio::test]
async fn a_change_in_postgres_is_heard_of_at_once() {
    databases::most_changes_are_seen_within(&Database::new(), Duration::from_millis(500), 10).await;
}

#[tokio::test]
async fn a_change_in_postgres_without_a_hint_is_seen_within_two_seconds() {
    let database = Database::new();
    database.opened().await;
    let silence = "DO $$ BEGIN EXECUTE replace(pg_get_functiondef('countersign_log_changes'::regproc), \
                   'NOTIFY countersign_clients;', ''); END $$";
    database.execute(silence).await;
    databases::most_changes_are_seen_within(&database, SEEN_EVERYWHERE_IN, 4).await;
}

/// Its listener is lost; what changes is seen all the same.
#[tokio::test]
async fn a_change_in_postgres_is_seen_by_who_cannot_hear_of_it() {
    let database = Database::new();
    let (one, other) = (database.opened().await, database.opened().await);
    one.insert(&registered("unheard", "")).await.unwrap();
    until_it_is(&other, "unheard", Some("")).await;
    database
        .execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
             WHERE query LIKE 'LISTEN%' AND datname = current_database()",
        )
        .await;
    let read = one.read("unheard").await.unwrap().unwrap();
    assert!(one.remove("unheard", read.revision).await.unwrap());
    until_it_is(&other, "unheard", None).await;
}

#[tokio::test]
async fn a_password_stands_in_no_error() {
    let url = Database::new().url;
    for wrong in [
        url.replace("a-password-for-tests", "wrong-password"),
        url.replace("/test_", "/nothing_"),
        url.replace("127.0.0.1", "127.0.0.1:x"),
        url.replace("postgres://", "mysql://"),
        format!("{url}?sslmode=often"),
        format!("{url}?sslmode=require"),
        url.replace(['@', ':'], ""),
    ] {
        let error = PostgresClients::connect(&wrong).await.map(drop).unwrap_err();
        let text = format!("{error} {error:?}");
        assert!(!text.contains("password-for") && !text.contains("wrong-password"), "{text}");
    }
    let registry = PostgresClients::connect(&url).await.unwrap();
    let shown = format!("{registry:?}");
    assert!(shown.contains("127.0.0.1") && !shown.contains("a-password"), "{shown}");
}

/// Whoever asked first is gone, runtime and all; actix-web's workers come and go like this.
#[test]
fn a_registry_outlives_the_runtime_that_made_it() {
    let url = Database::new().url;
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let registry = runtime().block_on(async {
        let registry = Database { url: url.clone() }.opened().await;
        registry.insert(&registered("a", "")).await.unwrap();
        registry
    });
    for _ in 0..3 {
        runtime().block_on(async {
            assert!(registry.find("a").await.unwrap().is_some());
            assert!(registry.read("a").await.unwrap().is_some());
        });
    }
}

/// A database of the test's own on the shared server.
struct Database {
    url: String,
}

impl Database {
    fn new() -> Self {
        Database { url: Postgres::shared().url_of_new_database() }
    }

    async fn connect(&self) -> PgConnection {
        PgConnection::connect(&self.url).await.unwrap()
    }
}

impl Bed for Database {
    type Registry = PostgresClients;

    async fn open(&self, clock: SetClock) -> Result<PostgresClients, StoreError> {
        let registry = PostgresClients::connect(&self.url).await?.with_deadline(PATIENCE);
        Ok(registry.with_clock(clock).prepared_by(name_kept))
    }

    async fn execute(&self, sql: &str) {
        let sql = sql.replace("{}", "countersign_");
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut self.connect().await).await.unwrap();
    }
}

const ELEVEN_MINUTES: &str = "interval '11 minutes'";
