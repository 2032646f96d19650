//! A cache in front of a database of clients.

mod fault;
mod keeper;
mod memory;
#[cfg(test)]
#[cfg(shuttle)]
mod models;
mod poll;
mod source;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use self::fault::Fault;
pub(crate) use self::keeper::Keeper;
use self::memory::{Flight, Look, Memory, Settings, Ticket};
use self::poll::Poll;
pub use self::source::{Changes, ClientSource};

use super::{ClientStore, StoreError};
use crate::client::Client;
use crate::clock::Clock;
use crate::secret::Rehash;
use crate::sync::runtime::Handle;
use crate::sync::time::timeout;

/// A [`ClientStore`] that asks a database once for a client, and then remembers it. Behind the feature `cache`.
///
/// ```no_run
/// use std::sync::Arc;
/// use countersign::{Authenticator, Client};
/// use countersign::store::{Changes, ClientSource, ReadThrough, StoreError};
///
/// struct MyDatabase;
///
/// impl ClientSource for MyDatabase {
///     type Version = u64;
///
///     async fn load(&self, client_id: &str) -> Result<Option<Arc<Client>>, StoreError> {
///         Ok(None) // SELECT … WHERE client_id = …
///     }
///
///     async fn changes(&self, since: Option<u64>) -> Result<Changes<u64>, StoreError> {
///         Ok(Changes::of([], since.unwrap_or(0))) // SELECT … WHERE version > …
///     }
/// }
///
/// # fn main() -> Result<(), countersign::ConfigError> {
/// let clients = ReadThrough::new(MyDatabase);
/// let auth = Authenticator::builder().issuer("https://as.example.com").clients(clients).build()?;
/// # Ok(())
/// # }
/// ```
///
/// **One load.** However many requests want a client at the same time, the database is asked once. The load belongs to
/// the cache: a request that goes away takes nothing of it along. An answer is there within [`DEADLINE`](Self::DEADLINE),
/// or an error.
///
/// **Changes.** While the cache is in use it asks the source every second what has changed, and at once when the source
/// has a [hint](ClientSource::changed); what changed is loaded again. A load that began before a change was noticed never
/// puts the old client back after it. When the source misses a change, the lifetime of an entry ends it: 60 seconds,
/// unless told.
///
/// **No such client**, and a client that cannot be read, is remembered for [five seconds](Self::UNKNOWN_LIFETIME), in
/// a small cache of its own: a million invented ids push out nobody. **A source that is down** is asked again for each
/// client [a quarter of a second](Self::FAILURE_LIFETIME) after it failed; what is remembered is served meanwhile, each
/// client until its lifetime ends.
///
/// **Memory.** Room for 100,000 clients unless told; one with many keys, or built from more than 2 KiB of
/// metadata, counts as several.
///
/// Cheap to clone; all clones are one cache. It has a thread of its own, on which the source runs, and works on every
/// runtime of a process.
pub struct ReadThrough<S> {
    source: Arc<S>,
    keeper: Arc<Keeper>,
    settings: Settings,
    memory: Arc<Memory>,
    poll: Arc<Poll>,
}

impl<S: ClientSource> ReadThrough<S> {
    /// A load that has no answer after this time is an error, unless it is told [another](Self::with_deadline).
    pub const DEADLINE: Duration = memory::DEADLINE;

    /// For how long it is remembered that there is no such client, where no change says otherwise.
    pub const UNKNOWN_LIFETIME: Duration = memory::UNKNOWN_LIFETIME;

    /// For how long the source is not asked again for a client whose load has failed.
    pub const FAILURE_LIFETIME: Duration = memory::FAILURE_LIFETIME;

    /// An empty cache in front of this source.
    pub fn new(source: S) -> Self {
        Self::on(Arc::default(), Arc::new(source))
    }

    /// On a thread that is there already.
    pub(crate) fn on(keeper: Arc<Keeper>, source: Arc<S>) -> Self {
        Self::with(keeper, source, Settings::default())
    }

    /// The same cache, empty, in front of another source.
    #[cfg(any(feature = "sqlite", feature = "postgres"))]
    pub(crate) fn over(self, source: Arc<S>) -> Self {
        Self::with(self.keeper, source, self.settings)
    }

    fn with(keeper: Arc<Keeper>, source: Arc<S>, settings: Settings) -> Self {
        let memory = Arc::new(Memory::new(&settings));
        ReadThrough { source, keeper, settings, memory, poll: Arc::default() }
    }

