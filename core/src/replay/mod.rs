//! Single use of a client assertion's `jti`.
//!
//! One operation, claim if absent: a look followed by a write lets two requests through at once.

mod memory;
#[cfg(test)]
#[cfg(shuttle)]
mod models;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "redis")]
mod redis;
mod reservation;
#[cfg(feature = "sqlite")]
mod sqlite;

use std::fmt;
use std::future::Future;
use std::time::{Duration, SystemTime};

use aws_lc_rs::digest;
use futures_util::future::BoxFuture;

pub use self::memory::MemoryReplayStore;
#[cfg(feature = "postgres")]
pub use self::postgres::PostgresReplayStore;
#[cfg(feature = "redis")]
pub use self::redis::RedisReplayStore;
pub(crate) use self::reservation::Reservation;
#[cfg(feature = "sqlite")]
pub use self::sqlite::SqliteReplayStore;

use crate::store::StoreError;

/// Remembers which assertions were used, as a port.
///
/// An implementation must
/// - claim in **one** atomic operation, for every node that shares it;
/// - keep a claimed key for **at least** the time given, and never evict it to make room: a full store answers
///   [`Claim::Full`];
/// - answer an error within a deadline of its own when it cannot tell.
///
/// A general cache does none of the three.
pub trait ReplayStore: Send + Sync + 'static {
    /// Claims the key, to be remembered for at least `keep_for` from now.
    ///
    /// # Errors
    /// [`StoreError`] when the store cannot answer. The request is then refused with 503.
    fn claim(
        &self,
        key: &ReplayKey<'_>,
        keep_for: Duration,
    ) -> impl Future<Output = Result<Claim, StoreError>> + Send;

    /// Gives a claimed key back, so that it can be claimed again. For the one case in which the server asked for
    /// another try with the same assertion.
    ///
    /// # Errors
    /// [`StoreError`] when the store cannot answer. The key then stays used.
    fn release(&self, key: &ReplayKey<'_>) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// When this store last lost what it remembered (a restart, for a store in memory), if it may have.
    /// `None` for one that keeps its data.
    fn memory_lost_at(&self) -> Option<SystemTime> {
        None
    }

    /// How full it is, for an operator, as far as it knows without asking anybody. `None` for one that does not know.
    fn in_use(&self) -> Option<ReplayUse> {
        None
    }
}

/// The [`ReplayStore`] with its future boxed.
pub(crate) trait DynReplayStore: Send + Sync {
    fn claim<'a>(
        &'a self,
        key: &'a ReplayKey<'a>,
        keep_for: Duration,
    ) -> BoxFuture<'a, Result<Claim, StoreError>>;
    fn release<'a>(&'a self, key: &'a ReplayKey<'a>) -> BoxFuture<'a, Result<(), StoreError>>;
    fn memory_lost_at(&self) -> Option<SystemTime>;
}

impl<S: ReplayStore> DynReplayStore for S {
    fn claim<'a>(
        &'a self,
        key: &'a ReplayKey<'a>,
        keep_for: Duration,
    ) -> BoxFuture<'a, Result<Claim, StoreError>> {
        Box::pin(ReplayStore::claim(self, key, keep_for))
    }

    fn release<'a>(&'a self, key: &'a ReplayKey<'a>) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(ReplayStore::release(self, key))
    }

    fn memory_lost_at(&self) -> Option<SystemTime> {
        ReplayStore::memory_lost_at(self)
    }
}

impl<S: ReplayStore> ReplayStore for std::sync::Arc<S> {
    async fn claim(&self, key: &ReplayKey<'_>, keep_for: Duration) -> Result<Claim, StoreError> {
        S::claim(self, key, keep_for).await
    }

    async fn release(&self, key: &ReplayKey<'_>) -> Result<(), StoreError> {
        S::release(self, key).await
    }

    fn memory_lost_at(&self) -> Option<SystemTime> {
        S::memory_lost_at(self)
    }

    fn in_use(&self) -> Option<ReplayUse> {
        S::in_use(self)
    }
}

/// What came of a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Claim {
    /// Never seen; now it is used.
    Fresh,
    /// Used before.
    Used,
    /// No room. Nothing was remembered, so the assertion must not pass.
    Full,
    /// No room for this client. Others are not affected.
    ClientFull,
}

/// How full a store is, as [`in_use`](ReplayStore::in_use) found it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReplayUse {
    /// Assertions that it remembers. Expired ones count until they are swept.
    pub entries: u64,
    /// Assertions that it has room for.
    pub capacity: u64,
}

/// A used assertion: SHA-256 over tenant, client_id and `jti`, each with its length before it, so that no two
/// triples can be written alike.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct ReplayKey<'k> {
    digest: [u8; 32],
    tenant: &'k str,
    client_id: &'k str,
}

impl<'k> ReplayKey<'k> {
    /// The key of this `jti` of this client.
    pub fn new(tenant: &'k str, client_id: &'k str, jwt_id: &str) -> Self {
        let mut hash = digest::Context::new(&digest::SHA256);
        for part in [tenant, client_id, jwt_id] {
            hash.update(&(part.len() as u64).to_be_bytes());
            hash.update(part.as_bytes());
        }
        let mut digest = [0; 32];
        digest.copy_from_slice(hash.finish().as_ref());
        ReplayKey { digest, tenant, client_id }
    }

    /// The key of which this is the hash.
    pub(crate) fn of_digest(digest: [u8; 32], tenant: &'k str, client_id: &'k str) -> Self {
        ReplayKey { digest, tenant, client_id }
    }

    /// The hash. What a store keeps; 16 octets of it are enough.
    pub fn digest(&self) -> &[u8; 32] {
        &self.digest
    }

    /// The server whose client it is, where several share a store.
    pub fn tenant(&self) -> &'k str {
        self.tenant
    }

    /// The client, for a quota.
    pub fn client_id(&self) -> &'k str {
        self.client_id
    }
}

/// Shows the client and the first octets of the hash.
impl fmt::Debug for ReplayKey<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, ..] = self.digest;
        f.debug_struct("ReplayKey")
            .field("client_id", &self.client_id)
            .field("digest", &format_args!("{a:02x}{b:02x}{c:02x}{d:02x}…"))
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_cannot_run_into_each_other() {
        assert_ne!(ReplayKey::new("", "a:b", "c"), ReplayKey::new("", "a", "b:c"));
        assert_ne!(ReplayKey::new("t", "a", "b"), ReplayKey::new("", "ta", "b"));
    }
}
