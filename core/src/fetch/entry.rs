//! What is known of one URL, and what to do when it is asked for. Without a clock and without a network:
//! times come in, and whoever asks does what the answer says.

use std::time::Duration;

use tokio::sync::watch;

use super::cached::CachedKeySet;
use super::error::{FailureKind, FetchError};
use super::limits::{
    FIRST_PAUSE, JITTER_PERCENT, LONGEST_PAUSE, MIN_LIFETIME, REFETCH_INTERVAL, REFRESH_AT_PERCENT,
};
use super::target::Target;
use crate::key::KeySet;
use crate::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use crate::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// One URL.
pub(super) struct Entry {
    pub(super) target: Target,
    /// Octets of memory without and of the set, as the cache counts them.
    own_weight: usize,
    set_weight: AtomicUsize,
    used_at: AtomicU64,
    state: Mutex<State>,
}

/// What to do: give the answer, and let the fetch begin if one is due.
pub(super) struct Next {
    pub(super) answer: Answer,
    pub(super) departure: Option<Departure>,
}

/// The answer to a request.
pub(super) enum Answer {
    /// This set.
    Keys(Arc<KeySet>),
    /// This set, which is past its lifetime.
    Stale(Arc<KeySet>),
    /// What comes of the fetch under way.
    Wait(Flight),
    /// This, because the last attempt is too recent for another.
    TooSoon(Outcome),
}

/// What came of a fetch, for everyone who waits for it.
pub(super) type Outcome = Result<Arc<KeySet>, FetchError>;

/// A fetch under way, as those see it who wait. Dropping it changes nothing.
pub(super) type Flight = watch::Receiver<Option<Outcome>>;

/// The right and the duty to fetch, and to land.
pub(super) struct Departure {
    outcome: watch::Sender<Option<Outcome>>,
    asked_before: Option<Duration>,
}

/// A set that was fetched just now.
pub(super) struct Fetched {
    pub(super) keys: Arc<KeySet>,
    pub(super) lifetime: Duration,
    /// How long it may serve past its lifetime.
    pub(super) serve_stale: Duration,
    /// By chance, of 256.
    pub(super) jitter: u8,
}

#[derive(Default)]
struct State {
    good: Option<Good>,
    /// When the last attempt began.
    asked_at: Option<Duration>,
    /// Why the last attempt failed, if it did, and how many of the host's failures there are in a row.
    failure: Option<FetchError>,
    failures: u32,
    next_attempt: Duration,
    flight: Option<Flight>,
}

struct Good {
    keys: Arc<KeySet>,
    fetched_at: Duration,
    refresh_at: Duration,
    fresh_until: Duration,
    served_until: Duration,
}

impl Entry {
    pub(super) fn new(target: Target, weight: usize) -> Self {
        Entry {
            target,
            own_weight: weight,
            set_weight: AtomicUsize::default(),
            used_at: AtomicU64::default(),
            state: Mutex::default(),
        }
    }

    /// The set, when there is nothing else to do: the usual case.
    pub(super) fn fresh(&self, now: Duration) -> Option<Arc<KeySet>> {
        self.used(now);
        let state = self.state();
        state.good.as_ref().filter(|good| now < good.refresh_at).map(|good| Arc::clone(&good.keys))
    }

    /// The set is asked for.
    pub(super) fn look(&self, now: Duration) -> Next {
        self.used(now);
        let mut state = self.state();
        let good = state.good.as_ref().filter(|good| now < good.served_until);
        let answer = match good {
            Some(good) if now < good.refresh_at => return Answer::Keys(Arc::clone(&good.keys)).alone(),
            Some(good) if now < good.fresh_until => Answer::Keys(Arc::clone(&good.keys)),
            // Only when the host is known to fail. Until then a set past its lifetime is worth waiting for
            // another.
            Some(good) if state.failure.is_some() => Answer::Stale(Arc::clone(&good.keys)),
            _ => return state.wait_or_fail(now),
        };
        let due = state.flight.is_none() && now >= state.next_attempt;
        Next { answer, departure: due.then(|| state.depart(now).1) }
    }

    /// The set is asked for again, because `stale` lacks a key.
    pub(super) fn look_again(&self, now: Duration, stale: &Arc<KeySet>) -> Next {
        self.used(now);
        let mut state = self.state();
        if let Some(good) = &state.good
            && !Arc::ptr_eq(&good.keys, stale)
            && now < good.served_until
        {
            return Answer::Keys(Arc::clone(&good.keys)).alone();
        }
        if let Some(flight) = &state.flight {
            return Answer::Wait(flight.clone()).alone();
        }
        if state.asked_at.is_some_and(|asked_at| now < asked_at + REFETCH_INTERVAL)
            || now < state.next_attempt
        {
            // After a failure nobody knows whether the key exists, which is not the client's fault.
            let outcome = state.failure.clone().map_or_else(|| Ok(Arc::clone(stale)), Err);
            return Answer::TooSoon(outcome).alone();
        }
        state.start(now)
    }

    /// The last good set, when it may still serve.
    pub(super) fn last_good(&self, now: Duration) -> Option<Arc<KeySet>> {
        let state = self.state();
        state.good.as_ref().filter(|good| now < good.served_until).map(|good| Arc::clone(&good.keys))
    }

