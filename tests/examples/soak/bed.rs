//! Two nodes of one authorization server, one on axum and one on actix-web, and what they share: used assertions in Redis,
//! clients in PostgreSQL, a host of key sets. Between a node and each of these stands a proxy that does harm.

use std::sync::Arc;
use std::time::Duration;

use countersign::fetch::KeySetFetcher;
use countersign::redis::RedisServers;
use countersign::replay::RedisReplayStore;
use countersign::store::{ClientStore, PostgresClients, StoreError};
use countersign::{Authenticator, Client, Endpoint, Policy};
use countersign_tests::faults::FaultProxy;
use countersign_tests::patience::patiently;
use countersign_tests::row::{Endpoint as RowEndpoint, ISSUER};
use countersign_tests::servers::postgres::Postgres;
use countersign_tests::servers::redis::RedisServer;
use serde_json::json;

use crate::clock::{Hurried, Stepped};
use crate::key_host::KeyHost;
use crate::ledger::Ledger;
use crate::log::Log;
use crate::node::{FRAMEWORKS, Node};
use crate::weather::Dependency;

/// Everything that runs.
pub(crate) struct Bed {
    pub(crate) nodes: Vec<Node>,
    pub(crate) clocks: Vec<Stepped>,
    /// Of the operator, past every fault.
    pub(crate) registry: PostgresClients,
    pub(crate) database: String,
    pub(crate) redis: RedisServer,
    pub(crate) key_host: KeyHost,
    registry_proxies: Vec<FaultProxy>,
    replay_proxies: Vec<FaultProxy>,
    keys_proxy: FaultProxy,
    _postgres: Postgres,
}

impl Bed {
    /// Starts it all; clients come later.
    pub(crate) async fn start(ledger: &Arc<Ledger>, log: &Log) -> Self {
        let postgres = tokio::task::spawn_blocking(Postgres::start).await.unwrap();
        let redis = tokio::task::spawn_blocking(RedisServer::start).await.unwrap();
        let key_host = KeyHost::start().await;
        let database = postgres.url();
        let registry = patiently(|| PostgresClients::connect(&database)).await;
        let keys_proxy = FaultProxy::start(key_host.port());
        let mut bed = Bed {
            nodes: Vec::new(),
            clocks: Vec::new(),
            registry,
            database,
            redis,
            key_host,
            registry_proxies: Vec::new(),
            replay_proxies: Vec::new(),
            keys_proxy,
            _postgres: postgres,
        };
        for framework in FRAMEWORKS {
            bed.add_node(framework, ledger, log).await;
        }
        bed
    }

    async fn add_node(&mut self, framework: crate::node::Framework, ledger: &Arc<Ledger>, log: &Log) {
        let clock = Stepped::default();
        let proxy = FaultProxy::start(self.redis.port());
        let servers = RedisServers::new(&format!("redis://127.0.0.1:{}", proxy.port())).unwrap();
        let replay = patiently(|| RedisReplayStore::connect_with_clock(servers.clone(), clock.clone())).await;
        self.replay_proxies.push(proxy);
        let proxy = FaultProxy::start(self._postgres.port());
        let url = self.database.replace(&self._postgres.port().to_string(), &proxy.port().to_string());
        let clients = patiently(|| PostgresClients::connect(&url)).await.with_lifetime(LIFETIME);
        self.registry_proxies.push(proxy);
        let fetcher = KeySetFetcher::new().danger_allow_loopback(true).clock(Hurried::default());
        let switches = json!({"leeway": LEEWAY, "fence": "strict"});
        let policy = Policy::default().with_switches(switches.as_object().unwrap().clone()).unwrap();
        let auth = Authenticator::builder()
            .issuer(ISSUER)
            .endpoint(Endpoint::Token, RowEndpoint::Token.url())
            .clients(Registry(clients))
            .replay(replay)
            .key_source(fetcher.serve_stale_for(SERVE_STALE * Hurried::FACTOR))
            .policy(policy)
            .clock(clock.clone())
            .observer(log.clone())
            .build()
            .unwrap();
        self.clocks.push(clock);
        self.nodes.push(Node::start(framework, auth, Arc::clone(ledger)));
    }

    /// The `jwks_uri` of a client.
    pub(crate) fn jwks_uri(&self, client_id: &str) -> String {
        format!("http://127.0.0.1:{}/{client_id}", self.keys_proxy.port())
    }

    /// What stands before a node's dependency. That of the key sets is the same for both.
    pub(crate) fn proxy(&self, node: usize, dependency: Dependency) -> &FaultProxy {
        match dependency {
            Dependency::Registry => &self.registry_proxies[node],
            Dependency::Replay => &self.replay_proxies[node],
            Dependency::Keys => &self.keys_proxy,
        }
    }
}

/// Replaces no weak hashes: Argon2id takes seconds in a build that is not optimised.
struct Registry(PostgresClients);

impl ClientStore for Registry {
    async fn find(&self, client_id: &str) -> Result<Option<Arc<Client>>, StoreError> {
        self.0.find(client_id).await
    }

    fn has_slow_hashes(&self) -> bool {
        self.0.has_slow_hashes()
    }

    fn slow_clients(&self) -> Vec<Arc<Client>> {
        self.0.slow_clients()
    }
}

/// How far clocks may differ, in seconds: those of the nodes differ by as much at most.
pub(crate) const LEEWAY: i64 = 2 * FURTHEST_STEP;

/// How far the clock of a node is set ahead or back at most, in seconds.
pub(crate) const FURTHEST_STEP: i64 = 3;

/// For how long a node remembers a client: so short that it often asks while a fault is on.
pub(crate) const LIFETIME: Duration = Duration::from_secs(3);

/// For how long a key set serves past its lifetime while its host fails.
pub(crate) const SERVE_STALE: Duration = Duration::from_secs(3);
