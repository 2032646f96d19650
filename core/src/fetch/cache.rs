//! Every URL that was asked for, within a bound of memory.

use std::collections::HashMap;
use std::time::Duration;

use super::cached::{CacheUse, CachedKeySet};
use super::entry::Entry;
use super::error::{FailureKind, FetchError};
use super::target::Target;
use crate::algorithm::Algorithm;
use crate::key::{KeySet, VerificationKey};
use crate::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// The entries by URL.
///
/// Not a general cache: one that may drop any entry at any time forgets when a host was last asked, and with
/// that how often it may be asked. Here the least recently used go first, and none before it could be fetched
/// again anyway; while there is no such entry, new URLs are refused.
pub(super) struct Cache {
    known: RwLock<Known>,
    room: usize,
}

#[derive(Default)]
struct Known {
    entries: HashMap<Arc<str>, Arc<Entry>>,
    weight: usize,
    /// The last search found nothing to forget; the next is not before this time.
    full_until: Duration,
}

impl Cache {
    pub(super) fn new(room: usize) -> Self {
        Cache { known: RwLock::default(), room }
    }

    pub(super) fn find(&self, url: &str) -> Option<Arc<Entry>> {
        self.read().entries.get(url).cloned()
    }

    /// The entry of this URL, made if there is none.
    ///
    /// # Errors
    /// [`FailureKind::NoRoom`].
    pub(super) fn find_or_add(
        &self,
        url: &str,
        target: Target,
        now: Duration,
    ) -> Result<Arc<Entry>, FetchError> {
        let mut known = self.write();
        if let Some(entry) = known.entries.get(url) {
            return Ok(Arc::clone(entry));
        }
        let weight = WEIGHT_OF_ENTRY + 2 * url.len();
        known.make_room(weight, self.room, now)?;
        let entry = Arc::new(Entry::new(target, weight));
        known.entries.insert(url.into(), Arc::clone(&entry));
        known.weight += weight;
        Ok(entry)
    }

    /// Counts a set in the place of the one that the entry had before.
    ///
    /// # Errors
    /// [`FailureKind::NoRoom`]. The entry then counts as one without a set.
    pub(super) fn weigh_set(&self, entry: &Entry, weight: usize, now: Duration) -> Result<(), FetchError> {
        let mut known = self.write();
        known.weight = known.weight.saturating_sub(entry.weigh_set(0));
        known.make_room(weight, self.room, now)?;
        entry.weigh_set(weight);
        known.weight += weight;
        Ok(())
    }

    pub(super) fn in_use(&self) -> CacheUse {
        let known = self.read();
        CacheUse { urls: known.entries.len(), octets: known.weight, room: self.room }
    }

    pub(super) fn list(&self, most: usize, now: Duration) -> Vec<CachedKeySet> {
        let known = self.read();
        let entries: Vec<_> =
            known.entries.iter().map(|(url, entry)| (Arc::clone(url), Arc::clone(entry))).collect();
        drop(known);
        let mut list: Vec<_> = entries.iter().map(|(url, entry)| entry.describe(url, now)).collect();
        list.sort_by(|one, other| {
            let urgency = |set: &CachedKeySet| (set.failure.is_none(), set.fresh_for);
            urgency(one).cmp(&urgency(other)).then_with(|| one.uri.cmp(&other.uri))
        });
        list.truncate(most);
        list
    }

    /// What is counted, and what is there.
    #[cfg(all(test, shuttle))]
    pub(super) fn weights(&self) -> (usize, usize) {
        let known = self.read();
        (known.weight, known.entries.values().map(|entry| entry.weight()).sum())
    }

