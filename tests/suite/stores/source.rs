//! A source of clients that a test can hold up, break and change.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use countersign::Client;
use countersign::metadata::ClientMetadata;
use countersign::store::{Changes, ClientSource, ReadThrough, StoreError};
use countersign_tests::patience::PATIENCE;
use serde_json::json;
use tokio::sync::{Notify, Semaphore};

#[derive(Default)]
pub(super) struct State {
    pub(super) clients: Mutex<HashMap<String, String>>,
    pub(super) changes: Mutex<Vec<String>>,
    pub(super) loads: AtomicUsize,
    pub(super) polls: AtomicU64,
    pub(super) is_held_up: AtomicBool,
    pub(super) is_down: AtomicBool,
    pub(super) panics: AtomicBool,
    pub(super) hint: Notify,
    pub(super) gate: Gate,
}

pub(super) struct Gate(Semaphore);

impl Default for Gate {
    fn default() -> Self {
        Gate(Semaphore::new(0))
    }
}

impl std::ops::Deref for Gate {
    type Target = Semaphore;

    fn deref(&self) -> &Semaphore {
        &self.0
    }
}

pub(super) struct Source(Arc<State>);

impl Source {
    pub(super) fn open() -> (Arc<State>, ReadThrough<Source>) {
        let state = Arc::new(State::default());
        // Unless a test says otherwise, a busy machine is no reason to give a load up.
        (Arc::clone(&state), ReadThrough::new(Source(state)).with_deadline(PATIENCE))
    }

    /// Each load needs a permit to end, but not to read.
    pub(super) fn held_up() -> (Arc<State>, ReadThrough<Source>) {
        let (state, cache) = Source::open();
        state.is_held_up.store(true, Ordering::SeqCst);
        // The first poll forgets everything, and would be one load more.
        state.is_down.store(true, Ordering::SeqCst);
        (state, cache)
    }

    /// Loads, and tells nothing of changes, so that what is remembered does not depend on when it is asked for them.
    pub(super) fn let_through() -> (Arc<State>, ReadThrough<Source>) {
        let (state, cache) = Source::held_up();
        state.gate.add_permits(100_000);
        (state, cache)
    }
}

impl State {
    pub(super) fn put(&self, client_id: &str, name: &str) {
        self.clients.lock().unwrap().insert(client_id.to_owned(), name.to_owned());
        self.changes.lock().unwrap().push(client_id.to_owned());
    }

    pub(super) fn loads(&self) -> usize {
        self.loads.load(Ordering::SeqCst)
    }

    pub(super) async fn began(&self, loads: usize) {
        while self.loads() < loads {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    pub(super) async fn polled_twice(&self) {
        let enough = self.polls.load(Ordering::SeqCst) + 2;
        while self.polls.load(Ordering::SeqCst) < enough {
            self.hint.notify_one();
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

impl ClientSource for Source {
    type Version = usize;

    async fn load(&self, client_id: &str) -> Result<Option<Arc<Client>>, StoreError> {
        let name = self.0.clients.lock().unwrap().get(client_id).cloned();
        self.0.loads.fetch_add(1, Ordering::SeqCst);
        assert!(!self.0.panics.load(Ordering::SeqCst), "broken on purpose");
        if self.0.is_held_up.load(Ordering::SeqCst) {
            self.0.gate.acquire().await.unwrap().forget();
        } else if self.0.is_down.load(Ordering::SeqCst) {
            return Err(StoreError::new("broken on purpose"));
        }
        Ok(name.map(|name| {
            let metadata =
                json!({"client_id": client_id, "client_name": name, "token_endpoint_auth_method": "none"});
            let metadata: ClientMetadata = serde_json::from_value(metadata).unwrap();
            Arc::new(Client::from_stored(&metadata).unwrap().with_app(name))
        }))
    }

    async fn changes(&self, since: Option<usize>) -> Result<Changes<usize>, StoreError> {
        self.0.polls.fetch_add(1, Ordering::SeqCst);
        assert!(!self.0.panics.load(Ordering::SeqCst), "broken on purpose");
        if self.0.is_down.load(Ordering::SeqCst) {
            return Err(StoreError::new("broken on purpose"));
        }
        let changes = self.0.changes.lock().unwrap();
        let since = since.unwrap_or(changes.len());
        Ok(Changes::of(changes[since..].iter().cloned(), changes.len()))
    }

    async fn changed(&self) {
        self.0.hint.notified().await;
    }
}
