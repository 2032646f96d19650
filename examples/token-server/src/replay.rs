//! `replay`: where used assertions are remembered.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use countersign::AuthenticatorBuilder;
use countersign::observer::Metrics;
use countersign::replay::{
    MemoryReplayStore, PostgresReplayStore, RedisReplayStore, ReplayStore, ReplayUse, SqliteReplayStore,
};
use countersign::throttle::{FailureLimits, RedisThrottle};

use crate::config::problem::Problem;
use crate::config::store_url::StoreUrl;
use crate::stores;

/// A value of `replay`. Nothing is opened yet.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Replay {
    /// Of this process, until it ends.
    Memory,
    /// The same with less room: for so many live assertions of one client.
    SmallMemory(u32),
    /// A file that the processes of one machine share.
    Sqlite(PathBuf),
    /// A database that many nodes share.
    Postgres(StoreUrl),
    /// A Redis or Valkey that many nodes share, for the failures of the throttle too.
    Redis(StoreUrl),
}

impl Replay {
    /// Opens it, and gives it to the authenticator.
    pub(crate) fn open(
        self,
        builder: AuthenticatorBuilder,
    ) -> Result<(AuthenticatorBuilder, ReplayState), Problem> {
        match self {
            Replay::Memory => Ok(in_memory(builder, MemoryReplayStore::new())),
            Replay::SmallMemory(of_one_client) => {
                let store = MemoryReplayStore::new();
                let capacity = store.capacity();
                Ok(in_memory(builder, store.with_capacity(capacity, of_one_client)))
            }
            Replay::Sqlite(file) => {
                let store = stores::block_on(SqliteReplayStore::open(file))?
                    .map_err(|error| Problem::new(format!("replay: {error}")))?;
                let store = Arc::new(store);
                Ok((builder.replay(Arc::clone(&store)), ReplayState::new("sqlite", store)))
            }
            Replay::Postgres(url) => {
                let store = stores::block_on(PostgresReplayStore::connect(url.with_password()))?
                    .map_err(|error| stores::unreachable("replay", &url, &error))?;
                let store = Arc::new(store);
                Ok((builder.replay(Arc::clone(&store)), ReplayState::new("postgres", store)))
            }
            Replay::Redis(url) => {
                let unreachable = |error| stores::unreachable("replay", &url, &error);
                let store = stores::block_on(RedisReplayStore::connect(url.with_password()))?;
                let store = Arc::new(store.map_err(unreachable)?);
                // Whoever guesses must not have a budget for each node.
                let throttle = RedisThrottle::connect(url.with_password(), FailureLimits::new());
                let throttle = stores::block_on(throttle)?.map_err(unreachable)?;
                let builder = builder.replay(Arc::clone(&store)).throttle(throttle);
                Ok((builder, ReplayState::new("redis", store)))
            }
        }
    }
}

fn in_memory(builder: AuthenticatorBuilder, store: MemoryReplayStore) -> (AuthenticatorBuilder, ReplayState) {
    let store = Arc::new(store);
    (builder.replay(Arc::clone(&store)), ReplayState::new("memory", store))
}

/// What an operator sees of the open store.
#[derive(Clone)]
pub(crate) struct ReplayState {
    pub(crate) kind: &'static str,
    store: Arc<dyn Observed>,
}

impl ReplayState {
    fn new(kind: &'static str, store: Arc<impl ReplayStore>) -> Self {
        ReplayState { kind, store }
    }

    /// When it last lost what it remembered: a store that others share can do so at any time.
    pub(crate) fn memory_lost_at(&self) -> Option<SystemTime> {
        self.store.memory_lost_at()
    }

    /// How full it is, if it can tell.
    pub(crate) fn in_use(&self) -> Option<ReplayUse> {
        self.store.in_use()
    }

    /// Sets its gauges.
    pub(crate) fn record(&self, metrics: &Metrics) {
        self.store.record(metrics);
    }
}

/// A store of any kind, as it is at the moment.
trait Observed: Send + Sync {
    fn memory_lost_at(&self) -> Option<SystemTime>;
    fn in_use(&self) -> Option<ReplayUse>;
    fn record(&self, metrics: &Metrics);
}

impl<S: ReplayStore> Observed for S {
    fn memory_lost_at(&self) -> Option<SystemTime> {
        ReplayStore::memory_lost_at(self)
    }

    fn in_use(&self) -> Option<ReplayUse> {
        ReplayStore::in_use(self)
    }

    fn record(&self, metrics: &Metrics) {
        metrics.record_replay(self);
    }
}
