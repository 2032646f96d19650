//! One server or those of a cluster, and which of them is asked for a key.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use redis::aio::ConnectionLike as _;
use redis::{Pipeline, Value};
use tokio::sync::{Notify, Semaphore, watch};
use tokio::time::{Instant, sleep, timeout, timeout_at};

use super::answer::{Answer, Redirect};
use super::dial::{Driver, dial};
use super::link::{Admission, Gained, Link};
use super::servers::{Host, RedisServers};
use super::slots::{self, SlotRange, slot};
use super::trouble::Trouble;

/// The servers, each with a connection that is kept alive.
///
/// A cluster is spoken to as the single servers that it is: a connection is admitted before anything is asked on it, also
/// when a slot has moved there a moment ago, which the driver's own cluster client would hide.
pub(crate) struct Nodes<A: Admission> {
    shared: Arc<Shared<A>>,
    turns: Semaphore,
    _follower: Option<Driver>,
}

struct Shared<A: Admission> {
    servers: Arc<RedisServers>,
    admission: Box<dyn Fn() -> A + Send + Sync>,
    map: Mutex<Arc<Map<A>>>,
    outdated: Notify,
    refreshed: watch::Sender<u64>,
}

struct Map<A> {
    owners: Vec<(SlotRange, Arc<Link<A>>)>,
    links: HashMap<Host, Arc<Link<A>>>,
}

impl<A: Admission> Nodes<A> {
    /// Connects to the servers, each of which is admitted by one of these.
    pub(crate) async fn connect(
        servers: RedisServers,
        admission: impl Fn() -> A + Send + Sync + 'static,
    ) -> Result<Self, Trouble> {
        let shared = Arc::new(Shared {
            servers: Arc::new(servers),
            admission: Box::new(admission),
            map: Mutex::new(Arc::new(Map { owners: Vec::new(), links: HashMap::new() })),
            outdated: Notify::new(),
            refreshed: watch::Sender::new(0),
        });
        let slots = if shared.servers.is_cluster {
            shared.ask_for_slots().await?
        } else {
            shared.servers.hosts.iter().map(|host| (0..=u16::MAX, host.clone())).collect()
        };
        shared.take(slots);
        let deadline = Instant::now() + shared.servers.check_deadline() * 2;
        let map = shared.map();
        for link in map.links.values() {
            link.connection(deadline).await?;
        }
        let is_cluster = shared.servers.is_cluster;
        let follower = is_cluster.then(|| Driver(tokio::spawn(follow(Arc::clone(&shared)))));
        Ok(Nodes { shared, turns: Semaphore::new(MOST_AT_ONCE), _follower: follower })
    }

    /// Sends the commands to whoever has the key, and reads the answers. What came of a lost connection is not known, so
    /// commands must be such that they can be sent again, unless `tries` is one.
    pub(crate) async fn ask<T>(
        &self,
        key: &[u8],
        (deadline, tries): (Instant, u32),
        commands: impl Fn(&A) -> Pipeline,
        read: impl Fn(&A, &[Value]) -> Answer<T>,
    ) -> Result<T, Trouble> {
        let _turn =
            self.turns.try_acquire().map_err(|_| Trouble::new("too many are waiting for an answer"))?;
        let mut trouble = None;
        let mut asked_to = None;
        for _ in 0..tries {
            let is_asked_to = asked_to.is_some();
            let link = match asked_to.take() {
                Some(link) => link,
                None => self.shared.map().owner(key)?,
            };
            let mut connection = match link.connection(deadline).await {
                Ok(connection) => connection,
                Err(down) if self.shared.servers.is_cluster && trouble.is_none() => {
                    // Another may have taken its slots.
                    trouble = Some(down);
                    self.refresh(deadline).await;
                    continue;
                }
                Err(down) => return Err(down),
            };
            let commands = commands(link.admission());
            let sent = if is_asked_to { asking(&commands) } else { commands };
            let answer = connection.req_packed_commands(&sent, 0, sent.len());
            let answers = match timeout_at(deadline, answer).await {
                Ok(Ok(answers)) => answers,
                Ok(Err(error)) => {
                    link.doubt();
                    trouble = Some(error.into());
                    continue;
                }
                Err(_) => {
                    link.doubt();
                    return Err(link.late());
                }
            };
            let answers = answers.get(usize::from(is_asked_to)..).unwrap_or_default();
            match read(link.admission(), answers) {
                Answer::Is(answer) => return Ok(answer),
                Answer::Doubtful => {
                    link.doubt();
                    trouble = Some(Trouble::new("the server has lost its memory"));
                }
                Answer::Error(error) => {
                    match Redirect::of(&error) {
                        Redirect::Moved => self.refresh(deadline).await,
                        Redirect::Ask(node) => asked_to = self.shared.map().link(&node),
                        Redirect::Later => {
                            sleep(SHORT_WHILE).await;
                            self.refresh(deadline).await;
                        }
                        Redirect::NotPrimary => {
                            link.doubt();
                            self.refresh(deadline).await;
                        }
                        Redirect::Nowhere => return Err(error.into()),
                    }
                    trouble = Some(error.into());
                }
            }
        }
        Err(trouble.unwrap_or_else(|| Trouble::new("nobody was asked")))
    }

