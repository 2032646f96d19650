//! A database that cannot be used is an error, in bounded time, and never a success.

use std::time::Duration;

use countersign::replay::{Claim, PostgresReplayStore, ReplayKey, ReplayStore as _};
use countersign::store::StoreError;
use countersign_tests::faults::{Fault, FaultProxy};
use countersign_tests::patience::{quickly, until};
use countersign_tests::servers::postgres::Postgres;
use sqlx::{Connection as _, Executor as _, PgConnection};
use tokio::time::Instant;

use super::{claim, connect, release};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_killed_is_an_error_until_it_is_back_with_its_keys() {
    let postgres = Postgres::start();
    let store = connect(&postgres.url()).await;
    let made_at = store.memory_lost_at();
    assert_eq!(claim(&store, "a", 1).await.unwrap(), Claim::Fresh);
    for round in 2..4 {
        if round == 2 {
            postgres.kill()
        } else {
            postgres.stop()
        }
        assert_all_fail(&store, round * 1000).await;
        assert!(in_time(PostgresReplayStore::connect(&postgres.url())).await.is_err());
        postgres.start_again();
        assert_eq!(claim(&store, "a", round).await.unwrap(), Claim::Fresh);
        assert_eq!(claim(&store, "a", 1).await.unwrap(), Claim::Used);
        assert_eq!(store.memory_lost_at(), made_at);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_hangs_is_an_error_until_it_answers() {
    let (store, proxy) = behind_a_proxy().await;
    let store = store.with_deadline(DEADLINE);
    for (round, fault) in [Fault::Stall, Fault::BlackHole].into_iter().enumerate() {
        let round = round as u64 * 1000;
        assert_eq!(claim(&store, "a", round).await.unwrap(), Claim::Fresh);
        proxy.both_ways(fault);
        assert_all_fail(&store, round + 500).await;
        proxy.both_ways(Fault::Pass);
        // The connections of before are closed, and nobody waits for them.
        assert_eq!(claim(&store, "a", round + 1).await.unwrap(), Claim::Fresh);
        assert_eq!(claim(&store, "a", round).await.unwrap(), Claim::Used);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_slow_is_waited_for_and_one_that_is_too_slow_is_not() {
    let (store, proxy) = behind_a_proxy().await;
    let store = store.with_deadline(DEADLINE);
    assert_eq!(claim(&store, "a", 1).await.unwrap(), Claim::Fresh);
    proxy.both_ways(Fault::Delay(Duration::from_millis(100)));
    assert_eq!(claim(&store, "a", 2).await.unwrap(), Claim::Fresh);
    proxy.both_ways(Fault::Delay(DEADLINE * 3));
    assert!(in_time(claim(&store, "a", 3)).await.is_err());
    proxy.both_ways(Fault::Pass);
    assert_eq!(claim(&store, "a", 2).await.unwrap(), Claim::Used);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_closed_port_is_an_error_at_once() {
    let (store, proxy) = behind_a_proxy().await;
    assert_eq!(claim(&store, "a", 1).await.unwrap(), Claim::Fresh);
    proxy.refuse();
    until(async || claim(&store, "a", 2).await.is_err()).await;
    let fails = async || assert!(claim(&store, "a", 3).await.is_err());
    quickly(Duration::from_millis(200), fails).await;
    proxy.accept_again();
    until(async || claim(&store, "a", 1).await.is_ok()).await;
    assert_eq!(claim(&store, "a", 1).await.unwrap(), Claim::Used);
}

/// The write is there, and the one who made it is told so.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_claim_whose_answer_is_lost_is_fresh_once() {
    let (store, proxy) = behind_a_proxy().await;
    assert_eq!(claim(&store, "a", 0).await.unwrap(), Claim::Fresh);
    for id in 1..20 {
        proxy.lose_answers(1);
        assert_eq!(claim(&store, "a", id).await.unwrap(), Claim::Fresh);
        assert_eq!(claim(&store, "a", id).await.unwrap(), Claim::Used);
    }
    // Where every answer is lost nobody is told that, and the key stays used.
    proxy.lose_answers(1000);
    assert!(in_time(claim(&store, "a", 20)).await.is_err());
    proxy.lose_answers(0);
    assert_eq!(claim(&store, "a", 20).await.unwrap(), Claim::Used);
}

/// Whoever claims the key after the first of them would lose it to a second.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_release_whose_answer_is_lost_is_not_done_again() {
    let (store, proxy) = behind_a_proxy().await;
    for id in 1..=100 {
        // The connection knows both statements, so that the next answer is that to the DELETE.
        assert_eq!(claim(&store, "a", id).await.unwrap(), Claim::Fresh);
        release(&store, "a", id).await;
        assert_eq!(claim(&store, "a", id).await.unwrap(), Claim::Fresh);
        proxy.lose_answers(1);
        let released = store.release(&ReplayKey::new("", "a", &id.to_string())).await;
        assert_eq!(claim(&store, "a", id).await.unwrap(), Claim::Fresh);
        assert_eq!(claim(&store, "a", id).await.unwrap(), Claim::Used);
        // Or that to the store's own look at the table, which was in between.
        if released.is_err() {
            return;
        }
    }
    panic!("no answer to a release was ever lost");
}

/// Every connection is held by a claim that waits for a lock.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_without_a_free_connection_is_an_error_within_its_deadline() {
    let url = Postgres::shared().url_of_new_database();
    let store = connect(&url).await.with_deadline(DEADLINE);
    let mut other = PgConnection::connect(&url).await.unwrap();
    let mut lock = other.begin().await.unwrap();
    lock.execute("LOCK TABLE countersign_used IN ACCESS EXCLUSIVE MODE").await.unwrap();
    assert_all_fail(&store, 0).await;
    // Those that were given up are given up at the server too.
    let waiting = "SELECT count(*) FROM pg_stat_activity
                   WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%INSERT INTO%'";
    let watcher = tokio::sync::Mutex::new(PgConnection::connect(&url).await.unwrap());
    until(async || {
        let mut watcher = watcher.lock().await;
        sqlx::query_scalar::<_, i64>(waiting).fetch_one(&mut *watcher).await.unwrap() == 0
    })
    .await;
    lock.rollback().await.unwrap();
    for id in 0..100 {
        assert_eq!(claim(&store, "a", id).await.unwrap(), Claim::Fresh);
    }
}

/// Though it lasts for longer than is usually waited, here and at the server.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lock_that_is_kept_for_less_than_the_deadline_is_no_error() {
    let url = Postgres::shared().url_of_new_database();
    let store = connect(&url).await;
    let mut other = PgConnection::connect(&url).await.unwrap();
    let mut lock = other.begin().await.unwrap();
    lock.execute("LOCK TABLE countersign_used IN ACCESS EXCLUSIVE MODE").await.unwrap();
    let (claimed, ()) = tokio::join!(claim(&store, "a", 1), async {
        tokio::time::sleep(PostgresReplayStore::DEADLINE + Duration::from_millis(500)).await;
        lock.rollback().await.unwrap();
    });
    assert_eq!(claimed.unwrap(), Claim::Fresh);
}

/// The answer leaves after the commit, and it is then that this trigger refuses.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_that_fails_is_an_error() {
    let url = Postgres::shared().url_of_new_database();
    let store = connect(&url).await;
    let mut database = PgConnection::connect(&url).await.unwrap();
    let refuse = "
        CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no'; END $$;
        CREATE CONSTRAINT TRIGGER refuse AFTER INSERT ON countersign_used
        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION refuse()";
    sqlx::raw_sql(refuse).execute(&mut database).await.unwrap();
    for _ in 0..3 {
        let error = claim(&store, "a", 1).await.unwrap_err().to_string();
        assert!(error.contains("no"), "{error}");
    }
    sqlx::raw_sql("DROP TRIGGER refuse ON countersign_used").execute(&mut database).await.unwrap();
    assert_eq!(claim(&store, "a", 1).await.unwrap(), Claim::Fresh);
}

