//! Where the key sets behind `jwks_uri` come from.

use std::path::Path;
use std::sync::Arc;

use crate::cli::files;
use crate::cli::problem::Problem;
use crate::fetch::{KeySetFetcher, document};
use crate::key::KeySet;
use crate::key_source::{KeySource, KeySourceError};

/// What a server has for the clients that publish their keys.
#[derive(Clone, Debug, Default)]
pub enum RemoteKeys {
    /// Nothing: it fetches none.
    #[default]
    None,
    /// One key set, at every URI.
    Kept(Arc<KeySet>),
    /// The fetcher of a server.
    Fetched(Arc<KeySetFetcher>),
}

impl RemoteKeys {
    /// What was saved from a `jwks_uri`, read as the fetcher reads it.
    pub(super) fn saved(file: &Path) -> Result<Self, Problem> {
        let keys = document::read(&files::read(file)?).map_err(|error| Problem::in_file(file, error))?;
        Ok(RemoteKeys::Kept(Arc::new(keys)))
    }

    /// Fetched as a server does.
    pub(super) fn fetched(authorities: Option<&Path>, loopback_allowed: bool) -> Result<Self, Problem> {
        let mut fetcher = KeySetFetcher::new().danger_allow_loopback(loopback_allowed);
        if let Some(file) = authorities {
            fetcher = fetcher
                .extra_root_certificate(files::read(file)?)
                .map_err(|problem| Problem::in_file(file, problem))?;
        }
        Ok(RemoteKeys::Fetched(Arc::new(fetcher)))
    }
}

impl KeySource for RemoteKeys {
    async fn keys(&self, uri: &str) -> Result<Arc<KeySet>, KeySourceError> {
        match self {
            RemoteKeys::None => Err(KeySourceError::new("this server fetches none")),
            RemoteKeys::Kept(keys) => Ok(Arc::clone(keys)),
            RemoteKeys::Fetched(fetcher) => KeySource::keys(fetcher, uri).await,
        }
    }

    async fn refreshed(&self, uri: &str, stale: &Arc<KeySet>) -> Result<Arc<KeySet>, KeySourceError> {
        match self {
            RemoteKeys::Fetched(fetcher) => fetcher.refreshed(uri, stale).await,
            RemoteKeys::None | RemoteKeys::Kept(_) => Ok(Arc::clone(stale)),
        }
    }
}
