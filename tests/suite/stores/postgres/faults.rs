//! A database that cannot be used is an error, in bounded time, and never an unknown client.

use std::time::Duration;

use countersign::store::{ClientRegistry as _, ClientStore as _, PostgresClients};
use countersign_tests::drivers::SetClock;
use countersign_tests::faults::{Fault, FaultProxy};
use countersign_tests::patience::{PATIENCE, patiently, until};
use countersign_tests::row::NOW;
use countersign_tests::servers::postgres::Postgres;
use sqlx::Connection as _;

use super::super::bed::{Bed as _, first_poll};
use super::super::{name_of, registered, until_it_is, until_it_is_at};
use super::Database;

/// What is remembered is served until its lifetime ends; what is not, is an error and not an unknown client.
#[tokio::test]
async fn a_server_that_is_gone_is_an_error_until_it_is_back() {
    let (server, clock) = (Postgres::start(), SetClock::new(NOW));
    let database = Database { url: server.url() };
    let registry = knowing_one_of_two(&database, &clock).await;
    server.kill();
    for _ in 0..3 {
        clock.advance(19);
        assert_eq!(name_of(&registry, "known").await.unwrap().as_deref(), Some("first"));
        assert!(registry.find("other").await.is_err());
        assert!(registry.read("known").await.is_err());
        let error = registry.insert(&registered("third", "")).await.unwrap_err();
        assert!(!format!("{error} {error:?} {registry:?}").contains("a-password"), "{error:?}");
    }
    clock.advance(3);
    assert!(registry.find("known").await.is_err());
    assert!(PostgresClients::connect(&server.url()).await.is_err());
    server.start_again();
    clock.advance(1);
    until_it_is_at(&clock, &registry, "known", Some("first")).await;
    until_it_is_at(&clock, &registry, "other", Some("first")).await;
    let third = registered("third", "third");
    patiently(|| registry.insert(&third)).await;
    // And what others change is seen again.
    let other = database.opened().await;
    let read = other.read("third").await.unwrap().unwrap();
    until_it_is_at(&clock, &registry, "third", Some("third")).await;
    assert!(other.remove("third", read.revision).await.unwrap());
    until_it_is_at(&clock, &registry, "third", None).await;
}

/// As a table does that somebody has locked.
#[tokio::test]
async fn a_database_that_hangs_is_an_error_in_time() {
    let (database, clock) = (Database::new(), SetClock::new(NOW));
    let registry = knowing_one_of_two(&database, &clock).await;
    let mut holder = database.connect().await;
    let mut transaction = holder.begin().await.unwrap();
    sqlx::query("LOCK TABLE countersign_clients").execute(&mut *transaction).await.unwrap();
    // More than there are connections, all at once.
    let finds = (0..40).map(|number| {
        let registry = registry.clone();
        async move { registry.find(&format!("missing {number}")).await }
    });
    let late = tokio::time::timeout(PATIENCE, futures_util::future::join_all(finds));
    assert!(late.await.unwrap().iter().all(Result::is_err));
    assert!(registry.insert(&registered("third", "")).await.is_err());
    assert_eq!(name_of(&registry, "known").await.unwrap().as_deref(), Some("first"));
    transaction.rollback().await.unwrap();
    until_it_is_at(&clock, &registry, "other", Some("first")).await;
    assert!(patiently(|| registry.read("known")).await.is_some());
}

/// For longer than anybody waits unless told.
#[tokio::test]
async fn a_database_that_hangs_for_less_than_the_deadline_is_waited_for() {
    let database = Database::new();
    let registry = database.opened().await;
    registry.insert(&registered("known", "first")).await.unwrap();
    let mut holder = database.connect().await;
    let mut transaction = holder.begin().await.unwrap();
    sqlx::query("LOCK TABLE countersign_clients").execute(&mut *transaction).await.unwrap();
    let third = registered("third", "");
    let (found, inserted, ()) = tokio::join!(name_of(&registry, "known"), registry.insert(&third), async {
        tokio::time::sleep(USUAL_DEADLINE + Duration::from_millis(500)).await;
        transaction.rollback().await.unwrap();
    });
    assert_eq!(found.unwrap().as_deref(), Some("first"));
    assert!(inserted.unwrap());
}

