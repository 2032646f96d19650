//! `replay`: where used assertions are remembered.

use std::path::PathBuf;

use countersign::AuthenticatorBuilder;
use countersign::replay::{MemoryReplayStore, SqliteReplayStore};

use crate::config::problem::Problem;
use crate::config::store_url::StoreUrl;
use crate::stores;

/// A value of `replay`. Nothing is opened yet.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Replay {
    /// Of this process, until it ends.
    Memory,
    /// A file that the processes of one machine share.
    Sqlite(PathBuf),
    /// A database that many nodes share.
    Postgres(StoreUrl),
    /// A Redis or Valkey that many nodes share, for the failures of the throttle too.
    Redis(StoreUrl),
}

impl Replay {
    /// Opens it, and gives it to the authenticator.
    pub(crate) fn open(self, builder: AuthenticatorBuilder) -> Result<AuthenticatorBuilder, Problem> {
        match self {
            Replay::Memory => Ok(builder.replay(MemoryReplayStore::new())),
            Replay::Sqlite(file) => {
                let store = stores::block_on(SqliteReplayStore::open(file))?
                    .map_err(|error| Problem::new(format!("replay: {error}")))?;
                Ok(builder.replay(store))
            }
            Replay::Postgres(_) | Replay::Redis(_) => Err(Problem::new("replay: not here yet")),
        }
    }
}
