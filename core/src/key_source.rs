//! Where the key sets behind `jwks_uri` come from.

use std::fmt;
use std::future::Future;
use std::sync::Arc;

use futures_util::future::BoxFuture;

use crate::key::KeySet;

/// Fetches and keeps remote key sets, as a port. The feature `fetch` has one.
///
/// It is asked only for a known client whose assertion has passed every check but the signature: a stranger cannot
/// cause a fetch.
///
/// An implementation must keep the set it fetched, join concurrent requests for one URI into one fetch, bound
/// every fetch in time and size, and refuse addresses that no client's keys live at.
pub trait KeySource: Send + Sync + 'static {
    /// The key set at this URI: kept, or fetched now.
    ///
    /// # Errors
    /// [`KeySourceError`] when there is none and none can be had. That becomes 503, never a bad signature.
    fn keys(&self, uri: &str) -> impl Future<Output = Result<Arc<KeySet>, KeySourceError>> + Send;

    /// The key set at this URI after `stale` turned out not to hold the key that signed: fetched again, or `stale`
    /// itself while the last attempt is too recent.
    ///
    /// # Errors
    /// [`KeySourceError`] when nothing can be said.
    fn refreshed(
        &self,
        uri: &str,
        stale: &Arc<KeySet>,
    ) -> impl Future<Output = Result<Arc<KeySet>, KeySourceError>> + Send;
}

/// The [`KeySource`] with its futures boxed.
pub(crate) trait DynKeySource: Send + Sync {
    fn keys<'a>(&'a self, uri: &'a str) -> BoxFuture<'a, Result<Arc<KeySet>, KeySourceError>>;
    fn refreshed<'a>(
        &'a self,
        uri: &'a str,
        stale: &'a Arc<KeySet>,
    ) -> BoxFuture<'a, Result<Arc<KeySet>, KeySourceError>>;
}

impl<S: KeySource> DynKeySource for S {
    fn keys<'a>(&'a self, uri: &'a str) -> BoxFuture<'a, Result<Arc<KeySet>, KeySourceError>> {
        Box::pin(KeySource::keys(self, uri))
    }

    fn refreshed<'a>(
        &'a self,
        uri: &'a str,
        stale: &'a Arc<KeySet>,
    ) -> BoxFuture<'a, Result<Arc<KeySet>, KeySourceError>> {
        Box::pin(KeySource::refreshed(self, uri, stale))
    }
}

impl<S: KeySource> KeySource for Arc<S> {
    async fn keys(&self, uri: &str) -> Result<Arc<KeySet>, KeySourceError> {
        S::keys(self, uri).await
    }

    async fn refreshed(&self, uri: &str, stale: &Arc<KeySet>) -> Result<Arc<KeySet>, KeySourceError> {
        S::refreshed(self, uri, stale).await
    }
}

/// A remote key set could not be had: what failed, for the operator. `Clone`, because one fetch answers many.
#[derive(Clone)]
pub struct KeySourceError(Arc<dyn std::error::Error + Send + Sync>);

impl KeySourceError {
    /// Keeps the source's own error, or a text.
    pub fn new(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        KeySourceError(Arc::from(source.into()))
    }
}

impl fmt::Display for KeySourceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the key set cannot be had: {}", self.0)
    }
}

impl fmt::Debug for KeySourceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl std::error::Error for KeySourceError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&*self.0)
    }
}