    fn read(&self) -> RwLockReadGuard<'_, Known> {
        self.known.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Known> {
        self.known.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a set counts as that was read from so many octets: about what it takes, inside the cryptographic
/// library too, once its keys have verified by every algorithm that they fit. Each algorithm has a parsed key
/// of its own.
pub(super) fn weight(keys: &KeySet, octets: usize) -> usize {
    let algorithms = |key: &VerificationKey| Algorithm::known().filter(|known| key.fits(*known)).count();
    let most = keys.keys().map(algorithms).max().unwrap_or_default();
    octets * (3 + 5 * most)
}

impl Known {
    /// Forgets until so much more fits, and then some, so that a full cache is not searched for every URL.
    fn make_room(&mut self, more: usize, room: usize, now: Duration) -> Result<(), FetchError> {
        if self.weight + more <= room {
            return Ok(());
        }
        let no_room = || FetchError::new(FailureKind::NoRoom, "there is no room for more key sets");
        if now < self.full_until {
            return Err(no_room());
        }
        let mut idle: Vec<(u64, Arc<str>)> = self
            .entries
            .iter()
            // One that a request or a fetch holds would live on beside its successor.
            .filter(|(_, entry)| Arc::strong_count(entry) == 1 && entry.may_be_forgotten(now))
            .map(|(url, entry)| (entry.used_at(), Arc::clone(url)))
            .collect();
        idle.sort_unstable();
        for (_, url) in idle {
            if self.weight + more <= room - room / 16 {
                break;
            }
            if let Some(entry) = self.entries.remove(&url) {
                self.weight = self.weight.saturating_sub(entry.weight());
            }
        }
        if self.weight + more <= room {
            return Ok(());
        }
        self.full_until = now + SEARCH_INTERVAL;
        Err(no_room())
    }
}

/// Octets of memory that an entry without a set takes, its URL apart.
const WEIGHT_OF_ENTRY: usize = 1024;

const SEARCH_INTERVAL: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fetch::entry::Fetched;

    const SECOND: Duration = Duration::from_secs(1);

    fn add(cache: &Cache, number: usize, now: Duration) -> Result<Arc<Entry>, FetchError> {
        let url = format!("https://client.example/{number:08}");
        let target = Target::read(&url, false).unwrap();
        cache.find_or_add(&url, target, now)
    }

    fn fetch(cache: &Cache, entry: &Arc<Entry>, weight: usize, now: Duration) -> bool {
        let departure = entry.look(now).departure.unwrap();
        let fetched = Fetched {
            keys: Arc::new(KeySet::default()),
            lifetime: 600 * SECOND,
            serve_stale: Duration::ZERO,
            jitter: 0,
        };
        let fetched = cache.weigh_set(entry, weight, now).map(|()| fetched);
        let fits = fetched.is_ok();
        entry.land(now, departure, fetched);
        fits
    }

    #[test]
    fn the_least_recently_used_go_first_and_none_before_it_could_be_fetched_again() {
        let cache = Cache::new(100 * 1024);
        for number in 0..9 {
            let now = number as u32 * SECOND;
            let entry = add(&cache, number, now).unwrap();
            assert!(fetch(&cache, &entry, 10_000, now));
        }
        assert!(cache.read().weight <= 100 * 1024);
        // All of them were fetched less than 30 s ago.
        let tenth = add(&cache, 9, 9 * SECOND).unwrap();
        assert!(!fetch(&cache, &tenth, 10_000, 9 * SECOND));
        assert!(!add(&cache, 0, 9 * SECOND).unwrap().may_be_forgotten(29 * SECOND));
        // The first was used again, so the second goes.
        let find = |number: usize| cache.find(&format!("https://client.example/{number:08}"));
        assert!(find(0).unwrap().fresh(40 * SECOND).is_some());
        assert!(fetch(&cache, &tenth, 10_000, 40 * SECOND));
        assert!(find(0).is_some() && find(1).is_none());
        assert!(cache.read().weight <= 100 * 1024);
    }

    #[test]
    fn the_weight_is_that_of_the_sets_at_hand() {
        let cache = Cache::new(10 * 1024 * 1024);
        let entry = add(&cache, 0, Duration::ZERO).unwrap();
        let bare = cache.read().weight;
        assert!(fetch(&cache, &entry, 8000, Duration::ZERO));
        assert_eq!(cache.read().weight, bare + 8000);
        assert!(fetch(&cache, &entry, 4000, 500 * SECOND));
        assert_eq!(cache.read().weight, bare + 4000);
    }

    #[test]
    fn what_needs_an_operator_is_listed_first() {
        let cache = Cache::new(1024 * 1024);
        let good = add(&cache, 0, Duration::ZERO).unwrap();
        assert!(fetch(&cache, &good, 4000, Duration::ZERO));
        let later = add(&cache, 1, Duration::ZERO).unwrap();
        assert!(fetch(&cache, &later, 4000, 100 * SECOND));
        let failing = add(&cache, 2, Duration::ZERO).unwrap();
        let departure = failing.look(Duration::ZERO).departure.unwrap();
        assert!(cache.list(1, Duration::ZERO).iter().all(|set| set.is_fetching && set.keys.is_none()));
        failing.land(Duration::ZERO, departure, Err(FetchError::new(FailureKind::Connect, "refused")));

        let list = cache.list(3, 150 * SECOND);
        let ends: Vec<_> = list.iter().map(|set| set.uri.as_bytes().last().copied()).collect();
        assert_eq!(ends, [Some(b'2'), Some(b'0'), Some(b'1')]);
        let told: Vec<_> = list.iter().map(|set| (set.keys, set.age, set.fresh_for, set.failures)).collect();
        assert_eq!(told[0], (None, None, None, 1));
        assert_eq!(told[1], (Some(0), Some(150 * SECOND), Some(450 * SECOND), 0));
        assert_eq!(told[2], (Some(0), Some(50 * SECOND), Some(550 * SECOND), 0));
        assert_eq!(cache.list(2, Duration::ZERO).len(), 2);
        assert_eq!((cache.in_use().urls, cache.in_use().room), (3, 1024 * 1024));
        assert_eq!(cache.in_use().octets, cache.read().weight);
    }

    #[test]
    fn a_set_counts_by_what_its_keys_can_do() {
        let key = |member: &str, value: &str| {
            let mut key =
                serde_json::json!({"kty": "RSA", "e": "AQAB", "n": format!("v{}w", "_".repeat(340))});
            key[member] = value.into();
            KeySet::from_jwks(&serde_json::json!({ "keys": [key] })).unwrap()
        };
        for (keys, expected) in [
            (KeySet::default(), 300),
            (key("alg", "RS256"), 800),
            (key("use", "enc"), 300),
            (key("kid", "1"), 3300),
        ] {
            assert_eq!(weight(&keys, 100), expected, "{keys:?}");
        }
    }

    #[test]
    fn a_cache_full_of_failures_refuses_and_recovers() {
        let cache = Cache::new(64 * 1024);
        let mut added = 0;
        while let Ok(entry) = add(&cache, added, Duration::ZERO) {
            let departure = entry.look(Duration::ZERO).departure.unwrap();
            entry.land(Duration::ZERO, departure, Err(FetchError::new(FailureKind::Connect, "")));
            added += 1;
        }
        assert!((50..=64).contains(&added), "{added}");
        assert!(add(&cache, added, 20 * SECOND).is_err());
        assert!(add(&cache, added, 31 * SECOND).is_ok());
    }
}
