//! The replay store in memory does what every store must.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use countersign::replay::{Claim, MemoryReplayStore, ReplayKey, ReplayStore};
use countersign::store::StoreError;
use countersign::{Policy, Reason};
use countersign_tests::assertion::Assertion;
use countersign_tests::drivers::SetClock;
use countersign_tests::replay_conformance as conformance;
use countersign_tests::request::Request;
use countersign_tests::row::NOW;

use crate::faults::authenticate;
use crate::wire::authenticator;

#[tokio::test]
async fn keys_are_used_once_released_and_kept_for_their_time() {
    let clock = SetClock::new(1_000_000);
    let store = MemoryReplayStore::with_clock(clock.clone());
    conformance::a_key_is_used_once_until_it_is_released(&store, "one").await;
    conformance::a_key_is_kept_for_its_time(&store, "time", pass(&clock)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_of_64_tasks_gets_a_key() {
    conformance::a_race_has_one_winner(Arc::new(MemoryReplayStore::new()), "race", 100).await;
}

#[tokio::test]
async fn what_is_full_refuses_and_forgets_nothing() {
    let clock = SetClock::new(1_000_000);
    let quota = MemoryReplayStore::with_clock(clock.clone()).with_capacity(100, 10);
    conformance::a_full_client_is_refused_alone(&quota, "quota", 10).await;
    let small = MemoryReplayStore::with_clock(clock.clone()).with_capacity(20, 20);
    conformance::a_full_store_forgets_nothing(&small, "small", 20, pass(&clock)).await;
}

/// What the clock of the node ahead has let expire, that of the other one still takes.
#[tokio::test]
async fn what_was_used_at_one_node_is_used_at_another_whose_clock_is_behind_by_the_leeway() {
    let clock = SetClock::new(NOW);
    let store = Arc::new(MemoryReplayStore::with_clock(clock.clone()));
    let clocks = [SetClock::new(NOW + 15), SetClock::new(NOW - 15)];
    let nodes = clocks.clone().map(|own| authenticator(Arc::clone(&store), own));
    let request = Request::token().assertion(Assertion::of("c-pkjwt-es256").mint()).build();
    assert!(authenticate(&nodes[0], &request).await.is_ok());
    let mut reasons = Vec::new();
    for _ in 0..150 {
        reasons.push(authenticate(&nodes[1], &request).await.unwrap_err().reason());
        clocks.iter().chain([&clock]).for_each(|clock| clock.advance(1));
    }
    reasons.dedup();
    assert_eq!(reasons, [Reason::Replayed, Reason::Expired]);
}

/// Writes down how long each is to be remembered.
#[derive(Default)]
struct Asked(Mutex<Vec<Duration>>);

impl ReplayStore for Asked {
    async fn claim(&self, _: &ReplayKey<'_>, keep_for: Duration) -> Result<Claim, StoreError> {
        self.0.lock().unwrap().push(keep_for);
        Ok(Claim::Fresh)
    }

    async fn release(&self, _: &ReplayKey<'_>) -> Result<(), StoreError> {
        Ok(())
    }
}

/// And no longer: what fills the store is what can still pass.
#[tokio::test]
async fn what_was_used_is_remembered_as_long_as_it_can_pass_by_any_clock() {
    let leeway = Policy::default().leeway.as_secs();
    let asked = Arc::new(Asked::default());
    let auth = authenticator(Arc::clone(&asked), SetClock::new(NOW));
    for left in [1, 60, 600] {
        let assertion = Assertion::of("c-pkjwt-es256").claim("exp", NOW + left);
        let request = Request::token().assertion(assertion.mint()).build();
        assert!(authenticate(&auth, &request).await.is_ok());
        let keep_for = asked.0.lock().unwrap().pop().unwrap();
        assert_eq!(keep_for, Duration::from_secs(left.cast_unsigned() + 2 * leeway + 1));
    }
}

fn pass(clock: &SetClock) -> impl AsyncFn(Duration) {
    async |time| clock.advance(time.as_secs().cast_signed())
}
