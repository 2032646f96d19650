//! The throttle of many processes: Redis or Valkey.

mod keys;
mod script;

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{Cmd, Pipeline, Value};
use tokio::time::Instant;

use self::keys::Keys;
use super::attempted::Attempted;
use super::budget::nanos;
use super::limits::FailureLimits;
use super::port::{RetryAfter, Throttle};
use super::recent::{Bounds, Recent};
use crate::redis::{Admission, Answer, Health, Nodes, RedisServers, Trouble};
use crate::store::StoreError;

/// [`FailureLimits`] that all nodes of a server count together, in Redis or Valkey, one server or a cluster. Behind the
/// feature `redis`.
///
/// ```no_run
/// # async fn connect() -> Result<(), countersign::store::StoreError> {
/// use countersign::throttle::{FailureLimits, RedisThrottle};
///
/// let throttle = RedisThrottle::connect("redis://127.0.0.1", FailureLimits::new()).await?;
/// # Ok(())
/// # }
/// ```
///
/// The budgets, what a success gives back and whom it exempts are those of the limits that it is given; times are the
/// Redis server's. Each count is changed in one step, by a script.
///
/// **Cost.** An attempt is looked up in one round trip. A source that succeeded as a client at this node lately, as nearly
/// all have, is looked up in this process, and told to the others once a minute: no round trip at all.
///
/// **Down.** When Redis has no answer within [`DEADLINE`](Self::DEADLINE), or is known to be down, what this process has
/// counted by itself decides, under the same limits: it counts along all the time. So an outage makes as many budgets as
/// there are nodes, and never none.
///
/// **Memory.** Every key expires by itself once it does not matter: a source's failures after at most as long as its
/// budgets and ten minutes, a success after an hour. Whoever has many addresses can make many keys meanwhile, of about
/// 150 octets. If that should not be able to fill the Redis of the used assertions, give the throttle one of its own, with a
/// `maxmemory` and `maxmemory-policy volatile-ttl`: here, a key that is evicted is a failure that is forgiven early.
pub struct RedisThrottle {
    nodes: Nodes<Writable>,
    limits: FailureLimits,
    /// When others were told last of a success.
    told: Mutex<Recent>,
    servers: RedisServers,
}

impl RedisThrottle {
    /// What has no answer after this time is decided without Redis, unless the servers were given
    /// [another](RedisServers::with_deadline).
    pub const DEADLINE: Duration = Duration::from_millis(100);

    /// Connects to the server or cluster of this URL, in one of the forms of [`RedisServers`]. All nodes should give the
    /// same limits.
    ///
    /// # Errors
    /// [`StoreError`] when the URL cannot be read, or a server cannot be reached or is a replica.
    pub async fn connect(url: &str, limits: FailureLimits) -> Result<Self, StoreError> {
        Self::connect_to(RedisServers::new(url).map_err(StoreError::new)?, limits).await
    }

    /// The same, of servers with settings of their own.
    ///
    /// # Errors
    /// Those of [`connect`](Self::connect).
    pub async fn connect_to(servers: RedisServers, limits: FailureLimits) -> Result<Self, StoreError> {
        let is_unchecked = servers.is_unchecked();
        let nodes = Nodes::connect(servers.clone(), move || Writable { is_unchecked }).await?;
        Ok(RedisThrottle { nodes, limits, told: Mutex::default(), servers })
    }

    async fn look(&self, keys: &Keys) -> Result<Result<(), RetryAfter>, Trouble> {
        let commands = |_: &Writable| {
            let mut commands = redis::pipe();
            commands.cmd("TIME");
            commands.cmd("MGET").arg(&keys.trusted).arg(&keys.at_client).arg(&keys.in_all);
            commands
        };
        let read = |_: &Writable, answers: &[Value]| match answers {
            [_, Value::ServerError(error)] | [Value::ServerError(error), _] => Answer::Error(error.clone()),
            [time, Value::Array(found)] => match (script::time(time), &**found) {
                (Some(_), [trusted, ..]) if *trusted != Value::Nil => Answer::Is(Ok(())),
                (Some(now), [_, at_client, in_all]) => {
                    let (at_client, in_all) = (script::even_at(at_client), script::even_at(in_all));
                    Answer::Is(self.limits.room(at_client, in_all, now))
                }
                _ => Answer::Doubtful,
            },
            _ => Answer::Doubtful,
        };
        let deadline = Instant::now() + self.servers.deadline_or(Self::DEADLINE);
        self.nodes.ask(&keys.in_all, (deadline, TRIES), commands, read).await
    }

    async fn run(&self, keys: &Keys, script: &Cmd) -> Result<(), Trouble> {
        let commands = |_: &Writable| {
            let mut commands = Pipeline::with_capacity(1);
            commands.add_command(script.clone());
            commands
        };
        let read = |_: &Writable, answers: &[Value]| match answers {
            [Value::ServerError(error)] => Answer::Error(error.clone()),
            _ => Answer::Is(()),
        };
        let deadline = Instant::now() + self.servers.deadline_or(Self::DEADLINE);
        self.nodes.ask(&keys.in_all, (deadline, TRIES), commands, read).await
    }

    fn told(&self) -> MutexGuard<'_, Recent> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Throttle for RedisThrottle {
    async fn check(&self, attempt: &Attempted<'_>) -> Result<(), RetryAfter> {
        let Some(keys) = Keys::of(attempt, &self.limits) else { return Ok(()) };
        if self.limits.is_trusted_now(attempt) {
            return Ok(());
        }
        match self.look(&keys).await {
            Ok(answer) => answer,
            Err(_) => self.limits.check_now(attempt),
        }
    }

    async fn failed(&self, attempt: &Attempted<'_>) {
        let Some(keys) = Keys::of(attempt, &self.limits) else { return };
        if self.limits.is_trusted_now(attempt) {
            return;
        }
        self.limits.failed_now(attempt);
        // The process has counted it, which is what an outage is for.
        let _ = self.run(&keys, &script::failed(&keys, &self.limits)).await;
    }

    async fn succeeded(&self, attempt: &Attempted<'_>) {
        let Some(keys) = Keys::of(attempt, &self.limits) else { return };
        let was_trusted = self.limits.is_trusted_now(attempt);
        self.limits.succeeded_now(attempt);
        let (now, again_after) = (self.limits.now(), nanos(TELL_EVERY).min(self.limits.trusts_for / 4));
        let told_at = self.told().get(keys.tag);
        // Failures of a trusted source were not counted, so there are none to give back.
        if was_trusted && told_at.is_some_and(|told_at| now.saturating_sub(told_at) < again_after) {
            return;
        }
        if self.run(&keys, &script::succeeded(&keys, &self.limits)).await.is_ok() {
            let bounds = Bounds { entries: MOST_TOLD, nanos: again_after };
            self.told().note(keys.tag, now, now, bounds);
        }
    }
}

impl fmt::Debug for RedisThrottle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisThrottle")
            .field("servers", &self.servers)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

/// Any server that is no replica.
struct Writable {
    is_unchecked: bool,
}

impl Admission for Writable {
    async fn admit(&self, connection: &mut MultiplexedConnection) -> Result<(), Trouble> {
        // Who may not say is asked all the same: what does not work is not counted there.
        match Health::of(connection, true).await? {
            Some(health) => health.check_primary(self.is_unchecked),
            None => Ok(()),
        }
    }
}

/// One more for a lost connection or a slot that moved. A failure may then count twice.
const TRIES: u32 = 2;

const TELL_EVERY: Duration = Duration::from_secs(60);
const MOST_TOLD: usize = 65_536;
