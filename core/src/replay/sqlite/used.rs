//! The tables, and the statements that claim and release.

use sqlx::{Error, SqliteConnection};

use super::super::{Claim, ReplayKey};
use super::sweep;

/// What is asked of the file, in terms of its columns.
pub(super) enum Task {
    Claim { key: Key, client: i64, now: i64, until: i64, limits: Limits },
    Release { key: Key },
}

/// How much it may hold.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    pub(super) all: u32,
    pub(super) of_one_client: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { all: 1_000_000, of_one_client: 100_000 }
    }
}

/// A key as it stands in the table: the number of its format, then 16 octets of the hash.
pub(super) struct Key(Vec<u8>);

impl Key {
    pub(super) fn new(key: &ReplayKey<'_>) -> Self {
        Key([KEY_FORMAT].into_iter().chain(key.digest().iter().copied().take(16)).collect())
    }
}

/// 8 octets that stand for a client, the same in every process.
pub(super) fn client_tag(key: &ReplayKey<'_>) -> i64 {
    let of_client = ReplayKey::new(key.tenant(), key.client_id(), "");
    of_client.digest().iter().take(8).fold(0, |tag, octet| tag << 8 | i64::from(*octet))
}

/// Does one task, in a transaction that has the write lock. A release leaves the key as fresh as it says.
pub(super) async fn perform(task: &Task, transaction: &mut SqliteConnection) -> Result<Claim, Error> {
    match task {
        Task::Claim { key, client, now, until, limits } => {
            let row = Row { key, client: *client, now: *now, until: *until, limits: *limits };
            row.claim(transaction).await
        }
        Task::Release { key } => {
            sqlx::query("DELETE FROM used WHERE key = ?1").bind(&*key.0).execute(transaction).await?;
            Ok(Claim::Fresh)
        }
    }
}

struct Row<'t> {
    key: &'t Key,
    client: i64,
    now: i64,
    until: i64,
    limits: Limits,
}

impl Row<'_> {
    async fn claim(&self, transaction: &mut SqliteConnection) -> Result<Claim, Error> {
        if self.insert(transaction).await? {
            return Ok(Claim::Fresh);
        }
        let refusal = self.refusal(transaction).await?;
        // Perhaps full of what has expired and was not swept yet.
        if refusal != Claim::Used
            && sweep::batch(transaction, self.now).await? > 0
            && self.insert(transaction).await?
        {
            return Ok(Claim::Fresh);
        }
        Ok(refusal)
    }

    /// Run to its end, never `fetch_optional` with `RETURNING`: that one resets the statement after the first row
    /// and swallows an error.
    async fn insert(&self, transaction: &mut SqliteConnection) -> Result<bool, Error> {
        let done = sqlx::query(CLAIM)
            .bind(&*self.key.0)
            .bind(self.client)
            .bind(self.until)
            .bind(self.now)
            .bind(self.limits.all)
            .bind(self.limits.of_one_client)
            .execute(transaction)
            .await?;
        Ok(done.rows_affected() == 1)
    }

    /// Why nothing was inserted. It is still so: nobody else can write in between.
    async fn refusal(&self, transaction: &mut SqliteConnection) -> Result<Claim, Error> {
        let (used, client_full): (bool, bool) = sqlx::query_as(REFUSAL)
            .bind(&*self.key.0)
            .bind(self.client)
            .bind(self.limits.of_one_client)
            .fetch_one(transaction)
            .await?;
        Ok(match (used, client_full) {
            (true, _) => Claim::Used,
            (false, true) => Claim::ClientFull,
            (false, false) => Claim::Full,
        })
    }
}

/// In front of each key. Another hash or another length is another number and another schema version.
const KEY_FORMAT: u8 = 1;

/// A key that has a row takes no room, so the limits do not concern it.
const CLAIM: &str = "
INSERT INTO used (key, client, expires)
SELECT ?1, ?2, ?3
WHERE EXISTS (SELECT 1 FROM used WHERE key = ?1)
   OR ((SELECT live FROM store) < ?5
       AND coalesce((SELECT live FROM held WHERE client = ?2), 0) < ?6)
ON CONFLICT (key) DO UPDATE SET expires = excluded.expires WHERE expires <= ?4";

const REFUSAL: &str = "
SELECT EXISTS (SELECT 1 FROM used WHERE key = ?1),
       coalesce((SELECT live FROM held WHERE client = ?2), 0) >= ?3";

/// The numbers are those of [`file`](super::file).
pub(super) const SCHEMA: &str = "
PRAGMA application_id = 0x4353676e;
PRAGMA user_version = 1;
CREATE TABLE used (
    key     BLOB    NOT NULL PRIMARY KEY,
    client  INTEGER NOT NULL,
    expires INTEGER NOT NULL -- Unix seconds; from then on it can be claimed again
) STRICT, WITHOUT ROWID;
CREATE INDEX used_by_expiry ON used (expires);
CREATE TABLE held (client INTEGER NOT NULL PRIMARY KEY, live INTEGER NOT NULL) STRICT;
CREATE TABLE store (made_at INTEGER NOT NULL, live INTEGER NOT NULL) STRICT;
CREATE TRIGGER count_up AFTER INSERT ON used BEGIN
    INSERT INTO held (client, live) VALUES (new.client, 1) ON CONFLICT (client) DO UPDATE SET live = live + 1;
    UPDATE store SET live = live + 1;
END;
CREATE TRIGGER count_down AFTER DELETE ON used BEGIN
    UPDATE held SET live = live - 1 WHERE client = old.client;
    DELETE FROM held WHERE client = old.client AND live <= 0;
    UPDATE store SET live = live - 1;
END;";
