//! The replay store of one process.

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fmt;
use std::hash::BuildHasher;
use std::time::{Duration, SystemTime};

use super::{Claim, ReplayKey, ReplayStore, ReplayUse};
use crate::clock::{Clock, SystemClock};
use crate::store::StoreError;
use crate::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use crate::sync::{Arc, Mutex, MutexGuard, PoisonError, RandomState};

/// Used assertions in this process's memory: sharded, bounded, with a quota per client. It refuses when it is
/// full and never evicts.
///
/// For one process. Make it (or the [`Authenticator`](crate::Authenticator)) once and share it between workers;
/// with several processes an assertion could be used once in each. What it remembered is lost with the process,
/// which the restart fence covers ([`Policy::fence`](crate::Policy)).
pub struct MemoryReplayStore {
    clock: Arc<dyn Clock>,
    created_at: SystemTime,
    origin: Duration,
    furthest_ahead: AtomicI64,
    tags: RandomState,
    shards: Box<[Mutex<Shard>]>,
    live: AtomicUsize,
    next_to_sweep: AtomicUsize,
    capacity: usize,
    quota: u32,
}

impl MemoryReplayStore {
    /// Room for a million assertions, of which one client can take a tenth.
    pub fn new() -> Self {
        Self::with_clock(SystemClock::default())
    }

    /// The same, under another clock.
    pub fn with_clock(clock: impl Clock) -> Self {
        MemoryReplayStore {
            created_at: clock.now(),
            origin: clock.monotonic(),
            clock: Arc::new(clock),
            furthest_ahead: AtomicI64::new(i64::MIN / 2),
            tags: RandomState::default(),
            shards: (0..SHARDS).map(|_| Mutex::default()).collect(),
            live: AtomicUsize::new(0),
            next_to_sweep: AtomicUsize::new(0),
            capacity: 1_000_000,
            quota: 100_000,
        }
    }

    /// Room for this many assertions (about 50 bytes each), and for how many of one client.
    #[must_use]
    pub fn with_capacity(mut self, assertions: usize, of_one_client: u32) -> Self {
        self.capacity = assertions;
        self.quota = of_one_client;
        self
    }

    /// How many assertions are remembered. Expired ones count until they are swept.
    pub fn len(&self) -> usize {
        self.live.load(Ordering::Relaxed)
    }

    /// How many assertions there is room for.
    pub fn capacity(&self) -> usize {
        self.capacity
    }

    /// Is nothing remembered?
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Forgets what has expired and returns its memory. Claims do this by themselves, one shard at a time; call
    /// it to have it done at once, on a server that has gone quiet.
    pub fn sweep(&self) {
        let now = self.elapsed();
        for shard in &self.shards {
            self.sweep_shard(&mut lock(shard), now);
        }
    }

    fn claim_now(&self, key: &ReplayKey<'_>, keep_for: Duration) -> Claim {
        let now = self.elapsed();
        self.sweep_next(now);
        let client = self.client_tag(key);
        let entry = entry(client, key);
        let until = now.saturating_add(ceil_seconds(keep_for));
        let mut shard = lock(self.shard(client));
        match self.insert(&mut shard, client, entry, now, until) {
            // Perhaps with entries that have expired and were not swept yet.
            Claim::Full | Claim::ClientFull if shard.earliest <= now => {
                self.sweep_shard(&mut shard, now);
                self.insert(&mut shard, client, entry, now, until)
            }
            claim => claim,
        }
    }

    fn release_now(&self, key: &ReplayKey<'_>) {
        let client = self.client_tag(key);
        let mut shard = lock(self.shard(client));
        if shard.used.remove(&entry(client, key)).is_some() {
            self.live.fetch_sub(1, Ordering::Relaxed);
            uncount(&mut shard.per_client, client);
        }
    }

