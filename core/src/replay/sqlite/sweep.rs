//! Taking out what has expired, a little at a time.

use std::time::Duration;

use sqlx::{Error, SqliteConnection};

/// When the next batch is due, on the monotonic clock.
#[derive(Default)]
pub(super) struct Schedule {
    due_at: Duration,
    more_is_left: bool,
}

impl Schedule {
    pub(super) fn is_due(&self, monotonic: Duration) -> bool {
        monotonic >= self.due_at
    }

    /// How long to wait for a claim before sweeping without one. `None`: nothing is left to sweep.
    pub(super) fn patience(&self) -> Option<Duration> {
        self.more_is_left.then_some(EVERY_WHILE_MORE_IS_LEFT)
    }

    pub(super) fn swept(&mut self, rows: u64, monotonic: Duration) {
        if rows >= u64::from(BATCH) {
            return self.put_off(monotonic);
        }
        self.more_is_left = false;
        self.due_at = monotonic.saturating_add(EVERY);
    }

    /// Until a moment later, claim or no claim.
    pub(super) fn put_off(&mut self, monotonic: Duration) {
        self.more_is_left = true;
        self.due_at = monotonic.saturating_add(EVERY_WHILE_MORE_IS_LEFT);
    }
}

/// Deletes one batch of what has expired, the oldest first, and says how many rows it was.
pub(super) async fn batch(connection: &mut SqliteConnection, now: i64) -> Result<u64, Error> {
    const EXPIRED: &str = "
DELETE FROM used WHERE key IN (SELECT key FROM used WHERE expires <= ?1 ORDER BY expires LIMIT ?2)";
    let done = sqlx::query(EXPIRED).bind(now).bind(BATCH).execute(connection).await?;
    Ok(done.rows_affected())
}

/// A few milliseconds of the write lock.
const BATCH: u32 = 256;

const EVERY: Duration = Duration::from_secs(5);
const EVERY_WHILE_MORE_IS_LEFT: Duration = Duration::from_millis(25);
