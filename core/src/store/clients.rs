//! A fixed set of clients.

use std::collections::HashMap;
use std::sync::Arc;

use super::{ClientStore, StoreError};
use crate::client::Client;
use crate::config_error::ConfigError;

/// A fixed set of clients in memory.
#[derive(Clone, Debug, Default)]
pub struct Clients {
    by_id: HashMap<Box<str>, Arc<Client>>,
}

impl Clients {
    /// A registry of these clients.
    ///
    /// # Errors
    /// [`ConfigError`] when two of them have the same id.
    pub fn new(clients: impl IntoIterator<Item = Client>) -> Result<Self, ConfigError> {
        let mut registry = Clients::default();
        for client in clients {
            if let Some(twin) = registry.by_id.insert(client.id().into(), Arc::new(client)) {
                return Err(ConfigError::new(
                    "clients",
                    format!("two clients have the id {:?}", twin.id()),
                    "give each client an id of its own",
                ));
            }
        }
        Ok(registry)
    }

    /// The client with exactly this id.
    pub fn get(&self, client_id: &str) -> Option<&Arc<Client>> {
        self.by_id.get(client_id)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.by_id.len()
    }

    /// Is there none?
    pub fn is_empty(&self) -> bool {
        self.by_id.is_empty()
    }

    /// The clients, in no particular order.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Client>> {
        self.by_id.values()
    }
}

impl ClientStore for Clients {
    async fn find(&self, client_id: &str) -> Result<Option<Arc<Client>>, StoreError> {
        Ok(self.by_id.get(client_id).cloned())
    }

    fn has_slow_hashes(&self) -> bool {
        self.by_id.values().any(has_slow_hash)
    }

    fn slow_clients(&self) -> Vec<Arc<Client>> {
        self.by_id.values().filter(|client| has_slow_hash(client)).map(Arc::clone).collect()
    }
}

fn has_slow_hash(client: &Arc<Client>) -> bool {
    client.secrets().iter().any(|secret| secret.is_slow())
}
