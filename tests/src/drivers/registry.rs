//! A registry that a row changes while the server runs.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, RwLock};

use countersign::Client;
use countersign::metadata::ClientMetadata;
use countersign::store::{ClientStore, StoreError};
use serde_json::Value;

use super::server::anchors;
use crate::row::Setup;

/// Clients as a file of clients would have them.
#[derive(Clone, Default)]
pub struct Registry {
    clients: Arc<RwLock<HashMap<String, Arc<Client>>>>,
    own_anchors: BTreeMap<String, Vec<Vec<u8>>>,
}

impl Registry {
    /// A client that the loader refuses is left out.
    pub fn new(setup: &Setup) -> Self {
        let registry = Registry { own_anchors: setup.own_anchors.clone(), ..Registry::default() };
        for metadata in &setup.clients {
            registry.register(metadata["client_id"].as_str().unwrap_or_default(), Some(metadata));
        }
        registry
    }

    /// Replaces what is registered of this client.
    pub fn register(&self, client_id: &str, metadata: Option<&Value>) {
        let client = metadata.and_then(|metadata| {
            let metadata: ClientMetadata = serde_json::from_value(metadata.clone()).ok()?;
            let client = Client::from_stored(&metadata).ok()?;
            Some(match self.own_anchors.get(client_id) {
                Some(own) => client.with_trust_anchors(anchors(own)),
                None => client,
            })
        });
        let mut clients = self.clients.write().unwrap();
        match client {
            Some(client) => clients.insert(client_id.to_owned(), Arc::new(client)),
            None => clients.remove(client_id),
        };
    }
}

impl ClientStore for Registry {
    async fn find(&self, client_id: &str) -> Result<Option<Arc<Client>>, StoreError> {
        Ok(self.clients.read().unwrap().get(client_id).cloned())
    }

    fn slow_clients(&self) -> Vec<Arc<Client>> {
        let clients = self.clients.read().unwrap();
        clients
            .values()
            .filter(|client| client.secrets().iter().any(|secret| secret.is_slow()))
            .cloned()
            .collect()
    }
}
