//! Fetches the JWK Sets behind `jwks_uri`. Needs the feature `fetch` and a tokio runtime.
//!
//! A `jwks_uri` is a URL that a client chose and this server goes to: it can point at the server's own
//! network, at a host that never ends its answer, or at one that is dead. Hence the bounds, all of them in
//! [`limits`]:
//!
//! - **Where to.** `https` alone, no redirects, no cookies, and only to public addresses. Addresses are
//!   judged after name resolution, inside the connector, so the address that was judged is the one that is
//!   connected.
//! - **How much.** A second to connect, 2.5 s in all, 64 KiB counted while they arrive, no content encoding,
//!   100 keys.
//! - **How often.** One fetch at a time for each URL, which belongs to the cache: requests join it, and leave
//!   it without ending it. Its outcome is kept, failures too. An unknown `kid` causes a fetch at most once in
//!   30 s, counted from the last attempt, failed or not. After a failure there is a pause, 1 s at first,
//!   doubling to 60 s.
//! - **How long.** A set is kept as its `Cache-Control` says, between a minute and a day, and fetched anew in
//!   the background at four fifths of that. While the host fails, the last good set serves for an hour more;
//!   then requests are answered 503. A key that a good fetch no longer brings is gone at once.

mod address;
mod cache;
mod cached;
mod counters;
mod dialer;
pub(crate) mod document;
mod download;
mod entry;
mod error;
mod flight;
mod lifetime;
pub mod limits;
mod metered;
#[cfg(test)]
#[cfg(shuttle)]
mod models;
mod resolver;
mod target;
pub(crate) mod tls;
mod turns;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use rustls::RootCertStore;

pub use self::cached::{CacheUse, CachedKeySet};
pub use self::counters::Counters;
pub use self::error::{FailureKind, FetchError};
#[cfg(fuzzing)]
pub(crate) use self::lifetime::lifetime;
pub use self::resolver::{Resolver, SystemResolver};

use self::cache::Cache;
use self::counters::Counts;
use self::dialer::Dialer;
use self::entry::{Answer, Entry, Next, Outcome};
use self::flight::{Shared, depart, landed};
use self::limits::{CACHE_OCTETS, MAX_SERVE_STALE, SERVE_STALE};
use self::target::Target;
use crate::clock::{Clock, SystemClock};
use crate::config_error::ConfigError;
use crate::key::KeySet;
use crate::key_source::{KeySource, KeySourceError};

/// The [`KeySource`] that fetches over HTTPS.
///
/// Make one for a process: another has another cache, and other limits on how often a host is asked. Put it
/// into an [`Arc`] to read its [`counters`](KeySetFetcher::counters) later.
///
/// ```
/// use std::sync::Arc;
/// use countersign::{Authenticator, Client, AuthMethod, Endpoint};
/// use countersign::{fetch::KeySetFetcher, replay::MemoryReplayStore, store::Clients};
///
/// let fetcher = Arc::new(KeySetFetcher::new());
/// let client = Client::new("reports")
///     .with_method(AuthMethod::PRIVATE_KEY_JWT)
///     .with_jwks_uri("https://reports.example.com/jwks.json");
/// let auth = Authenticator::builder()
///     .issuer("https://as.example.com")
///     .endpoint(Endpoint::Token, "https://as.example.com/token")
///     .clients(Clients::new([client])?)
///     .replay(MemoryReplayStore::new())
///     .key_source(Arc::clone(&fetcher))
///     .build()?;
/// assert_eq!(fetcher.counters().fetches, 0);
/// # Ok::<(), countersign::ConfigError>(())
/// ```
///
/// It fetches on the tokio runtime of the request that asks, which needs its I/O and time drivers.
pub struct KeySetFetcher {
    shared: Arc<Shared>,
    roots: RootCertStore,
}

impl KeySetFetcher {
    /// Trusts the authorities that browsers trust, resolves names as the operating system does, and goes to
    /// public addresses only.
    pub fn new() -> Self {
        let roots = tls::public_roots();
        let counts = Arc::new(Counts::default());
        let resolver = Arc::new(SystemResolver::default());
        KeySetFetcher {
            shared: Arc::new(Shared {
                cache: Arc::new(Cache::new(CACHE_OCTETS)),
                turns: Arc::default(),
                clock: Arc::new(SystemClock::default()),
                dialer: Dialer { resolver, loopback_allowed: false, counts: Arc::clone(&counts) },
                counts,
                tls: tls::config(roots.clone()),
                serve_stale: SERVE_STALE,
            }),
            roots,
        }
    }

    /// Goes to loopback addresses too, also by plain `http`. For development and tests: a client could
    /// otherwise reach what listens on this machine for this machine alone. Other private addresses stay
    /// refused.
    #[must_use]
    pub fn danger_allow_loopback(mut self, allow: bool) -> Self {
        self.shared_mut().dialer.loopback_allowed = allow;
        self
    }

