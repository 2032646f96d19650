//! What the cache holds, for an operator to see.

use std::time::Duration;

use super::error::FetchError;

/// One URL and its key set, as [`cached`](super::KeySetFetcher::cached) found them. Times are counted from then.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct CachedKeySet {
    /// The `jwks_uri`: text that a client registered.
    pub uri: String,
    /// How many keys there are; `None` when no set was fetched yet.
    pub keys: Option<usize>,
    /// How long ago the set was fetched.
    pub age: Option<Duration>,
    /// How much longer it serves by itself; zero when it is past its lifetime.
    pub fresh_for: Option<Duration>,
    /// How much longer it serves where its host fails; zero when it serves no more.
    pub served_for: Option<Duration>,
    /// Why the last attempt failed, if it did.
    pub failure: Option<FetchError>,
    /// How many of the host's failures there are in a row.
    pub failures: u32,
    /// Is a fetch under way?
    pub is_fetching: bool,
}

/// How full the cache is, as [`cache_use`](super::KeySetFetcher::cache_use) found it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CacheUse {
    /// URLs that are known.
    pub urls: usize,
    /// What they count as, in octets of estimated memory.
    pub octets: usize,
    /// How many octets there is room for.
    pub room: usize,
}
