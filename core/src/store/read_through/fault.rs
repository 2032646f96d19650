//! Why a client could not be loaded, for everybody who waits for it.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use super::super::StoreError;

/// A [`StoreError`] that can be handed to several.
#[derive(Clone)]
pub(super) struct Fault(Arc<StoreError>);

impl Fault {
    pub(super) fn new(error: StoreError) -> Self {
        Fault(Arc::new(error))
    }

    pub(super) fn text(problem: &'static str) -> Self {
        Fault::new(StoreError::new(problem))
    }

    pub(super) fn told(self) -> StoreError {
        let of_one_client = self.0.of_one_client;
        StoreError { of_one_client, ..StoreError::new(self) }
    }
}

/// Without the words that a [`StoreError`] begins with; it becomes one again.
impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.source.fmt(f)
    }
}

impl fmt::Debug for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Error for Fault {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source.source()
    }
}
