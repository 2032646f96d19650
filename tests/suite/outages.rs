//! A hundred requests at once while the memory of used assertions is down or full: none passes for that, none is taken
//! for a wrong credential, and none is used up.

use std::sync::Arc;
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use countersign::replay::{Claim, MemoryReplayStore, ReplayKey, ReplayStore, SqliteReplayStore};
use countersign::store::StoreError;
use countersign::{AuthenticatedClient, Authenticator, Reason, Refusal};
use countersign_tests::assertion::Assertion;
use countersign_tests::drivers::SetClock;
use countersign_tests::request::Request;
use countersign_tests::row::{HttpRequest, NOW};
use serde_json::{Value, json};
use sqlx::Connection as _;

use crate::faults::{authenticate, by_secret};
use crate::replay_sqlite::Folder;
use crate::wire::authenticator;

const AT_ONCE: usize = 100;

type Outcome = Result<AuthenticatedClient, Refusal>;

/// Cannot answer as long as it is down.
struct Switched {
    store: Arc<MemoryReplayStore>,
    down: Arc<AtomicBool>,
}

impl ReplayStore for Switched {
    async fn claim(&self, key: &ReplayKey<'_>, keep_for: Duration) -> Result<Claim, StoreError> {
        if self.down.load(Ordering::SeqCst) {
            return Err(StoreError::new("the replay store is down"));
        }
        self.store.claim(key, keep_for).await
    }

    async fn release(&self, key: &ReplayKey<'_>) -> Result<(), StoreError> {
        self.store.release(key).await
    }
}

#[test]
fn a_store_that_is_down_accepts_none_of_a_hundred_and_all_of_them_when_it_is_back() {
    let clock = SetClock::new(NOW);
    let store = Arc::new(MemoryReplayStore::with_clock(clock.clone()));
    let down = Arc::new(AtomicBool::new(true));
    let auth = authenticator(Switched { store: Arc::clone(&store), down: Arc::clone(&down) }, clock);
    let requests = signed(AT_ONCE);
    for _ in 0..3 {
        let outcomes = at_once(&auth, &requests);
        assert_eq!(unavailable(&outcomes, Reason::StoreUnavailable), AT_ONCE);
        assert!(store.is_empty());
        // What needs no such memory goes on.
        assert!(futures_executor::block_on(authenticate(&auth, &by_secret())).is_ok());
    }
    down.store(false, Ordering::SeqCst);
    assert!(at_once(&auth, &requests).iter().all(Result::is_ok));
    assert!(at_once(&auth, &requests).iter().all(is_replayed));
    assert_eq!(store.len(), AT_ONCE);
}

#[test]
fn a_full_store_accepts_none_of_a_hundred_and_all_of_them_when_there_is_room() {
    let clock = SetClock::new(NOW);
    let store = MemoryReplayStore::with_clock(clock.clone()).with_capacity(AT_ONCE, AT_ONCE as u32);
    let store = Arc::new(store);
    for number in 0..AT_ONCE {
        let (client, id) = (format!("client-{}", number % 7), number.to_string());
        let key = ReplayKey::new("", &client, &id);
        let claim = futures_executor::block_on(store.claim(&key, Duration::from_secs(10)));
        assert_eq!(claim.unwrap(), Claim::Fresh);
    }
    let auth = authenticator(Arc::clone(&store), clock.clone());
    let requests = signed(AT_ONCE);
    for _ in 0..3 {
        let outcomes = at_once(&auth, &requests);
        assert_eq!(unavailable(&outcomes, Reason::ReplayStoreFull), AT_ONCE);
        assert_eq!(store.len(), AT_ONCE);
    }
    clock.advance(12);
    // What expired is swept a part at a time, by the claims themselves.
    let mut waiting = requests.clone();
    for _ in 0..20 {
        let outcomes = at_once(&auth, &waiting);
        let refused = unavailable(&outcomes, Reason::ReplayStoreFull);
        assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), waiting.len() - refused);
        let left = waiting.into_iter().zip(&outcomes).filter(|(_, outcome)| outcome.is_err());
        waiting = left.map(|(request, _)| request).collect();
        if waiting.is_empty() {
            break;
        }
    }
    assert!(waiting.is_empty(), "{} never passed", waiting.len());
    assert!(at_once(&auth, &requests).iter().all(is_replayed));
}

/// The fence is asked before the signature is looked at, and a store that several nodes share may learn only from the
/// claim that it has lost its memory.
#[test]
fn a_loss_that_the_claim_itself_notices_is_fenced() {
    #[derive(Default)]
    struct Noticing(AtomicBool);

    impl ReplayStore for Noticing {
        async fn claim(&self, _: &ReplayKey<'_>, _: Duration) -> Result<Claim, StoreError> {
            self.0.store(true, Ordering::SeqCst);
            Ok(Claim::Fresh)
        }
        async fn release(&self, _: &ReplayKey<'_>) -> Result<(), StoreError> {
            Ok(())
        }
        fn memory_lost_at(&self) -> Option<SystemTime> {
            let lost_at = SystemTime::UNIX_EPOCH + Duration::from_secs(NOW.unsigned_abs() + 1);
            self.0.load(Ordering::SeqCst).then_some(lost_at)
        }
    }

    let auth = authenticator(Noticing::default(), SetClock::new(NOW));
    for request in signed(2) {
        let refusal = futures_executor::block_on(authenticate(&auth, &request)).unwrap_err();
        assert_eq!((refusal.status(), refusal.reason()), (400, Reason::BeforeRestartFence));
    }
}

