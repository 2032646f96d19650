//! What a cache asks for clients.

use std::future::Future;
use std::sync::Arc;

use super::super::StoreError;
use crate::client::Client;
use crate::secret::Rehash;

/// A database of clients, as a port; [`ReadThrough`](super::ReadThrough) is the cache in front of it.
pub trait ClientSource: Send + Sync + 'static {
    /// A state of the database: a number that each change raises, say.
    type Version: Clone + Send + Sync + 'static;

    /// The client with exactly this id, as it stands now.
    ///
    /// # Errors
    /// [`StoreError`] when the database cannot answer, or, marked by [`StoreError::of_one_client`], this one client cannot
    /// be read. Name the client and what is wrong with it; a request for it is refused with 503, and the operator reads
    /// the error in its event.
    fn load(&self, client_id: &str) -> impl Future<Output = Result<Option<Arc<Client>>, StoreError>> + Send;

    /// Which clients were added, changed or removed after this version, and the version of now. `None`: any version
    /// will do, nothing is remembered yet. Asked every second, so it should be one cheap query.
    ///
    /// A version must not be given out before everything up to it can be seen. Numbers that are drawn in one order and
    /// committed in another, as those of an SQL sequence are, lose changes.
    ///
    /// # Errors
    /// [`StoreError`] when the database cannot answer. Then clients are served until their lifetime ends.
    fn changes(
        &self,
        since: Option<Self::Version>,
    ) -> impl Future<Output = Result<Changes<Self::Version>, StoreError>> + Send;

    /// Ends when something has perhaps changed, so that it is asked about at once. A hint that is lost costs a second.
    /// Without one, this never ends.
    fn changed(&self) -> impl Future<Output = ()> + Send {
        std::future::pending()
    }

    /// As [`ClientStore::slow_clients`](super::super::ClientStore::slow_clients).
    fn slow_clients(&self) -> Vec<Arc<Client>> {
        Vec::new()
    }

    /// As [`ClientStore::rehash`](super::super::ClientStore::rehash). The client is loaded again afterwards.
    fn rehash(&self, client_id: &str, rehash: &Rehash<'_>) -> impl Future<Output = ()> + Send {
        let _ = (client_id, rehash);
        std::future::ready(())
    }
}

/// What has changed since a version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changes<V> {
    pub(super) version: V,
    /// None: it could be any.
    pub(super) clients: Option<Vec<String>>,
}

impl<V> Changes<V> {
    /// These clients and no others. The version is that of now.
    pub fn of(clients: impl IntoIterator<Item = String>, version: V) -> Self {
        Changes { version, clients: Some(clients.into_iter().collect()) }
    }

    /// Any client may have: there are too many to name, or the log of changes does not go back that far.
    pub fn of_any(version: V) -> Self {
        Changes { version, clients: None }
    }
}