    /// A fetch has come to its end. Everyone who waits learns of it, and it is kept, failure or not.
    pub(super) fn land(&self, now: Duration, departure: Departure, fetched: Result<Fetched, FetchError>) {
        let mut state = self.state();
        state.flight = None;
        let outcome = match fetched {
            Ok(fetched) => {
                let good = Good::new(now, fetched);
                let keys = Arc::clone(&good.keys);
                *state = State { good: Some(good), asked_at: state.asked_at, ..State::default() };
                Ok(keys)
            }
            Err(failure) => {
                state.failed(now, &departure, &failure);
                Err(failure)
            }
        };
        drop(state);
        departure.outcome.send_replace(Some(outcome));
    }

    /// For an operator; being looked at is no use.
    pub(super) fn describe(&self, url: &str, now: Duration) -> CachedKeySet {
        let state = self.state();
        let good = state.good.as_ref();
        CachedKeySet {
            uri: url.to_owned(),
            keys: good.map(|good| good.keys.keys().count()),
            age: good.map(|good| now.saturating_sub(good.fetched_at)),
            fresh_for: good.map(|good| good.fresh_until.saturating_sub(now)),
            served_for: good.map(|good| good.served_until.saturating_sub(now)),
            failure: state.failure.clone(),
            failures: state.failures,
            is_fetching: state.flight.is_some(),
        }
    }

    /// When it was last asked for, in seconds.
    pub(super) fn used_at(&self) -> u64 {
        self.used_at.load(Ordering::Relaxed)
    }

    /// May it be forgotten? Not while forgetting it would let a fetch happen earlier than remembering it would.
    pub(super) fn may_be_forgotten(&self, now: Duration) -> bool {
        let state = self.state();
        state.flight.is_none()
            && now >= state.next_attempt
            && state.asked_at.is_none_or(|asked_at| now >= asked_at + REFETCH_INTERVAL)
    }

    /// What the cache counts it as.
    pub(super) fn weight(&self) -> usize {
        self.own_weight + self.set_weight.load(Ordering::Relaxed)
    }

    /// Notes what the set counts as, and returns what the one before it did. Under the lock of the cache.
    pub(super) fn weigh_set(&self, weight: usize) -> usize {
        self.set_weight.swap(weight, Ordering::Relaxed)
    }

    fn used(&self, now: Duration) {
        // Most requests find it said already, and need not write what other cores read.
        if self.used_at() != now.as_secs() {
            self.used_at.store(now.as_secs(), Ordering::Relaxed);
        }
    }

    /// A panic while it was locked leaves at worst an attempt uncounted.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn wait_or_fail(&mut self, now: Duration) -> Next {
        match (&self.flight, &self.failure) {
            (Some(flight), _) => Answer::Wait(flight.clone()).alone(),
            (None, Some(failure)) if now < self.next_attempt => Answer::TooSoon(Err(failure.clone())).alone(),
            _ => self.start(now),
        }
    }

    fn start(&mut self, now: Duration) -> Next {
        let (flight, departure) = self.depart(now);
        Next { answer: Answer::Wait(flight), departure: Some(departure) }
    }

    fn depart(&mut self, now: Duration) -> (Flight, Departure) {
        let (outcome, flight) = watch::channel(None);
        self.flight = Some(flight.clone());
        let asked_before = self.asked_at.replace(now);
        (flight, Departure { outcome, asked_before })
    }

    fn failed(&mut self, now: Duration, departure: &Departure, failure: &FetchError) {
        if failure.kind().is_the_hosts() {
            self.failures = self.failures.saturating_add(1);
        }
        let pause = match failure.kind() {
            FailureKind::NoRoom => {
                // There was a good fetch, and what it dropped is gone, though what it brought could not be
                // kept.
                self.good = None;
                REFETCH_INTERVAL
            }
            _ => pause_after(self.failures),
        };
        if failure.kind() == FailureKind::Busy {
            // The host was not asked.
            self.asked_at = departure.asked_before;
        }
        self.next_attempt = now + pause;
        self.failure = Some(failure.clone());
    }
}

impl Good {
    fn new(now: Duration, fetched: Fetched) -> Self {
        let fresh_for = fetched.lifetime.max(MIN_LIFETIME);
        let percent =
            REFRESH_AT_PERCENT * 256 - JITTER_PERCENT * REFRESH_AT_PERCENT * u32::from(fetched.jitter) / 100;
        Good {
            keys: fetched.keys,
            fetched_at: now,
            refresh_at: now + fresh_for * percent / (256 * 100),
            fresh_until: now + fresh_for,
            served_until: now + fresh_for + fetched.serve_stale,
        }
    }
}

impl Answer {
    fn alone(self) -> Next {
        Next { answer: self, departure: None }
    }
}

/// 1 s, 2 s, 4 s … 60 s.
fn pause_after(failures: u32) -> Duration {
    FIRST_PAUSE.saturating_mul(2_u32.saturating_pow(failures.saturating_sub(1))).min(LONGEST_PAUSE)
}

#[cfg(test)]
mod tests;
