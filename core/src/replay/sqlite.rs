//! The replay store of one machine: an SQLite file that its processes share.

mod fault;
mod file;
mod sweep;
mod used;
mod writer;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::time::{Duration, SystemTime};

use futures_channel::oneshot;

use self::fault::Fault;
use self::used::{Key, Limits, Task};
use self::writer::{Request, Seen, Writer};
use super::{Claim, ReplayKey, ReplayStore, ReplayUse};
use crate::clock::{Clock, SystemClock};
use crate::sqlite_file;
use crate::store::StoreError;

/// Used assertions in an SQLite file, for all processes of one machine and across their restarts: bounded, with a
/// quota per client. It refuses when it is full and never evicts. Behind the feature `sqlite`.
///
/// ```no_run
/// # async fn open() -> Result<(), countersign::store::StoreError> {
/// use countersign::replay::SqliteReplayStore;
///
/// let replay = SqliteReplayStore::open("sqlite://replay.db").await?; // or a path
/// # Ok(())
/// # }
/// ```
///
/// **Once.** A claim is one `INSERT … ON CONFLICT … DO UPDATE … WHERE expires <= now` inside `BEGIN IMMEDIATE`. SQLite
/// gives a file's write lock to one connection at a time, whatever process it is in, and whoever has it sees
/// everything that was committed before; so of two claims of one key the second finds the first. An answer leaves
/// only after its commit.
///
/// **Kept.** The file is in WAL mode with `synchronous=FULL`: each commit is synced to the disk before it is answered,
/// so neither `kill -9` nor a loss of power forgets it, as far as the disk keeps what it acknowledged.
/// `synchronous=NORMAL`, which many use with WAL, survives the former only: after a loss of power the last
/// assertions could be used again. The price is one sync (a fraction of a millisecond to ten, by the disk), which
/// all claims that wait at the same time share. The WAL index lives in shared memory, so the file must lie on a
/// local disk: no network file system.
///
/// **Lost.** A file that is new remembers nothing, so the time at which it was made is its
/// [`memory_lost_at`](ReplayStore::memory_lost_at): the restart fence covers a file that was deleted, and a change
/// from another store, until nothing from before can still be valid. An old copy that is put back has forgotten what
/// came after it and does not know it; delete the file instead. On Unix a file that is deleted or replaced under a running server is noticed,
/// and claims are refused until there is one again.
///
/// **Time.** Expiry is judged by the wall clock of the machine, which is the same for all processes on it; it is
/// rounded up, and a second is added. A clock that is set back keeps keys for longer. One that leaps ahead, and back
/// again after the sweep, has let assertions be forgotten that are valid again.
///
/// **Full.** Both counts are exact, for the sum of all processes: triggers keep them in the transaction of the claim.
/// What has expired counts until it is swept: a few hundred at a time, every five seconds as long as claims come in,
/// faster while more is left, and between claims, not in one.
///
/// The store has a thread of its own and works on every runtime of a process, but whoever asks it must be inside a
/// tokio runtime with timers, as handlers of axum and actix-web are.
pub struct SqliteReplayStore {
    path: PathBuf,
    clock: Arc<dyn Clock>,
    queue: SyncSender<Request>,
    seen: Arc<Seen>,
    limits: Limits,
    deadline: Duration,
}

impl SqliteReplayStore {
    /// A claim or a release that has no answer after this time is an error, unless it is told
    /// [another](Self::with_deadline). It is then not tried any more; but one that was being written at that moment stays
    /// used.
    pub const DEADLINE: Duration = Duration::from_secs(1);

    /// Opens the file, given as `sqlite://replay.db` or as a path; when there is none, makes it, readable and
    /// writable for this user alone. Room for a million assertions, of which one client can take a tenth.
    ///
    /// # Errors
    /// [`StoreError`] when the file cannot be made, read, written or locked within five seconds; is no database, is
    /// another program's, or was made by a newer version of this one; lies where WAL does not work.
    pub async fn open(file: impl AsRef<Path>) -> Result<Self, StoreError> {
        Self::open_with_clock(file, SystemClock::default()).await
    }

