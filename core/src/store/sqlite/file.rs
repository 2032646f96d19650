//! The file behind the registry: found or made, recognised as ours, brought to the schema of this version, and opened
//! again when another file lies in its place.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions as _, Connection as _, Error, SqlSafeStr as _, SqliteConnection};
use tokio::sync::Mutex;
use tokio::time::{sleep, timeout};

use super::super::StoreError;
use super::super::sql::schema_problem;
use crate::deadline::Deadline;
use crate::sqlite_file::{Identity, identity, is_busy, make_if_missing};

pub(super) struct File {
    path: PathBuf,
    /// None after an error, until somebody needs it.
    opened: Mutex<Option<Arc<Opened>>>,
    openings: AtomicU64,
    /// Of what is asked: half of it for each step.
    pub(super) deadline: Deadline,
    /// The writers of this process take turns here, where nobody has to look for the lock from time to time.
    pub(super) turn: Mutex<()>,
}

pub(super) struct Opened {
    pub(super) pool: SqlitePool,
    /// The how-manieth time.
    pub(super) number: u64,
    identity: Identity,
    /// How long its connections wait.
    patience: Duration,
}

impl File {
    /// # Errors
    /// [`StoreError`] when it cannot be made or opened, or is not ours.
    pub(super) async fn open(path: PathBuf) -> Result<Self, StoreError> {
        let (openings, deadline) = (AtomicU64::new(0), Deadline::new(DEADLINE));
        let file = File { path, opened: Mutex::default(), openings, deadline, turn: Mutex::default() };
        make_if_missing(&file.path).map_err(|error| file.fault(&error.into()))?;
        file.open_what_is_there().await.map_err(|error| file.fault(&error))?;
        Ok(file)
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The file that lies at the path now. One that was deleted is not made anew: the clients in it would seem never to
    /// have been registered.
    ///
    /// # Errors
    /// [`StoreError`] when there is none, or it cannot be opened in time.
    pub(super) async fn opened(&self) -> Result<Arc<Opened>, StoreError> {
        self.within(self.open_what_is_there()).await
    }

    async fn open_what_is_there(&self) -> Result<Arc<Opened>, Error> {
        let mut opened = self.opened.lock().await;
        let (identity, patience) = (identity(&self.path)?, self.deadline.limit() / 2);
        let number = match &*opened {
            Some(file) if file.identity == identity && file.patience == patience => {
                return Ok(Arc::clone(file));
            }
            // The same file, with another deadline.
            Some(file) if file.identity == identity => file.number,
            _ => {
                *opened = None;
                make_ready_at(&self.path, patience).await?;
                self.openings.fetch_add(1, Ordering::Relaxed)
            }
        };
        let pool = pool(&self.path, patience);
        Ok(Arc::clone(opened.insert(Arc::new(Opened { pool, number, identity, patience }))))
    }

    /// Waits for SQLite, but not for ever: it can hang in the disk.
    pub(super) async fn within<T>(
        &self,
        answer: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, StoreError> {
        let deadline = self.deadline.limit() / 2;
        match timeout(deadline, answer).await {
            Ok(answer) => answer.map_err(|error| self.fault(&error)),
            Err(_) => Err(self.fault(&late(deadline))),
        }
    }

    fn fault(&self, error: &Error) -> StoreError {
        StoreError::new(format!("{}: {error}", self.path.display()))
    }
}

fn options(path: &Path, patience: Duration) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        // Less than the deadline, so that SQLite says what it waits for.
        .busy_timeout(patience * 4 / 5)
        .synchronous(SqliteSynchronous::Full)
        // Without it macOS syncs to the disk's cache only. Elsewhere it means nothing.
        .pragma("fullfsync", "ON")
        .disable_statement_logging()
}

fn pool(path: &Path, patience: Duration) -> SqlitePool {
    SqlitePoolOptions::new()
        .max_connections(CONNECTIONS)
        .acquire_timeout(patience)
        .test_before_acquire(false)
        .idle_timeout(None)
        .max_lifetime(None)
        .connect_lazy_with(options(path, patience))
}

async fn make_ready_at(path: &Path, patience: Duration) -> Result<(), Error> {
    let mut connection = options(path, patience).connect().await?;
    // Whoever makes the file now has it for a moment, and SQLite does not always wait for that.
    while let Err(error) = make_ready(&mut connection).await {
        if !is_busy(&error) {
            return Err(error);
        }
        sleep(PAUSE).await;
    }
    connection.close().await
}

/// Recognises the file before anything in it changes, and brings it to the schema of this version. Of several
/// processes that do it at once one does it, and the others find it done.
async fn make_ready(connection: &mut SqliteConnection) -> Result<(), Error> {
    recognise(connection).await?;
    let mode: String = sqlx::query_scalar("PRAGMA journal_mode = WAL").fetch_one(&mut *connection).await?;
    if mode != "wal" {
        return Err(unfit(format!("the file system allows no WAL (the journal stays {mode:?})")));
    }
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
    recognise(&mut transaction).await?;
    let migrator = migrator();
    if let Err(error) = migrator.run_direct(None, &mut *transaction, false).await {
        return Err(match error {
            sqlx::migrate::MigrateError::Execute(error) if is_busy(&error) => error,
            error => unfit(schema_problem(error, &migrator)),
        });
    }
    // Changes nothing, and shows now whether the file can be written: on one that cannot, SQLite takes BEGIN IMMEDIATE
    // for a plain BEGIN.
    sqlx::query("UPDATE registry SET forgotten = forgotten").execute(&mut *transaction).await?;
    transaction.commit().await
}

async fn recognise(connection: &mut SqliteConnection) -> Result<(), Error> {
    let (application, tables): (i64, i64) = sqlx::query_as(
        "SELECT application_id, (SELECT count(*) FROM sqlite_schema) FROM pragma_application_id",
    )
    .fetch_one(connection)
    .await?;
    match (application, tables) {
        (APPLICATION_ID, _) | (0, 0) => Ok(()),
        _ => Err(unfit("the file is a database of something else".to_owned())),
    }
}

/// A schema is never changed once it was released; the next one is added to it.
fn migrator() -> Migrator {
    let migration = |version, name: &'static str, sql: &'static str| {
        Migration::new(version, name.into(), MigrationType::Simple, sql.into_sql_str(), false)
    };
    Migrator::with_migrations(vec![
        migration(1, "clients", include_str!("1_clients.sql")),
        migration(2, "self registered", include_str!("2_self_registered.sql")),
    ])
}

fn unfit(message: String) -> Error {
    Error::Configuration(message.into())
}

fn late(deadline: Duration) -> Error {
    Error::Io(io::Error::new(
        io::ErrorKind::TimedOut,
        format!("no answer within {deadline:?}: another process keeps the file locked, or its disk is slow"),
    ))
}

/// "CSgr", so that the file of something else is recognised.
const APPLICATION_ID: i64 = 0x4353_6772;

const CONNECTIONS: u32 = 4;
const DEADLINE: Duration = Duration::from_secs(2);

const PAUSE: Duration = Duration::from_millis(10);
