//! How a registry makes clients of what is registered.

use std::sync::Arc;

use super::StoreError;
use crate::client::Client;
use crate::metadata::{ClientMetadata, MetadataError};

/// Makes a client ready for the application: gives it its [`app`](Client::app) data, or refuses it.
pub type Prepare = dyn Fn(&ClientMetadata, Client) -> Result<Client, MetadataError> + Send + Sync;

/// What every client goes through as it is built.
#[derive(Clone, Default)]
pub(super) struct Preparation(Option<Arc<Prepare>>);

impl Preparation {
    pub(super) fn by(
        prepare: impl Fn(&ClientMetadata, Client) -> Result<Client, MetadataError> + Send + Sync + 'static,
    ) -> Self {
        Preparation(Some(Arc::new(prepare)))
    }

    /// # Errors
    /// [`StoreError`] that names the client and what is wrong with it.
    pub(super) fn client(&self, metadata: &ClientMetadata) -> Result<Arc<Client>, StoreError> {
        let unfit = |error: MetadataError| {
            let problem = format!("the client {:?} cannot be read: {error}", metadata.client_id);
            StoreError::new(problem).of_one_client()
        };
        let client = Client::from_stored(metadata).map_err(unfit)?;
        match &self.0 {
            Some(prepare) => prepare(metadata, client).map(Arc::new).map_err(unfit),
            None => Ok(Arc::new(client)),
        }
    }
}
