//! What is done beside the claims: taking out what has expired, and counting what is left.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use sqlx::{Error, PgConnection};
use tokio::runtime::Handle;
use tokio::task::AbortHandle;
use tokio::time::{sleep, timeout};

use super::counts::Limits;
use super::shared::Shared;
use crate::clock::{Clock as _, SystemClock};

/// Runs on a connection of its own until it is dropped.
pub(super) struct Upkeep(AbortHandle);

impl Upkeep {
    pub(super) fn start(runtime: &Handle, shared: &Arc<Shared>, limits: Limits) -> Self {
        let rounds =
            Rounds { shared: Arc::clone(shared), limits, clock: SystemClock::default(), connection: None };
        Upkeep(runtime.spawn(rounds.run()).abort_handle())
    }
}

impl Drop for Upkeep {
    fn drop(&mut self) {
        self.0.abort();
    }
}

struct Rounds {
    shared: Arc<Shared>,
    limits: Limits,
    clock: SystemClock,
    connection: Option<PgConnection>,
}

impl Rounds {
    async fn run(mut self) {
        let (mut sweep, mut count) = (Task::every(SWEEP_EVERY), Task::every(COUNT_EVERY));
        loop {
            let was_used = self.shared.was_used.swap(false, Ordering::Relaxed);
            let is_full = timeout(LOOK_EVERY, self.shared.is_full.notified()).await.is_ok();
            for task in [&mut sweep, &mut count] {
                task.is_wanted |= was_used || is_full;
                task.is_urgent |= is_full;
            }
            // An error closes the connection, and the next round opens another. If it lasts, a claim will tell.
            if sweep.is_due(&self.clock) {
                let swept = timeout(DEADLINE, self.sweep()).await;
                sweep.done(matches!(swept, Ok(Ok(_))), &self.clock);
                // What was taken out has made room.
                let made_room = matches!(swept, Ok(Ok(1..)));
                count.is_wanted |= made_room;
                count.is_urgent |= made_room;
            }
            if count.is_due(&self.clock) {
                let counted = timeout(DEADLINE, self.count()).await;
                count.done(matches!(counted, Ok(Ok(()))), &self.clock);
            }
        }
    }

    async fn sweep(&mut self) -> Result<u64, Error> {
        let mut connection = self.connect().await?;
        let mut swept = 0;
        loop {
            let rows = sqlx::query(SWEEP).bind(BATCH).execute(&mut connection).await?.rows_affected();
            swept += rows;
            if rows < BATCH.unsigned_abs() {
                break;
            }
            sleep(BETWEEN_BATCHES).await;
        }
        self.connection = Some(connection);
        Ok(swept)
    }

    async fn count(&mut self) -> Result<(), Error> {
        let mut connection = self.connect().await?;
        self.shared.counts.read(&mut connection, self.limits).await?;
        self.connection = Some(connection);
        Ok(())
    }

    async fn connect(&mut self) -> Result<PgConnection, Error> {
        if let Some(connection) = self.connection.take() {
            return Ok(connection);
        }
        let mut connection = self.shared.connections.open().await?;
        sqlx::raw_sql(PATIENCE).execute(&mut connection).await?;
        Ok(connection)
    }
}

/// When something is to be done again.
struct Task {
    every: Duration,
    is_wanted: bool,
    /// Somebody is refused because it has not been done.
    is_urgent: bool,
    done_at: Duration,
    began_at: Duration,
}

impl Task {
    fn every(every: Duration) -> Self {
        Task { every, is_wanted: true, is_urgent: false, done_at: Duration::ZERO, began_at: Duration::ZERO }
    }

    /// One that takes long is done less often, so that it never keeps the database busy for more than a twentieth of the
    /// time.
    fn is_due(&mut self, clock: &SystemClock) -> bool {
        let took = self.done_at.saturating_sub(self.began_at);
        let least = if took > LONG { took * 20 } else { URGENT_EVERY };
        let pause = if self.is_urgent { least } else { self.every.max(least) };
        let now = clock.monotonic();
        let is_due = self.is_wanted && now >= self.done_at + pause;
        if is_due {
            self.began_at = now;
        }
        is_due
    }

    fn done(&mut self, went_well: bool, clock: &SystemClock) {
        self.done_at = clock.monotonic();
        if went_well {
            (self.is_wanted, self.is_urgent) = (false, false);
        }
    }
}

/// Rows that another node is just taking out are skipped.
const SWEEP: &str = "
DELETE FROM countersign_used WHERE ctid = ANY (ARRAY(
    SELECT ctid FROM countersign_used WHERE expires <= now() ORDER BY expires LIMIT $1 FOR UPDATE SKIP LOCKED))";

const BATCH: i64 = 1000;
const BETWEEN_BATCHES: Duration = Duration::from_millis(25);

/// A count of many millions takes seconds.
const PATIENCE: &str = "SET statement_timeout = '1min'";

/// Of the connection too, which may be to nobody any more.
const DEADLINE: Duration = Duration::from_secs(90);

const SWEEP_EVERY: Duration = Duration::from_secs(5);
const COUNT_EVERY: Duration = Duration::from_secs(2);
const LONG: Duration = Duration::from_millis(100);
const URGENT_EVERY: Duration = Duration::from_millis(50);
const LOOK_EVERY: Duration = Duration::from_secs(1);
