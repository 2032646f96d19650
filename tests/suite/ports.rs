//! Ports that misbehave on purpose.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use countersign::Client;
use countersign::replay::{Claim, MemoryReplayStore, ReplayKey, ReplayStore};
use countersign::store::{ClientStore, Clients, StoreError};

/// What a port does when it is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mood {
    /// Answers, after it was polled so many times.
    Slow(usize),
    /// Cannot answer.
    Down,
    /// Panics.
    Panics,
    /// Has no room.
    Full,
}

pub(crate) struct Registry(pub(crate) Clients, pub(crate) Mood);

impl ClientStore for Registry {
    async fn find(&self, client_id: &str) -> Result<Option<Arc<Client>>, StoreError> {
        match self.1 {
            Mood::Down => Err(StoreError::new("the registry is down")),
            Mood::Panics => panic!("the registry panics"),
            Mood::Slow(polls) => {
                Yield(polls).await;
                ClientStore::find(&self.0, client_id).await
            }
            Mood::Full => ClientStore::find(&self.0, client_id).await,
        }
    }
}

/// Counts what it was asked to claim.
pub(crate) struct Memory {
    pub(crate) store: MemoryReplayStore,
    pub(crate) mood: Mood,
    pub(crate) claims: Arc<AtomicUsize>,
}

impl ReplayStore for Memory {
    async fn claim(&self, key: &ReplayKey<'_>, keep_for: Duration) -> Result<Claim, StoreError> {
        match self.mood {
            Mood::Down => Err(StoreError::new("the replay store is down")),
            Mood::Panics => panic!("the replay store panics"),
            Mood::Full => Ok(Claim::Full),
            Mood::Slow(polls) => {
                Yield(polls).await;
                let claim = self.store.claim(key, keep_for).await;
                self.claims.fetch_add(1, Ordering::SeqCst);
                Yield(polls).await;
                claim
            }
        }
    }

    async fn release(&self, key: &ReplayKey<'_>) -> Result<(), StoreError> {
        self.store.release(key).await
    }
}

/// Is pending so many times.
pub(crate) struct Yield(pub(crate) usize);

impl Future for Yield {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<()> {
        if self.0 == 0 {
            return Poll::Ready(());
        }
        self.0 -= 1;
        task.waker().wake_by_ref();
        Poll::Pending
    }
}
