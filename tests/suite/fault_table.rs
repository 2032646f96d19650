//! Each row of the fault table, for a moment: what `tests/faults` plays at length.

use std::time::Duration;

use countersign_tests::fault_table::{Outcome, Pace, Row, rows};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn redis() {
    hold(|row| row.starts_with("Redis")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn postgres_as_replay_store() {
    hold(|row| row.ends_with(", replay")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn postgres_as_registry() {
    hold(|row| row.ends_with(", clients")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_host_of_key_sets() {
    hold(|row| row.starts_with("key-set host")).await;
}

/// These rows hold. They are played at the same time.
async fn hold(are_meant: impl Fn(&str) -> bool) {
    let playing: Vec<_> = rows().into_iter().filter(|row| are_meant(row.name)).map(play).collect();
    assert!(playing.len() > 1);
    for (name, outcome) in futures_util::future::join_all(playing).await {
        println!("{name}: {outcome:?}");
        assert_eq!((outcome.wrong_accepts, outcome.wrong_rejects), (0, 0), "{name}: {outcome:?}");
        assert!(outcome.surprises.is_empty(), "{name}: {outcome:?}");
    }
}

async fn play(row: Row) -> (&'static str, Outcome) {
    let playing = tokio::spawn(async move { (row.set)(PACE).await.play(PACE).await });
    (row.name, playing.await.unwrap_or_else(|error| panic!("{}: {error}", row.name)))
}

const PACE: Pace = Pace { whole: Duration::from_millis(300), broken: Duration::from_millis(900), rounds: 1 };
