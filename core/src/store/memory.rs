//! Registered clients in memory.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Bound;
use std::sync::{Arc, PoisonError, RwLock};

use super::prepare::Preparation;
use super::rehash::replace_hash;
use super::{ClientRegistry, ClientStore, RegisteredClient, StoreError};
use crate::client::Client;
use crate::metadata::{ClientMetadata, MetadataError};
use crate::secret::Rehash;

/// A registry that lasts as long as the process, and holds a bounded number of clients.
///
/// ```
/// use countersign::store::MemoryRegistry;
///
/// let registry = MemoryRegistry::default();
/// let for_the_authenticator = registry.clone(); // both see the same clients
/// ```
#[derive(Clone)]
pub struct MemoryRegistry {
    held: Arc<RwLock<Held>>,
    preparation: Preparation,
    most: usize,
}

#[derive(Default)]
struct Held {
    by_id: BTreeMap<Box<str>, Entry>,
    /// Of the metadata of large clients.
    large: usize,
    /// How many writes there were: each gives its entry a revision that no other has, whatever was removed between.
    writes: u64,
}

impl Held {
    fn put(&mut self, client_id: &str, entry: Entry) {
        self.writes += 1;
        self.large += entry.large();
        let before = self.by_id.insert(client_id.into(), Entry { revision: self.writes, ..entry });
        self.large -= before.map_or(0, |before| before.large());
    }

    fn take(&mut self, client_id: &str) -> bool {
        let taken = self.by_id.remove(client_id);
        self.large -= taken.as_ref().map_or(0, Entry::large);
        taken.is_some()
    }
}

struct Entry {
    /// JSON, which takes no more memory than was sent; the same as values can take thirty times as much.
    metadata: Box<[u8]>,
    registration_access_token: Option<[u8; 32]>,
    revision: u64,
    client: Arc<Client>,
}

impl Entry {
    fn new(registered: &RegisteredClient, client: Arc<Client>) -> Result<Self, StoreError> {
        Ok(Entry {
            metadata: serde_json::to_vec(&registered.metadata).map_err(StoreError::new)?.into(),
            registration_access_token: registered.registration_access_token,
            revision: registered.revision,
            client,
        })
    }

    /// Its octets, if they are more than every client has room for.
    fn large(&self) -> usize {
        Some(self.metadata.len()).filter(|octets| *octets > OCTETS_OF_A_CLIENT).unwrap_or_default()
    }

    fn registered(&self) -> Result<RegisteredClient, StoreError> {
        Ok(RegisteredClient {
            metadata: serde_json::from_slice(&self.metadata).map_err(StoreError::new)?,
            registration_access_token: self.registration_access_token,
            revision: self.revision,
        })
    }
}

impl MemoryRegistry {
    /// Every client goes through this as it is built: where the application adds its own data.
    #[must_use]
    pub fn prepared_by(
        mut self,
        prepare: impl Fn(&ClientMetadata, Client) -> Result<Client, MetadataError> + Send + Sync + 'static,
    ) -> Self {
        self.preparation = Preparation::by(prepare);
        self
    }

    /// Room for this many clients, 10,000 unless told. One more is an error, since nothing is ever evicted. Each has 4 KiB
    /// for its metadata; those that are larger share as much again among them, and 1 MiB at least.
    #[must_use]
    pub fn with_capacity(mut self, clients: usize) -> Self {
        self.most = clients;
        self
    }

    fn entry(&self, client: &RegisteredClient) -> Result<Entry, StoreError> {
        Entry::new(client, self.preparation.client(&client.metadata)?)
    }

    /// # Errors
    /// [`StoreError`] where large clients of so many octets in all have no room.
    fn check_room(&self, large: usize) -> Result<(), StoreError> {
        let most = self.most.saturating_mul(OCTETS_OF_A_CLIENT).max(LEAST_OF_LARGE);
        if large <= most {
            return Ok(());
        }
        let over = format!("with more than {OCTETS_OF_A_CLIENT} octets of metadata");
        Err(StoreError::new(format!("clients {over} have {most} octets in all")))
    }

