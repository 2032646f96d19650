//! The connections to the database: a few, kept open, each used by one claim at a time.
//!
//! A general pool asks a connection whether it is well before or after each use, which doubles the round trips and can
//! wait for as long as TCP does; and here an answer that did not come means that the connection is closed.

use std::str::FromStr as _;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Error, PgConnection};
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::deadline::Deadline;
use crate::store::StoreError;

pub(super) struct Connections {
    options: PgConnectOptions,
    /// The one that was used last is on top.
    idle: Mutex<Vec<PgConnection>>,
    permits: Semaphore,
    /// Of a claim, in all. A connection that is open keeps the server to what it was then.
    pub(super) deadline: Deadline,
}

impl Connections {
    /// None is open yet.
    ///
    /// # Errors
    /// When this is no URL of a PostgreSQL database.
    pub(super) fn new(url: &str, deadline: Duration) -> Result<Self, StoreError> {
        if !["postgres://", "postgresql://"].iter().any(|scheme| url.starts_with(scheme)) {
            return Err(StoreError::new("the URL of a PostgreSQL database begins with postgres://"));
        }
        let options = PgConnectOptions::from_str(url).map_err(StoreError::new)?.disable_statement_logging();
        let (permits, deadline) = (Semaphore::new(MOST), Deadline::new(deadline));
        Ok(Connections { options, idle: Mutex::default(), permits, deadline })
    }

    /// Host, port and database.
    pub(super) fn place(&self) -> String {
        let options = &self.options;
        let database = options.get_database().unwrap_or_default();
        format!("{}:{}/{database}", options.get_host(), options.get_port())
    }

    /// A connection that nobody else uses, and whether it is new.
    ///
    /// # Errors
    /// When all are in use for half of the deadline, or the server cannot be reached.
    pub(super) async fn take(&self) -> Result<Taken<'_>, StoreError> {
        // What is left of the deadline is for the statement.
        let Ok(permit) = tokio::time::timeout(self.deadline.limit() / 2, self.permits.acquire()).await else {
            return Err(StoreError::new(format!("all {MOST} connections to the database are in use")));
        };
        let permit = permit.map_err(StoreError::new)?;
        let idle = self.lock().pop();
        Ok(match idle {
            Some(connection) => Taken { connection, is_new: false, permit },
            None => Taken { connection: self.open().await.map_err(StoreError::new)?, is_new: true, permit },
        })
    }

    /// A connection beside the others.
    pub(super) async fn open(&self) -> Result<PgConnection, Error> {
        let mut connection = self.options.connect().await?;
        // A statement that is given up here must not go on there.
        let settings = format!("{SETTINGS}; SET statement_timeout = {}", self.deadline.limit().as_millis());
        sqlx::raw_sql(AssertSqlSafe(settings)).execute(&mut connection).await?;
        Ok(connection)
    }

    /// Keeps a connection whose last statement went well. Any other is dropped, which closes it.
    pub(super) fn give_back(&self, taken: Taken<'_>) {
        self.lock().push(taken.connection);
        drop(taken.permit);
    }

    /// Closes those that nobody uses: what broke one has most likely broken all.
    pub(super) fn close_idle(&self) {
        let idle = std::mem::take(&mut *self.lock());
        drop(idle);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<PgConnection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(super) struct Taken<'c> {
    pub(super) connection: PgConnection,
    pub(super) is_new: bool,
    permit: SemaphorePermit<'c>,
}

/// Has the connection broken, so that nobody knows what became of the statement? Class 57 is that of a server that shuts
/// down or starts; a statement that was cancelled is in it too.
pub(super) fn is_broken(error: &Error) -> bool {
    match error {
        Error::Io(_) | Error::Protocol(_) => true,
        Error::Database(error) => {
            error.code().is_some_and(|code| code.starts_with("57") && code != QUERY_CANCELED)
        }
        _ => false,
    }
}

const QUERY_CANCELED: &str = "57014";

/// A weaker commit could be forgotten by a crash, a stricter isolation would make an error of two claims that meet.
const SETTINGS: &str = "
SET synchronous_commit = on;
SET default_transaction_isolation = 'read committed'";

const MOST: usize = 10;
