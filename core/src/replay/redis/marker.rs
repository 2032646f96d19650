//! Since when a server remembers.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use redis::aio::MultiplexedConnection;
use redis::{Pipeline, Value};

use crate::clock::Clock;
use crate::redis::{Admission, Gained, Health, RedisServers, SlotRange, Trouble, slot};

/// When memory was lost last, by any of the servers.
pub(super) struct Losses {
    clock: Arc<dyn Clock>,
    last: AtomicU64,
}

impl Losses {
    pub(super) fn new(clock: Arc<dyn Clock>) -> Self {
        Losses { clock, last: AtomicU64::new(0) }
    }

    pub(super) fn last(&self) -> SystemTime {
        let last = Duration::from_millis(self.last.load(Ordering::SeqCst));
        SystemTime::UNIX_EPOCH.checked_add(last).unwrap_or(SystemTime::UNIX_EPOCH)
    }

    /// At this time, or later: losses are never taken back.
    fn note(&self, millis: u64) {
        self.last.fetch_max(millis, Ordering::SeqCst);
    }

    /// The time, as that of a loss. Once claims were made it is the end of a second, since `iat` has whole ones: what was
    /// issued in the second of the loss may have been used before it.
    fn now(&self) -> u64 {
        let now = self.clock.now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let now = u64::try_from(now.as_millis()).unwrap_or(u64::MAX);
        if self.last.load(Ordering::SeqCst) > 0 { end_of_second(now) } else { now }
    }
}

/// The marker key of one server, `1760000000000 <replication id>`: since when, in milliseconds of Unix time, it has
/// remembered every claim, and who it was then.
///
/// Whoever finds it gone or another one's writes it anew, and everybody else sees that with the next claim.
pub(super) struct Marker {
    losses: Arc<Losses>,
    is_cluster: bool,
    is_unchecked: bool,
    state: Mutex<State>,
}

struct State {
    key: String,
    /// What the server has under the key, once that is known.
    found: Option<Vec<u8>>,
    /// It was given slots that another server had, whose keys may not have come with them.
    has_gained: bool,
}

impl Marker {
    pub(super) fn new(servers: &RedisServers, losses: Arc<Losses>) -> Self {
        let state = State { key: KEY.to_owned(), found: None, has_gained: false };
        let (is_cluster, is_unchecked) = (servers.is_cluster(), servers.is_unchecked());
        Marker { losses, is_cluster, is_unchecked, state: Mutex::new(state) }
    }

    /// Adds the command that reads it.
    pub(super) fn read_by(&self, commands: &mut Pipeline) {
        commands.cmd("GET").arg(&self.state().key);
    }

