//! The entries in a table of the registry's database.

use std::collections::HashMap;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use countersign::store::StoreError;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{ConnectOptions as _, Connection as _, Error};
use tokio::time::timeout;

use super::{CLOCKS_DIFFER_SECONDS, Kind};
use crate::stores;

/// Cheap to clone.
#[derive(Clone)]
pub(super) struct Database {
    pool: Pool,
    upkeep: Arc<Upkeep>,
}

/// What is written.
pub(super) struct Entry {
    pub(super) kind: Kind,
    pub(super) key: String,
    pub(super) value: Vec<u8>,
    /// Unix seconds.
    pub(super) expires: u64,
}

#[derive(Clone)]
enum Pool {
    Sqlite(SqlitePool),
    Postgres(PgPool),
}

/// When dead entries were swept last, and how many live ones there are of each kind.
#[derive(Default)]
struct Upkeep {
    swept: AtomicU64,
    live: Mutex<HashMap<String, usize>>,
}

impl Upkeep {
    fn live(&self) -> MutexGuard<'_, HashMap<String, usize>> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The same statement for whichever it is.
macro_rules! each {
    ($pool:expr, $connections:ident => $done:expr) => {
        match $pool {
            Pool::Sqlite($connections) => $done,
            Pool::Postgres($connections) => $done,
        }
    };
}

impl Database {
    /// A file that is there already.
    pub(super) async fn open(file: &Path) -> Result<Self, StoreError> {
        let options = SqliteConnectOptions::new()
            .filename(file)
            .busy_timeout(DEADLINE)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .disable_statement_logging();
        let pool = SqlitePoolOptions::new().max_connections(2).acquire_timeout(DEADLINE);
        let pool = pool.connect_with(options).await.map_err(StoreError::new)?;
        sqlx::query(SQLITE_TABLE).execute(&pool).await.map_err(StoreError::new)?;
        Ok(Database { pool: Pool::Sqlite(pool), upkeep: Arc::default() })
    }

    pub(super) async fn connect(url: &str) -> Result<Self, StoreError> {
        // A parser's words could repeat what it read.
        let options: PgConnectOptions = url.parse().map_err(|_| StoreError::new("the URL cannot be read"))?;
        let options = options.disable_statement_logging();
        match timeout(START_DEADLINE, make_table(&options)).await {
            Ok(made) => made.map_err(StoreError::new)?,
            Err(_) => return Err(StoreError::new(format!("no answer within {START_DEADLINE:?}"))),
        }
        let pool = PgPoolOptions::new().max_connections(8).acquire_timeout(DEADLINE);
        let pool = pool.connect_lazy_with(options);
        Ok(Database { pool: Pool::Postgres(pool), upkeep: Arc::default() })
    }

    pub(super) async fn insert(&self, entry: Entry, now: u64) -> Result<bool, StoreError> {
        self.write(INSERT, entry, now).await
    }

    /// Of an entry that is there the value stays.
    pub(super) async fn keep(&self, entry: Entry, now: u64) -> Result<(), StoreError> {
        self.write(KEEP, entry, now).await.map(|_| ())
    }

    async fn write(&self, statement: &'static str, entry: Entry, now: u64) -> Result<bool, StoreError> {
        let Entry { kind, key, value, expires } = entry;
        let database = self.clone();
        stores::run(DEADLINE, async move {
            database.sweep(now).await?;
            if database.upkeep.live().get(kind.as_str()).is_some_and(|live| *live >= kind.most()) {
                return Err(StoreError::new(kind.full()));
            }
            let changed = each!(&database.pool, connections => sqlx::query(statement)
                .bind(key)
                .bind(value)
                .bind(seconds(expires))
                .bind(seconds(now))
                .execute(connections)
                .await
                .map_err(StoreError::new)?
                .rows_affected());
            if changed == 1 {
                // Until they are counted again.
                *database.upkeep.live().entry(kind.as_str().to_owned()).or_default() += 1;
            }
            Ok(changed == 1)
        })
        .await
    }

    pub(super) async fn find(&self, key: String, now: u64) -> Result<Option<Vec<u8>>, StoreError> {
        self.one(FIND, key, now).await
    }

    pub(super) async fn take(&self, key: String, now: u64) -> Result<Option<Vec<u8>>, StoreError> {
        self.one(TAKE, key, now).await
    }

    /// Run to its end, never by `fetch_optional`: that one resets the statement after the first row, and swallows the error
    /// of a removal that is not written.
    async fn one(
        &self,
        statement: &'static str,
        key: String,
        now: u64,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let pool = self.pool.clone();
        stores::run(DEADLINE, async move {
            let mut found: Vec<Vec<u8>> = each!(&pool, connections => sqlx::query_scalar(statement)
                .bind(key)
                .bind(seconds(now))
                .fetch_all(connections)
                .await
                .map_err(StoreError::new)?);
            Ok(found.pop())
        })
        .await
    }

