//! A database under test: opened by any number of registries, and changed past all of them.

use std::time::Duration;

use countersign::store::{ClientRegistry, ClientStore, StoreError};
use countersign_tests::drivers::SetClock;
use countersign_tests::patience::patiently;
use countersign_tests::row::NOW;

use super::{registered, until_it_is};

pub(super) trait Bed {
    type Registry: ClientStore + ClientRegistry + Clone;

    /// Opens a registry, as another process would. Its clients [keep their names](super::name_kept).
    async fn open(&self, clock: SetClock) -> Result<Self::Registry, StoreError>;

    /// Does this past every registry. `{}` is what the names of the tables begin with.
    async fn execute(&self, sql: &str);

    /// A registry whose entries never die of age.
    async fn opened(&self) -> Self::Registry {
        self.opened_with(&SetClock::new(NOW)).await
    }

    /// A registry with this clock.
    async fn opened_with(&self, clock: &SetClock) -> Self::Registry {
        patiently(|| self.open(clock.clone())).await
    }
}

/// Waits until the registry, which was asked before, has looked once for what changed in the database. Before that it
/// cannot know, and then it forgets everything. Nothing else makes it forget a client that is deleted past it.
pub(super) async fn first_poll<B: Bed>(bed: &B, registry: &B::Registry) {
    let polled = registered("polled", "");
    patiently(|| registry.insert(&polled)).await;
    until_it_is(registry, "polled", Some("")).await;
    bed.execute("DELETE FROM {}clients WHERE client_id = 'polled'").await;
    until_it_is(registry, "polled", None).await;
}

/// Longer than two polls take, where nothing may come of them.
pub(super) async fn two_polls() {
    tokio::time::sleep(Duration::from_millis(2100)).await;
}
