//! Every client of this server: those of `clients.json`, and those of the registry.

use std::sync::Arc;

use countersign::Client;
use countersign::secret::Rehash;
use countersign::store::{ClientRegistry as _, ClientStore, ReloadableClients, StoreError};

use crate::log::Log;
use crate::registry::Registry;
use crate::stores;

/// The file first, then the registry: what an operator wrote down cannot be taken over by whoever registers.
#[derive(Clone)]
pub(crate) struct KnownClients {
    pub(crate) file: ReloadableClients,
    pub(crate) registry: Registry,
}

impl KnownClients {
    /// Tells the operator of each client that is in both: what is registered about it has no effect.
    pub(crate) fn warn_of_twins(&self, log: &Log) {
        let (clients, log) = (self.clone(), log.clone());
        // A long file and a slow database must not delay the start.
        stores::spawn(async move {
            for client in clients.file.current().iter() {
                match clients.registry.read(client.id()).await {
                    Ok(None) => {}
                    Ok(Some(_)) => log(&format!(
                        "warning: client {:?} is in the file and in the registry; what the file says holds",
                        client.id()
                    )),
                    // Whoever needs the registry says so.
                    Err(_) => break,
                }
            }
        });
    }
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
