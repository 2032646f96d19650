//! A database under test: opened by any number of registries, and changed past all of them.

use std::time::Duration;

use countersign::store::{ClientRegistry, ClientStore, StoreError};
use countersign_tests::drivers::SetClock;
use countersign_tests::patience::patiently;
use countersign_tests::row::NOW;

pub(super) trait Bed {
    type Registry: ClientStore + ClientRegistry + Clone;

    /// Opens a registry, as another process would. Its clients [keep their names](super::name_kept).
    async fn open(&self, clock: SetClock) -> Result<Self::Registry, StoreError>;

    /// Does this past every registry. `{}` is what the names of the tables begin with.
    async fn execute(&self, sql: &str);

    /// A registry whose entries never die of age.
    async fn opened(&self) -> Self::Registry {
        patiently(|| self.open(SetClock::new(NOW))).await
    }
}

/// Longer than two polls take.
pub(super) async fn two_polls() {
    tokio::time::sleep(Duration::from_millis(2100)).await;
}