/// A network that swallows everything: no connection that hangs in it is kept, not even one that had just answered.
#[tokio::test]
async fn a_network_that_has_gone_silent_takes_no_connection_for_ever() {
    let database = Database::new();
    let (through, network) = behind_a_proxy(&database);
    let clock = SetClock::new(NOW);
    let registry = through.opened_with(&clock).await.with_deadline(DEADLINE);
    let client = registered("a", "first");
    patiently(|| registry.insert(&client)).await;
    for round in 0..3 {
        let finds = (0..100).map(|number| {
            let (registry, id) = (registry.clone(), format!("{round} {number}"));
            async move {
                tokio::time::sleep(Duration::from_millis(number)).await;
                registry.find(&id).await
            }
        });
        let finds = tokio::spawn(futures_util::future::join_all(finds));
        tokio::time::sleep(Duration::from_millis(50)).await;
        network.both_ways(Fault::BlackHole);
        let last = format!("{round} last");
        assert!(registry.find(&last).await.is_err());
        tokio::time::timeout(PATIENCE, finds).await.unwrap().unwrap();
        network.both_ways(Fault::Pass);
        until_it_is_at(&clock, &registry, &last, None).await;
        until(async || connections(&database, &registry).await == 8).await;
    }
}

/// The poll is cut short before the wait for its answer ends by itself; its connection is the only one of its kind.
#[tokio::test]
async fn a_poll_whose_answer_is_lost_takes_no_connection_for_ever() {
    let database = Database::new();
    let (through, network) = behind_a_proxy(&database);
    let clock = SetClock::new(NOW);
    let registry = through.opened_with(&clock).await.with_deadline(DEADLINE);
    registry.insert(&registered("a", "first")).await.unwrap();
    first_poll(&database, &registry).await;
    until_it_is_at(&clock, &registry, "a", Some("first")).await;
    let mut holder = database.connect().await;
    let mut transaction = holder.begin().await.unwrap();
    sqlx::query("LOCK TABLE countersign_changes").execute(&mut *transaction).await.unwrap();
    until(async || database.waiting().await == 1).await;
    network.both_ways(Fault::BlackHole);
    transaction.rollback().await.unwrap();
    until(async || database.waiting().await == 0).await;
    // The answer is on its way now.
    tokio::time::sleep(Duration::from_millis(200)).await;
    network.both_ways(Fault::Pass);
    let second = r#"{"client_id": "a", "client_secret": "s", "client_name": "second"}"#;
    database.execute(&format!("UPDATE {{}}clients SET metadata = '{second}' WHERE client_id = 'a'")).await;
    until_it_is(&registry, "a", Some("second")).await;
}

/// A registry that remembers the client `known`, and not the client `other`.
async fn knowing_one_of_two(database: &Database, clock: &SetClock) -> PostgresClients {
    let registry = database.opened_with(clock).await.with_deadline(DEADLINE);
    for client in ["known", "other"].map(|id| registered(id, "first")) {
        patiently(|| registry.insert(&client)).await;
    }
    until_it_is_at(clock, &registry, "known", Some("first")).await;
    first_poll(database, &registry).await;
    until_it_is_at(clock, &registry, "known", Some("first")).await;
    registry
}

/// How many connections there are to be had: how many reads go on at once.
async fn connections(database: &Database, registry: &PostgresClients) -> i64 {
    let mut holder = database.connect().await;
    let mut transaction = holder.begin().await.unwrap();
    sqlx::query("LOCK TABLE countersign_clients").execute(&mut *transaction).await.unwrap();
    let reads = (0..8).map(|_| {
        let registry = registry.clone();
        async move { registry.read("a").await }
    });
    let reads = tokio::spawn(futures_util::future::join_all(reads));
    let mut most = 0;
    while most < 8 && !reads.is_finished() {
        most = most.max(database.waiting().await);
    }
    transaction.rollback().await.unwrap();
    reads.await.unwrap();
    most
}

/// Of those that must give up. What is well answers within it on a busy machine too.
const DEADLINE: Duration = Duration::from_secs(4);

/// That of a look-up, unless told; half of it is that of an answer.
const USUAL_DEADLINE: Duration = Duration::from_secs(2);

fn behind_a_proxy(database: &Database) -> (Database, FaultProxy) {
    let server = Postgres::shared().port();
    let network = FaultProxy::start(server);
    let url = database.url.replace(&format!(":{server}/"), &format!(":{}/", network.port()));
    (Database { url }, network)
}

impl Database {
    /// How many statements in it wait for a lock.
    async fn waiting(&self) -> i64 {
        let waiting = "SELECT count(*) FROM pg_stat_activity
                       WHERE datname = current_database() AND wait_event_type = 'Lock'";
        sqlx::query_scalar(waiting).fetch_one(&mut self.connect().await).await.unwrap()
    }
}
