//! What the stores in Redis cost: a claim, one after the other and many at once, beside a bare `SET … NX GET PX` of the same
//! driver; what an assertion takes there; a look-up in the throttle.
//!
//! `cargo bench -p countersign-tests --bench redis`, over a redis-server of its own on loopback.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::cast_precision_loss)]
#![allow(clippy::disallowed_methods, reason = "a benchmark reads the clock")]

use std::time::{Duration, Instant};

use countersign::redis::RedisServers;
use countersign::replay::{Claim, RedisReplayStore, ReplayKey, ReplayStore as _};
use countersign::throttle::{Attempted, FailureLimits, RedisThrottle, Throttle as _};
use countersign_tests::servers::redis::{RedisCluster, RedisServer};

const CLAIMS: u64 = 20_000;
const AT_ONCE: u64 = 50;

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let server = RedisServer::start();
    let mut connection = server.connection().unwrap();
    let bare = times(|id| {
        let mut set = redis::cmd("SET");
        set.arg(format!("bare:{id:014}")).arg(id).arg("NX").arg("GET").arg("PX").arg(60_000);
        set.query::<Option<i64>>(&mut connection).unwrap();
    });
    server.ask::<()>(["FLUSHALL"]);
    print("a bare SET NX GET PX, blocking", bare);

    let before = memory(&server);
    let store = RedisReplayStore::connect_to(patient(&server.url())).await.unwrap().with_quota(u32::MAX);
    one_after_the_other("a claim, one after the other", &store).await;
    let taken = (memory(&server) - before) as f64 / CLAIMS as f64;
    println!("{:<44} {taken:>8.1} octets an assertion   target: at most 150", "memory of the server");
    many_at_once("a claim, 50 at once", &store).await;

    let cluster = RedisCluster::start(3);
    let store = RedisReplayStore::connect_to(patient(&cluster.url())).await.unwrap().with_quota(u32::MAX);
    one_after_the_other("a claim in a cluster of three", &store).await;
    many_at_once("a claim in a cluster of three, 50 at once", &store).await;

    let limits = FailureLimits::new().including_loopback();
    let throttle = RedisThrottle::connect_to(patient(&server.url()), limits).await.unwrap();
    let attempt = Attempted::new("", "billing", [198, 51, 100, 7].into());
    looked_up("a look-up in the throttle", &throttle, &attempt).await;
    throttle.succeeded(&attempt).await;
    looked_up("a look-up of whoever succeeded here", &throttle, &attempt).await;
    assert!(taken <= 150.0, "an assertion takes {taken} octets");
}

/// A busy machine is to show in the figures, and not to end them.
fn patient(url: &str) -> RedisServers {
    RedisServers::new(url).unwrap().with_deadline(Duration::from_secs(10))
}

async fn one_after_the_other(name: &str, store: &RedisReplayStore) {
    let mut times = Vec::new();
    for id in 0..CLAIMS {
        let started = Instant::now();
        claim(store, "one", id).await;
        times.push(started.elapsed());
    }
    times.sort();
    print(name, times);
}

async fn many_at_once(name: &str, store: &RedisReplayStore) {
    let started = Instant::now();
    for from in (0..CLAIMS).step_by(AT_ONCE as usize) {
        let claims = (from..from + AT_ONCE).map(|id| claim(store, "many", id));
        futures_util::future::join_all(claims).await;
    }
    let each = started.elapsed().as_secs_f64() / CLAIMS as f64;
    println!("{name:<44} {:>8.0} claims a second", 1.0 / each);
}

async fn claim(store: &RedisReplayStore, client: &str, id: u64) {
    let claim = store.claim(&ReplayKey::new("", client, &id.to_string()), Duration::from_secs(600)).await;
    assert_eq!(claim.unwrap(), Claim::Fresh);
}

async fn looked_up(name: &str, throttle: &RedisThrottle, attempt: &Attempted<'_>) {
    let mut times = Vec::new();
    for _ in 0..CLAIMS {
        let started = Instant::now();
        throttle.check(attempt).await.unwrap();
        times.push(started.elapsed());
    }
    times.sort();
    print(name, times);
}

fn times(mut work: impl FnMut(u64)) -> Vec<Duration> {
    let time = |id| {
        let started = Instant::now();
        work(id);
        started.elapsed()
    };
    let mut times: Vec<_> = (0..CLAIMS).map(time).collect();
    times.sort();
    times
}

#[allow(clippy::indexing_slicing, reason = "a share of the whole")]
fn print(name: &str, sorted: Vec<Duration>) {
    let at = |share: f64| sorted[((sorted.len() - 1) as f64 * share) as usize].as_secs_f64() * 1e6;
    println!("{name:<44} {:>8.1} µs median   {:>8.1} µs p99 {:>9.1} µs at most", at(0.5), at(0.99), at(1.0));
}

fn memory(server: &RedisServer) -> u64 {
    let info: String = server.ask(["INFO", "memory"]);
    info.lines().find_map(|line| line.strip_prefix("used_memory:")).unwrap().trim().parse().unwrap()
}
