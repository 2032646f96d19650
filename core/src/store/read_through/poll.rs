//! How a cache learns what has changed.

use std::panic::AssertUnwindSafe;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use futures_util::FutureExt as _;
use tokio::sync::Notify;

use super::super::StoreError;
use super::keeper::Keeper;
use super::memory::Memory;
use super::source::ClientSource;
use crate::sync::task::AbortHandle;
use crate::sync::time::{sleep, timeout};

/// Two tasks: one asks for changes, the other waits for hints to ask at once. They end with this value.
#[derive(Default)]
pub(super) struct Poll {
    tasks: OnceLock<[AbortHandle; 2]>,
}

impl Poll {
    /// Begins, unless it has begun.
    ///
    /// # Errors
    /// [`StoreError`] when no thread can be started.
    pub(super) fn start<S: ClientSource>(
        &self,
        keeper: &Keeper,
        memory: &Arc<Memory>,
        source: &Arc<S>,
        deadline: Duration,
    ) -> Result<(), StoreError> {
        if self.tasks.get().is_some() {
            return Ok(());
        }
        let hinted = Arc::new(Notify::new());
        let asks = ask(Arc::clone(source), Arc::clone(memory), Arc::clone(&hinted), deadline);
        let waits = wait(Arc::clone(source), hinted);
        let tasks = [keeper.spawn(asks)?.abort_handle(), keeper.spawn(waits)?.abort_handle()];
        if let Err(second) = self.tasks.set(tasks) {
            // Another request was quicker.
            second.iter().for_each(AbortHandle::abort);
        }
        Ok(())
    }
}

impl Drop for Poll {
    fn drop(&mut self) {
        self.tasks.get().into_iter().flatten().for_each(AbortHandle::abort);
    }
}

async fn ask<S: ClientSource>(source: Arc<S>, memory: Arc<Memory>, hinted: Arc<Notify>, deadline: Duration) {
    let mut seen = None;
    loop {
        let asked = AssertUnwindSafe(source.changes(seen.clone())).catch_unwind();
        // Without an answer everything is served as long as it lives.
        if let Ok(Ok(Ok(changes))) = timeout(deadline, asked).await {
            match changes.clients {
                // What was loaded before the first version was seen may be older than that.
                Some(clients) if seen.is_some() => {
                    clients.iter().for_each(|client_id| memory.invalidate(client_id));
                }
                _ => memory.clear(),
            }
            seen = Some(changes.version);
        }
        let _ = timeout(EVERY, hinted.notified()).await;
        // A hundred hints at once are one.
        sleep(GAP).await;
    }
}

async fn wait<S: ClientSource>(source: Arc<S>, hinted: Arc<Notify>) {
    loop {
        let hint = AssertUnwindSafe(source.changed()).catch_unwind().await;
        hinted.notify_one();
        sleep(if hint.is_ok() { GAP } else { EVERY }).await;
    }
}

/// With the deadline of an answer, unless told another, less than the two seconds in which a change is to be seen.
const EVERY: Duration = Duration::from_millis(950);
const GAP: Duration = Duration::from_millis(20);
