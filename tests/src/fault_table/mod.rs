//! What a server answers while something it depends on is broken, by senders that know of each credential whether it
//! is right.
//!
//! A [`Scene`] is a server with its dependency and what breaks it; [`Scene::play`] sends while it is whole, while it is
//! broken and when it is whole again, and tells what came of it. `tests/faults` prints the table, and the test suite
//! plays each scene for a moment.

mod credential;
mod judge;
mod key_set_host;
mod play;
mod prober;
mod registry;
mod replay_store;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use countersign::Authenticator;

pub use self::credential::Credential;
pub use self::play::{Outcome, Pace};

/// A server, and something of it that can be broken.
pub struct Scene {
    /// The server.
    pub auth: Authenticator,
    /// A right credential that needs the part that breaks, another one for each number.
    pub right: Make,
    /// A wrong one of the same kind.
    pub wrong: Make,
    /// Credentials that do not need it.
    pub others: Vec<Credential>,
    /// Breaks it.
    pub harm: Act,
    /// Makes it whole.
    pub heal: Act,
    /// Can it be broken again after that?
    pub can_be_broken_again: bool,
    /// Is the harm done in a moment, so that the server recovers by itself while it is "broken"?
    pub is_momentary: bool,
    /// How often the harm is to be done again, if it is.
    pub repeats: Option<Duration>,
    /// It must be broken for this long to be noticed.
    pub at_least: Duration,
    /// How many credentials a second need it.
    pub per_second: u32,
    /// What a right credential may be answered while it is broken.
    pub allowed: &'static [&'static str],
    /// What one at least must be answered, or nothing was broken.
    pub expected: &'static str,
}

/// Makes the credential of a number.
pub type Make = Arc<dyn Fn(u64) -> Credential + Send + Sync>;

/// Something that is done to a server, and may take its time.
pub type Act = Box<dyn FnMut() + Send>;

/// A scene before its servers are started.
pub struct Row {
    /// What is broken, and how.
    pub name: &'static str,
    /// Starts its servers.
    pub set: fn(Pace) -> Pin<Box<dyn Future<Output = Scene> + Send>>,
}

/// Every row of the table.
pub fn rows() -> Vec<Row> {
    vec![
        Row { name: "Redis dead", set: |_| Box::pin(replay_store::redis_dead()) },
        Row { name: "Redis hung", set: |_| Box::pin(replay_store::redis_hung()) },
        Row { name: "Redis slow", set: |_| Box::pin(replay_store::redis_slow()) },
        Row { name: "Redis full", set: |_| Box::pin(replay_store::redis_full()) },
        Row { name: "Redis flushed", set: |_| Box::pin(replay_store::redis_flushed()) },
        Row { name: "Redis failed over", set: |_| Box::pin(replay_store::redis_failed_over()) },
        Row { name: "Redis's reply lost", set: |_| Box::pin(replay_store::redis_reply_lost()) },
        Row { name: "Postgres dead, replay", set: |_| Box::pin(replay_store::postgres_dead()) },
        Row { name: "Postgres hung, replay", set: |_| Box::pin(replay_store::postgres_hung()) },
        Row { name: "Postgres's pool empty, replay", set: |_| Box::pin(replay_store::postgres_exhausted()) },
        Row { name: "Postgres's reply lost, replay", set: |_| Box::pin(replay_store::postgres_reply_lost()) },
        Row { name: "Postgres dead, clients", set: |pace| Box::pin(registry::dead(pace)) },
        Row { name: "Postgres hung, clients", set: |pace| Box::pin(registry::hung(pace)) },
        Row { name: "Postgres's pool empty, clients", set: |pace| Box::pin(registry::exhausted(pace)) },
        Row { name: "key-set host dead", set: |pace| Box::pin(key_set_host::dead(pace)) },
        Row { name: "key-set host hung", set: |pace| Box::pin(key_set_host::hung(pace)) },
    ]
}