    fn write<T>(&self, change: impl FnOnce(&mut Held) -> T) -> T {
        change(&mut self.held.write().unwrap_or_else(PoisonError::into_inner))
    }

    fn look<T>(&self, look: impl FnOnce(&BTreeMap<Box<str>, Entry>) -> T) -> T {
        look(&self.held.read().unwrap_or_else(PoisonError::into_inner).by_id)
    }
}

impl Default for MemoryRegistry {
    fn default() -> Self {
        MemoryRegistry { held: Arc::default(), preparation: Preparation::default(), most: 10_000 }
    }
}

impl ClientStore for MemoryRegistry {
    async fn find(&self, client_id: &str) -> Result<Option<Arc<Client>>, StoreError> {
        Ok(self.look(|entries| entries.get(client_id).map(|entry| Arc::clone(&entry.client))))
    }

    fn slow_clients(&self) -> Vec<Arc<Client>> {
        let is_slow = |entry: &&Entry| entry.client.secrets().iter().any(|secret| secret.is_slow());
        self.look(|entries| entries.values().filter(is_slow).map(|entry| Arc::clone(&entry.client)).collect())
    }

    fn has_slow_hashes(&self) -> bool {
        !self.slow_clients().is_empty()
    }

    async fn rehash(&self, client_id: &str, rehash: &Rehash<'_>) {
        replace_hash(self, client_id, rehash).await;
    }
}

impl ClientRegistry for MemoryRegistry {
    async fn read(&self, client_id: &str) -> Result<Option<RegisteredClient>, StoreError> {
        self.look(|entries| entries.get(client_id).map(Entry::registered).transpose())
    }

    async fn insert(&self, client: &RegisteredClient) -> Result<bool, StoreError> {
        let (client_id, entry) = (client.metadata.client_id.as_str(), self.entry(client)?);
        self.write(|held| {
            if held.by_id.contains_key(client_id) {
                return Ok(false);
            }
            if held.by_id.len() >= self.most {
                return Err(StoreError::new(format!("there is room for {} clients", self.most)));
            }
            if entry.large() > 0 {
                self.check_room(held.large.saturating_add(entry.large()))?;
            }
            held.put(client_id, entry);
            Ok(true)
        })
    }

    async fn replace(&self, client: &RegisteredClient) -> Result<bool, StoreError> {
        let (client_id, entry) = (client.metadata.client_id.as_str(), self.entry(client)?);
        self.write(|held| {
            let Some(before) = held.by_id.get(client_id).filter(|before| before.revision == entry.revision)
            else {
                return Ok(false);
            };
            let more = entry.large().saturating_sub(before.large());
            // A full registry keeps no operator from disabling a client.
            if more > 0 && !client.metadata.disabled {
                self.check_room(held.large.saturating_add(more))?;
            }
            held.put(client_id, entry);
            Ok(true)
        })
    }

    async fn remove(&self, client_id: &str, revision: u64) -> Result<bool, StoreError> {
        Ok(self.write(|held| {
            let entry = held.by_id.get(client_id);
            let is_the_one = entry.is_some_and(|entry| entry.revision == revision);
            is_the_one && held.take(client_id)
        }))
    }

    async fn self_registered(&self, most: usize) -> Result<usize, StoreError> {
        let has_token = |entry: &&Entry| entry.registration_access_token.is_some();
        Ok(self.look(|entries| entries.values().filter(has_token).take(most).count()))
    }

    async fn page(&self, after: &str, limit: usize) -> Result<Vec<RegisteredClient>, StoreError> {
        let range = (Bound::Excluded(after), Bound::Unbounded);
        Ok(self.look(|entries| {
            let following = entries.range::<str, _>(range).take(limit);
            following.filter_map(|(_, entry)| entry.registered().ok()).collect()
        }))
    }
}

impl fmt::Debug for MemoryRegistry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let clients = self.look(BTreeMap::len);
        f.debug_struct("MemoryRegistry").field("clients", &clients).finish_non_exhaustive()
    }
}

const OCTETS_OF_A_CLIENT: usize = 4 * 1024;
const LEAST_OF_LARGE: usize = 1024 * 1024;
