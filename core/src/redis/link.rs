//! One server, and a connection to it that is kept alive.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{Either, select};
use redis::aio::MultiplexedConnection;
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, sleep, timeout, timeout_at};

use super::dial::{Driver, dial};
use super::servers::{Host, RedisServers};
use super::slots::SlotRange;
use super::trouble::Trouble;

/// Whether a server is one to be asked. One for each server.
pub(crate) trait Admission: Send + Sync + 'static {
    /// Asked of each new connection before anything else, and then every second.
    fn admit(
        &self,
        connection: &mut MultiplexedConnection,
    ) -> impl Future<Output = Result<(), Trouble>> + Send;

    /// In a cluster the server has these slots, some of which may have been another's. Must it be admitted anew?
    fn owns(&self, _: &[SlotRange], _: Gained) -> bool {
        false
    }
}

/// Did a server get slots that another one had before?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Gained {
    Nothing,
    Slots,
}

/// A server. Its connection is made anew when it breaks, by a task that ends when this is dropped.
pub(crate) struct Link<A> {
    shared: Arc<Shared<A>>,
    _keeper: Driver,
}

struct Shared<A> {
    servers: Arc<RedisServers>,
    host: Host,
    admission: A,
    state: watch::Sender<State>,
    doubted: Notify,
}

#[derive(Clone)]
enum State {
    /// For the first time, or again: whoever wants to ask waits for what comes of it.
    Checking,
    Up(MultiplexedConnection),
    /// It is tried again all the time, and nobody waits for it.
    Down(Trouble),
}

impl<A: Admission> Link<A> {
    /// Begins to connect. To be called in a tokio runtime, which must last.
    pub(super) fn open(servers: Arc<RedisServers>, host: Host, admission: A) -> Self {
        let state = watch::Sender::new(State::Checking);
        let shared = Arc::new(Shared { servers, host, admission, state, doubted: Notify::new() });
        let keeper = Driver(tokio::spawn(keep(Arc::clone(&shared))));
        Link { shared, _keeper: keeper }
    }

    pub(super) fn host(&self) -> &Host {
        &self.shared.host
    }

    pub(super) fn admission(&self) -> &A {
        &self.shared.admission
    }

    /// The connection to an admitted server.
    pub(super) async fn connection(&self, deadline: Instant) -> Result<MultiplexedConnection, Trouble> {
        let settled = |state: &State| match state {
            State::Checking => None,
            State::Up(connection) => Some(Ok(connection.clone())),
            State::Down(trouble) => Some(Err(trouble.clone())),
        };
        if let Some(settled) = settled(&self.shared.state.borrow()) {
            return settled;
        }
        let mut state = self.shared.state.subscribe();
        let changed = state.wait_for(|state| settled(state).is_some());
        match timeout_at(deadline, changed).await {
            Ok(Ok(state)) => settled(&state).unwrap_or_else(|| Err(self.late())),
            Ok(Err(_)) => Err(Trouble::new("the connection is no longer kept: its runtime has ended")),
            Err(_) => Err(self.late()),
        }
    }

    /// The connection of a server that is up, without waiting.
    pub(super) fn connection_now(&self) -> Option<MultiplexedConnection> {
        match &*self.shared.state.borrow() {
            State::Up(connection) => Some(connection.clone()),
            _ => None,
        }
    }

    /// Something is wrong with the server: nobody asks it until it was admitted again.
    pub(super) fn doubt(&self) {
        self.shared.doubt();
    }

    pub(super) fn late(&self) -> Trouble {
        let (name, port) = &self.shared.host;
        Trouble::new(format!("{name}:{port}: no answer in time"))
    }
}

impl<A> Shared<A> {
    fn doubt(&self) {
        self.state.send_if_modified(|state| {
            let is_up = matches!(state, State::Up(_));
            if is_up {
                *state = State::Checking;
            }
            is_up
        });
        self.doubted.notify_one();
    }
}

/// Connects, for ever.
async fn keep<A: Admission>(shared: Arc<Shared<A>>) {
    let mut pause = SHORTEST_PAUSE;
    loop {
        match connect(&shared).await {
            Ok((connection, driver)) => {
                pause = SHORTEST_PAUSE;
                shared.state.send_replace(State::Up(connection.clone()));
                // Whoever asks in the meantime waits for a connection that broke, and not for a server that hangs.
                shared.state.send_replace(match watch(&shared, connection, driver).await {
                    None => State::Checking,
                    Some(trouble) => State::Down(trouble),
                });
            }
            Err(trouble) => {
                shared.state.send_replace(State::Down(trouble));
                sleep(pause).await;
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
        }
    }
}

async fn connect<A: Admission>(shared: &Shared<A>) -> Result<(MultiplexedConnection, Driver), Trouble> {
    let connecting = async {
        let (mut connection, driver) = dial(&shared.servers, &shared.host).await?;
        shared.admission.admit(&mut connection).await?;
        Ok((connection, driver))
    };
    let deadline = shared.servers.check_deadline();
    timeout(deadline, connecting).await.unwrap_or_else(|_| Err(late(&shared.host, deadline)))
}

/// Until the connection breaks, or the server is not admitted any more, and why.
async fn watch<A: Admission>(
    shared: &Shared<A>,
    mut connection: MultiplexedConnection,
    mut driver: Driver,
) -> Option<Trouble> {
    loop {
        let due = pin!(timeout(CHECK_EVERY, shared.doubted.notified()));
        if let Either::Left(_) = select(&mut driver.0, due).await {
            return None;
        }
        let deadline = shared.servers.check_deadline();
        match timeout(deadline, shared.admission.admit(&mut connection)).await {
            Ok(Ok(())) => {
                shared.state.send_if_modified(|state| {
                    let was_in_doubt = matches!(state, State::Checking);
                    if was_in_doubt {
                        *state = State::Up(connection.clone());
                    }
                    was_in_doubt
                });
            }
            Ok(Err(trouble)) if trouble.is_broken_connection() => return None,
            Ok(Err(trouble)) => return Some(trouble),
            Err(_) => return Some(late(&shared.host, deadline)),
        }
    }
}

fn late((name, port): &Host, deadline: Duration) -> Trouble {
    Trouble::new(format!("{name}:{port}: no answer within {deadline:?}"))
}

const CHECK_EVERY: Duration = Duration::from_secs(1);

const SHORTEST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
