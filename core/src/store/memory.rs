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
    /// How many writes there were: each gives its entry a revision that no other has, whatever was removed between.
    writes: u64,
}

impl Held {
    fn put(&mut self, client: &RegisteredClient, built: Arc<Client>) {
        self.writes += 1;
        let registered = RegisteredClient { revision: self.writes, ..client.clone() };
        self.by_id.insert(client.metadata.client_id.as_str().into(), Entry { registered, client: built });
    }
}

struct Entry {
    registered: RegisteredClient,
    client: Arc<Client>,
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

    /// Room for this many clients, 10,000 unless told. One more is an error, since nothing is ever evicted.
    #[must_use]
    pub fn with_capacity(mut self, clients: usize) -> Self {
        self.most = clients;
        self
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
        Ok(self.look(|entries| entries.get(client_id).map(|entry| entry.registered.clone())))
    }

    async fn insert(&self, client: &RegisteredClient) -> Result<bool, StoreError> {
        let built = self.preparation.client(&client.metadata)?;
        self.write(|held| {
            if held.by_id.contains_key(client.metadata.client_id.as_str()) {
                return Ok(false);
            }
            if held.by_id.len() >= self.most {
                return Err(StoreError::new(format!("there is room for {} clients", self.most)));
            }
            held.put(client, built);
            Ok(true)
        })
    }

    async fn replace(&self, client: &RegisteredClient) -> Result<bool, StoreError> {
        let built = self.preparation.client(&client.metadata)?;
        Ok(self.write(|held| {
            let entry = held.by_id.get(client.metadata.client_id.as_str());
            let is_the_one = entry.is_some_and(|entry| entry.registered.revision == client.revision);
            if is_the_one {
                held.put(client, built);
            }
            is_the_one
        }))
    }

    async fn remove(&self, client_id: &str, revision: u64) -> Result<bool, StoreError> {
        Ok(self.write(|held| {
            let entry = held.by_id.get(client_id);
            let is_the_one = entry.is_some_and(|entry| entry.registered.revision == revision);
            is_the_one && held.by_id.remove(client_id).is_some()
        }))
    }

    async fn self_registered(&self, most: usize) -> Result<usize, StoreError> {
        let has_token = |entry: &&Entry| entry.registered.registration_access_token.is_some();
        Ok(self.look(|entries| entries.values().filter(has_token).take(most).count()))
    }

    async fn page(&self, after: &str, limit: usize) -> Result<Vec<RegisteredClient>, StoreError> {
        let range = (Bound::Excluded(after), Bound::Unbounded);
        Ok(self.look(|entries| {
            let following = entries.range::<str, _>(range).take(limit);
            following.map(|(_, entry)| entry.registered.clone()).collect()
        }))
    }
}

impl fmt::Debug for MemoryRegistry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let clients = self.look(BTreeMap::len);
        f.debug_struct("MemoryRegistry").field("clients", &clients).finish_non_exhaustive()
    }
}
