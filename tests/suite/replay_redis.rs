//! The replay store in Redis: what every store must do, what a server must be, and what happens when it is down, lost its
//! memory, or is another one.

mod cluster;
mod faults;
mod losses;
pub(crate) mod relay;
mod servers;

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use countersign::redis::RedisServers;
use countersign::replay::{Claim, RedisReplayStore, ReplayKey, ReplayStore};
use countersign::store::StoreError;
use countersign_tests::drivers::SetClock;
use countersign_tests::patience::{PATIENCE, patiently};
use countersign_tests::replay_conformance as conformance;
use countersign_tests::row::NOW;
use countersign_tests::servers::redis::RedisServer;

use self::relay::Relay;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_are_used_once_released_and_kept_for_their_time() {
    let server = RedisServer::with(&["--requirepass", "correct horse"]);
    let url = server.url().replace(' ', "%20");
    let store = RedisReplayStore::connect_to(patient(&url)).await.unwrap();
    conformance::a_key_is_used_once_until_it_is_released(&store, "one").await;
    conformance::a_key_is_kept_for_its_time(&store, "time", pass(&server)).await;
}

/// The tasks are divided between two nodes.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_of_64_tasks_gets_a_key() {
    let server = RedisServer::start();
    let store = TwoNodes {
        nodes: [connect(&server).await.unwrap(), connect(&server).await.unwrap()],
        turn: AtomicUsize::new(0),
    };
    conformance::a_race_has_one_winner(Arc::new(store), "race", 50).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_is_full_is_refused_alone() {
    let server = RedisServer::start();
    let store = connect(&server).await.unwrap().with_quota(10);
    conformance::a_full_client_is_refused_alone(&store, "quota", 10).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_server_forgets_nothing() {
    let server = RedisServer::start();
    let store = connect(&server).await.unwrap();
    let used: u64 = memory(&server);
    server.ask::<()>(["CONFIG", "SET", "maxmemory", &(used + 200_000).to_string()]);
    let mut claimed = 0;
    while claim(&store, "a", claimed).await.unwrap() == Claim::Fresh {
        claimed += 1;
        assert!(claimed < 10_000, "it never is full");
    }
    assert_eq!(claim(&store, "a", claimed).await.unwrap(), Claim::Full);
    // A node that starts now finds them too.
    for store in [&store, &connect(&server).await.unwrap()] {
        for id in 0..claimed {
            assert_eq!(claim(store, "a", id).await.unwrap(), Claim::Used);
        }
        assert_eq!(claim(store, "a", claimed).await.unwrap(), Claim::Full);
    }
    server.ask::<()>(["CONFIG", "SET", "maxmemory", "0"]);
    assert_eq!(claim(&store, "a", claimed).await.unwrap(), Claim::Fresh);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_assertion_takes_at_most_150_octets_and_goes_by_itself() {
    const ASSERTIONS: u64 = 20_000;
    let server = RedisServer::start();
    let store = connect(&server).await.unwrap();
    let before = memory(&server);
    for ids in (0..ASSERTIONS).collect::<Vec<_>>().chunks(500) {
        let claims = ids.iter().map(|id| claim(&store, "a", *id));
        let claims = futures_util::future::join_all(claims).await;
        assert!(claims.iter().all(|claim| *claim.as_ref().unwrap() == Claim::Fresh));
    }
    let each = (memory(&server) - before).div_ceil(ASSERTIONS);
    assert!(each <= 150, "{each} octets");
    let keys: Vec<Vec<u8>> = server.ask(["KEYS", "cs:*"]);
    assert_eq!(keys.len() as u64, ASSERTIONS);
    for key in keys.iter().take(100) {
        let usage: u64 = server.ask([b"MEMORY", b"USAGE".as_slice(), key]);
        let left: i64 = server.ask([b"PTTL".as_slice(), key]);
        assert!(usage <= 150, "{usage} octets");
        assert!((1..=600_000).contains(&left), "{left} ms");
    }
}

/// Two commands that are sent together, and answered together.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_claim_is_one_round_trip() {
    let server = RedisServer::start();
    let relay = Relay::to(server.port()).await;
    let store = RedisReplayStore::connect_to(patient(&relay.url())).await.unwrap();
    for id in 0..50 {
        assert_eq!(claim(&store, "a", id).await.unwrap(), Claim::Fresh);
    }
    let claims: Vec<_> = relay.sent().into_iter().filter(|sent| contains(sent, b"cs:")).collect();
    assert_eq!(claims.len(), 50);
    for sent in claims {
        assert!(contains(&sent, b"SET") && contains(&sent, b"GET\r\n$18\r\ncountersign:memory"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_claim_that_was_dropped_leaves_the_store_in_order() {
    let server = RedisServer::start();
    let store = connect(&server).await.unwrap();
    for id in 0..100 {
        let _ = tokio::time::timeout(Duration::from_micros(id * 5), claim(&store, "a", id)).await;
    }
    for id in 0..100 {
        let first = claim(&store, "a", id).await.unwrap();
        assert!(matches!(first, Claim::Fresh | Claim::Used));
        assert_eq!(claim(&store, "a", id).await.unwrap(), Claim::Used);
    }
}

/// Longer than any test takes.
const KEPT: Duration = Duration::from_secs(600);

struct TwoNodes {
    nodes: [RedisReplayStore; 2],
    turn: AtomicUsize,
}

impl TwoNodes {
    fn next(&self) -> &RedisReplayStore {
        &self.nodes[self.turn.fetch_add(1, Ordering::Relaxed) % 2]
    }
}

impl ReplayStore for TwoNodes {
    async fn claim(&self, key: &ReplayKey<'_>, keep_for: Duration) -> Result<Claim, StoreError> {
        self.next().claim(key, keep_for).await
    }

    async fn release(&self, key: &ReplayKey<'_>) -> Result<(), StoreError> {
        self.next().release(key).await
    }
}

/// Waits long: a busy machine is no reason to fail.
async fn connect(server: &RedisServer) -> Result<RedisReplayStore, StoreError> {
    RedisReplayStore::connect_to(patient(&server.url())).await
}

async fn connect_at(url: &str, clock: &SetClock) -> RedisReplayStore {
    RedisReplayStore::connect_with_clock(patient(url), clock.clone()).await.unwrap()
}

pub(crate) fn patient(url: &str) -> RedisServers {
    RedisServers::new(url).unwrap().with_deadline(PATIENCE)
}

async fn claim(store: &RedisReplayStore, client: &str, id: u64) -> Result<Claim, StoreError> {
    store.claim(&ReplayKey::new("", client, &id.to_string()), KEPT).await
}

/// Tries until it is answered.
async fn claim_at_last(store: &RedisReplayStore, client: &str, id: u64) -> Claim {
    patiently(|| claim(store, client, id)).await
}

/// Time that passes when it is told to, for the keys of a server: none expires by itself once it was seen here.
fn pass(server: &RedisServer) -> impl AsyncFn(Duration) {
    let left: Mutex<HashMap<Vec<u8>, i64>> = Mutex::default();
    async move |time: Duration| {
        let mut left = left.lock().unwrap();
        for key in server.ask::<Vec<Vec<u8>>>(["KEYS", "cs:*"]) {
            let millis: i64 = server.ask([b"PTTL".as_slice(), &key]);
            if millis > 0 {
                left.insert(key.clone(), millis);
                server.ask::<()>([b"PERSIST".as_slice(), &key]);
            }
        }
        for (key, millis) in left.iter_mut() {
            *millis -= i64::try_from(time.as_millis()).unwrap();
            if *millis <= 0 {
                server.ask::<()>([b"DEL".as_slice(), key]);
            }
        }
        left.retain(|_, millis| *millis > 0);
    }
}

fn memory(server: &RedisServer) -> u64 {
    let info: String = server.ask(["INFO", "memory"]);
    let used = info.lines().find_map(|line| line.strip_prefix("used_memory:")).unwrap();
    used.trim().parse().unwrap()
}

fn contains(octets: &[u8], part: &[u8]) -> bool {
    octets.windows(part.len()).any(|window| window == part)
}

fn clock() -> SetClock {
    SetClock::new(NOW)
}
