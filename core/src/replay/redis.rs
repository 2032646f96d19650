//! The replay store of many machines: Redis or Valkey.

mod marker;
mod quota;

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use aws_lc_rs::rand;
use redis::{Pipeline, Value};
use tokio::time::Instant;

use self::marker::{Losses, Marker};
use self::quota::Quota;
use super::{Claim, ReplayKey, ReplayStore};
use crate::clock::{Clock, SystemClock};
use crate::redis::{Answer, Nodes, RedisServers, is_full};
use crate::store::StoreError;

/// Used assertions in Redis or Valkey, for all nodes of a server: one server or a cluster, at most 150 octets an
/// assertion, one round trip a claim. Behind the feature `redis`.
///
/// ```no_run
/// # async fn connect() -> Result<(), countersign::store::StoreError> {
/// use countersign::replay::RedisReplayStore;
///
/// let replay = RedisReplayStore::connect("redis://:password@10.1.0.7:6379").await?;
/// let replay = RedisReplayStore::connect("redis+cluster://10.1.0.7,10.1.0.8,10.1.0.9").await?;
/// # Ok(())
/// # }
/// ```
///
/// **Once.** A claim is one `SET key nonce NX GET PX ms`, which Redis (7.0 or later) does in one step, with a nonce of its
/// own. Nothing was there: fresh. Another nonce: used. Our own: an earlier try of this very claim, whose answer was lost
/// with the connection; so a claim is tried again without refusing itself.
///
/// **Kept.** Nothing is evicted: a server with a `maxmemory` and a `maxmemory-policy` other than `noeviction` is refused,
/// at first, after each reconnection and every second after that; so is a replica. A full server is [`Claim::Full`], which
/// takes a second round trip, since it refuses the first whether or not the assertion was used. How
/// much it can hold is its `maxmemory`; plan about 150 octets for each assertion that has not expired, and twice that
/// for what the allocator loses and a replica's backlog takes. One client can take
/// [100,000](RedisReplayStore::with_quota) in the reckoning of each node, which is not exact: it is a rate, kept in
/// memory, so that a claim stays one round trip.
///
/// **Lost.** A restart, a fail-over and a flush lose what was used. Each server keeps a marker key with the time since when
/// it remembers and the replication id that it had then, and each claim reads it on the way. Where it is gone or
/// another one, or the server's replication id is, memory was lost: [`memory_lost_at`](ReplayStore::memory_lost_at)
/// is then, for all nodes, and the restart fence refuses older assertions, the one at hand included. What is noticed and when:
///
/// | loss | noticed |
/// | --- | --- |
/// | `FLUSHALL`, `FLUSHDB`, a marker that was deleted | by the next claim |
/// | a restart, whatever it keeps on its disk | before the next claim, since the connection broke |
/// | a fail-over to a replica, seen as a new connection or as a cluster's slots that moved | before the next claim there |
/// | a fail-over behind a proxy that keeps connections open | within a second |
/// | slots of a cluster that were given to another server, with their keys or without | when the first claim is sent there |
///
/// Some of these lose nothing (a planned fail-over, slots that are moved, the first replica of a server) and count all the
/// same: clients mint their next assertion. Not noticed: a primary that was cut off from its replicas, and goes on
/// beside the one that replaced it, until it learns of that; set `min-replicas-to-write 1`. And a server whose clock leaps
/// ahead forgets early. Clocks of nodes may differ, and be set back, by the policy's leeway, for which keys are kept longer;
/// a node that is set back by more can take again what has been forgotten.
///
/// **Down.** An answer takes at most [`DEADLINE`](Self::DEADLINE), tries and connecting included; a server that is known
/// to be down costs no time at all. It is tried again in the background, at least every second. A claim without an answer
/// may have been made: it stays used. Giving back ([`release`](ReplayStore::release)) is a `DEL`, tried once, since a
/// second one could give back somebody else's claim.
///
/// The connections live in the tokio runtime in which they are made. It must last as long as the store; requests may come
/// from others.
pub struct RedisReplayStore {
    nodes: Nodes<Marker>,
    losses: Arc<Losses>,
    quota: Quota,
    servers: RedisServers,
}

impl RedisReplayStore {
    /// A claim or a release that has no answer after this time is an error, unless the servers were given
    /// [another](RedisServers::with_deadline).
    pub const DEADLINE: Duration = Duration::from_millis(500);

    /// Connects to the server or cluster of this URL, in one of the forms of [`RedisServers`].
    ///
    /// # Errors
    /// [`StoreError`] when the URL cannot be read, a server cannot be reached, is a replica, may evict, is older than
    /// 7.0, or does not say.
    pub async fn connect(url: &str) -> Result<Self, StoreError> {
        Self::connect_to(RedisServers::new(url).map_err(StoreError::new)?).await
    }

    /// The same, of servers with settings of their own.
    ///
    /// # Errors
    /// Those of [`connect`](Self::connect).
    pub async fn connect_to(servers: RedisServers) -> Result<Self, StoreError> {
        Self::connect_with_clock(servers, SystemClock::default()).await
    }

    /// The same, under another clock, by which the time of a loss is told. Keys expire by the server's clock.
    ///
    /// # Errors
    /// Those of [`connect`](Self::connect).
    pub async fn connect_with_clock(servers: RedisServers, clock: impl Clock) -> Result<Self, StoreError> {
        let clock: Arc<dyn Clock> = Arc::new(clock);
        let losses = Arc::new(Losses::new(Arc::clone(&clock)));
        let marker = {
            let (servers, losses) = (servers.clone(), Arc::clone(&losses));
            move || Marker::new(&servers, Arc::clone(&losses))
        };
        let nodes = Nodes::connect(servers.clone(), marker).await?;
        // The first of a process can take a tenth of a second, which no claim should.
        nonce()?;
        Ok(RedisReplayStore { nodes, losses, quota: Quota::new(clock, QUOTA), servers })
    }