    /// Waits until it was asked again who has which slots.
    async fn refresh(&self, deadline: Instant) {
        if !self.shared.servers.is_cluster {
            return;
        }
        let mut refreshed = self.shared.refreshed.subscribe();
        refreshed.mark_unchanged();
        self.shared.outdated.notify_one();
        let _ = timeout_at(deadline, refreshed.changed()).await;
    }
}

impl<A: Admission> Map<A> {
    fn owner(&self, key: &[u8]) -> Result<Arc<Link<A>>, Trouble> {
        let slot = slot(key);
        let owner = self.owners.iter().find(|(slots, _)| slots.contains(&slot));
        owner
            .map(|(_, link)| Arc::clone(link))
            .ok_or_else(|| Trouble::new(format!("no server of the cluster has the slot {slot}")))
    }

    /// The node of this name, as in `127.0.0.1:6381`.
    fn link(&self, node: &str) -> Option<Arc<Link<A>>> {
        let (name, port) = node.rsplit_once(':')?;
        self.links.get(&(Arc::from(name), port.parse().ok()?)).map(Arc::clone)
    }
}

impl<A: Admission> Shared<A> {
    fn map(&self) -> Arc<Map<A>> {
        Arc::clone(&self.map.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Asks one node after the other who has which slots, beginning with those that are connected.
    async fn ask_for_slots(&self) -> Result<Vec<(SlotRange, Host)>, Trouble> {
        let mut commands = redis::pipe();
        commands.cmd("CLUSTER").arg("INFO").cmd("CLUSTER").arg("SLOTS");
        let mut trouble = Trouble::new("no node of the cluster could be asked");
        let map = self.map();
        let connected: Vec<_> = map
            .links
            .values()
            .filter_map(|link| Some((link.host().clone(), link.connection_now()?)))
            .collect();
        let asked = connected.into_iter().map(|(host, connection)| (host, Some(connection)));
        let others = self.servers.hosts.iter().map(|host| (host.clone(), None));
        for (host, connection) in asked.chain(others) {
            let ask = async {
                let (mut connection, _driver) = match connection {
                    Some(connection) => (connection, None),
                    None => {
                        let (connection, driver) = dial(&self.servers, &host).await?;
                        (connection, Some(driver))
                    }
                };
                let (info, slots): (String, Value) = commands.query_async(&mut connection).await?;
                // One that was cut off from the others still tells how it was before.
                if !info.contains("cluster_state:ok") {
                    return Err(Trouble::new(format!("{}:{}: the cluster is down", host.0, host.1)));
                }
                slots::read(&slots, &host).filter(|slots| !slots.is_empty()).ok_or_else(|| {
                    Trouble::new(format!("{}:{}: no slots: is it a node of a cluster?", host.0, host.1))
                })
            };
            match timeout(self.servers.check_deadline(), ask).await {
                Ok(Ok(slots)) => return Ok(slots),
                Ok(Err(error)) => trouble = error,
                Err(_) => trouble = Trouble::new(format!("{}:{}: no answer in time", host.0, host.1)),
            }
        }
        Err(trouble)
    }

    /// From now on these have the slots.
    fn take(&self, slots: Vec<(SlotRange, Host)>) {
        let before = self.map();
        let mut by_host: HashMap<Host, Vec<SlotRange>> = HashMap::new();
        for (range, host) in &slots {
            by_host.entry(host.clone()).or_default().push(range.clone());
        }
        let open = |(host, ranges): (Host, Vec<SlotRange>)| {
            let others = before.owners.iter().filter(|(_, owner)| *owner.host() != host);
            let has_gained =
                others.into_iter().any(|(theirs, _)| ranges.iter().any(|ours| overlap(ours, theirs)));
            let gained = if has_gained { Gained::Slots } else { Gained::Nothing };
            let link = match before.links.get(&host) {
                Some(link) => {
                    if link.admission().owns(&ranges, gained) {
                        link.doubt();
                    }
                    Arc::clone(link)
                }
                None => {
                    let admission = (self.admission)();
                    admission.owns(&ranges, gained);
                    Arc::new(Link::open(Arc::clone(&self.servers), host.clone(), admission))
                }
            };
            (host, link)
        };
        let links: HashMap<_, _> = by_host.into_iter().map(open).collect();
        let owned = |(range, host)| links.get(&host).map(|link| (range, Arc::clone(link)));
        let owners = slots.into_iter().filter_map(owned).collect();
        *self.map.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(Map { owners, links });
    }
}

/// Asks again and again who has which slots: every second, and when somebody was sent elsewhere.
async fn follow<A: Admission>(shared: Arc<Shared<A>>) {
    loop {
        let _ = timeout(FOLLOW_EVERY, shared.outdated.notified()).await;
        if let Ok(slots) = shared.ask_for_slots().await {
            shared.take(slots);
        }
        shared.refreshed.send_modify(|times| *times = times.wrapping_add(1));
    }
}

fn overlap(one: &SlotRange, other: &SlotRange) -> bool {
    one.start() <= other.end() && other.start() <= one.end()
}

fn asking(commands: &Pipeline) -> Pipeline {
    let mut asking = redis::pipe();
    asking.cmd("ASKING");
    for command in commands.cmd_iter() {
        asking.add_command(command.clone());
    }
    asking
}

const MOST_AT_ONCE: usize = 4096;
const FOLLOW_EVERY: Duration = Duration::from_secs(1);
const SHORT_WHILE: Duration = Duration::from_millis(20);
