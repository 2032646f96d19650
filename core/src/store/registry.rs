//! Where clients are kept that register themselves, or are changed while the server runs.

use std::fmt;
use std::future::Future;
use std::sync::Arc;

use futures_util::future::BoxFuture;

use super::StoreError;
use crate::metadata::ClientMetadata;

/// Registered clients that can be read and written, as a port.
///
/// [`ClientStore`](super::ClientStore) is how a decision finds a client; this is how registration
/// ([RFC 7591](https://www.rfc-editor.org/rfc/rfc7591), [RFC 7592](https://www.rfc-editor.org/rfc/rfc7592)) and an
/// operator change it. A database is usually both, and its `find` shows a change as soon as the write has returned
/// on this node, and within two seconds on every other one.
///
/// A registry judges nothing: what is written was judged before. Every write is one transaction: it is there as a
/// whole, or not at all.
pub trait ClientRegistry: Send + Sync + 'static {
    /// The client with exactly this id, as it stands now, past every cache.
    ///
    /// # Errors
    /// [`StoreError`] when the registry cannot answer, or this one entry cannot be read.
    fn read(
        &self,
        client_id: &str,
    ) -> impl Future<Output = Result<Option<RegisteredClient>, StoreError>> + Send;

    /// Adds a client; its `revision` is not looked at. False, and nothing is written, when the id is taken.
    ///
    /// # Errors
    /// [`StoreError`] when the registry cannot answer. Then the client may have been written all the same.
    fn insert(&self, client: &RegisteredClient) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Puts this in the place of the client with its id, if that still has the `revision` given here; the new entry has
    /// one that this id never had, also not before it was removed and added again. False, and nothing is written, when it has changed or is gone.
    ///
    /// # Errors
    /// [`StoreError`] when the registry cannot answer. Then the client may have been written all the same.
    fn replace(&self, client: &RegisteredClient) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Removes the client, if it still has this revision. False when it has changed or is gone.
    ///
    /// # Errors
    /// [`StoreError`] when the registry cannot answer. Then the client may have been removed all the same.
    fn remove(&self, client_id: &str, revision: u64)
    -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// How many clients there are with a registration access token, which are those that registered themselves: counted
    /// up to `most`, so that it costs little however many there are. It is asked before a stranger's registration.
    ///
    /// # Errors
    /// [`StoreError`] when the registry cannot answer.
    fn self_registered(&self, most: usize) -> impl Future<Output = Result<usize, StoreError>> + Send;

    /// At most `limit` clients in the order of their ids, after this one; from the first with `""`. For an operator's
    /// list: an entry that cannot be read is left out.
    ///
    /// # Errors
    /// [`StoreError`] when the registry cannot answer.
    fn page(
        &self,
        after: &str,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<RegisteredClient>, StoreError>> + Send;
}

/// An entry of a [`ClientRegistry`].
#[derive(Clone, Default)]
pub struct RegisteredClient {
    /// What is registered. Secrets are there as hashes where a hash is enough to verify them.
    pub metadata: ClientMetadata,
    /// SHA-256 of the registration access token (RFC 7592 §1.3) by which the client changes its own registration; `None`
    /// for one that only an operator may change.
    pub registration_access_token: Option<[u8; 32]>,
    /// Which write this is: given by the registry, and one that this id never had after each write.
    pub revision: u64,
}

/// Shows what [`ClientMetadata`] shows, and the revision.
impl fmt::Debug for RegisteredClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RegisteredClient")
            .field("metadata", &self.metadata)
            .field("revision", &self.revision)
            .finish_non_exhaustive()
    }
}

/// The [`ClientRegistry`] with its futures boxed, as far as registration uses it.
pub(crate) trait DynClientRegistry: Send + Sync {
    fn read<'a>(&'a self, client_id: &'a str) -> BoxFuture<'a, Result<Option<RegisteredClient>, StoreError>>;
    fn insert<'a>(&'a self, client: &'a RegisteredClient) -> BoxFuture<'a, Result<bool, StoreError>>;
    fn replace<'a>(&'a self, client: &'a RegisteredClient) -> BoxFuture<'a, Result<bool, StoreError>>;
    fn remove<'a>(&'a self, client_id: &'a str, revision: u64) -> BoxFuture<'a, Result<bool, StoreError>>;
    fn self_registered(&self, most: usize) -> BoxFuture<'_, Result<usize, StoreError>>;
}

impl<R: ClientRegistry> DynClientRegistry for R {
    fn read<'a>(&'a self, client_id: &'a str) -> BoxFuture<'a, Result<Option<RegisteredClient>, StoreError>> {
        Box::pin(ClientRegistry::read(self, client_id))
    }

    fn insert<'a>(&'a self, client: &'a RegisteredClient) -> BoxFuture<'a, Result<bool, StoreError>> {
        Box::pin(ClientRegistry::insert(self, client))
    }

    fn replace<'a>(&'a self, client: &'a RegisteredClient) -> BoxFuture<'a, Result<bool, StoreError>> {
        Box::pin(ClientRegistry::replace(self, client))
    }

    fn remove<'a>(&'a self, client_id: &'a str, revision: u64) -> BoxFuture<'a, Result<bool, StoreError>> {
        Box::pin(ClientRegistry::remove(self, client_id, revision))
    }

    fn self_registered(&self, most: usize) -> BoxFuture<'_, Result<usize, StoreError>> {
        Box::pin(ClientRegistry::self_registered(self, most))
    }
}

impl<R: ClientRegistry> ClientRegistry for Arc<R> {
    async fn read(&self, client_id: &str) -> Result<Option<RegisteredClient>, StoreError> {
        R::read(self, client_id).await
    }

    async fn insert(&self, client: &RegisteredClient) -> Result<bool, StoreError> {
        R::insert(self, client).await
    }

    async fn replace(&self, client: &RegisteredClient) -> Result<bool, StoreError> {
        R::replace(self, client).await
    }

    async fn remove(&self, client_id: &str, revision: u64) -> Result<bool, StoreError> {
        R::remove(self, client_id, revision).await
    }

    async fn self_registered(&self, most: usize) -> Result<usize, StoreError> {
        R::self_registered(self, most).await
    }

    async fn page(&self, after: &str, limit: usize) -> Result<Vec<RegisteredClient>, StoreError> {
        R::page(self, after, limit).await
    }
}
