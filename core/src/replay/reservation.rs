//! A `jti` that was claimed for a request, and can be given back once.

use std::fmt;

use super::{DynReplayStore, ReplayKey};
use crate::store::StoreError;
use crate::sync::Arc;
use crate::sync::atomic::{AtomicBool, Ordering};

/// The claim of one request. Dropped it stays: only [`release`](Reservation::release) gives it back.
pub(crate) struct Reservation {
    store: Arc<dyn DynReplayStore>,
    tenant: Arc<str>,
    digest: [u8; 32],
    released: AtomicBool,
}

impl Reservation {
    pub(crate) fn new(store: Arc<dyn DynReplayStore>, tenant: Arc<str>, key: &ReplayKey<'_>) -> Self {
        Reservation { store, tenant, digest: *key.digest(), released: AtomicBool::new(false) }
    }

    /// Gives the claim back, the first time it is called.
    pub(crate) async fn release(&self, client_id: &str) -> Result<(), StoreError> {
        if self.released.swap(true, Ordering::SeqCst) {
            return Ok(());
        }
        self.store.release(&ReplayKey::of_digest(self.digest, &self.tenant, client_id)).await
    }
}

impl fmt::Debug for Reservation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reservation").field("released", &self.released).finish_non_exhaustive()
    }
}
