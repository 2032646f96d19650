//! The throttle of one process.

use std::fmt;
use std::hash::BuildHasher;
use std::net::IpAddr;
use std::time::Duration;

use super::attempted::Attempted;
use super::budget::{Budget, nanos};
use super::port::{RetryAfter, Throttle};
use super::recent::{Bounds, Recent};
use crate::clock::{Clock, SystemClock};
use crate::sync::{Arc, Mutex, MutexGuard, PoisonError, RandomState};

/// Failures in this process's memory, bounded, by a rate (GCRA) of two budgets:
///
/// | budget | at once | then one in | why so many |
/// | --- | --- | --- | --- |
/// | of a source at one client | 20 | 6 s | a few workers with a wrong secret see the real error; a guesser gets 14,400 a day |
/// | of a source at all clients | 100 | 1 s | clients behind one address may fail together; a scanner gets 86,400 a day |
///
/// A source is an IPv4 address or an IPv6 network of 64 bits. An attempt for which there is no room in either budget is
/// refused until there is, with that time in `Retry-After`: at most ten minutes, unless a budget's own interval is longer.
/// Refused attempts do not count.
///
/// A source that succeeded as a client within the last hour **is not refused as that client**, whatever others did from
/// the same address, and its failures as that client do not count. So somebody who shares an address with a client that
/// works can guess at that client's secret as fast as the server answers. Only a generated secret (128 bits and more) or a
/// key withstands that, and it does; the alternative would be that one neighbour can switch the other off.
///
/// **Loopback is not limited**: whoever is on this machine has better ways, and what comes from there is most often a
/// proxy that was not configured as a [`TrustedProxy`](crate::forwarded::TrustedProxy), with everybody behind it.
/// A proxy on another machine that is not configured makes one source of all clients: configure it.
///
/// **Memory** is bounded at 65,536 entries each of failures by source and client, failures by source, successes, and
/// public clients' successes, of about 40 bytes. When one of the four is full the half that was noted longest ago is
/// forgotten: its failures are forgiven early. Flooding the memory takes more failures, from more sources, than it
/// forgives.
///
/// Make it (or the [`Authenticator`](crate::Authenticator)) once. With several processes each has its own budgets, so
/// that a guesser has as many times more; to count together, share one behind [`Throttle`].
///
/// ```
/// use std::time::Duration;
/// use countersign::{AuthMethod, Authenticator, Client, store::Clients, throttle::FailureLimits};
///
/// let auth = Authenticator::builder()
///     .issuer("https://as.example.com")
///     .clients(Clients::new([Client::new("app").with_method(AuthMethod::NONE)])?)
///     .throttle(FailureLimits::new().at_a_client(10, Duration::from_secs(30)).with_source_prefixes(32, 56))
///     .build()?;
/// # Ok::<(), countersign::ConfigError>(())
/// ```
///
/// Not made of a general rate limiter: those test and take in one step, while here an attempt is tested before and taken
/// after, if it fails; they forget what is taken beyond the limit, so that failures under way together would be free; and
/// they give nothing back.
pub struct FailureLimits {
    clock: Arc<dyn Clock>,
    keys: RandomState,
    pub(super) by_client: Budget,
    pub(super) by_source: Budget,
    pub(super) trusts_for: u64,
    ipv4_bits: u8,
    ipv6_bits: u8,
    entries: usize,
    limits_loopback: bool,
    clients: Box<[Mutex<OfClient>]>,
    sources: Box<[Mutex<Recent>]>,
}

/// What is known of pairs of a source and a client.
#[derive(Default)]
struct OfClient {
    failures: Recent,
    proofs: Recent,
    /// Anybody can be accepted by a public client's name, from as many sources as he has: apart, so that this does not
    /// push out what was proved.
    names: Recent,
}

impl OfClient {
    fn successes(&mut self, name_alone: bool) -> &mut Recent {
        if name_alone { &mut self.names } else { &mut self.proofs }
    }
}

/// What an attempt is counted under. The keys are hashes that nobody outside can aim at.
#[derive(Clone, Copy)]
struct Keys<'a> {
    client: u64,
    name_alone: bool,
    source: (&'a str, IpAddr),
}

impl FailureLimits {
    /// The default limits.
    pub fn new() -> Self {
        Self::with_clock(SystemClock::default())
    }

