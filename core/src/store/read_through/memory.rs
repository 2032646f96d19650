//! What a cache remembers, and what it is loading.

use std::collections::HashMap;
use std::time::Duration;

use moka::sync::Cache;
use tokio::sync::watch;

use super::fault::Fault;
use crate::client::Client;
use crate::clock::{Clock, SystemClock};
use crate::sync::atomic::{AtomicU64, Ordering};
use crate::sync::{Arc, Mutex, MutexGuard, PoisonError};

#[derive(Clone)]
pub(super) struct Settings {
    pub(super) capacity: u32,
    pub(super) lifetime: Duration,
    pub(super) deadline: Duration,
    pub(super) clock: Arc<dyn Clock>,
}

impl Default for Settings {
    fn default() -> Self {
        let clock = Arc::new(SystemClock::default());
        Settings { capacity: 100_000, lifetime: Duration::from_secs(60), deadline: DEADLINE, clock }
    }
}

/// A client, none, or why that cannot be said.
pub(super) type Answer = Result<Option<Arc<Client>>, Fault>;

/// Somebody waits for an answer.
pub(super) type Flight = watch::Receiver<Option<Answer>>;

pub(super) struct Memory {
    clock: Arc<dyn Clock>,
    lifetime: Duration,
    clients: Cache<Arc<str>, Kept>,
    /// Ids of no client, or of one that could not be loaded. They are whatever strangers send, so they have a cache of
    /// their own and push out no client.
    others: Cache<Arc<str>, Kept>,
    /// What was remembered in another era is forgotten.
    era: AtomicU64,
    /// Whatever enters or leaves the caches does it under this lock.
    flights: Mutex<Flights>,
}

#[derive(Clone)]
struct Kept {
    answer: Answer,
    until: Duration,
    era: u64,
}

#[derive(Default)]
struct Flights {
    by_id: HashMap<Arc<str>, (u64, Flight)>,
    last: u64,
}

/// What to do for an answer.
pub(super) enum Look {
    Known(Answer),
    /// It is being loaded.
    Join(Flight),
    /// Load it.
    Load(Ticket, Flight),
    /// Too much is being loaded.
    Full,
}

impl Memory {
    pub(super) fn new(settings: &Settings) -> Self {
        let clients = Cache::builder().max_capacity(u64::from(settings.capacity)).weigher(weight).build();
        let others = Cache::builder()
            .max_capacity(OCTETS_OF_OTHERS)
            .weigher(|id: &Arc<str>, _: &Kept| u32::try_from(id.len()).map_or(u32::MAX, |id| id + 256))
            .build();
        Memory {
            clock: Arc::clone(&settings.clock),
            lifetime: settings.lifetime,
            clients,
            others,
            era: AtomicU64::new(0),
            flights: Mutex::default(),
        }
    }

    /// About how many clients are remembered.
    pub(super) fn clients(&self) -> u64 {
        self.clients.run_pending_tasks();
        self.clients.entry_count()
    }

    pub(super) fn look(self: &Arc<Self>, client_id: &str) -> Look {
        if let Some(answer) = self.known(client_id) {
            return Look::Known(answer);
        }
        let mut flights = self.flights();
        // One may have landed just now.
        if let Some(answer) = self.known(client_id) {
            return Look::Known(answer);
        }
        if let Some((_, flight)) = flights.by_id.get(client_id) {
            return Look::Join(flight.clone());
        }
        if flights.by_id.len() >= MOST_FLIGHTS {
            return Look::Full;
        }
        let (told, flight) = watch::channel(None);
        let client_id: Arc<str> = client_id.into();
        flights.last = flights.last.wrapping_add(1);
        let number = flights.last;
        flights.by_id.insert(Arc::clone(&client_id), (number, flight.clone()));
        Look::Load(Ticket { memory: Arc::clone(self), client_id, number, told }, flight)
    }