    pub(super) async fn replace(
        &self,
        key: String,
        old: Vec<u8>,
        new: Vec<u8>,
        now: u64,
    ) -> Result<bool, StoreError> {
        let pool = self.pool.clone();
        stores::run(DEADLINE, async move {
            let changed = each!(&pool, connections => sqlx::query(REPLACE)
                .bind(key)
                .bind(old)
                .bind(new)
                .bind(seconds(now))
                .execute(connections)
                .await
                .map_err(StoreError::new)?
                .rows_affected());
            Ok(changed == 1)
        })
        .await
    }

    /// Every now and then, what is dead goes. Each node does it; the second finds nothing.
    async fn sweep(&self, now: u64) -> Result<(), StoreError> {
        let swept = self.upkeep.swept.load(Ordering::Relaxed);
        // Also after a clock that was ahead has been set back: the time of that sweep may be long in coming.
        let is_due = now.abs_diff(swept) >= SWEEP_SECONDS;
        // Only when it is due: else whoever writes puts it off, and what is written all the time is never swept.
        let is_ours =
            || self.upkeep.swept.compare_exchange(swept, now, Ordering::Relaxed, Ordering::Relaxed).is_ok();
        if !(is_due && is_ours()) {
            return Ok(());
        }
        let dead_everywhere = seconds(now.saturating_sub(CLOCKS_DIFFER_SECONDS));
        let live: Vec<(String, i64)> = each!(&self.pool, connections => {
            sqlx::query(SWEEP).bind(dead_everywhere).execute(connections).await.map_err(StoreError::new)?;
            sqlx::query_as(COUNT).bind(seconds(now)).fetch_all(connections).await.map_err(StoreError::new)?
        });
        let counted = |(kind, live): (String, i64)| (kind, usize::try_from(live).unwrap_or_default());
        *self.upkeep.live() = live.into_iter().map(counted).collect();
        Ok(())
    }
}

/// Of several nodes that begin at once one makes the table, and the others wait for it: `IF NOT EXISTS` alone lets two
/// of them fail.
async fn make_table(options: &PgConnectOptions) -> Result<(), Error> {
    let mut connection = options.connect().await?;
    let mut transaction = connection.begin().await?;
    sqlx::query("SELECT pg_advisory_xact_lock(hashtext('token_server_state'))")
        .execute(&mut *transaction)
        .await?;
    sqlx::query(POSTGRES_TABLE).execute(&mut *transaction).await?;
    transaction.commit().await?;
    connection.close().await
}

/// Both databases have signed integers only.
fn seconds(time: u64) -> i64 {
    i64::try_from(time).unwrap_or(i64::MAX)
}

const SQLITE_TABLE: &str = "CREATE TABLE IF NOT EXISTS token_server_state \
     (name TEXT PRIMARY KEY NOT NULL, value BLOB NOT NULL, expires INTEGER NOT NULL) STRICT, WITHOUT ROWID";
const POSTGRES_TABLE: &str = "CREATE TABLE IF NOT EXISTS token_server_state \
     (name TEXT PRIMARY KEY, value BYTEA NOT NULL, expires BIGINT NOT NULL)";

const INSERT: &str = "INSERT INTO token_server_state (name, value, expires) VALUES ($1, $2, $3) \
     ON CONFLICT (name) DO UPDATE SET value = excluded.value, expires = excluded.expires \
     WHERE token_server_state.expires <= $4";
const KEEP: &str = "INSERT INTO token_server_state (name, value, expires) VALUES ($1, $2, $3) \
     ON CONFLICT (name) DO UPDATE SET expires = excluded.expires \
     WHERE token_server_state.expires <= $4 OR token_server_state.expires < excluded.expires";
const FIND: &str = "SELECT value FROM token_server_state WHERE name = $1 AND expires > $2";
const TAKE: &str = "DELETE FROM token_server_state WHERE name = $1 AND expires > $2 RETURNING value";
const REPLACE: &str =
    "UPDATE token_server_state SET value = $3 WHERE name = $1 AND value = $2 AND expires > $4";
const SWEEP: &str = "DELETE FROM token_server_state WHERE expires <= $1";
/// By kind: a name is that, and a colon and 43 characters after it.
const COUNT: &str = "SELECT substr(name, 1, length(name) - 44), count(*) FROM token_server_state \
     WHERE expires > $1 GROUP BY 1";

/// An entry is written or read within this time, or it is an error.
const DEADLINE: Duration = Duration::from_secs(2);

/// The same at the start, when many nodes may begin at once.
const START_DEADLINE: Duration = Duration::from_secs(10);

const SWEEP_SECONDS: u64 = 10;