    /// Is it still the one that was known?
    pub(super) fn is(&self, found: &Value) -> bool {
        match (found, &self.state().found) {
            (Value::BulkString(found), Some(known)) => found == known,
            _ => false,
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Admission for Marker {
    async fn admit(&self, connection: &mut MultiplexedConnection) -> Result<(), Trouble> {
        let health = Health::of(connection, self.is_unchecked).await?;
        if let Some(health) = &health {
            health.check_primary(self.is_unchecked)?;
            health.check_keeps(self.is_unchecked)?;
        }
        let (key, known, has_gained) = {
            let state = self.state();
            (state.key.clone(), state.found.clone(), state.has_gained)
        };
        let id = health.as_ref().map(Health::replication_id).filter(|id| !id.is_empty());
        let now = self.losses.now();
        let own = format!("{now} {}", id.unwrap_or(UNKNOWN)).into_bytes();
        // A full server can still be read.
        let mut found: Option<Vec<u8>> = redis::cmd("GET").arg(&key).query_async(connection).await?;
        if found.is_none() {
            let mut set = redis::cmd("SET");
            set.arg(&key).arg(&own).arg("NX").arg("GET");
            found = set.query_async(connection).await.map_err(not_written)?;
        }
        let since = found.as_deref().and_then(|found| since(found, id));
        let found = match (found, since) {
            (Some(found), Some(since)) if !has_gained => {
                match known {
                    Some(known) if known == found => {}
                    // Somebody has noticed a loss before us.
                    Some(_) => self.losses.note(now.max(by_other_clock(since, now))),
                    None => self.losses.note(by_other_clock(since, now)),
                }
                found
            }
            (None, _) => {
                self.losses.note(now);
                own
            }
            (Some(_), _) => {
                self.losses.note(now);
                let () = redis::cmd("SET").arg(&key).arg(&own).query_async(connection).await?;
                own
            }
        };
        let mut state = self.state();
        // Unless it was given other slots in the meantime.
        if state.key == key && state.has_gained == has_gained {
            (state.found, state.has_gained) = (Some(found), false);
        }
        Ok(())
    }

    fn owns(&self, ranges: &[SlotRange], gained: Gained) -> bool {
        if !self.is_cluster {
            return false;
        }
        let key = key_in(ranges);
        let mut state = self.state();
        let is_other = state.key != key;
        if is_other {
            (state.key, state.found) = (key, None);
        }
        state.has_gained |= gained == Gained::Slots;
        is_other || gained == Gained::Slots
    }
}

/// Since when the server has remembered, by its marker; `None` when that is of another server, or of this one before it
/// became what it is now.
fn since(marker: &[u8], id: Option<&str>) -> Option<u64> {
    let (since, of) = std::str::from_utf8(marker).ok()?.split_once(' ')?;
    let since = since.parse().ok()?;
    id.is_none_or(|id| id == of).then_some(since)
}

/// A loss at the time of whoever noticed it, whose clock may be a little ahead of ours. One that is far ahead is wrong, and
/// would have every assertion refused until then.
fn by_other_clock(since: u64, now: u64) -> u64 {
    if since <= now.saturating_add(MOST_AHEAD) { since } else { end_of_second(now) }
}

fn end_of_second(millis: u64) -> u64 {
    millis.div_ceil(1000).saturating_mul(1000)
}

/// The first of its names that lies in these slots: the same for all nodes, whatever they knew before.
fn key_in(ranges: &[SlotRange]) -> String {
    let names = (0_u32..NAMES).map(|number| format!("{KEY}:{number}"));
    let mut ours = names.filter(|name| {
        let slot = slot(name.as_bytes());
        ranges.iter().any(|range| range.contains(&slot))
    });
    ours.next().unwrap_or_else(|| KEY.to_owned())
}

fn not_written(error: redis::RedisError) -> Trouble {
    match error.to_string() {
        // What older ones say to NX together with GET.
        text if text.contains("syntax error") => {
            Trouble::new("the server is too old: Redis 7.0 or Valkey 7.2 is needed")
        }
        _ => error.into(),
    }
}

const KEY: &str = "countersign:memory";
const UNKNOWN: &str = "-";

/// In milliseconds: the leeway of a policy unless told otherwise, which nothing tells here.
const MOST_AHEAD: u64 = 30_000;

/// So many that a server with a single slot finds one too, all but surely; else it says MOVED and is not admitted.
const NAMES: u32 = 200_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_marker_of_another_server_is_none() {
        assert_eq!(since(b"17 abc", Some("abc")), Some(17));
        assert_eq!(since(b"17 abc", Some("def")), None);
        assert_eq!(since(b"17 abc", None), Some(17));
        for odd in [&b""[..], b"17", b"x abc", b"-1 abc", b"\xff abc"] {
            assert_eq!(since(odd, Some("abc")), None);
        }
    }

    #[test]
    fn a_marker_says_any_time_that_there_is() {
        assert_eq!(since(b"0 abc", Some("abc")), Some(0));
        assert_eq!(since(b"18446744073709551615 abc", Some("abc")), Some(u64::MAX));
        for odd in [&b"18446744073709551616 abc"[..], b" abc", b"17  abc", b"17 abc ", b"1.5 abc", b"17\tabc"]
        {
            assert_eq!(since(odd, Some("abc")), None);
        }
    }

    #[test]
    fn a_clock_that_is_far_ahead_is_not_believed() {
        let now = 1_760_000_000_001;
        for since in [0, 1, now - 1, now, now + 1, now + MOST_AHEAD] {
            assert_eq!(by_other_clock(since, now), since);
        }
        for since in [now + MOST_AHEAD + 1, u64::MAX] {
            assert_eq!(by_other_clock(since, now), 1_760_000_001_000);
        }
        let now = u64::MAX - MOST_AHEAD;
        assert_eq!(by_other_clock(u64::MAX, now), u64::MAX);
        assert_eq!(by_other_clock(u64::MAX, now - 1), end_of_second(now - 1));
        for since in [0, u64::MAX] {
            assert_eq!(by_other_clock(since, u64::MAX), since);
        }
    }

    #[test]
    fn a_second_ends_where_the_next_begins() {
        for (millis, end) in [(0, 0), (1, 1_000), (999, 1_000), (1_000, 1_000), (1_001, 2_000)] {
            assert_eq!(end_of_second(millis), end);
        }
        let last = u64::MAX / 1_000 * 1_000;
        assert_eq!((end_of_second(last), end_of_second(last + 1)), (last, u64::MAX));
        assert_eq!(end_of_second(u64::MAX), u64::MAX);
    }

    #[test]
    fn every_server_finds_a_name() {
        for slots in [0..=0, 5_000..=5_001, 16_383..=16_383, 0..=16_383] {
            let key = key_in(std::slice::from_ref(&slots));
            assert!(slots.contains(&slot(key.as_bytes())), "{key}");
        }
    }
}
