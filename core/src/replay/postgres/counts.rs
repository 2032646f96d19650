//! How much the store holds, as far as this node knows: the last count, and its own claims since.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use sqlx::{Error, PgConnection};

use super::super::{Claim, ReplayKey};

/// How much it may hold.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    pub(super) all: u64,
    pub(super) of_one_client: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { all: 1_000_000, of_one_client: 100_000 }
    }
}

/// 8 octets that stand for a client, the same on every node.
pub(super) fn client_tag(key: &ReplayKey<'_>) -> i64 {
    let of_client = ReplayKey::new(key.tenant(), key.client_id(), "");
    of_client.digest().iter().take(8).fold(0, |tag, octet| tag << 8 | i64::from(*octet))
}

#[derive(Default)]
pub(super) struct Counts(Mutex<State>);

#[derive(Default)]
struct State {
    counted: Tally,
    /// Since the last count began.
    since: Tally,
}

/// Grows with the claims between two counts, and no further than the store has room.
#[derive(Clone, Default)]
struct Tally {
    all: i64,
    of_client: HashMap<i64, i64>,
}

impl Tally {
    fn add(&mut self, client: i64, number: i64) {
        self.all += number;
        *self.of_client.entry(client).or_default() += number;
    }

    fn of(&self, client: i64) -> i64 {
        self.of_client.get(&client).copied().unwrap_or_default()
    }
}

impl Counts {
    /// What a key that is not there yet would be answered, if there is no room for it.
    pub(super) fn refusal(&self, client: i64, limits: Limits) -> Option<Claim> {
        let state = self.lock();
        let of_client = state.counted.of(client) + state.since.of(client);
        let all = state.counted.all + state.since.all;
        if of_client >= i64::from(limits.of_one_client) {
            Some(Claim::ClientFull)
        } else if all >= i64::try_from(limits.all).unwrap_or(i64::MAX) {
            Some(Claim::Full)
        } else {
            None
        }
    }

    /// One more key of this client, or one less.
    pub(super) fn add(&self, client: i64, number: i64) {
        self.lock().since.add(client, number);
    }

    /// Counts what is there. A claim that is made meanwhile may be counted twice, until the next count.
    pub(super) async fn read(&self, connection: &mut PgConnection, limits: Limits) -> Result<(), Error> {
        let before = std::mem::take(&mut self.lock().since);
        let worth_listing = (limits.of_one_client / 8).max(1);
        let rows = sqlx::query_as(COUNT).bind(i64::from(worth_listing)).bind(MOST_LISTED);
        match rows.fetch_all(connection).await {
            Ok(rows) => {
                self.lock().counted = tally(rows);
                Ok(())
            }
            Err(error) => {
                let mut state = self.lock();
                for (client, number) in before.of_client {
                    state.since.add(client, number);
                }
                Err(error)
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The row without a client is the sum.
fn tally(rows: Vec<(Option<i64>, i64)>) -> Tally {
    let mut tally = Tally::default();
    for (client, live) in rows {
        match client {
            Some(client) => {
                tally.of_client.insert(client, live);
            }
            None => tally.all = live,
        }
    }
    tally
}

/// The clients with much, and the sum of all. The key of no octets is no key.
const COUNT: &str = "
SELECT client, count(*) AS live FROM countersign_used WHERE key <> ''
GROUP BY GROUPING SETS ((client), ()) HAVING count(*) >= $1 OR GROUPING(client) = 1
ORDER BY live DESC LIMIT $2";

/// A client beyond them has so little that what it holds does not matter.
const MOST_LISTED: i64 = 50_000;
