//! The replay store in PostgreSQL: what every store must do, several nodes on one database, and what it is without.

mod faults;
mod losses;

use std::sync::Arc;
use std::time::Duration;

use countersign::clock::{Clock as _, SystemClock};
use countersign::replay::{Claim, PostgresReplayStore, ReplayKey, ReplayStore, ReplayUse};
use countersign::store::StoreError;
use countersign_tests::patience::{PATIENCE, patiently, until};
use countersign_tests::replay_conformance as conformance;
use countersign_tests::servers::postgres::Postgres;
use futures_util::{StreamExt as _, stream};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_are_used_once_released_and_kept_for_their_time() {
    let url = Postgres::shared().url_of_new_database();
    let store = connect(&url).await;
    conformance::a_key_is_used_once_until_it_is_released(&store, "one").await;
    conformance::a_key_is_kept_for_its_time(&store, "time", pass(&url)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_of_64_tasks_gets_a_key() {
    let store = connect(&Postgres::shared().url_of_new_database()).await;
    conformance::a_race_has_one_winner(Arc::new(store), "race", 20).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_full_refuses_and_forgets_nothing() {
    let url = Postgres::shared().url_of_new_database();
    let quota = connect(&url).await.with_capacity(100, 10);
    conformance::a_full_client_is_refused_alone(&quota, "quota", 10).await;
    let url = Postgres::shared().url_of_new_database();
    let small = connect(&url).await.with_capacity(20, 20);
    let pass_and_sweep = async |time| {
        pass(&url)(time).await;
        until(async || keys(&url).await == 0).await;
    };
    conformance::a_full_store_forgets_nothing(&small, "small", 20, pass_and_sweep).await;
}

/// Three nodes want the same 10,000 keys at about the same time.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_three_nodes_one_gets_each_of_10_000_keys() {
    const KEYS: u64 = 10_000;
    let url = Postgres::shared().url_of_new_database();
    let nodes = [connect(&url).await, connect(&url).await, connect(&url).await];
    let racing = stream::iter(0..KEYS).map(|id| {
        let nodes = &nodes;
        async move {
            let claims = futures_util::future::join_all(nodes.iter().map(|node| claim(node, "a", id))).await;
            let of = |claim| claims.iter().filter(|other| other.as_ref().ok() == Some(&claim)).count();
            let fresh = of(Claim::Fresh);
            // On a busy machine one may have had no answer in time.
            let silent = 3 - fresh - of(Claim::Used);
            assert!(fresh == 1 || fresh == 0 && silent > 0, "key {id}: {claims:?}");
            (claims.iter().position(|claim| matches!(claim, Ok(Claim::Fresh))), silent)
        }
    });
    let rounds: Vec<_> = racing.buffer_unordered(8).collect().await;
    let won = |node| rounds.iter().filter(|(winner, _)| *winner == Some(node)).count();
    assert!((0..3).all(|node| won(node) > 0), "{:?}", [won(0), won(1), won(2)]);
    let silent: usize = rounds.iter().map(|(_, silent)| silent).sum();
    assert!(silent < 100, "{silent} claims were not answered");
    assert_eq!(keys(&url).await, KEYS.cast_signed());
}

/// What others claimed counts too, after the next count.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_share_keys_and_in_a_while_counts() {
    let url = Postgres::shared().url_of_new_database();
    let one = connect(&url).await.with_capacity(12, 10);
    let other = connect(&url).await.with_capacity(12, 10);
    for id in 0..10 {
        assert_eq!(claim(&one, "a", id).await.unwrap(), Claim::Fresh);
        assert_eq!(claim(&other, "a", id).await.unwrap(), Claim::Used);
    }
    until(async || {
        let _ = claim(&other, "a", 0).await;
        let more = claim(&other, "a", 10).await;
        if more.as_ref().is_ok_and(|more| *more == Claim::Fresh) {
            release(&other, "a", 10).await;
        }
        more.is_ok_and(|more| more == Claim::ClientFull)
    })
    .await;
    // What was claimed as it counted may be counted twice, until the next time.
    for id in 1..3 {
        until(async || claim(&other, "b", id).await.is_ok_and(|claim| claim == Claim::Fresh)).await;
    }
    assert_eq!(claim(&other, "b", 3).await.unwrap(), Claim::Full);
    // What is used is used, however full it is.
    assert_eq!(claim(&other, "b", 1).await.unwrap(), Claim::Used);
    // A node that has claimed nothing itself knows of them, too.
    let third = connect(&url).await.with_capacity(12, 10);
    until(async || third.in_use() == Some(ReplayUse { entries: 12, capacity: 12 })).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_starts_again_remembers() {
    let url = Postgres::shared().url_of_new_database();
    let before = SystemClock::default().now();
    let mut made_at = None;
    for round in 0..3 {
        let store = connect(&url).await;
        let expected = if round == 0 { Claim::Fresh } else { Claim::Used };
        assert_eq!(claim(&store, "a", 1).await.unwrap(), expected);
        let lost_at = store.memory_lost_at().unwrap();
        assert!(lost_at >= before - Duration::from_secs(1) && lost_at <= SystemClock::default().now());
        assert_eq!(*made_at.get_or_insert(lost_at), lost_at);
        tokio::time::sleep(Duration::from_millis(600)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_expired_is_swept_in_batches() {
    let url = Postgres::shared().url_of_new_database();
    let store = connect(&url).await;
    let mut database = PgConnection::connect(&url).await.unwrap();
    let fill = "INSERT INTO countersign_used (key, client, nonce, expires)
                SELECT decode(md5(number::text), 'hex'), 1, 1, now() FROM generate_series(1, 2500) AS number";
    sqlx::raw_sql(fill).execute(&mut database).await.unwrap();
    assert_eq!(claim(&store, "a", 1).await.unwrap(), Claim::Fresh);
    until(async || keys(&url).await == 1).await;
    assert_eq!(claim(&store, "a", 1).await.unwrap(), Claim::Used);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_claim_that_was_dropped_leaves_the_store_in_order() {
    let url = Postgres::shared().url_of_new_database();
    let store = connect(&url).await;
    for id in 0..200 {
        let wait = Duration::from_micros(id * 20);
        let _ = tokio::time::timeout(wait, claim(&store, "a", id)).await;
    }
    for id in 0..200 {
        let first = claim(&store, "a", id).await.unwrap();
        assert!(matches!(first, Claim::Fresh | Claim::Used));
        assert_eq!(claim(&store, "a", id).await.unwrap(), Claim::Used);
    }
    assert_eq!(keys(&url).await, 200);
}

/// A user who may make no table, in a database where the tables are.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_user_who_may_make_no_table_can_use_those_that_are_there() {
    let url = Postgres::shared().url_of_new_database();
    let mut database = PgConnection::connect(&url).await.unwrap();
    let role = format!("lowly_{}", url.rsplit('_').next().unwrap());
    let make = format!("CREATE ROLE {role} LOGIN PASSWORD 'low'; REVOKE CREATE ON SCHEMA public FROM public");
    sqlx::raw_sql(AssertSqlSafe(make)).execute(&mut database).await.unwrap();
    let (_, place) = url.split_once('@').unwrap();
    let lowly = format!("postgres://{role}:low@{place}");
    let error = PostgresReplayStore::connect(&lowly).await.unwrap_err().to_string();
    assert!(error.contains("permission denied"), "{error}");
    drop(connect(&url).await);
    let grant =
        format!("GRANT SELECT, INSERT, UPDATE, DELETE ON countersign_used, countersign_replay TO {role}");
    sqlx::raw_sql(AssertSqlSafe(grant)).execute(&mut database).await.unwrap();
    let store = connect(&lowly).await;
    assert_eq!(claim(&store, "a", 1).await.unwrap(), Claim::Fresh);
    assert_eq!(claim(&store, "a", 1).await.unwrap(), Claim::Used);
}

/// Several at once find no tables, and make them once.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nodes_that_start_together_make_one_memory() {
    let url = Postgres::shared().url_of_new_database();
    let nodes = futures_util::future::join_all((0..5).map(|_| connect(&url))).await;
    assert!(nodes.iter().all(|node| node.memory_lost_at() == nodes[0].memory_lost_at()));
    let claims = futures_util::future::join_all(nodes.iter().map(|node| claim(node, "a", 1))).await;
    assert_eq!(claims.iter().filter(|claim| matches!(claim, Ok(Claim::Fresh))).count(), 1);
    assert_eq!(claims.iter().filter(|claim| matches!(claim, Ok(Claim::Used))).count(), 4);
}

#[tokio::test]
async fn no_password_is_shown() {
    let url = Postgres::shared().url_of_new_database();
    let store = connect(&url).await;
    let shown = format!("{store:?}");
    assert!(shown.contains("127.0.0.1") && !shown.contains("password"), "{shown}");
    for wrong in [
        url.replace("a-password-for-tests", "another-password"),
        url.replace("postgres://", "mysql://"),
        url.replace("127.0.0.1:", "127.0.0.1:x"),
        format!("{url}?sslmode=verify-full"),
        format!("{url}_that_is_not_there"),
        String::new(),
    ] {
        let error = PostgresReplayStore::connect(&wrong).await.unwrap_err().to_string();
        assert!(!error.contains("-password"), "{error}");
    }
}

/// Longer than any test takes.
const KEPT: Duration = Duration::from_secs(1800);

/// One that waits for its answers, however busy the machine is.
async fn connect(url: &str) -> PostgresReplayStore {
    patiently(|| PostgresReplayStore::connect(url)).await.with_deadline(PATIENCE)
}

async fn claim(store: &PostgresReplayStore, client: &str, id: u64) -> Result<Claim, StoreError> {
    store.claim(&ReplayKey::new("", client, &id.to_string()), KEPT).await
}

async fn release(store: &PostgresReplayStore, client: &str, id: u64) {
    store.release(&ReplayKey::new("", client, &id.to_string())).await.unwrap();
}

/// Time passes when what is to expire comes nearer.
fn pass(url: &str) -> impl AsyncFn(Duration) {
    async move |time| {
        let nearer =
            "UPDATE countersign_used SET expires = expires - make_interval(secs => $1) WHERE key <> ''";
        let mut database = PgConnection::connect(url).await.unwrap();
        sqlx::query(nearer).bind(time.as_secs_f64()).execute(&mut database).await.unwrap();
    }
}

/// How many keys there are.
async fn keys(url: &str) -> i64 {
    try_keys(url).await.unwrap()
}

/// The same where there may be no such table yet.
async fn try_keys(url: &str) -> Result<i64, sqlx::Error> {
    let mut database = PgConnection::connect(url).await?;
    let count = "SELECT count(*) FROM countersign_used WHERE key <> ''";
    sqlx::query_scalar(count).fetch_one(&mut database).await
}