    /// How many assertions one client can have in use, about, counting those that it used here.
    #[must_use]
    pub fn with_quota(mut self, of_one_client: u32) -> Self {
        self.quota = self.quota.of(of_one_client);
        self
    }

    async fn ask<T>(
        &self,
        key: &[u8],
        tries: u32,
        command: &redis::Cmd,
        read: impl Fn(&Value) -> Answer<T>,
    ) -> Result<T, StoreError> {
        let commands = |marker: &Marker| {
            let mut commands = Pipeline::with_capacity(2);
            commands.add_command(command.clone());
            // After the command: what was lost before it is seen here.
            marker.read_by(&mut commands);
            commands
        };
        let read = |marker: &Marker, answers: &[Value]| match answers {
            [Value::ServerError(error), _] if !is_full(error) => Answer::Error(error.clone()),
            [_, Value::ServerError(error)] => Answer::Error(error.clone()),
            [answer, found] if marker.is(found) => read(answer),
            _ => Answer::Doubtful,
        };
        let deadline = Instant::now() + self.servers.deadline_or(Self::DEADLINE);
        Ok(self.nodes.ask(key, (deadline, tries), commands, read).await?)
    }

    async fn claim_key(&self, key: &[u8], keep_for: Duration) -> Result<Claim, StoreError> {
        let nonce = nonce()?;
        let mut set = redis::cmd("SET");
        set.arg(key).arg(nonce).arg("NX").arg("GET").arg("PX").arg(millis(keep_for));
        self.ask(key, TRIES, &set, |answer| match answer {
            Value::Nil => Answer::Is(Claim::Fresh),
            Value::BulkString(other) if is_nonce(other, nonce) => Answer::Is(Claim::Fresh),
            Value::BulkString(_) => Answer::Is(Claim::Used),
            // All other errors are gone by now.
            Value::ServerError(_) => Answer::Is(Claim::Full),
            _ => Answer::Doubtful,
        })
        .await
    }

    /// Where there is no room for another: a key that was used is told to be so all the same.
    async fn used_or(&self, no_room: Claim, key: &[u8]) -> Result<Claim, StoreError> {
        let mut exists = redis::cmd("EXISTS");
        exists.arg(key);
        self.ask(key, TRIES, &exists, |answer| match answer {
            Value::Int(0) => Answer::Is(no_room),
            Value::Int(_) => Answer::Is(Claim::Used),
            _ => Answer::Doubtful,
        })
        .await
    }
}

impl ReplayStore for RedisReplayStore {
    async fn claim(&self, key: &ReplayKey<'_>, keep_for: Duration) -> Result<Claim, StoreError> {
        let stored = stored_key(key);
        if !self.quota.has_room(key, keep_for) {
            return self.used_or(Claim::ClientFull, &stored).await;
        }
        match self.claim_key(&stored, keep_for).await? {
            Claim::Fresh => {
                self.quota.take(key, keep_for);
                Ok(Claim::Fresh)
            }
            // A full server refuses every write, also one that would change nothing.
            Claim::Full => self.used_or(Claim::Full, &stored).await,
            claim => Ok(claim),
        }
    }

    async fn release(&self, key: &ReplayKey<'_>) -> Result<(), StoreError> {
        let stored = stored_key(key);
        let mut delete = redis::cmd("DEL");
        delete.arg(&stored[..]);
        let was_there = self
            .ask(&stored, 1, &delete, |answer| match answer {
                Value::Int(deleted) => Answer::Is(*deleted > 0),
                _ => Answer::Doubtful,
            })
            .await?;
        if was_there {
            self.quota.give_back(key);
        }
        Ok(())
    }

    fn memory_lost_at(&self) -> Option<SystemTime> {
        Some(self.losses.last())
    }
}

impl fmt::Debug for RedisReplayStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisReplayStore").field("servers", &self.servers).finish_non_exhaustive()
    }
}

/// A prefix, and 16 octets of the digest.
fn stored_key(key: &ReplayKey<'_>) -> [u8; 19] {
    let mut stored = [0; 19];
    for (to, from) in stored.iter_mut().zip(PREFIX.iter().chain(key.digest())) {
        *to = *from;
    }
    stored
}

/// 63 random bits: Redis keeps an integer in the place of a pointer to a text.
fn nonce() -> Result<i64, StoreError> {
    let mut octets = [0; 8];
    rand::fill(&mut octets).map_err(|_| StoreError::new("no random numbers"))?;
    Ok(i64::from_be_bytes(octets) & i64::MAX)
}

fn is_nonce(text: &[u8], nonce: i64) -> bool {
    std::str::from_utf8(text).is_ok_and(|text| text.parse() == Ok(nonce))
}

/// Rounded up, and at least one.
fn millis(time: Duration) -> i64 {
    let millis = time.as_nanos().div_ceil(1_000_000).max(1);
    i64::try_from(millis).unwrap_or(i64::MAX).min(LONGEST)
}

const PREFIX: &[u8; 3] = b"cs:";

/// A claim's own, and those after a lost connection, a lost memory, a slot that moved.
const TRIES: u32 = 4;

const QUOTA: u32 = 100_000;

/// Redis refuses a time that does not fit once it has added its own. A hundred years.
const LONGEST: i64 = 100 * 365 * 86_400_000;