    /// Forgets it. A load that is under way still answers those who wait for it already, and nobody else: what it
    /// brings may be what was there before the change.
    pub(super) fn invalidate(&self, client_id: &str) {
        let mut flights = self.flights();
        flights.by_id.remove(client_id);
        self.clients.invalidate(client_id);
        self.others.invalidate(client_id);
    }

    /// Forgets everything, with loads as above.
    pub(super) fn clear(&self) {
        let mut flights = self.flights();
        flights.by_id.clear();
        self.era.fetch_add(1, Ordering::Release);
        self.clients.invalidate_all();
        self.others.invalidate_all();
    }

    fn known(&self, client_id: &str) -> Option<Answer> {
        let kept = self.clients.get(client_id).or_else(|| self.others.get(client_id))?;
        let is_valid = kept.era == self.era.load(Ordering::Acquire) && self.clock.monotonic() < kept.until;
        is_valid.then_some(kept.answer)
    }

    fn land(&self, client_id: &Arc<str>, number: u64, answer: &Answer) {
        let mut flights = self.flights();
        if flights.by_id.get(client_id).is_some_and(|(current, _)| *current == number) {
            flights.by_id.remove(client_id);
            self.remember(client_id, answer);
        }
    }

    fn remember(&self, client_id: &Arc<str>, answer: &Answer) {
        let (cache, other, lifetime) = match answer {
            Ok(Some(_)) => (&self.clients, &self.others, self.lifetime),
            Ok(None) => (&self.others, &self.clients, UNKNOWN_LIFETIME.min(self.lifetime)),
            Err(_) => (&self.others, &self.clients, FAILURE_LIFETIME.min(self.lifetime)),
        };
        let until = self.clock.monotonic().saturating_add(lifetime);
        let kept = Kept { answer: answer.clone(), until, era: self.era.load(Ordering::Acquire) };
        other.invalidate(client_id);
        cache.insert(Arc::clone(client_id), kept);
    }

    #[cfg(all(test, shuttle))]
    pub(super) fn loads_nothing(&self) -> bool {
        self.flights().by_id.is_empty()
    }

    fn flights(&self) -> MutexGuard<'_, Flights> {
        self.flights.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A load that is under way. Dropped without an answer, it lands with an error, so that nobody waits in vain.
pub(super) struct Ticket {
    memory: Arc<Memory>,
    client_id: Arc<str>,
    number: u64,
    told: watch::Sender<Option<Answer>>,
}

impl Ticket {
    pub(super) fn client_id(&self) -> &str {
        &self.client_id
    }

    pub(super) fn land(self, answer: Answer) {
        self.end(answer);
    }

    fn end(&self, answer: Answer) {
        self.memory.land(&self.client_id, self.number, &answer);
        self.told.send_if_modified(|told| {
            let is_first = told.is_none();
            told.get_or_insert(answer);
            is_first
        });
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        if self.told.borrow().is_none() {
            self.end(Err(Fault::text("the load was cut short")));
        }
    }
}

/// A client with up to four keys and secrets, and up to 2 KiB of metadata, counts as one, which is some 2 KiB. What the
/// application keeps with it comes from its metadata.
fn weight(_: &Arc<str>, kept: &Kept) -> u32 {
    let Ok(Some(client)) = &kept.answer else { return 1 };
    let parts = client.keys().keys().count() + client.secrets().len();
    let weight = parts.div_ceil(4).max(client.metadata_octets().div_ceil(2048)).max(1);
    u32::try_from(weight).unwrap_or(u32::MAX)
}

pub(super) const DEADLINE: Duration = Duration::from_secs(2);
pub(super) const UNKNOWN_LIFETIME: Duration = Duration::from_secs(5);
pub(super) const FAILURE_LIFETIME: Duration = Duration::from_millis(250);

/// Of ids, with 256 for what is kept of each: some eight thousand.
const OCTETS_OF_OTHERS: u64 = 2 * 1024 * 1024;

/// A database that is slow makes no longer queue than this.
const MOST_FLIGHTS: usize = 1024;
