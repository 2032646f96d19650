//! About how many assertions of one client are in use, by what this node has seen.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::clock::Clock;
use crate::replay::ReplayKey;
use crate::throttle::{Bounds, Budget, Recent, nanos};

/// A client has room while it would have so many assertions in use at most if it went on for ever as it did lately: an
/// assertion that is kept for a minute uses a minute of the client's time, which passes `most` times as fast. Nothing
/// has to be counted down when keys expire; in a burst a client can come to have twice as many.
pub(super) struct Quota {
    clock: Arc<dyn Clock>,
    tags: RandomState,
    most: u32,
    spent: Mutex<Recent>,
    last_interval: AtomicU64,
}

impl Quota {
    pub(super) fn new(clock: Arc<dyn Clock>, most: u32) -> Self {
        let (tags, spent) = (RandomState::new(), Mutex::default());
        Quota { clock, tags, most, spent, last_interval: AtomicU64::new(0) }
    }

    pub(super) fn of(self, most: u32) -> Self {
        Quota { most, ..self }
    }

    pub(super) fn has_room(&self, key: &ReplayKey<'_>, keep_for: Duration) -> bool {
        let even_at = self.spent().get(self.client(key));
        even_at.is_none_or(|even_at| self.budget(keep_for).wait(even_at, self.now()).is_none())
    }

    pub(super) fn take(&self, key: &ReplayKey<'_>, keep_for: Duration) {
        let (client, budget, now) = (self.client(key), self.budget(keep_for), self.now());
        self.last_interval.store(nanos(self.interval(keep_for)), Ordering::Relaxed);
        let mut spent = self.spent();
        let even_at = budget.spend(spent.get(client).unwrap_or_default(), now);
        spent.note(client, even_at, now, Bounds { entries: MOST_CLIENTS, nanos: budget.forgives_within() });
    }

    /// As much as the last assertion took: they are much alike, and few are given back.
    pub(super) fn give_back(&self, key: &ReplayKey<'_>) {
        let (client, now) = (self.client(key), self.now());
        let interval = self.last_interval.load(Ordering::Relaxed);
        let mut spent = self.spent();
        if let Some(even_at) = spent.get(client) {
            let bounds = Bounds { entries: MOST_CLIENTS, nanos: u64::MAX };
            spent.note(client, even_at.saturating_sub(interval), now, bounds);
        }
    }

    fn budget(&self, keep_for: Duration) -> Budget {
        Budget::new(self.most, self.interval(keep_for))
    }

    fn interval(&self, keep_for: Duration) -> Duration {
        keep_for / self.most.max(1)
    }

    fn client(&self, key: &ReplayKey<'_>) -> u64 {
        self.tags.hash_one((key.tenant(), key.client_id()))
    }

    fn spent(&self) -> MutexGuard<'_, Recent> {
        self.spent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> u64 {
        nanos(self.clock.monotonic())
    }
}

/// When there are more, the half that was seen longest ago is forgotten.
const MOST_CLIENTS: usize = 65_536;
