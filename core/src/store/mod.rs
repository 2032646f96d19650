//! Where registered clients are found.

mod clients;
mod memory;
#[cfg(feature = "postgres")]
mod postgres;
mod prepare;
#[cfg(feature = "cache")]
mod read_through;
mod registry;
mod rehash;
mod reloadable;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
mod sql;
#[cfg(feature = "sqlite")]
mod sqlite;

use std::fmt;
use std::future::Future;
use std::sync::Arc;

use futures_util::future::BoxFuture;

pub use self::clients::Clients;
pub use self::memory::MemoryRegistry;
#[cfg(feature = "postgres")]
#[cfg_attr(docsrs, doc(cfg(feature = "postgres")))]
pub use self::postgres::PostgresClients;
pub use self::prepare::Prepare;
#[cfg(feature = "cache")]
#[cfg_attr(docsrs, doc(cfg(feature = "cache")))]
pub use self::read_through::{Changes, ClientSource, ReadThrough};
pub(crate) use self::registry::DynClientRegistry;
pub use self::registry::{ClientRegistry, RegisteredClient};
pub use self::reloadable::ReloadableClients;
#[cfg(feature = "sqlite")]
#[cfg_attr(docsrs, doc(cfg(feature = "sqlite")))]
pub use self::sqlite::SqliteClients;

use crate::client::Client;
use crate::secret::Rehash;

/// The registry of clients, as a port.
///
/// Write it with `async fn`; it is erased inside the [`Authenticator`](crate::Authenticator).
///
/// ```
/// use std::sync::Arc;
/// use countersign::{Client, store::{ClientStore, StoreError}};
///
/// struct MyRegistry;
///
/// impl ClientStore for MyRegistry {
///     async fn find(&self, client_id: &str) -> Result<Option<Arc<Client>>, StoreError> {
///         Ok(None) // ask the database; keep built clients in a cache
///     }
/// }
/// ```
pub trait ClientStore: Send + Sync + 'static {
    /// The client with exactly this id. Called at most twice for a request (a Basic pair can have two readings).
    ///
    /// # Errors
    /// [`StoreError`] when the registry cannot answer. That becomes 503, never "unknown client".
    fn find(&self, client_id: &str) -> impl Future<Output = Result<Option<Arc<Client>>, StoreError>> + Send;

    /// Does any client have a secret under a slow hash? Then a failed attempt does that work for an unknown
    /// client too, from the first request on. A store that does not know says no; the first such client that is
    /// found changes that.
    fn has_slow_hashes(&self) -> bool {
        false
    }

    /// Clients with secrets under slow hashes: one at least for each kind of hash and its parameters. Then a failed
    /// attempt costs the same for every client, known or not, from the first request on. A store that does not know
    /// returns none; it is learnt from the clients that are found.
    fn slow_clients(&self) -> Vec<Arc<Client>> {
        Vec::new()
    }

    /// A secret of this client has just matched a hash that should be replaced: an import that is weaker than Argon2id,
    /// a slow hash over a generated secret, an old pepper. A store that can, replaces it, and the answer waits for that.
    /// What it does not replace is offered again, for slow hashes about once a minute; a failure is the store's own
    /// matter and does not become the request's.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use countersign::{Client, secret::Rehash, store::{ClientStore, StoreError}};
    /// # struct MyRegistry;
    /// # impl MyRegistry {
    /// #     async fn stored_hashes(&self, _: &str) -> Vec<String> { Vec::new() }
    /// #     async fn replace(&self, _: &str, _: &str, _: &str) {}
    /// # }
    /// # impl ClientStore for MyRegistry {
    /// # async fn find(&self, _: &str) -> Result<Option<Arc<Client>>, StoreError> { Ok(None) }
    /// async fn rehash(&self, client_id: &str, rehash: &Rehash<'_>) {
    ///     let stored = self.stored_hashes(client_id).await;
    ///     if let Some(old) = stored.iter().find(|stored| rehash.replaces(stored))
    ///         && let Ok(new) = rehash.new_hash().await
    ///     {
    ///         self.replace(client_id, old, &new).await;
    ///     }
    /// }
    /// # }
    /// ```
    fn rehash(&self, client_id: &str, rehash: &Rehash<'_>) -> impl Future<Output = ()> + Send {
        let _ = (client_id, rehash);
        std::future::ready(())
    }
}

/// The [`ClientStore`] with its future boxed, so that no generic parameter shows in a user's types.
pub(crate) trait DynClientStore: Send + Sync {
    fn find<'a>(&'a self, client_id: &'a str) -> BoxFuture<'a, Result<Option<Arc<Client>>, StoreError>>;
    fn has_slow_hashes(&self) -> bool;
    fn slow_clients(&self) -> Vec<Arc<Client>>;
    fn rehash<'a>(&'a self, client_id: &'a str, rehash: &'a Rehash<'a>) -> BoxFuture<'a, ()>;
}

impl<S: ClientStore> DynClientStore for S {
    fn find<'a>(&'a self, client_id: &'a str) -> BoxFuture<'a, Result<Option<Arc<Client>>, StoreError>> {
        Box::pin(ClientStore::find(self, client_id))
    }

    fn has_slow_hashes(&self) -> bool {
        ClientStore::has_slow_hashes(self)
    }

    fn slow_clients(&self) -> Vec<Arc<Client>> {
        ClientStore::slow_clients(self)
    }

    fn rehash<'a>(&'a self, client_id: &'a str, rehash: &'a Rehash<'a>) -> BoxFuture<'a, ()> {
        Box::pin(ClientStore::rehash(self, client_id, rehash))
    }
}

impl<S: ClientStore> ClientStore for Arc<S> {
    async fn find(&self, client_id: &str) -> Result<Option<Arc<Client>>, StoreError> {
        S::find(self, client_id).await
    }

    fn has_slow_hashes(&self) -> bool {
        S::has_slow_hashes(self)
    }

    fn slow_clients(&self) -> Vec<Arc<Client>> {
        S::slow_clients(self)
    }

    async fn rehash(&self, client_id: &str, rehash: &Rehash<'_>) {
        S::rehash(self, client_id, rehash).await;
    }
}

/// A store could not answer. Not the same as an answer that is no.
pub struct StoreError {
    source: Box<dyn std::error::Error + Send + Sync>,
    of_one_client: bool,
}

impl StoreError {
    /// Keeps the driver's own error, or a text.
    pub fn new(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        StoreError { source: source.into(), of_one_client: false }
    }

    /// The store answers, and what it has of the client that was asked for cannot be read: others are served.
    #[must_use]
    pub fn of_one_client(mut self) -> Self {
        self.of_one_client = true;
        self
    }

    /// Was that said of it?
    pub fn is_of_one_client(&self) -> bool {
        self.of_one_client
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the store cannot answer: {}", self.source)
    }
}

impl fmt::Debug for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.source, f)
    }
}

impl std::error::Error for StoreError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&*self.source)
    }
}