    /// Room for this many clients, 100,000 unless told. The cache begins anew.
    #[must_use]
    pub fn with_capacity(mut self, clients: u32) -> Self {
        self.settings.capacity = clients;
        Self::with(self.keeper, self.source, self.settings)
    }

    /// For how long a client is served without asking for it again, 60 seconds unless told. The cache begins anew.
    #[must_use]
    pub fn with_lifetime(mut self, lifetime: Duration) -> Self {
        self.settings.lifetime = lifetime;
        Self::with(self.keeper, self.source, self.settings)
    }

    /// A load that has no answer after this time is an error, in place of [`DEADLINE`](Self::DEADLINE). Asking for
    /// changes has half of it. The cache begins anew.
    #[must_use]
    pub fn with_deadline(mut self, deadline: Duration) -> Self {
        self.settings.deadline = deadline;
        Self::with(self.keeper, self.source, self.settings)
    }

    /// The clock by which lifetimes are measured. The cache begins anew.
    #[must_use]
    pub fn with_clock(mut self, clock: impl Clock) -> Self {
        self.settings.clock = Arc::new(clock);
        Self::with(self.keeper, self.source, self.settings)
    }

    /// What it stands in front of.
    pub fn source(&self) -> &S {
        &self.source
    }

    /// Forgets this client, so that the next request sees what the source has now: for a process that has just
    /// changed it.
    pub fn invalidate(&self, client_id: &str) {
        self.memory.invalidate(client_id);
    }

    /// Forgets everything.
    pub fn clear(&self) {
        self.memory.clear();
    }
}

impl<S: ClientSource> ClientStore for ReadThrough<S> {
    async fn find(&self, client_id: &str) -> Result<Option<Arc<Client>>, StoreError> {
        let deadline = self.settings.deadline;
        self.poll.start(&self.keeper, &self.memory, &self.source, deadline / 2)?;
        let flight = match self.memory.look(client_id) {
            Look::Known(answer) => return answer.map_err(Fault::told),
            Look::Full => return Err(StoreError::new("too many clients are being looked up")),
            Look::Join(flight) => flight,
            Look::Load(ticket, flight) => {
                drop(self.keeper.spawn(load(Arc::clone(&self.source), ticket, deadline))?);
                flight
            }
        };
        landed(flight, deadline).await
    }

    fn has_slow_hashes(&self) -> bool {
        !self.source.slow_clients().is_empty()
    }

    fn slow_clients(&self) -> Vec<Arc<Client>> {
        self.source.slow_clients()
    }

    async fn rehash(&self, client_id: &str, rehash: &Rehash<'_>) {
        self.source.rehash(client_id, rehash).await;
        self.invalidate(client_id);
    }
}

/// Whatever becomes of it, the ticket tells those who wait, and itself when it is dropped.
async fn load<S: ClientSource>(source: Arc<S>, ticket: Ticket, deadline: Duration) {
    let loaded = timeout(deadline, source.load(ticket.client_id())).await;
    ticket.land(match loaded {
        Ok(loaded) => loaded.map_err(Fault::new),
        Err(_) => Err(Fault::text("no answer in time")),
    });
}

/// Waits for a load. A request that stops waiting leaves it as it is.
async fn landed(mut flight: Flight, deadline: Duration) -> Result<Option<Arc<Client>>, StoreError> {
    let landed = flight.wait_for(Option::is_some);
    let landed = match Handle::try_current() {
        // A load keeps its own time. This is a little more, for one whose thread is stuck.
        Ok(_) => timeout(deadline.saturating_add(deadline / 4), landed).await,
        Err(_) => Ok(landed.await),
    };
    match landed {
        Ok(Ok(answer)) => {
            let answer = answer.clone().unwrap_or_else(|| Err(Fault::text("the load has no outcome")));
            answer.map_err(Fault::told)
        }
        Ok(Err(_)) => Err(StoreError::new("the load was given up")),
        Err(_) => Err(StoreError::new("the load does not end")),
    }
}

impl<S> Clone for ReadThrough<S> {
    fn clone(&self) -> Self {
        ReadThrough {
            source: Arc::clone(&self.source),
            keeper: Arc::clone(&self.keeper),
            settings: self.settings.clone(),
            memory: Arc::clone(&self.memory),
            poll: Arc::clone(&self.poll),
        }
    }
}

impl<S> fmt::Debug for ReadThrough<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReadThrough")
            .field("clients", &self.memory.clients())
            .field("capacity", &self.settings.capacity)
            .field("lifetime", &self.settings.lifetime)
            .finish_non_exhaustive()
    }
}
