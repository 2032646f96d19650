//! Every number of the fetcher.

use std::time::Duration;

/// Most time for connecting, over all addresses of the host.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);

/// Most time for a whole fetch: waiting for its turn, name resolution, connecting, TLS, and the last octet.
pub const FETCH_TIMEOUT: Duration = Duration::from_millis(2500);

/// Most octets of a key set, counted while they arrive. No content encoding is accepted, so it is also what the
/// parser sees. A set has at most [`MAX_KEYS`](crate::key::MAX_KEYS) keys.
pub const MAX_OCTETS: usize = 64 * 1024;

/// Most octets that a host can send in one fetch, TLS, head and framing included.
pub const MAX_WIRE_OCTETS: usize = 4 * MAX_OCTETS;

/// Most octets of a response's head.
pub const MAX_HEAD_OCTETS: usize = 16 * 1024;

/// Most header fields of a response.
pub const MAX_HEADERS: usize = 64;

/// Most octets of a `jwks_uri`.
pub const MAX_URL_OCTETS: usize = crate::jwks_uri::MAX_OCTETS;

/// Most addresses of a host that are tried in one fetch.
pub const MAX_ADDRESSES: usize = 4;

/// Shortest time a fetched set is kept, whatever its host says (`no-store`, `max-age=0`).
pub const MIN_LIFETIME: Duration = Duration::from_secs(60);

/// How long a fetched set is kept when its host says nothing.
pub const DEFAULT_LIFETIME: Duration = Duration::from_secs(10 * 60);

/// Longest time a fetched set is kept, whatever its host says.
pub const MAX_LIFETIME: Duration = Duration::from_secs(24 * 3600);

/// The part of its lifetime, in percent, after which a set is fetched anew in the background. Up to
/// [`JITTER_PERCENT`] of it less, by chance, so that sets fetched together are not renewed together.
pub const REFRESH_AT_PERCENT: u32 = 80;

/// See [`REFRESH_AT_PERCENT`].
pub const JITTER_PERCENT: u32 = 10;

/// How long the last good set serves past its lifetime while its host fails, unless
/// [`serve_stale_for`](super::KeySetFetcher::serve_stale_for) says otherwise.
pub const SERVE_STALE: Duration = Duration::from_secs(3600);

/// The longest that [`serve_stale_for`](super::KeySetFetcher::serve_stale_for) allows.
pub const MAX_SERVE_STALE: Duration = Duration::from_secs(24 * 3600);

/// An unknown `kid` causes a fetch at most once in this time for one URL, counted from the last attempt,
/// failed or not.
pub const REFETCH_INTERVAL: Duration = Duration::from_secs(30);

/// The first pause after a failed fetch. It doubles with each failure in a row.
pub const FIRST_PAUSE: Duration = Duration::from_secs(1);

/// The longest pause after a failed fetch.
pub const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// Most fetches from one host at a time.
pub const AT_ONCE_PER_HOST: usize = 2;

/// Most fetches that begin within a second.
pub const FETCHES_PER_SECOND: usize = 50;

/// Most names that are resolved at a time by [`SystemResolver`](super::SystemResolver). A thread each.
pub const RESOLVED_AT_ONCE: usize = 64;

/// Room for kept sets, in octets of estimated memory, unless
/// [`cache_octets`](super::KeySetFetcher::cache_octets) says otherwise: some 14,000 clients with two RSA keys
/// each that name their algorithm, or 4,600 whose keys may be used with all six.
pub const CACHE_OCTETS: usize = 128 * 1024 * 1024;
