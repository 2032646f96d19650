//! The replay store of many machines: tables in a PostgreSQL database that all of them share.

mod claim;
mod connections;
mod counts;
mod schema;
mod shared;
mod upkeep;

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::runtime::Handle;
use tokio::sync::Semaphore;

use self::claim::{Claiming, Releasing};
use self::connections::Connections;
use self::counts::Limits;
use self::shared::Shared;
use self::upkeep::Upkeep;
use super::{Claim, ReplayKey, ReplayStore, ReplayUse};
use crate::store::StoreError;

/// Used assertions in a PostgreSQL database, for all nodes that share it and across their restarts: bounded, with a
/// quota per client. It refuses when it is full and never evicts. Behind the feature `postgres`.
///
/// ```no_run
/// # async fn connect() -> Result<(), countersign::store::StoreError> {
/// use countersign::replay::PostgresReplayStore;
///
/// let url = "postgres://countersign:secret@db.example.com/countersign?sslmode=verify-full";
/// let replay = PostgresReplayStore::connect(url).await?;
/// # Ok(())
/// # }
/// ```
///
/// It makes its tables, `countersign_used` and `countersign_replay`, where they are missing. A user who may not make any
/// needs them made once by one who may, and then `SELECT`, `INSERT`, `UPDATE` and `DELETE` on both. PostgreSQL 12 or
/// newer, and no pooler in between that gives each transaction another connection.
///
/// **Once.** A claim is one statement, `INSERT … ON CONFLICT (key) DO UPDATE … WHERE expires <= now()`: of two claims of
/// one key, on whatever nodes, the unique index lets one write, and the other waits for its commit and finds it. A claim
/// whose connection breaks before the answer is tried again, twice at the most; a number in the row, random for each
/// claim, shows whether it was written before. A release is never tried again.
///
/// **Kept.** `synchronous_commit` is switched on for these connections whatever the server's default: an answer leaves
/// only after the commit is on disk, and on the synchronous standbys if there are any.
///
/// **Time.** Expiry is judged by the database's clock alone; those of the nodes may differ, and be set back, by the
/// policy's leeway, for which keys are kept longer. A database's clock that is set back keeps keys for longer still; one
/// that leaps ahead, and back again after the sweep, has let assertions be forgotten that are valid again.
///
/// **Lost.** A database in which the tables are new remembers nothing, so that is its
/// [`memory_lost_at`](ReplayStore::memory_lost_at). Each claim looks whether it is still the same memory: whether the
/// server is on the same timeline, which a standby leaves when it is promoted and a server when it is restored from an archive;
/// whether it is the same cluster, for a new connection; whether the table was emptied, also by the crash of a
/// server on which somebody made it `UNLOGGED`. If not, the moment is written down for all nodes, that claim is an
/// error, and the restart fence covers the rest. A promoted standby that had lost nothing is fenced too, for as long as
/// an assertion from before could be valid. What shows no trace is not noticed: rows that somebody deletes, a dump or a
/// snapshot of the disk that is put back. Empty the table after that.
///
/// **Full.** The counts are those of the last few seconds and of this node's own claims since: they are read in the
/// background, since a counter that every claim writes would make the claims wait for each other. So one node keeps to
/// its limits; together they can go beyond them by what the *other* nodes accepted since the last count, which is two
/// seconds ago, or twenty times as long as the last one took. What has expired counts until it is swept: every five
/// seconds as long as claims come in, a thousand at a time.
///
/// **Down.** A claim waits for half of its [deadline](Self::DEADLINE) at most until one of ten connections is free. A
/// server that refuses connections costs no time, and the first claim after it is back finds it.
///
/// The store works on the tokio runtime in which it was connected, which must have timers and keep running: not that of
/// one of several workers. Whoever asks it can be on any.
pub struct PostgresReplayStore {
    shared: Arc<Shared>,
    limits: Limits,
    runtime: Handle,
    waiting: Arc<Semaphore>,
    upkeep: Upkeep,
}

impl PostgresReplayStore {
    /// A claim or a release that has no answer after this time is an error, unless it is told
    /// [another](Self::with_deadline). One that the server was doing at that moment stays used.
    pub const DEADLINE: Duration = Duration::from_secs(1);

