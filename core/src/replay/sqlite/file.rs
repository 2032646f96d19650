//! The file behind the store: found or made, recognised as ours, and set to keep what it acknowledges.

use std::path::Path;

use sqlx::sqlite::{SqliteConnectOptions, SqliteSynchronous};
use sqlx::{ConnectOptions as _, Connection as _, Error, SqliteConnection};

use super::used::SCHEMA;
use crate::sqlite_file::{Identity, identity};

/// A connection to a file that is ours.
pub(super) struct Opened {
    pub(super) connection: SqliteConnection,
    /// When the file was made, in seconds since the epoch.
    pub(super) made_at: u64,
    identity: Identity,
}

impl Opened {
    /// Is what lies at the path still the file that was opened?
    pub(super) fn is_at(&self, path: &Path) -> bool {
        identity(path).is_ok_and(|identity| identity == self.identity)
    }

    /// How many keys are in it, expired ones too.
    pub(super) async fn live(&mut self) -> Result<u64, Error> {
        let live: i64 = sqlx::query_scalar("SELECT live FROM store").fetch_one(&mut self.connection).await?;
        Ok(u64::try_from(live).unwrap_or_default())
    }

    /// Empties a log that has become long. SQLite starts it anew by itself only when everything in it has been
    /// copied to the database, and while several processes write there is always somebody who has just added to it.
    pub(super) async fn shorten_log(&mut self, path: &Path) {
        let mut log = path.as_os_str().to_owned();
        log.push("-wal");
        if std::fs::metadata(log).is_ok_and(|log| log.len() > LONG_LOG_BYTES) {
            // When others are in the way it does what it can, and the next batch tries again.
            let _ = sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(&mut self.connection).await;
        }
    }
}

/// Opens a file that exists, and gives it its schema when it is empty. Tries once: the error can be a lock of
/// another process.
pub(super) async fn open(path: &Path, now: u64) -> Result<Opened, Error> {
    let identity = identity(path)?;
    let mut connection = SqliteConnectOptions::new()
        .filename(path)
        // Waiting is done by the caller, who notices when nobody wants the answer any more.
        .busy_timeout(std::time::Duration::ZERO)
        .synchronous(SqliteSynchronous::Full)
        // Without it macOS syncs to the disk's cache only. Elsewhere it means nothing.
        .pragma("fullfsync", "ON")
        .disable_statement_logging()
        .connect()
        .await?;
    recognise(&mut connection).await?;
    let mode: String = sqlx::query_scalar("PRAGMA journal_mode = WAL").fetch_one(&mut connection).await?;
    if mode != "wal" {
        return Err(unfit(format!("the file system allows no WAL (the journal stays {mode:?})")));
    }
    let made_at = make_schema(&mut connection, now).await?;
    Ok(Opened { connection, made_at, identity })
}

/// Refuses a database that is not ours before anything in it changes.
async fn recognise(connection: &mut SqliteConnection) -> Result<Content, Error> {
    let (application, version, tables): (i64, i64, i64) = sqlx::query_as(
        "SELECT application_id, user_version, (SELECT count(*) FROM sqlite_schema) \
         FROM pragma_application_id, pragma_user_version",
    )
    .fetch_one(connection)
    .await?;
    match (application, version, tables) {
        (APPLICATION_ID, SCHEMA_VERSION, _) => Ok(Content::Ours),
        (APPLICATION_ID, _, _) => Err(unfit(format!(
            "the file has schema {version}, this version of Countersign knows {SCHEMA_VERSION} only"
        ))),
        (0, 0, 0) => Ok(Content::Nothing),
        _ => Err(unfit("the file is a database of something else".to_owned())),
    }
}

async fn make_schema(connection: &mut SqliteConnection, now: u64) -> Result<u64, Error> {
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
    if recognise(&mut transaction).await? == Content::Nothing {
        sqlx::raw_sql(SCHEMA).execute(&mut *transaction).await?;
        let made_at = i64::try_from(now).unwrap_or(i64::MAX);
        sqlx::query("INSERT INTO store (made_at, live) VALUES (?1, 0)")
            .bind(made_at)
            .execute(&mut *transaction)
            .await?;
    }
    // Changes nothing, and shows now whether the file can be written: on one that cannot, SQLite takes BEGIN IMMEDIATE
    // for a plain BEGIN.
    sqlx::query("UPDATE store SET live = live").execute(&mut *transaction).await?;
    let made_at: i64 = sqlx::query_scalar("SELECT made_at FROM store").fetch_one(&mut *transaction).await?;
    transaction.commit().await?;
    Ok(u64::try_from(made_at).unwrap_or_default())
}

fn unfit(message: String) -> Error {
    Error::Configuration(message.into())
}

#[derive(PartialEq, Eq)]
enum Content {
    Ours,
    Nothing,
}

/// Four times what SQLite lets it grow to when one process writes.
const LONG_LOG_BYTES: u64 = 16 * 1024 * 1024;

/// "CSgn", so that the file of something else is recognised.
const APPLICATION_ID: i64 = 0x4353_676e;

/// Of the tables and of the keys in them. A version that does not know the number refuses the file.
const SCHEMA_VERSION: i64 = 1;

#[cfg(test)]
mod tests {
    use futures_executor::block_on;

    use super::*;
    use crate::sqlite_file::make_if_missing;

    /// FULL is 2. sqlx and the SQLite it is built with could come to mean something else.
    #[test]
    fn a_commit_is_synced() {
        let folder = std::env::temp_dir().join(format!("countersign-replay-{}", std::process::id()));
        std::fs::create_dir(&folder).unwrap();
        let path = folder.join("replay.db");
        make_if_missing(&path).unwrap();
        let mut opened = block_on(open(&path, 7)).unwrap();
        let synchronous = sqlx::query_scalar("PRAGMA synchronous").fetch_one(&mut opened.connection);
        assert_eq!(block_on(synchronous).ok(), Some(2_i64));
        let made_at = block_on(open(&path, 8)).map(|opened| opened.made_at).unwrap();
        assert_eq!(made_at, 7);
        drop(opened);
        // With what SQLite writes beside it and takes away a moment later.
        std::fs::remove_dir_all(folder).unwrap();
    }
}