    fn insert(&self, shard: &mut Shard, client: u32, entry: [u8; 16], now: u32, until: u32) -> Claim {
        let count = shard.per_client.get(&client).copied().unwrap_or_default();
        match shard.used.entry(entry) {
            Entry::Occupied(mut known) => {
                if *known.get() > now {
                    return Claim::Used;
                }
                known.insert(until);
                Claim::Fresh
            }
            Entry::Vacant(_) if count >= self.quota => Claim::ClientFull,
            Entry::Vacant(vacant) => {
                // In one step: one that is refused must not stand in the way of another for which there is room.
                let more = |live: usize| (live < self.capacity).then_some(live + 1);
                if self.live.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).is_err() {
                    return Claim::Full;
                }
                vacant.insert(until);
                shard.per_client.insert(client, count + 1);
                shard.earliest = if shard.used.len() == 1 { until } else { shard.earliest.min(until) };
                shard.next_sweep = shard.earliest.max(shard.last_sweep.saturating_add(SWEEP_EVERY));
                Claim::Fresh
            }
        }
    }

    /// One other shard a claim, when it is due: so that what expired is returned though its clients are gone.
    fn sweep_next(&self, now: u32) {
        let next = self.next_to_sweep.fetch_add(1, Ordering::Relaxed) % SHARDS;
        if let Some(mut shard) = self.shards.get(next).and_then(|shard| shard.try_lock().ok())
            && shard.next_sweep <= now
        {
            self.sweep_shard(&mut shard, now);
        }
    }

    fn sweep_shard(&self, shard: &mut Shard, now: u32) {
        let before = shard.used.len();
        let mut earliest = u32::MAX;
        let per_client = &mut shard.per_client;
        shard.used.retain(|entry, until| {
            let keep = *until > now;
            if keep {
                earliest = earliest.min(*until);
            } else {
                uncount(per_client, client_of(entry));
            }
            keep
        });
        self.live.fetch_sub(before - shard.used.len(), Ordering::Relaxed);
        if shard.used.capacity() > shard.used.len().saturating_mul(4) {
            shard.used.shrink_to(shard.used.len() * 2);
            shard.per_client.shrink_to(shard.per_client.len() * 2);
        }
        shard.last_sweep = now;
        shard.earliest = earliest;
        shard.next_sweep = earliest.max(now.saturating_add(SWEEP_EVERY));
    }

    /// 4 octets that stand for a client, under a key of this process: two clients that fall together share a quota,
    /// and nobody outside can make that happen.
    #[allow(clippy::cast_possible_truncation, reason = "any 32 bits of it will do")]
    fn client_tag(&self, key: &ReplayKey<'_>) -> u32 {
        self.tags.hash_one((key.tenant(), key.client_id())) as u32
    }

    fn shard(&self, client: u32) -> &Mutex<Shard> {
        // `shards` has SHARDS elements, so the index always lies inside.
        #[allow(clippy::indexing_slicing)]
        &self.shards[client as usize % SHARDS]
    }

    /// Seconds of monotonic time since the store was made, less what the wall clock has gone back since: an entry
    /// stays until both clocks are past its end, since it is the wall clock by which an assertion expires.
    fn elapsed(&self) -> u32 {
        let monotonic = self.clock.monotonic().saturating_sub(self.origin);
        let wall = self.clock.now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        // How far the wall clock is ahead of the monotonic one; less than before when it was set back.
        let ahead = seconds(wall) - seconds(monotonic);
        let furthest = self.furthest_ahead.fetch_max(ahead, Ordering::Relaxed).max(ahead);
        let elapsed = seconds(monotonic).saturating_sub(furthest - ahead);
        u32::try_from(elapsed.max(0)).unwrap_or(u32::MAX - 1)
    }
}

fn seconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_secs()).unwrap_or(i64::MAX / 2)
}

impl Default for MemoryReplayStore {
    fn default() -> Self {
        MemoryReplayStore::new()
    }
}

impl ReplayStore for MemoryReplayStore {
    async fn claim(&self, key: &ReplayKey<'_>, keep_for: Duration) -> Result<Claim, StoreError> {
        Ok(self.claim_now(key, keep_for))
    }

    async fn release(&self, key: &ReplayKey<'_>) -> Result<(), StoreError> {
        self.release_now(key);
        Ok(())
    }

    fn memory_lost_at(&self) -> Option<SystemTime> {
        Some(self.created_at)
    }

    fn in_use(&self) -> Option<ReplayUse> {
        let count = |entries| u64::try_from(entries).unwrap_or(u64::MAX);
        Some(ReplayUse { entries: count(self.len()), capacity: count(self.capacity) })
    }
}

impl fmt::Debug for MemoryReplayStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryReplayStore")
            .field("live", &self.len())
            .field("capacity", &self.capacity)
            .field("quota", &self.quota)
            .finish_non_exhaustive()
    }
}

/// All assertions of one client live in one shard, so that its quota is exact.
#[derive(Default)]
struct Shard {
    /// 4 octets that stand for the client and 12 of the assertion's hash; seconds until which it is kept. The
    /// map is keyed by the process, so nobody outside can aim at one bucket.
    used: HashMap<[u8; 16], u32>,
    per_client: HashMap<u32, u32>,
    last_sweep: u32,
    next_sweep: u32,
    /// The first expiry among the entries, or an earlier time.
    earliest: u32,
}

/// Few in model checks, so that clients meet.
const SHARDS: usize = if cfg!(shuttle) { 2 } else { 64 };

/// A shard is swept at most this often, in seconds.
const SWEEP_EVERY: u32 = 5;

fn entry(client: u32, key: &ReplayKey<'_>) -> [u8; 16] {
    let mut entry = [0; 16];
    for (to, from) in entry.iter_mut().zip(client.to_be_bytes().iter().chain(key.digest())) {
        *to = *from;
    }
    entry
}

fn uncount(per_client: &mut HashMap<u32, u32>, client: u32) {
    if let Entry::Occupied(mut count) = per_client.entry(client) {
        if *count.get() <= 1 {
            count.remove();
        } else {
            *count.get_mut() -= 1;
        }
    }
}

fn client_of(entry: &[u8; 16]) -> u32 {
    let [a, b, c, d, ..] = *entry;
    u32::from_be_bytes([a, b, c, d])
}

fn ceil_seconds(duration: Duration) -> u32 {
    let seconds = duration.as_secs().saturating_add(u64::from(duration.subsec_nanos() > 0));
    // One more, because `elapsed` drops the fraction of the present second.
    u32::try_from(seconds.saturating_add(1)).unwrap_or(u32::MAX)
}

/// A panic while a shard was locked leaves at worst an entry too many, which refuses and never accepts.
fn lock(shard: &Mutex<Shard>) -> MutexGuard<'_, Shard> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}
