//! A set of clients that is exchanged as a whole.

use std::sync::{Arc, PoisonError, RwLock};

use super::{ClientStore, Clients, StoreError};
use crate::client::Client;

/// A set of clients that is replaced as a whole while the server runs: a file that was edited, say.
///
/// Cheap to clone; all clones show the same set. A request sees one set or the other, never a part of each, and a client
/// that was found stays as it was until its request is answered.
///
/// ```
/// use countersign::{Client, store::{Clients, ReloadableClients}};
///
/// let registry = ReloadableClients::new(Clients::new([Client::new("billing")])?);
/// let for_the_authenticator = registry.clone();
///
/// // Built, and so checked, before it takes the place of the old one.
/// registry.replace(Clients::new([Client::new("billing"), Client::new("shipping")])?);
/// assert!(for_the_authenticator.current().get("shipping").is_some());
/// # Ok::<(), countersign::ConfigError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct ReloadableClients(Arc<RwLock<Arc<Clients>>>);

impl ReloadableClients {
    /// A registry that begins with these clients.
    pub fn new(clients: Clients) -> Self {
        ReloadableClients(Arc::new(RwLock::new(Arc::new(clients))))
    }

    /// Puts these in the place of all that were there. The old set is returned, and dropped by whoever has it last.
    pub fn replace(&self, clients: Clients) -> Arc<Clients> {
        let mut current = self.0.write().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut *current, Arc::new(clients))
    }

    /// The clients of this moment.
    pub fn current(&self) -> Arc<Clients> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl ClientStore for ReloadableClients {
    async fn find(&self, client_id: &str) -> Result<Option<Arc<Client>>, StoreError> {
        // Of the client alone: were the set held on to, a request could be the last to have it, and would drop all of it.
        Ok(self.0.read().unwrap_or_else(PoisonError::into_inner).get(client_id).cloned())
    }

    fn has_slow_hashes(&self) -> bool {
        ClientStore::has_slow_hashes(&*self.current())
    }

    fn slow_clients(&self) -> Vec<Arc<Client>> {
        ClientStore::slow_clients(&*self.current())
    }
}
