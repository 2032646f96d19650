//! `redis-server`, or what `COUNTERSIGN_REDIS` names in its place, one alone or a cluster. tests/run has `valkey-server` tried
//! so, too.

use std::env;
use std::fs::File;
use std::io::ErrorKind;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use redis::{Connection, FromRedisValue, RedisResult};

use super::{Folder, free_port};
use crate::patience::PATIENCE;

/// A running server. It ends when this is dropped.
pub struct RedisServer {
    program: String,
    process: Option<Child>,
    folder: Folder,
    port: u16,
    options: Vec<String>,
    password: Option<String>,
}

impl RedisServer {
    /// On a free port, keeping nothing on the disk.
    ///
    /// # Panics
    /// When there is none, or it does not start.
    pub fn start() -> Self {
        Self::with(&[])
    }

    /// With these options after the usual ones, as on its command line: `["--maxmemory", "4mb"]`.
    pub fn with(options: &[&str]) -> Self {
        let program = env::var("COUNTERSIGN_REDIS").unwrap_or_else(|_| "redis-server".to_owned());
        let password =
            options.windows(2).find(|pair| pair[0] == "--requirepass").map(|pair| pair[1].to_owned());
        let mut server = RedisServer {
            program,
            process: None,
            folder: Folder::new("redis"),
            port: 0,
            options: options.iter().map(|option| (*option).to_owned()).collect(),
            password,
        };
        for _ in 0..5 {
            server.port = free_port();
            if server.try_start() {
                return server;
            }
        }
        panic!("{} does not start:\n{}", server.program, server.log());
    }

    /// Where it listens, with its password.
    pub fn url(&self) -> String {
        let password = self.password.as_ref().map(|password| format!(":{password}@")).unwrap_or_default();
        format!("redis://{password}{}", self.address())
    }

    /// 127.0.0.1 and its port.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Its folder.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The answer to a command, on a connection of its own: `server.ask(["CONFIG", "GET", "maxmemory"])`.
    pub fn ask<T: FromRedisValue>(&self, command: impl IntoIterator<Item = impl AsRef<[u8]>>) -> T {
        self.try_ask(command).unwrap()
    }

    /// The same, with its error.
    pub fn try_ask<T: FromRedisValue>(
        &self,
        command: impl IntoIterator<Item = impl AsRef<[u8]>>,
    ) -> RedisResult<T> {
        let mut asked = redis::Cmd::new();
        for word in command {
            asked.arg(word.as_ref());
        }
        asked.query(&mut self.connection()?)
    }

    /// A connection.
    pub fn connection(&self) -> RedisResult<Connection> {
        let connection = redis::Client::open(self.url())?.get_connection_with_timeout(PATIENCE)?;
        connection.set_read_timeout(Some(PATIENCE))?;
        Ok(connection)
    }