    /// Trusts another certificate authority, beside those that browsers trust: the certificates of a PEM
    /// text, or one in DER.
    ///
    /// # Errors
    /// [`ConfigError`] when it is not a certificate.
    pub fn extra_root_certificate(mut self, certificate: impl AsRef<[u8]>) -> Result<Self, ConfigError> {
        tls::add_roots(&mut self.roots, certificate.as_ref())?;
        self.shared_mut().tls = tls::config(self.roots.clone());
        Ok(self)
    }

    /// How long the last good set serves past its lifetime while its host fails. The default is
    /// [`SERVE_STALE`]; more than [`MAX_SERVE_STALE`] is cut to that, and zero serves none.
    #[must_use]
    pub fn serve_stale_for(mut self, time: Duration) -> Self {
        self.shared_mut().serve_stale = time.min(MAX_SERVE_STALE);
        self
    }

    /// Room for key sets, in octets of estimated memory. The default is [`CACHE_OCTETS`]. Where there is
    /// none, the set that was not used for the longest time makes place; a set that was fetched in the last
    /// 30 s does not, and when there are only such, more URLs are refused.
    #[must_use]
    pub fn cache_octets(mut self, octets: usize) -> Self {
        self.shared_mut().cache = Arc::new(Cache::new(octets));
        self
    }

    /// Another name resolution.
    #[must_use]
    pub fn resolver(mut self, resolver: impl Resolver) -> Self {
        self.shared_mut().dialer.resolver = Arc::new(resolver);
        self
    }

    /// Where the time comes from by which sets age. Its monotonic side alone is read; deadlines on the
    /// network are the runtime's.
    #[must_use]
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.shared_mut().clock = Arc::new(clock);
        self
    }

    /// What it did so far.
    pub fn counters(&self) -> Counters {
        self.shared.counts.snapshot()
    }

    /// How full the cache is.
    pub fn cache_use(&self) -> CacheUse {
        self.shared.cache.in_use()
    }

    /// The URLs that are known, at most so many: those whose last fetch failed first, then those whose set is soonest past
    /// its lifetime. Nothing is fetched. Looks through the whole cache: for an operator, not for a request.
    pub fn cached(&self, most: usize) -> Vec<CachedKeySet> {
        self.shared.cache.list(most, self.now())
    }

    /// Everything but the usual case.
    async fn ask(&self, uri: &str) -> Outcome {
        let entry = self.entry(uri)?;
        let next = entry.look(self.now());
        match self.follow(&entry, next).await {
            Err(failure) => {
                let last_good = entry.last_good(self.now()).ok_or(failure)?;
                self.shared.counts.served_stale.add(1);
                Ok(last_good)
            }
            keys => keys,
        }
    }

    async fn ask_again(&self, uri: &str, stale: &Arc<KeySet>) -> Outcome {
        let entry = self.entry(uri)?;
        let next = entry.look_again(self.now(), stale);
        self.follow(&entry, next).await
    }

    async fn follow(&self, entry: &Arc<Entry>, next: Next) -> Outcome {
        let counts = &self.shared.counts;
        let joins = next.departure.is_none();
        if let Some(departure) = next.departure {
            depart(&self.shared, entry, departure);
        }
        match next.answer {
            Answer::Keys(keys) => Ok(keys),
            Answer::Stale(keys) => {
                counts.served_stale.add(1);
                Ok(keys)
            }
            Answer::TooSoon(outcome) => {
                counts.cooled_down.add(1);
                outcome
            }
            Answer::Wait(flight) => {
                counts.joined.add(u64::from(joins));
                landed(flight).await
            }
        }
    }

    fn entry(&self, uri: &str) -> Result<Arc<Entry>, FetchError> {
        let cache = &self.shared.cache;
        if let Some(entry) = cache.find(uri) {
            return Ok(entry);
        }
        let target = Target::read(uri, self.shared.dialer.loopback_allowed);
        target.and_then(|target| cache.find_or_add(uri, target, self.now())).inspect_err(|failure| {
            self.shared.counts.failed(failure.kind());
        })
    }

    fn now(&self) -> Duration {
        self.shared.clock.monotonic()
    }

    fn shared_mut(&mut self) -> &mut Shared {
        Arc::make_mut(&mut self.shared)
    }
}

impl Default for KeySetFetcher {
    fn default() -> Self {
        KeySetFetcher::new()
    }
}

impl KeySource for KeySetFetcher {
    async fn keys(&self, uri: &str) -> Result<Arc<KeySet>, KeySourceError> {
        if let Some(keys) = self.shared.cache.find(uri).and_then(|entry| entry.fresh(self.now())) {
            return Ok(keys);
        }
        // Boxed, so that the future of the usual case stays small.
        Box::pin(self.ask(uri)).await.map_err(KeySourceError::new)
    }

    async fn refreshed(&self, uri: &str, stale: &Arc<KeySet>) -> Result<Arc<KeySet>, KeySourceError> {
        Box::pin(self.ask_again(uri, stale)).await.map_err(KeySourceError::new)
    }
}

impl fmt::Debug for KeySetFetcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeySetFetcher")
            .field("loopback_allowed", &self.shared.dialer.loopback_allowed)
            .field("serve_stale", &self.shared.serve_stale)
            .field("counters", &self.counters())
            .finish_non_exhaustive()
    }
}