    /// The same, under another clock.
    pub fn with_clock(clock: impl Clock) -> Self {
        FailureLimits {
            clock: Arc::new(clock),
            keys: RandomState::default(),
            by_client: Budget::new(20, Duration::from_secs(6)),
            by_source: Budget::new(100, Duration::from_secs(1)),
            trusts_for: nanos(Duration::from_secs(3600)),
            ipv4_bits: 32,
            ipv6_bits: 64,
            entries: 65_536,
            limits_loopback: false,
            clients: (0..SHARDS).map(|_| Mutex::default()).collect(),
            sources: (0..SHARDS).map(|_| Mutex::default()).collect(),
        }
    }

    /// The failures of one source at one client: so many at once, at least one, and then one in each interval.
    #[must_use]
    pub fn at_a_client(mut self, failures: u32, then_one_in: Duration) -> Self {
        self.by_client = Budget::new(failures, then_one_in);
        self
    }

    /// The failures of one source at all clients together.
    #[must_use]
    pub fn in_all(mut self, failures: u32, then_one_in: Duration) -> Self {
        self.by_source = Budget::new(failures, then_one_in);
        self
    }

    /// For how long a source that succeeded as a client is not refused as that client; zero is never.
    #[must_use]
    pub fn trusting_success_for(mut self, time: Duration) -> Self {
        self.trusts_for = nanos(time);
        self
    }

    /// How many bits of an address make a source; an IPv4-mapped address is IPv4. A longer prefix than the address has
    /// is the address.
    #[must_use]
    pub fn with_source_prefixes(mut self, ipv4_bits: u8, ipv6_bits: u8) -> Self {
        (self.ipv4_bits, self.ipv6_bits) = (ipv4_bits, ipv6_bits);
        self
    }

    /// Room for about so many entries of each of the four kinds, of about 40 bytes.
    #[must_use]
    pub fn with_capacity(mut self, entries: usize) -> Self {
        self.entries = entries;
        self
    }

    /// Limits requests from this machine too.
    #[must_use]
    pub fn including_loopback(mut self) -> Self {
        self.limits_loopback = true;
        self
    }

    /// How many entries are remembered, of all kinds. Those that do not matter any more count until they make room.
    pub fn len(&self) -> usize {
        let clients = self.clients.iter().map(|shard| {
            let shard = lock(shard);
            shard.failures.len() + shard.proofs.len() + shard.names.len()
        });
        clients.sum::<usize>() + self.sources.iter().map(|shard| lock(shard).len()).sum::<usize>()
    }

    /// Is nothing remembered?
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(super) fn check_now(&self, attempt: &Attempted<'_>) -> Result<(), RetryAfter> {
        let Some(keys) = self.keys(attempt) else { return Ok(()) };
        let now = self.now();
        let at_client = {
            let mut shard = lock(shard(&self.clients, keys.client));
            if self.is_trusted(&mut shard, keys, now) {
                return Ok(());
            }
            shard.failures.get(keys.client)
        };
        let source = self.keys.hash_one(keys.source);
        let in_all = lock(shard(&self.sources, source)).get(source);
        self.room(at_client, in_all, now)
    }

    /// Is there room in both budgets?
    pub(super) fn room(
        &self,
        at_client: Option<u64>,
        in_all: Option<u64>,
        now: u64,
    ) -> Result<(), RetryAfter> {
        let at_client = at_client.and_then(|even_at| self.by_client.wait(even_at, now));
        let in_all = in_all.and_then(|even_at| self.by_source.wait(even_at, now));
        match (at_client, in_all) {
            (Some(at_client), in_all) if in_all.is_none_or(|in_all| at_client >= in_all) => {
                Err(RetryAfter::new(at_client, "too many failures from this source as this client"))
            }
            (_, Some(in_all)) => Err(RetryAfter::new(in_all, "too many failures from this source")),
            _ => Ok(()),
        }
    }

    /// Has this source succeeded as this client lately?
    #[cfg(feature = "redis")]
    pub(super) fn is_trusted_now(&self, attempt: &Attempted<'_>) -> bool {
        self.keys(attempt).is_some_and(|keys| {
            let mut shard = lock(shard(&self.clients, keys.client));
            self.is_trusted(&mut shard, keys, self.now())
        })
    }

    /// What stands for the source as this client, in this process. `None` for a source that is not limited.
    #[cfg(feature = "redis")]
    pub(super) fn tag(&self, attempt: &Attempted<'_>) -> Option<u64> {
        Some(self.keys(attempt)?.client)
    }

    /// What is told apart.
    #[cfg(feature = "redis")]
    pub(super) fn source(&self, attempt: &Attempted<'_>) -> IpAddr {
        attempt.source_prefix(self.ipv4_bits, self.ipv6_bits)
    }

