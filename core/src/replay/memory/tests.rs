//! What is kept, for how long and for whom, by a clock that is set by hand.

use std::sync::atomic::AtomicU64;

use super::*;

#[derive(Clone, Default)]
struct Stopped(Arc<AtomicU64>);

impl Clock for Stopped {
    fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + self.monotonic()
    }

    fn monotonic(&self) -> Duration {
        Duration::from_secs(self.0.load(Ordering::Relaxed))
    }
}

/// A wall clock that is set back forgets nothing that it could see again.
#[test]
fn a_clock_that_goes_back_keeps_what_it_may_see_again() {
    #[derive(Clone, Default)]
    struct Stepped(Stopped, Arc<AtomicU64>);
    impl Clock for Stepped {
        fn now(&self) -> SystemTime {
            self.0.now() + Duration::from_secs(10_000 - self.1.load(Ordering::Relaxed))
        }
        fn monotonic(&self) -> Duration {
            self.0.monotonic()
        }
    }
    let clock = Stepped::default();
    let store = MemoryReplayStore::with_clock(clock.clone());
    assert_eq!(store.claim_now(&key(1, 1), Duration::from_secs(90)), Claim::Fresh);
    clock.0.0.store(50, Ordering::Relaxed);
    clock.1.store(600, Ordering::Relaxed);
    assert_eq!(store.claim_now(&key(1, 1), Duration::from_secs(690)), Claim::Used);
    clock.0.0.store(600, Ordering::Relaxed);
    assert_eq!(store.claim_now(&key(1, 1), Duration::from_secs(140)), Claim::Used);
    clock.0.0.store(700, Ordering::Relaxed);
    assert_eq!(store.claim_now(&key(1, 1), Duration::from_secs(40)), Claim::Fresh);
}

#[test]
fn the_longest_time_is_a_time() {
    let store = MemoryReplayStore::with_clock(Stopped::default());
    assert_eq!(store.claim_now(&key(1, 1), Duration::MAX), Claim::Fresh);
    assert_eq!(store.claim_now(&key(1, 1), Duration::MAX), Claim::Used);
}

fn key(client: u32, id: u32) -> ReplayKey<'static> {
    ReplayKey::new("", client.to_string().leak(), &id.to_string())
}

#[test]
fn an_id_is_used_once_until_it_expires() {
    let clock = Stopped::default();
    let store = MemoryReplayStore::with_clock(clock.clone());
    let minute = Duration::from_secs(60);
    assert_eq!(store.claim_now(&key(1, 1), minute), Claim::Fresh);
    assert_eq!(store.claim_now(&key(1, 1), minute), Claim::Used);
    assert_eq!(store.claim_now(&key(2, 1), minute), Claim::Fresh);
    clock.0.store(60, Ordering::Relaxed);
    assert_eq!(store.claim_now(&key(1, 1), minute), Claim::Used);
    clock.0.store(62, Ordering::Relaxed);
    assert_eq!(store.claim_now(&key(1, 1), minute), Claim::Fresh);
}

#[test]
fn a_full_store_refuses_and_forgets_nothing() {
    let clock = Stopped::default();
    let store = MemoryReplayStore::with_clock(clock.clone()).with_capacity(100, 60);
    let hour = Duration::from_secs(3600);
    for id in 0..60 {
        assert_eq!(store.claim_now(&key(1, id), hour), Claim::Fresh);
    }
    assert_eq!(store.claim_now(&key(1, 60), hour), Claim::ClientFull);
    for id in 0..40 {
        assert_eq!(store.claim_now(&key(2, id), hour), Claim::Fresh);
    }
    assert_eq!(store.claim_now(&key(2, 40), hour), Claim::Full);
    assert!((0..60).all(|id| store.claim_now(&key(1, id), hour) == Claim::Used));
    clock.0.store(3602, Ordering::Relaxed);
    assert_eq!(store.claim_now(&key(1, 61), hour), Claim::Fresh);
}

#[test]
fn expired_entries_are_returned_by_the_claims_of_others() {
    let clock = Stopped::default();
    let store = MemoryReplayStore::with_clock(clock.clone());
    for client in 0..1000 {
        store.claim_now(&key(client, 0), Duration::from_secs(30));
    }
    clock.0.store(100, Ordering::Relaxed);
    for id in 0..SHARDS {
        store.claim_now(&key(7, id as u32), Duration::from_secs(30));
    }
    assert_eq!(store.len(), SHARDS);
    assert!(store.shards.iter().map(|shard| lock(shard).used.capacity()).sum::<usize>() < 1000);
}
