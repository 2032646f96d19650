//! The tables, and what they say about themselves: of which version they are, and since when they remember.
//!
//! They have a version of their own in `countersign_replay`, and no table of migrations: the usual one,
//! `_sqlx_migrations`, may be that of the application with which they share the database.

use sqlx::{Connection as _, Error, PgConnection};

/// Are these tables of ours in a server that can write, and of the cluster that they were made in? For a new
/// connection.
pub(super) async fn is_known(connection: &mut PgConnection) -> Result<bool, Error> {
    match sqlx::query_scalar(KNOWN).bind(VERSION).fetch_optional(connection).await {
        Ok(is_known) => Ok(is_known == Some(true)),
        Err(error) if is_missing_table(&error) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Makes what is missing, and writes down that the memory was lost when that is so. Says when it was lost last, in
/// seconds since the epoch. One node at a time.
///
/// `known_since` is when the store believed it was, 0 for one that knows nothing yet. Only then has the second that has
/// begun not seen any of the keys that are lost.
///
/// # Errors
/// Those of the database; it is a standby; the tables are of another version.
pub(super) async fn prepare(connection: &mut PgConnection, known_since: i64) -> Result<i64, Error> {
    let mut transaction = connection.begin().await?;
    sqlx::query("SELECT pg_advisory_xact_lock($1)").bind(LOCK).execute(&mut *transaction).await?;
    let (is_standby, are_there): (bool, bool) = sqlx::query_as(STATE).fetch_one(&mut *transaction).await?;
    if is_standby {
        return Err(unfit("the server is a standby, which cannot write".to_owned()));
    }
    if !are_there {
        sqlx::raw_sql(TABLES).execute(&mut *transaction).await?;
    }
    sqlx::query(FIRST_ROW).bind(VERSION).bind(known_since).execute(&mut *transaction).await?;
    let version: i32 =
        sqlx::query_scalar("SELECT version FROM countersign_replay").fetch_one(&mut *transaction).await?;
    if version != VERSION {
        return Err(unfit(format!(
            "the tables have version {version}, this version of Countersign knows {VERSION} only"
        )));
    }
    let marked = sqlx::query(MARK).execute(&mut *transaction).await?.rows_affected() > 0;
    sqlx::query(NOTE_LOSS).bind(marked).execute(&mut *transaction).await?;
    let lost_at = sqlx::query_scalar(LOST_AT).fetch_one(&mut *transaction).await?;
    transaction.commit().await?;
    Ok(lost_at)
}

/// Of a table that somebody dropped.
pub(super) fn is_missing_table(error: &Error) -> bool {
    error.as_database_error().is_some_and(|error| error.code().as_deref() == Some("42P01"))
}

fn unfit(message: String) -> Error {
    Error::Configuration(message.into())
}

const KNOWN: &str = "
SELECT NOT pg_is_in_recovery() AND version = $1
       AND system = (SELECT system_identifier::text FROM pg_control_system())
FROM countersign_replay";

const STATE: &str = "
SELECT pg_is_in_recovery(),
       to_regclass('countersign_replay') IS NOT NULL AND to_regclass('countersign_used') IS NOT NULL";

const TABLES: &str = "
CREATE TABLE IF NOT EXISTS countersign_replay (
    singleton boolean     PRIMARY KEY DEFAULT true CHECK (singleton),
    version   integer     NOT NULL,
    system    text        NOT NULL, -- the cluster in which the keys were claimed
    timeline  text        NOT NULL, -- and its history, as the names of its log files begin
    lost_at   timestamptz NOT NULL  -- when the memory was lost last, or made
);
CREATE TABLE IF NOT EXISTS countersign_used (
    key     bytea       PRIMARY KEY,
    client  bigint      NOT NULL,
    nonce   bigint      NOT NULL, -- of the claim
    expires timestamptz NOT NULL  -- from then on it can be claimed again
);
CREATE INDEX IF NOT EXISTS countersign_used_by_expiry ON countersign_used (expires);";

/// With the mark, which would otherwise count as missing.
const FIRST_ROW: &str = "
WITH made AS (
    INSERT INTO countersign_replay (version, system, timeline, lost_at)
    SELECT $1, (SELECT system_identifier::text FROM pg_control_system()),
           substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8),
           CASE WHEN $2 = 0 THEN date_trunc('second', clock_timestamp())
                ELSE greatest(to_timestamp($2), date_trunc('second', clock_timestamp())) + interval '1 second' END
    ON CONFLICT DO NOTHING
    RETURNING 1
)
INSERT INTO countersign_used (key, client, nonce, expires)
SELECT '', 0, 0, 'infinity' FROM made
ON CONFLICT DO NOTHING";

/// A row among the keys that never expires and goes when they go: with TRUNCATE, or with the crash of a server on which
/// the table is UNLOGGED.
const MARK: &str = "
INSERT INTO countersign_used (key, client, nonce, expires) VALUES ('', 0, 0, 'infinity') ON CONFLICT DO NOTHING";

/// The second that has begun counts as lost, since `iat` has whole seconds. Two losses have two times, so that each is
/// noticed.
const NOTE_LOSS: &str = "
UPDATE countersign_replay
SET system = here.system, timeline = here.timeline,
    lost_at = greatest(lost_at, date_trunc('second', clock_timestamp())) + interval '1 second'
FROM (SELECT system_identifier::text AS system,
             substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) AS timeline
      FROM pg_control_system()) AS here
WHERE $1 OR countersign_replay.system <> here.system OR countersign_replay.timeline <> here.timeline";

const LOST_AT: &str = "SELECT extract(epoch FROM lost_at)::bigint FROM countersign_replay";

/// Of the tables and of the keys in them.
const VERSION: i32 = 1;

/// "CSrp" twice: an advisory lock of a number that nobody else takes.
const LOCK: i64 = 0x4353_7270_4353_7270;