    pub(super) fn failed_now(&self, attempt: &Attempted<'_>) {
        let Some(keys) = self.keys(attempt) else { return };
        let now = self.now();
        let mut of_client = lock(shard(&self.clients, keys.client));
        if self.is_trusted(&mut of_client, keys, now) {
            return;
        }
        let even_at = of_client.failures.get(keys.client).unwrap_or_default();
        let even_at = self.by_client.spend(even_at, now);
        of_client.failures.note(keys.client, even_at, now, self.bounds(self.by_client.forgives_within()));
        // Still under that lock: a success that takes this failure back must find it among the source's, or it would
        // take back another client's. Nobody locks the two in the other order.
        let source = self.keys.hash_one(keys.source);
        let mut failures = lock(shard(&self.sources, source));
        let even_at = self.by_source.spend(failures.get(source).unwrap_or_default(), now);
        failures.note(source, even_at, now, self.bounds(self.by_source.forgives_within()));
    }

    pub(super) fn succeeded_now(&self, attempt: &Attempted<'_>) {
        let Some(keys) = self.keys(attempt) else { return };
        let now = self.now();
        let failed = {
            let mut shard = lock(shard(&self.clients, keys.client));
            if self.trusts_for > 0 {
                let successes = shard.successes(keys.name_alone);
                successes.note(keys.client, now, now, self.bounds(self.trusts_for));
            }
            shard.failures.remove(keys.client)
        };
        let Some(even_at) = failed else { return };
        // Each of them was added to the source's before, so this forgives nobody else's.
        let returned = self.by_client.spent(even_at, now);
        let source = self.keys.hash_one(keys.source);
        let mut failures = lock(shard(&self.sources, source));
        if let Some(even_at) = failures.get(source) {
            let even_at = self.by_source.give_back(even_at, returned);
            failures.note(source, even_at, now, self.bounds(self.by_source.forgives_within()));
        }
    }

    fn is_trusted(&self, shard: &mut OfClient, keys: Keys<'_>, now: u64) -> bool {
        let succeeded_at = shard.successes(keys.name_alone).get(keys.client);
        succeeded_at.is_some_and(|time| now.saturating_sub(time) < self.trusts_for)
    }

    /// `None` for a source that is not limited.
    fn keys<'a>(&self, attempt: &Attempted<'a>) -> Option<Keys<'a>> {
        if attempt.source().is_loopback() && !self.limits_loopback {
            return None;
        }
        let source = (attempt.tenant(), attempt.source_prefix(self.ipv4_bits, self.ipv6_bits));
        let name_alone = attempt.has_name_alone();
        let client = self.keys.hash_one((source, attempt.client_id(), name_alone));
        Some(Keys { client, name_alone, source })
    }

    fn bounds(&self, nanos: u64) -> Bounds {
        Bounds { entries: self.entries.div_ceil(SHARDS), nanos }
    }

    pub(super) fn now(&self) -> u64 {
        nanos(self.clock.monotonic())
    }
}

impl Default for FailureLimits {
    fn default() -> Self {
        FailureLimits::new()
    }
}

impl Throttle for FailureLimits {
    async fn check(&self, attempt: &Attempted<'_>) -> Result<(), RetryAfter> {
        self.check_now(attempt)
    }

    async fn failed(&self, attempt: &Attempted<'_>) {
        self.failed_now(attempt);
    }

    async fn succeeded(&self, attempt: &Attempted<'_>) {
        self.succeeded_now(attempt);
    }
}

impl fmt::Debug for FailureLimits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FailureLimits")
            .field("by_client", &self.by_client)
            .field("by_source", &self.by_source)
            .field("len", &self.len())
            .finish_non_exhaustive()
    }
}

/// Few in model checks, so that clients and sources meet.
const SHARDS: usize = if cfg!(shuttle) { 2 } else { 64 };

/// By bits in the middle: a hash map goes by both ends.
fn shard<T>(shards: &[Mutex<T>], key: u64) -> &Mutex<T> {
    // There are SHARDS of them, so the index always lies inside, and the remainder fits.
    #[allow(clippy::indexing_slicing, clippy::cast_possible_truncation)]
    &shards[((key >> 40) % SHARDS as u64) as usize]
}

/// A panic while a shard was locked leaves at worst a failure that counts twice or not at all.
fn lock<T>(shard: &Mutex<T>) -> MutexGuard<'_, T> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}
