//! `registry`: where clients are kept that register themselves.

use std::path::PathBuf;
use std::sync::Arc;

use countersign::Client;
use countersign::metadata::ClientMetadata;
use countersign::secret::Rehash;
use countersign::store::{
    ClientRegistry, ClientStore, MemoryRegistry, PostgresClients, RegisteredClient, SqliteClients, StoreError,
};

use crate::config::problem::Problem;
use crate::config::store_url::StoreUrl;
use crate::registration_rules::RegistrationRules;
use crate::server::prepare;
use crate::stores;

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
    Sqlite(SqliteClients),
    Postgres(PostgresClients),
}

impl RegistryAt {
    /// Opens it. Its clients may ask for these scopes.
    ///
    /// # Errors
    /// When it cannot be opened now: a server that starts without its registry would refuse every client in it.
    pub(crate) fn open(&self, rules: &RegistrationRules) -> Result<Registry, Problem> {
        let ceiling: Arc<str> = rules.scopes.join(" ").into();
        let prepare =
            move |metadata: &ClientMetadata, client| prepare(metadata, client, Some(ceiling.clone()));
        match self {
            RegistryAt::Memory => {
                let registry = MemoryRegistry::default().with_capacity(rules.most_clients.max(MEMORY_HOLDS));
                Ok(Registry::Memory(registry.prepared_by(prepare)))
            }
            RegistryAt::Sqlite(file) => {
                let opened = stores::block_on(SqliteClients::open(file))?;
                let opened = opened.map_err(|error| {
                    Problem::new(format!(
                        "registry: {}: {error}; its folder must exist and be writable",
                        file.display()
                    ))
                })?;
                Ok(Registry::Sqlite(opened.prepared_by(prepare)))
            }
            RegistryAt::Postgres(url) => {
                let connected = stores::block_on(PostgresClients::connect(url.with_password()))?;
                let connected = connected.map_err(|error| stores::unreachable("registry", url, &error))?;
                Ok(Registry::Postgres(connected.prepared_by(prepare)))
            }
        }
    }
}

/// Whoever registers, with a token or without.
const MEMORY_HOLDS: usize = 10_000;

/// The same asked of whichever it is.
macro_rules! each {
    ($self:expr, $registry:ident => $asked:expr) => {
        match $self {
            Registry::Memory($registry) => $asked,
            Registry::Sqlite($registry) => $asked,
            Registry::Postgres($registry) => $asked,
        }
    };
}

impl ClientStore for Registry {
    async fn find(&self, client_id: &str) -> Result<Option<Arc<Client>>, StoreError> {
        each!(self, registry => registry.find(client_id).await)
    }

    fn has_slow_hashes(&self) -> bool {
        each!(self, registry => registry.has_slow_hashes())
    }

    fn slow_clients(&self) -> Vec<Arc<Client>> {
        each!(self, registry => registry.slow_clients())
    }

    async fn rehash(&self, client_id: &str, rehash: &Rehash<'_>) {
        each!(self, registry => registry.rehash(client_id, rehash).await)
    }
}

impl ClientRegistry for Registry {
    async fn read(&self, client_id: &str) -> Result<Option<RegisteredClient>, StoreError> {
        each!(self, registry => registry.read(client_id).await)
    }

    async fn insert(&self, client: &RegisteredClient) -> Result<bool, StoreError> {
        each!(self, registry => registry.insert(client).await)
    }

    async fn replace(&self, client: &RegisteredClient) -> Result<bool, StoreError> {
        each!(self, registry => registry.replace(client).await)
    }

    async fn remove(&self, client_id: &str, revision: u64) -> Result<bool, StoreError> {
        each!(self, registry => registry.remove(client_id, revision).await)
    }

    async fn self_registered(&self, most: usize) -> Result<usize, StoreError> {
        each!(self, registry => registry.self_registered(most).await)
    }

    async fn page(&self, after: &str, limit: usize) -> Result<Vec<RegisteredClient>, StoreError> {
        each!(self, registry => registry.page(after, limit).await)
    }
}