/// Whatever the server's defaults are: two claims that meet are no error, and a commit is on disk.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_database_s_own_settings_weaken_nothing() {
    let url = Postgres::shared().url_of_new_database();
    let mut database = PgConnection::connect(&url).await.unwrap();
    let weaken = "
        DO $$ BEGIN
            EXECUTE format('ALTER DATABASE %I SET synchronous_commit = off', current_database());
            EXECUTE format('ALTER DATABASE %I SET default_transaction_isolation = serializable', current_database());
        END $$";
    sqlx::raw_sql(weaken).execute(&mut database).await.unwrap();
    let store = connect(&url).await;
    let tell = "
        CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            RAISE EXCEPTION '% %', current_setting('synchronous_commit'), current_setting('transaction_isolation');
        END $$;
        CREATE TRIGGER tell AFTER INSERT ON countersign_used FOR EACH ROW EXECUTE FUNCTION tell()";
    let mut database = PgConnection::connect(&url).await.unwrap();
    sqlx::raw_sql(tell).execute(&mut database).await.unwrap();
    let error = claim(&store, "a", 1).await.unwrap_err().to_string();
    assert!(error.contains("on read committed"), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_newer_schema_is_refused() {
    let url = Postgres::shared().url_of_new_database();
    drop(connect(&url).await);
    let mut database = PgConnection::connect(&url).await.unwrap();
    database.execute("UPDATE countersign_replay SET version = 2").await.unwrap();
    let error = PostgresReplayStore::connect(&url).await.unwrap_err().to_string();
    assert!(error.contains("version 2"), "{error}");
}

async fn behind_a_proxy() -> (PostgresReplayStore, FaultProxy) {
    let postgres = Postgres::shared();
    let proxy = FaultProxy::start(postgres.port());
    let url = postgres.url_of_new_database();
    let url = url.replace(&format!(":{}/", postgres.port()), &format!(":{}/", proxy.port()));
    (connect(&url).await, proxy)
}

/// A hundred claims at once: an error each, and in time.
async fn assert_all_fail(store: &PostgresReplayStore, first: u64) {
    let claims = (first..first + 100).map(|id| in_time(claim(store, "a", id)));
    let failed = futures_util::future::join_all(claims).await;
    assert!(failed.iter().all(Result::is_err), "{failed:?}");
}

async fn in_time<T>(answer: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
    let started = Instant::now();
    let answer = tokio::time::timeout(DEADLINE * 20, answer).await.expect("no answer");
    // The machine may be busy; a pool's usual 30 s would be the other order of magnitude.
    assert!(started.elapsed() < DEADLINE * 6, "{:?}", started.elapsed());
    answer
}

/// Of those that must give up. What is well answers within it on a busy machine too.
const DEADLINE: Duration = Duration::from_secs(4);