    /// The same, under another clock. All processes that share a file must agree on the time.
    ///
    /// # Errors
    /// Those of [`open`](Self::open).
    pub async fn open_with_clock(file: impl AsRef<Path>, clock: impl Clock) -> Result<Self, StoreError> {
        let path = sqlite_file::path(file.as_ref()).map_err(StoreError::new)?;
        let clock: Arc<dyn Clock> = Arc::new(clock);
        let seen = Arc::new(Seen::default());
        let (queue, requests) = sync_channel(MOST_WAITING);
        let writer = Writer::new(path.clone(), Arc::clone(&clock), Arc::clone(&seen), requests);
        let (ready, opened) = oneshot::channel();
        std::thread::Builder::new()
            .name("countersign-replay".to_owned())
            .spawn(move || writer.run(ready))
            .map_err(StoreError::new)?;
        within(OPEN_DEADLINE, opened).await?;
        let (limits, deadline) = (Limits::default(), Self::DEADLINE);
        Ok(SqliteReplayStore { path, clock, queue, seen, limits, deadline })
    }

    /// Room for this many assertions (about 65 bytes each), and for how many of one client. Processes that share a
    /// file should agree on it; if they do not, each goes by its own numbers.
    #[must_use]
    pub fn with_capacity(mut self, assertions: usize, of_one_client: u32) -> Self {
        self.limits = Limits { all: u32::try_from(assertions).unwrap_or(u32::MAX), of_one_client };
        self
    }

    /// A claim or a release that has no answer after this time is an error, in place of [`DEADLINE`](Self::DEADLINE).
    #[must_use]
    pub fn with_deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// How many assertions there is room for.
    pub fn capacity(&self) -> usize {
        usize::try_from(self.limits.all).unwrap_or(usize::MAX)
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    async fn ask(&self, task: Task) -> Result<Claim, StoreError> {
        let (reply, answer) = oneshot::channel();
        self.queue.try_send(Request { task, reply }).map_err(|error| {
            StoreError::new(match error {
                TrySendError::Full(_) => TOO_MANY,
                TrySendError::Disconnected(_) => ENDED,
            })
        })?;
        within(self.deadline, answer).await
    }

    fn now(&self) -> Duration {
        since_epoch(self.clock.now())
    }
}

impl ReplayStore for SqliteReplayStore {
    async fn claim(&self, key: &ReplayKey<'_>, keep_for: Duration) -> Result<Claim, StoreError> {
        let now = self.now();
        let until = now.saturating_add(keep_for);
        let until = until.as_secs() + u64::from(until.subsec_nanos() > 0);
        self.ask(Task::Claim {
            key: Key::new(key),
            client: used::client_tag(key),
            now: sql_seconds(now.as_secs()),
            // One more, because the other side of the comparison drops its fraction.
            until: sql_seconds(until.saturating_add(1)),
            limits: self.limits,
        })
        .await
    }

    async fn release(&self, key: &ReplayKey<'_>) -> Result<(), StoreError> {
        self.ask(Task::Release { key: Key::new(key) }).await.map(drop)
    }

    fn memory_lost_at(&self) -> Option<SystemTime> {
        SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(self.seen.made_at.load(Ordering::Relaxed)))
    }

    /// Of all processes, as this one found it after its last claim.
    fn in_use(&self) -> Option<ReplayUse> {
        let entries = self.seen.live.load(Ordering::Relaxed);
        Some(ReplayUse { entries, capacity: u64::from(self.limits.all) })
    }
}

impl fmt::Debug for SqliteReplayStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteReplayStore")
            .field("path", &self.path)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

/// Waits for an answer, but no longer than this: the thread that gives it can hang in the disk.
async fn within<T>(deadline: Duration, answer: oneshot::Receiver<Result<T, Fault>>) -> Result<T, StoreError> {
    match tokio::time::timeout(deadline, answer).await {
        Ok(Ok(answer)) => answer.map_err(StoreError::new),
        Ok(Err(oneshot::Canceled)) => Err(StoreError::new(ENDED)),
        Err(_) => Err(StoreError::new(format!(
            "no answer within {deadline:?}: another process keeps the file locked, or its disk is slow"
        ))),
    }
}

fn since_epoch(time: SystemTime) -> Duration {
    time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
}

fn sql_seconds(seconds: u64) -> i64 {
    i64::try_from(seconds).unwrap_or(i64::MAX)
}

const OPEN_DEADLINE: Duration = Duration::from_secs(5);

/// More are refused at once: they would only wait for their deadline.
const MOST_WAITING: usize = 2048;

const TOO_MANY: &str = "too many claims are waiting";
const ENDED: &str = "the thread that writes the file has ended";