#[test]
fn a_store_with_room_for_ten_accepts_ten_of_a_hundred() {
    for _ in 0..10 {
        let clock = SetClock::new(NOW);
        let store = Arc::new(MemoryReplayStore::with_clock(clock.clone()).with_capacity(10, 10));
        let auth = authenticator(Arc::clone(&store), clock);
        let requests = signed(AT_ONCE);
        let outcomes = at_once(&auth, &requests);
        assert_eq!(unavailable(&outcomes, Reason::ReplayStoreFull), 90);
        assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 10);
        assert_eq!(store.len(), 10);
        // The same ten are used, and the others are not.
        for (request, first) in requests.iter().zip(&outcomes) {
            let again = futures_executor::block_on(authenticate(&auth, request)).unwrap_err();
            let expected = if first.is_ok() { Reason::Replayed } else { Reason::ReplayStoreFull };
            assert_eq!(again.reason(), expected);
        }
    }
}

/// Two assertions of one client, and its part of the store has room for one.
#[test]
fn of_two_that_race_for_the_last_place_of_their_client_one_is_accepted() {
    for _ in 0..200 {
        let clock = SetClock::new(NOW);
        let store = Arc::new(MemoryReplayStore::with_clock(clock.clone()).with_capacity(1000, 3));
        let auth = authenticator(Arc::clone(&store), clock.clone());
        assert!(at_once(&auth, &signed(2)).iter().all(Result::is_ok));
        let requests = signed(2);
        let outcomes = at_once(&auth, &requests);
        assert_eq!(unavailable(&outcomes, Reason::ReplayStoreFull), 1);
        assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
        assert_eq!(store.len(), 3);
        // Another client has its own part.
        let key = ReplayKey::new("", "another", "1");
        let claim = futures_executor::block_on(store.claim(&key, Duration::from_secs(10)));
        assert_eq!(claim.unwrap(), Claim::Fresh);
        // The winner is used. The loser is not, and passes once there is room: here, since one is given back.
        let (winner, loser) = if outcomes[0].is_ok() { (0, 1) } else { (1, 0) };
        let given_back = outcomes[winner].as_ref().unwrap().release_for_retry();
        futures_executor::block_on(given_back).unwrap();
        assert!(futures_executor::block_on(authenticate(&auth, &requests[loser])).is_ok());
        let late = futures_executor::block_on(authenticate(&auth, &requests[winner])).unwrap_err();
        assert_eq!(late.reason(), Reason::ReplayStoreFull);
    }
}

/// A file that somebody keeps locked: the store hangs, and says so when its time is over.
#[test]
fn repl_020_a_store_that_hangs_is_503_within_its_deadline() {
    let (folder, clock) = (Folder::new(), SetClock::new(NOW));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build().unwrap();
    runtime.block_on(async {
        let store = SqliteReplayStore::open_with_clock(folder.file(), clock.clone()).await.unwrap();
        // What is well answers within it on a busy machine too.
        let auth = authenticator(store.with_deadline(DEADLINE), clock);
        let requests = signed(AT_ONCE);
        let send = || futures_util::future::join_all(requests.iter().map(|it| authenticate(&auth, it)));
        let mut other = folder.connect().await;
        let lock = other.begin_with("BEGIN EXCLUSIVE").await.unwrap();
        let started = tokio::time::Instant::now();
        let outcomes = send().await;
        let took = started.elapsed();
        assert!(took < DEADLINE * 5, "{took:?}");
        assert_eq!(unavailable(&outcomes, Reason::StoreUnavailable), AT_ONCE);
        lock.rollback().await.unwrap();
        // A disk that is busy may take longer than the store waits, but not for ever.
        let mut fresh = signed(20).into_iter();
        while authenticate(&auth, &fresh.next().expect("it recovers")).await.is_err() {}
        // Those that were refused are not used up, and are used once after that.
        assert!(send().await.iter().all(Result::is_ok));
        assert!(send().await.iter().all(is_replayed));
    });
}

const DEADLINE: Duration = Duration::from_secs(4);

fn signed(count: usize) -> Vec<HttpRequest> {
    let fresh = || Request::token().assertion(Assertion::of("c-pkjwt-es256").mint()).build();
    (0..count).map(|_| fresh()).collect()
}

/// Each on a thread of its own, and none before all are there.
fn at_once(auth: &Authenticator, requests: &[HttpRequest]) -> Vec<Outcome> {
    let start = Barrier::new(requests.len());
    std::thread::scope(|scope| {
        let sending = requests.iter().map(|request| {
            let start = &start;
            scope.spawn(move || {
                start.wait();
                futures_executor::block_on(authenticate(auth, request))
            })
        });
        let sending: Vec<_> = sending.collect();
        sending.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}

/// How many were refused for want of an answer. Nothing else is a refusal here.
fn unavailable(outcomes: &[Outcome], reason: Reason) -> usize {
    let refusals = outcomes.iter().filter_map(|outcome| outcome.as_ref().err());
    refusals
        .map(|refusal| {
            assert_eq!((refusal.status(), refusal.reason()), (503, reason));
            assert!(refusal.headers().any(|header| header == ("retry-after", "1")));
            let body: Value = serde_json::from_slice(refusal.body()).unwrap();
            assert_eq!(
                body,
                json!({"error": "temporarily_unavailable", "error_description": "try again later"})
            );
        })
        .count()
}

fn is_replayed(outcome: &Outcome) -> bool {
    outcome.as_ref().is_err_and(|refusal| refusal.reason() == Reason::Replayed)
}
