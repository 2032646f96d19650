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
    /// Since the last count began that came to an end.
    since: Tally,
    /// The claims of these since another began. No releases: it may have seen them already.
    meanwhile: Option<Tally>,
    /// How many counts came to an end.
    ended: u64,
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

    /// The keys that there are, once they were counted.
    pub(super) fn all(&self) -> Option<u64> {
        let state = self.lock();
        let all = u64::try_from(state.counted.all + state.since.all).unwrap_or_default();
        (state.ended > 0).then_some(all)
    }

    /// One more key of this client.
    pub(super) fn add(&self, client: i64) {
        let mut state = self.lock();
        state.since.add(client, 1);
        if let Some(meanwhile) = &mut state.meanwhile {
            meanwhile.add(client, 1);
        }
    }

    /// How many counts came to an end: to be asked before a release, for [`remove`](Self::remove).
    pub(super) fn ended(&self) -> u64 {
        self.lock().ended
    }

    /// One key of this client less, unless a count came to an end since the release began: it may have seen that already,
    /// and a key that is taken off twice would make room that is not there.
    pub(super) fn remove(&self, client: i64, ended: u64) {
        let mut state = self.lock();
        if state.ended == ended {
            state.since.add(client, -1);
        }
    }

    /// Counts what is there. What is claimed meanwhile may be counted twice, and what is released not be taken off, until
    /// the next count. While it lasts, and if it fails or is given up, all that was known before holds.
    pub(super) async fn read(&self, connection: &mut PgConnection, limits: Limits) -> Result<(), Error> {
        self.begin();
        let worth_listing = (limits.of_one_client / 8).max(1);
        let rows = sqlx::query_as(COUNT).bind(i64::from(worth_listing)).bind(MOST_LISTED);
        self.end(tally(rows.fetch_all(connection).await?));
        Ok(())
    }

    fn begin(&self) {
        self.lock().meanwhile = Some(Tally::default());
    }

    fn end(&self, counted: Tally) {
        let mut state = self.lock();
        state.counted = counted;
        state.since = state.meanwhile.take().unwrap_or_default();
        state.ended = state.ended.wrapping_add(1);
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

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits { all: 30, of_one_client: 10 };

    #[test]
    fn a_count_that_goes_on_or_is_given_up_makes_no_room() {
        let counts = Counts::default();
        claim_ten(&counts, 1);
        for _ in 0..3 {
            counts.begin();
            assert_eq!(counts.refusal(1, LIMITS), Some(Claim::ClientFull));
        }
        claim_ten(&counts, 2);
        claim_ten(&counts, 3);
        assert_eq!(counts.refusal(4, LIMITS), Some(Claim::Full));
    }

    #[test]
    fn what_is_claimed_during_a_count_is_counted_after_it() {
        let counts = Counts::default();
        counts.begin();
        claim_ten(&counts, 1);
        assert_eq!(counts.all(), None, "what others have is not known yet");
        // It has seen none of them, but nine of others.
        counts.end(tally(vec![(None, 9)]));
        assert_eq!(counts.all(), Some(19));
        assert_eq!(counts.refusal(1, LIMITS), Some(Claim::ClientFull));
        counts.remove(1, counts.ended());
        assert_eq!(counts.refusal(1, LIMITS), None);
    }

    /// Whether it is known here before the count that has seen it ends, or after.
    #[test]
    fn what_is_released_during_a_count_is_not_taken_off_twice() {
        for is_known_before in [true, false] {
            let counts = Counts::default();
            claim_ten(&counts, 1);
            let ended = counts.ended();
            counts.begin();
            if is_known_before {
                counts.remove(1, ended);
            }
            counts.end(tally(vec![(Some(1), 9), (None, 9)]));
            if !is_known_before {
                counts.remove(1, ended);
            }
            assert_eq!(counts.refusal(1, LIMITS), None);
            counts.add(1);
            assert_eq!(counts.refusal(1, LIMITS), Some(Claim::ClientFull), "known before: {is_known_before}");
        }
    }

    fn claim_ten(counts: &Counts, client: i64) {
        for _ in 0..10 {
            counts.add(client);
        }
    }
}
