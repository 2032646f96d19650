//! Every client of this server: those of `clients.json`, and those of the registry.

use std::sync::Arc;

use countersign::Client;
use countersign::secret::Rehash;
use countersign::store::{ClientStore, ReloadableClients, StoreError};

use crate::registry::Registry;

/// The file first, then the registry: what an operator wrote down cannot be taken over by whoever registers.
#[derive(Clone)]
pub(crate) struct KnownClients {
    pub(crate) file: ReloadableClients,
    pub(crate) registry: Registry,
}

impl ClientStore for KnownClients {
    async fn find(&self, client_id: &str) -> Result<Option<Arc<Client>>, StoreError> {
        if let Some(client) = self.file.current().get(client_id) {
            return Ok(Some(Arc::clone(client)));
        }
        self.registry.find(client_id).await
    }

    fn has_slow_hashes(&self) -> bool {
        self.file.has_slow_hashes() || self.registry.has_slow_hashes()
    }

    fn slow_clients(&self) -> Vec<Arc<Client>> {
        let mut clients = self.file.slow_clients();
        clients.extend(self.registry.slow_clients());
        clients
    }

    async fn rehash(&self, client_id: &str, rehash: &Rehash<'_>) {
        // The file is the operator's.
        if self.file.current().get(client_id).is_none() {
            self.registry.rehash(client_id, rehash).await;
        }
    }
}
