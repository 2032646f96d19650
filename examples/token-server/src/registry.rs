//! `registry`: where clients are kept that register themselves.

use std::path::PathBuf;
use std::sync::Arc;

use countersign::Client;
use countersign::metadata::ClientMetadata;
use countersign::secret::Rehash;
use countersign::store::{ClientRegistry, ClientStore, MemoryRegistry, RegisteredClient, StoreError};

use crate::config::problem::Problem;
use crate::config::store_url::StoreUrl;
use crate::registration_rules::RegistrationRules;
use crate::server::prepare;

/// A value of `registry`. Nothing is opened yet.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum RegistryAt {
    /// Of this process, until it ends.
    Memory,
    /// A file of this machine.
    Sqlite(PathBuf),
    /// A database that many nodes share.
    Postgres(StoreUrl),
}

/// The registry of this process; clones share it.
#[derive(Clone)]
pub(crate) enum Registry {
    Memory(MemoryRegistry),
}

impl RegistryAt {
    /// Opens it. Its clients may ask for these scopes.
    pub(crate) fn open(&self, rules: &RegistrationRules) -> Result<Registry, Problem> {
        let ceiling: Arc<str> = rules.scopes.join(" ").into();
        let prepare =
            move |metadata: &ClientMetadata, client| prepare(metadata, client, Some(ceiling.clone()));
        match self {
            RegistryAt::Memory => Ok(Registry::Memory(MemoryRegistry::default().prepared_by(prepare))),
            RegistryAt::Sqlite(_) | RegistryAt::Postgres(_) => Err(Problem::new("registry: not here yet")),
        }
    }
}

impl ClientStore for Registry {
    async fn find(&self, client_id: &str) -> Result<Option<Arc<Client>>, StoreError> {
        match self {
            Registry::Memory(registry) => registry.find(client_id).await,
        }
    }

    fn has_slow_hashes(&self) -> bool {
        match self {
            Registry::Memory(registry) => registry.has_slow_hashes(),
        }
    }

    fn slow_clients(&self) -> Vec<Arc<Client>> {
        match self {
            Registry::Memory(registry) => registry.slow_clients(),
        }
    }

    async fn rehash(&self, client_id: &str, rehash: &Rehash<'_>) {
        match self {
            Registry::Memory(registry) => registry.rehash(client_id, rehash).await,
        }
    }
}

impl ClientRegistry for Registry {
    async fn read(&self, client_id: &str) -> Result<Option<RegisteredClient>, StoreError> {
        match self {
            Registry::Memory(registry) => registry.read(client_id).await,
        }
    }

    async fn insert(&self, client: &RegisteredClient) -> Result<bool, StoreError> {
        match self {
            Registry::Memory(registry) => registry.insert(client).await,
        }
    }

    async fn replace(&self, client: &RegisteredClient) -> Result<bool, StoreError> {
        match self {
            Registry::Memory(registry) => registry.replace(client).await,
        }
    }

    async fn remove(&self, client_id: &str, revision: u64) -> Result<bool, StoreError> {
        match self {
            Registry::Memory(registry) => registry.remove(client_id, revision).await,
        }
    }

    async fn page(&self, after: &str, limit: usize) -> Result<Vec<RegisteredClient>, StoreError> {
        match self {
            Registry::Memory(registry) => registry.page(after, limit).await,
        }
    }
}
