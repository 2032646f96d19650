//! `replay`: where used assertions are remembered.

use std::path::PathBuf;

use countersign::AuthenticatorBuilder;
use countersign::replay::{MemoryReplayStore, SqliteReplayStore};

use crate::config::problem::Problem;

/// A value of `replay`. Nothing is opened yet.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Replay {
    /// Of this process, until it ends.
    Memory,
    /// A file that the processes of one machine share.
    Sqlite(PathBuf),
}

impl Replay {
    /// Opens it, and gives it to the authenticator.
    pub(crate) fn open(self, builder: AuthenticatorBuilder) -> Result<AuthenticatorBuilder, Problem> {
        match self {
            Replay::Memory => Ok(builder.replay(MemoryReplayStore::new())),
            Replay::Sqlite(file) => {
                // The frameworks make their runtimes later, and the store is bound to none.
                let runtime = tokio::runtime::Builder::new_current_thread()
                    .enable_time()
                    .build()
                    .map_err(|error| Problem::new(error.to_string()))?;
                let store = runtime
                    .block_on(SqliteReplayStore::open(file))
                    .map_err(|error| Problem::new(format!("replay: {error}")))?;
                Ok(builder.replay(store))
            }
        }
    }
}
