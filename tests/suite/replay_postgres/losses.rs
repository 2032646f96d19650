//! A memory that was lost is noticed by the first claim after it, which is an error, and then told to the fence.

use std::time::Duration;

use countersign::clock::{Clock as _, SystemClock};
use countersign::replay::{Claim, PostgresReplayStore, ReplayStore as _};
use countersign_tests::faults::FaultProxy;
use countersign_tests::patience::until;
use countersign_tests::servers::postgres::Postgres;
use sqlx::{Connection as _, Executor as _, PgConnection};

use super::{claim, connect, try_keys};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_table_that_was_emptied_or_dropped_is_a_loss_on_every_node() {
    let url = Postgres::shared().url_of_new_database();
    let (one, other) = (connect(&url).await, connect(&url).await);
    let mut database = PgConnection::connect(&url).await.unwrap();
    for (round, how) in [
        "TRUNCATE countersign_used",
        "DELETE FROM countersign_used",
        "DROP TABLE countersign_used",
        "DROP TABLE countersign_replay",
        "DROP TABLE countersign_replay, countersign_used",
        "TRUNCATE countersign_replay",
    ]
    .into_iter()
    .enumerate()
    {
        let id = 10 * round as u64;
        assert_eq!(claim(&one, "a", id + 1).await.unwrap(), Claim::Fresh, "{how}");
        assert_eq!(claim(&other, "a", id + 1).await.unwrap(), Claim::Used, "{how}");
        let (before, now) = (one.memory_lost_at(), SystemClock::default().now());
        database.execute(how).await.unwrap();
        assert!(claim(&one, "a", id + 1).await.is_err(), "{how}");
        assert!(one.memory_lost_at() > before, "{how}");
        assert!(one.memory_lost_at() > Some(now - Duration::from_secs(2)), "{how}");
        // The other one counted on it too.
        assert_eq!(other.memory_lost_at(), before);
        assert!(claim(&other, "a", id + 2).await.is_err(), "{how}");
        assert_eq!(other.memory_lost_at(), one.memory_lost_at(), "{how}");
        assert_eq!(claim(&one, "a", id + 3).await.unwrap(), Claim::Fresh, "{how}");
        assert_eq!(claim(&other, "a", id + 3).await.unwrap(), Claim::Used, "{how}");
        assert_eq!(connect(&url).await.memory_lost_at(), one.memory_lost_at(), "{how}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crash_that_empties_an_unlogged_table_is_a_loss() {
    let postgres = Postgres::start();
    let url = postgres.url_of_new_database();
    let store = connect(&url).await;
    PgConnection::connect(&url)
        .await
        .unwrap()
        .execute("ALTER TABLE countersign_used SET UNLOGGED")
        .await
        .unwrap();
    assert_eq!(claim(&store, "a", 1).await.unwrap(), Claim::Fresh);
    let before = store.memory_lost_at();
    postgres.kill();
    assert!(claim(&store, "a", 2).await.is_err());
    postgres.start_again();
    assert!(claim(&store, "a", 1).await.is_err(), "accepted again");
    assert!(store.memory_lost_at() > before);
    assert_eq!(claim(&store, "a", 3).await.unwrap(), Claim::Fresh);
}

/// The primary dies with what it had not passed on, and the standby takes its place.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fail_over_is_a_loss() {
    let primary = Postgres::start();
    let url = primary.url_of_new_database();
    let standby = primary.start_standby();
    let at = |port: u16| url.replace(&format!(":{}/", primary.port()), &format!(":{port}/"));
    let proxy = FaultProxy::start(primary.port());
    let (one, other) = (connect(&at(proxy.port())).await, connect(&at(proxy.port())).await);
    assert_eq!(claim(&one, "a", 1).await.unwrap(), Claim::Fresh);
    assert_eq!(claim(&other, "a", 1).await.unwrap(), Claim::Used);
    until(async || try_keys(&at(standby.port())).await.is_ok_and(|keys| keys == 1)).await;

    // A standby is not taken for a primary.
    let error = PostgresReplayStore::connect(&at(standby.port())).await.unwrap_err().to_string();
    assert!(error.contains("standby"), "{error}");
    proxy.turn_to(standby.port());
    for id in 1..20 {
        assert!(claim(&one, "a", id).await.is_err());
    }
    proxy.turn_to(primary.port());
    assert_eq!(claim(&one, "a", 1).await.unwrap(), Claim::Used);

    let before = one.memory_lost_at();
    primary.kill();
    standby.promote();
    proxy.turn_to(standby.port());
    // Used only on the one that is gone, for all that anybody knows.
    assert!(claim(&one, "a", 2).await.is_err(), "accepted again");
    assert!(one.memory_lost_at() > before);
    assert_eq!(claim(&one, "a", 1).await.unwrap(), Claim::Used);
    assert!(claim(&other, "a", 2).await.is_err(), "accepted again");
    assert_eq!(other.memory_lost_at(), one.memory_lost_at());
    assert_eq!(claim(&other, "a", 3).await.unwrap(), Claim::Fresh);
    assert_eq!(claim(&one, "a", 3).await.unwrap(), Claim::Used);

    // The old one comes back, and knows nothing of all that.
    primary.start_again();
    proxy.turn_to(primary.port());
    for id in 1..20 {
        assert!(claim(&one, "a", id).await.is_err(), "accepted by a server that was replaced");
    }
}