    /// Ends it at once, without a last word.
    pub fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            let _ = process.kill();
            let _ = process.wait();
        }
    }

    /// Starts it again after [`kill`](Self::kill), on the same port, with what is on its disk.
    pub fn start_again(&mut self) {
        self.kill();
        assert!(self.try_start(), "{} does not start again:\n{}", self.program, self.log());
    }

    /// It hangs until [`go_on`](Self::go_on): its sockets stay open, nothing is answered.
    pub fn hang(&self) {
        self.signal("-STOP");
    }

    /// After [`hang`](Self::hang).
    pub fn go_on(&self) {
        self.signal("-CONT");
    }

    /// Makes it a replica of another, and waits until it has what that one has.
    pub fn replicate(&self, primary: &RedisServer) {
        self.ask::<()>(["REPLICAOF", "127.0.0.1", &primary.port.to_string()]);
        until("the replica is in step", || {
            self.ask::<String>(["INFO", "replication"]).contains("master_link_status:up")
        });
    }

    fn signal(&self, signal: &str) {
        let process = self.process.as_ref().expect("it runs");
        let status = Command::new("kill").args([signal, &process.id().to_string()]).status().unwrap();
        assert!(status.success());
    }

    /// False when it ends by itself: somebody else has the port.
    fn try_start(&mut self) -> bool {
        let port = self.port.to_string();
        let folder = self.folder.path();
        let mut command = Command::new(&self.program);
        command.args(["--port", &port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir"]);
        command.arg(folder).args(["--repl-diskless-sync-delay", "0"]).args(&self.options);
        let log = File::create(folder.join("log")).unwrap();
        command.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
        let process = match command.spawn() {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                panic!("there is no {}: tests/run installs what the tests need", self.program)
            }
            process => self.process.insert(process.unwrap()),
        };
        for _ in 0..tries(TICK) {
            if process.try_wait().unwrap().is_some() {
                self.process = None;
                return false;
            }
            let answers = |url: String| {
                let mut connection = redis::Client::open(url)?.get_connection_with_timeout(PATIENCE)?;
                redis::cmd("PING").query::<String>(&mut connection)
            };
            let password = self.password.as_ref().map(|password| format!(":{password}@")).unwrap_or_default();
            if answers(format!("redis://{password}127.0.0.1:{port}")).is_ok() {
                return true;
            }
            sleep(TICK);
        }
        panic!("{} does not answer:\n{}", self.program, self.log());
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Primaries that share the slots between them, and perhaps replicas.
pub struct RedisCluster {
    /// One after the other: the primaries, then the replicas.
    pub nodes: Vec<RedisServer>,
}

impl RedisCluster {
    /// So many primaries without replicas.
    pub fn start(primaries: usize) -> Self {
        Self::with(primaries, &[])
    }

    /// With these options for each.
    pub fn with(primaries: usize, options: &[&str]) -> Self {
        let nodes: Vec<_> = (0..primaries).map(|_| node(options)).collect();
        let slots = 16_384 / primaries;
        for (number, node) in nodes.iter().enumerate() {
            let last = if number + 1 == primaries { 16_383 } else { (number + 1) * slots - 1 };
            node.ask::<()>(["CLUSTER", "ADDSLOTSRANGE", &(number * slots).to_string(), &last.to_string()]);
            node.ask::<()>(["CLUSTER", "SET-CONFIG-EPOCH", &(number + 1).to_string()]);
        }
        let cluster = RedisCluster { nodes };
        cluster.introduce();
        cluster
    }

    /// Another node, which replicates one of the primaries.
    pub fn add_replica(&mut self, primary: usize, options: &[&str]) {
        self.nodes.push(node(options));
        self.introduce();
        let replica = self.nodes.last().expect("it was added");
        let of: String = self.nodes[primary].ask(["CLUSTER", "MYID"]);
        until("the replica knows its primary", || {
            replica.try_ask::<()>(["CLUSTER", "REPLICATE", &of]).is_ok()
        });
        until("the replica is in step", || {
            replica.ask::<String>(["INFO", "replication"]).contains("master_link_status:up")
        });
    }

    /// All nodes, with the password of the first.
    pub fn url(&self) -> String {
        let first = self.nodes[0].url().replace("redis://", "redis+cluster://");
        let others = self.nodes[1..].iter().map(|node| format!(",{}", node.address()));
        first + &others.collect::<String>()
    }

    fn introduce(&self) {
        let (first, others) = self.nodes.split_first().expect("a node");
        let (port, bus) = (first.port.to_string(), bus_port(first).to_string());
        for node in others {
            node.ask::<()>(["CLUSTER", "MEET", "127.0.0.1", &port, &bus]);
        }
        until("the cluster is one", || {
            self.nodes.iter().all(|node| {
                let info: String = node.ask(["CLUSTER", "INFO"]);
                info.contains("cluster_state:ok")
                    && info.contains(&format!("cluster_known_nodes:{}\r", self.nodes.len()))
            })
        });
    }
}

fn node(options: &[&str]) -> RedisServer {
    let bus = free_port().to_string();
    let own = ["--cluster-enabled", "yes", "--cluster-port", &bus, "--cluster-node-timeout", "15000"];
    RedisServer::with(&[&own, options].concat())
}

fn bus_port(node: &RedisServer) -> u16 {
    let bus: Vec<String> = node.ask(["CONFIG", "GET", "cluster-port"]);
    bus[1].parse().unwrap()
}

/// Waits until it is so.
///
/// # Panics
/// After [`PATIENCE`].
pub fn until(what: &str, is_so: impl Fn() -> bool) {
    let came = (0..tries(TICK)).any(|_| {
        let came = is_so();
        if !came {
            sleep(TICK);
        }
        came
    });
    assert!(came, "waited in vain: {what}");
}

fn tries(pause: Duration) -> u128 {
    PATIENCE.as_millis() / pause.as_millis()
}

const TICK: Duration = Duration::from_millis(5);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_answers_hangs_ends_and_starts_again() {
        let mut server = RedisServer::with(&["--requirepass", "secret"]);
        assert_eq!(server.ask::<String>(["SET", "a", "1"]), "OK");
        let mut connection = server.connection().unwrap();
        connection.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
        server.hang();
        assert!(redis::cmd("PING").exec(&mut connection).is_err());
        server.go_on();
        assert_eq!(server.ask::<String>(["GET", "a"]), "1");
        server.kill();
        assert!(server.try_ask::<String>(["GET", "a"]).is_err());
        server.start_again();
        assert_eq!(server.ask::<Option<String>>(["GET", "a"]), None);
    }

    #[test]
    fn a_cluster_has_all_slots_and_a_replica() {
        let mut cluster = RedisCluster::start(3);
        cluster.add_replica(0, &[]);
        for node in &cluster.nodes {
            assert!(node.ask::<String>(["CLUSTER", "INFO"]).contains("cluster_slots_ok:16384"));
        }
        assert!(cluster.nodes[3].ask::<String>(["INFO", "replication"]).contains("role:slave"));
    }
}
