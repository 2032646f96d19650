//! The statements that claim and release a key.

use std::time::Duration;

use aws_lc_rs::rand;
use sqlx::{Error, PgConnection};

use super::super::ReplayKey;
use super::counts::client_tag;
use crate::store::StoreError;

/// What a connection is asked.
pub(super) trait Statement: Sync {
    type Answer: Send;

    fn run(&self, connection: &mut PgConnection) -> impl Future<Output = Result<Self::Answer, Error>> + Send;
}

/// A claim in terms of the table's columns.
pub(super) struct Claiming {
    pub(super) client: i64,
    /// For one more key of this client?
    pub(super) has_room: bool,
    key: Vec<u8>,
    nonce: i64,
    keep_for: f64,
}

impl Claiming {
    /// # Errors
    /// When the system has no random numbers.
    pub(super) fn new(key: &ReplayKey<'_>, keep_for: Duration) -> Result<Self, StoreError> {
        let mut nonce = [0; 8];
        rand::fill(&mut nonce).map_err(|_| StoreError::new("the system gives no random numbers"))?;
        Ok(Claiming {
            client: client_tag(key),
            has_room: true,
            key: short(key),
            nonce: i64::from_be_bytes(nonce),
            keep_for: keep_for.saturating_add(ROUNDING).min(LONGEST).as_secs_f64(),
        })
    }
}

impl Statement for Claiming {
    /// `None`: the store has no row that says what it is.
    type Answer = Option<Found>;

    async fn run(&self, connection: &mut PgConnection) -> Result<Option<Found>, Error> {
        let found: Option<(i64, bool, Option<bool>, bool)> = sqlx::query_as(CLAIM)
            .bind(&self.key)
            .bind(self.client)
            .bind(self.nonce)
            .bind(self.keep_for)
            .bind(self.has_room)
            .fetch_optional(connection)
            .await?;
        Ok(found.map(|(lost_at, is_whole, claimed, is_known)| Found { lost_at, is_whole, claimed, is_known }))
    }
}

/// What the statement found.
pub(super) struct Found {
    /// When the memory was lost, in seconds since the epoch.
    pub(super) lost_at: i64,
    /// Is it the memory that it was then?
    pub(super) is_whole: bool,
    /// Was the key claimed, and if so: is its row new?
    pub(super) claimed: Option<bool>,
    /// Did the key have a row before, expired or not?
    pub(super) is_known: bool,
}

/// Gives a key back.
pub(super) struct Releasing {
    pub(super) client: i64,
    key: Vec<u8>,
}

impl Releasing {
    pub(super) fn new(key: &ReplayKey<'_>) -> Self {
        Releasing { client: client_tag(key), key: short(key) }
    }
}

impl Statement for Releasing {
    /// Had it been claimed?
    type Answer = bool;

    async fn run(&self, connection: &mut PgConnection) -> Result<bool, Error> {
        let done = sqlx::query(RELEASE).bind(&self.key).execute(connection).await?;
        Ok(done.rows_affected() > 0)
    }
}

/// A key as it stands in the table: 16 octets of the hash.
fn short(key: &ReplayKey<'_>) -> Vec<u8> {
    key.digest().iter().copied().take(16).collect()
}

/// Other statements' snapshots are older than their commits, so it is the index that decides, not a look. A key that has a
/// row takes no room, so the limits do not concern it. The key of no octets is the mark of
/// [`schema`](super::schema).
const CLAIM: &str = "
WITH store AS (
    SELECT extract(epoch FROM lost_at)::bigint AS lost_at,
           timeline = substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8)
           AND EXISTS (SELECT FROM countersign_used WHERE key = '') AS is_whole
    FROM countersign_replay
), claimed AS (
    INSERT INTO countersign_used AS used (key, client, nonce, expires)
    SELECT $1, $2, $3, now() + make_interval(secs => $4)
    WHERE $5 OR EXISTS (SELECT FROM countersign_used WHERE key = $1)
    ON CONFLICT (key) DO UPDATE SET nonce = excluded.nonce, expires = excluded.expires
    WHERE used.expires <= now() OR used.nonce = excluded.nonce
    RETURNING used.xmax = 0 AS is_new
)
SELECT lost_at, is_whole, (SELECT is_new FROM claimed),
       EXISTS (SELECT FROM countersign_used WHERE key = $1)
FROM store";

const RELEASE: &str = "DELETE FROM countersign_used WHERE key = $1";

/// The database's clock may drop a fraction.
const ROUNDING: Duration = Duration::from_secs(1);

/// A hundred years, which a time stamp can hold.
const LONGEST: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);