    /// Connects to `postgres://user:password@host/database`, and makes the tables when there are none. Room for a
    /// million assertions (about 140 bytes each), of which one client can take a tenth; up to eleven connections.
    ///
    /// # Errors
    /// [`StoreError`] when that is no such URL; the server cannot be reached within five seconds, refuses the user, is a
    /// standby, or does not let the tables be made or written; they were made by a newer version; there is no tokio
    /// runtime.
    pub async fn connect(url: &str) -> Result<Self, StoreError> {
        let runtime = Handle::try_current().map_err(StoreError::new)?;
        let shared = Arc::new(Shared::new(Connections::new(url, Self::DEADLINE)?));
        let first = Arc::clone(&shared);
        let prepared =
            runtime.spawn(async move { tokio::time::timeout(CONNECT_DEADLINE, first.prepare()).await });
        match prepared.await.map_err(StoreError::new)? {
            Ok(prepared) => prepared?,
            Err(_) => return Err(StoreError::new(format!("no answer within {CONNECT_DEADLINE:?}"))),
        }
        let limits = Limits::default();
        let upkeep = Upkeep::start(&runtime, &shared, limits);
        let waiting = Arc::new(Semaphore::new(MOST_WAITING));
        Ok(PostgresReplayStore { shared, limits, runtime, waiting, upkeep })
    }

    /// Room for this many assertions, and for how many of one client. Nodes that share a database should agree on it;
    /// if they do not, each goes by its own numbers.
    #[must_use]
    pub fn with_capacity(mut self, assertions: usize, of_one_client: u32) -> Self {
        self.limits = Limits { all: assertions.try_into().unwrap_or(u64::MAX), of_one_client };
        self.upkeep = Upkeep::start(&self.runtime, &self.shared, self.limits);
        self
    }

    /// A claim or a release that has no answer after this time is an error, in place of [`DEADLINE`](Self::DEADLINE): for
    /// a database that is far away, where a new connection takes several round trips. To be said before the first claim.
    #[must_use]
    pub fn with_deadline(self, deadline: Duration) -> Self {
        self.shared.connections.deadline.set(deadline);
        self
    }

    /// Does the work on the store's own runtime, where a request that is given up cannot leave a connection in the
    /// middle of a statement.
    async fn ask<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, StoreError>> + Send + 'static,
    ) -> Result<T, StoreError> {
        let waiting = Arc::clone(&self.waiting).try_acquire_owned();
        let place = waiting.map_err(|_| StoreError::new("too many claims are waiting"))?;
        let deadline = self.shared.connections.deadline.limit();
        let working = self.runtime.spawn(async move {
            let _place = place;
            tokio::time::timeout(deadline, work).await
        });
        match working.await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) => Err(StoreError::new(format!("the database did not answer within {deadline:?}"))),
            Err(_) => Err(StoreError::new("the runtime on which the store was connected has ended")),
        }
    }
}

impl ReplayStore for PostgresReplayStore {
    async fn claim(&self, key: &ReplayKey<'_>, keep_for: Duration) -> Result<Claim, StoreError> {
        let claiming = Claiming::new(key, keep_for)?;
        let (shared, limits) = (Arc::clone(&self.shared), self.limits);
        self.ask(async move { shared.claim(claiming, limits).await }).await
    }

    async fn release(&self, key: &ReplayKey<'_>) -> Result<(), StoreError> {
        let (shared, releasing) = (Arc::clone(&self.shared), Releasing::new(key));
        self.ask(async move { shared.release(releasing).await }).await
    }

    fn memory_lost_at(&self) -> Option<SystemTime> {
        SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(self.shared.lost_at().unsigned_abs()))
    }

    /// As of the last count and this node's own claims since. A node counts while it is asked, so one that is not has an
    /// old figure, and none before its first count.
    fn in_use(&self) -> Option<ReplayUse> {
        Some(ReplayUse { entries: self.shared.counts.all()?, capacity: self.limits.all })
    }
}

/// Shows where the database is, and nothing of how to log in.
impl fmt::Debug for PostgresReplayStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresReplayStore")
            .field("database", &self.shared.place())
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

const CONNECT_DEADLINE: Duration = Duration::from_secs(5);

/// More are refused at once: they would only wait for their deadline.
const MOST_WAITING: usize = 2048;
