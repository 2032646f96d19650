//! The throttle that nodes share: as [`FailureLimits`] counts, and without Redis as each counts by itself.

use std::net::IpAddr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use countersign::throttle::{Attempted, FailureLimits, RedisThrottle, RetryAfter, Throttle as _};
use countersign_tests::drivers::SetClock;
use countersign_tests::patience::{PATIENCE, patiently, quickly, until};
use countersign_tests::row::NOW;
use countersign_tests::servers::redis::{RedisCluster, RedisServer};
use tokio::time::Instant;

use super::{ELSEWHERE, HERE};
use crate::replay_redis::patient;
use crate::replay_redis::relay::Relay;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_count_together_and_one_server_as_a_cluster_does() {
    let (server, cluster) = (RedisServer::start(), RedisCluster::start(2));
    for url in [server.url(), cluster.url()] {
        let [one, other] = two_nodes(&url, limits).await;
        for id in 0..20 {
            let node = if id % 2 == 0 { &one } else { &other };
            assert_eq!(node.check(&at("billing", HERE)).await, Ok(()));
            node.failed(&at("billing", HERE)).await;
        }
        for node in [&one, &other] {
            let refused = node.check(&at("billing", HERE)).await.unwrap_err();
            assert!((1..=60).contains(&refused.seconds()), "{refused:?}");
            assert!(refused.because().contains("as this client"));
            assert_eq!(node.check(&at("billing", ELSEWHERE)).await, Ok(()));
            assert_eq!(node.check(&at("reports", HERE)).await, Ok(()));
            assert_eq!(node.check(&at("billing", HERE).with_name_alone()).await, Ok(()));
        }
        // The source in all.
        for id in 0..80 {
            other.failed(&at(&format!("client {id}"), HERE)).await;
        }
        let refused = one.check(&at("reports", HERE)).await.unwrap_err();
        assert!(!refused.because().contains("as this client"));
        assert_eq!(one.check(&at("reports", ELSEWHERE)).await, Ok(()));
    }
}

/// Whatever fails and succeeds, at two nodes by turns: as one process would count it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_nodes_count_as_one_process_does() {
    let limits = || limits().at_a_client(4, Duration::from_secs(60)).in_all(9, Duration::from_secs(50));
    let server = RedisServer::start();
    let (nodes, clock) = (two_nodes(&server.url(), limits).await, SetClock::new(NOW));
    let alone = {
        let limits = FailureLimits::with_clock(clock.clone()).including_loopback();
        limits.at_a_client(4, Duration::from_secs(60)).in_all(9, Duration::from_secs(50))
    };
    let mut random = 7_u32;
    let mut refused = 0;
    // Redis goes by its own clock.
    let (started, mut passed) = (Instant::now(), 0);
    for step in 0..400 {
        let now = started.elapsed().as_secs().cast_signed();
        clock.advance(now - passed);
        passed = now;
        let mut choose = |among: u32| {
            random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (random >> 16) % among
        };
        let source = ["198.51.100.7", "2001:db8::7", "2001:db8:0:1::7", "127.0.0.1"][choose(4) as usize];
        let attempt = at(["billing", "reports", "nobody"][choose(3) as usize], source);
        let node = &nodes[choose(2) as usize];
        if choose(25) == 0 {
            node.succeeded(&attempt).await;
            alone.succeeded(&attempt).await;
        } else {
            node.failed(&attempt).await;
            alone.failed(&attempt).await;
        }
        for node in &nodes {
            let (shared, own) = (node.check(&attempt).await, alone.check(&attempt).await);
            refused += usize::from(shared.is_err());
            let wait =
                |answer: Result<(), RetryAfter>| answer.map_or_else(|it| it.wait().as_secs_f64(), |()| 0.0);
            let apart = (wait(shared) - wait(own)).abs();
            assert!(apart < 40.0, "step {step}: {shared:?}, and one process says {own:?}");
        }
    }
    assert!(refused > 50, "{refused}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_success_at_one_node_exempts_at_all_and_costs_no_round_trip_after_that() {
    let server = RedisServer::start();
    let relay = Relay::to(server.port()).await;
    let [one, other] = two_nodes(&relay.url(), limits).await;
    for _ in 0..30 {
        one.failed(&at("billing", HERE)).await;
    }
    assert!(other.check(&at("billing", HERE)).await.is_err());
    one.succeeded(&at("billing", HERE)).await;
    for node in [&one, &other] {
        assert_eq!(node.check(&at("billing", HERE)).await, Ok(()));
        for _ in 0..120 {
            node.failed(&at("billing", HERE)).await;
        }
        assert_eq!(node.check(&at("billing", HERE)).await, Ok(()));
        assert_eq!(node.check(&at("reports", HERE)).await, Ok(()), "what failed was given back");
    }
    let asked = || relay.sent().iter().filter(|sent| sent.windows(3).any(|part| part == b"ct:")).count();
    let before = asked();
    for _ in 0..100 {
        assert_eq!(one.check(&at("billing", HERE)).await, Ok(()));
        one.succeeded(&at("billing", HERE)).await;
    }
    assert_eq!(asked(), before);
    // Somebody else's look-up is one.
    assert_eq!(one.check(&at("billing", ELSEWHERE)).await, Ok(()));
    assert_eq!(asked(), before + 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_check_counts_nothing_and_every_key_expires() {
    let server = RedisServer::start();
    let [one, other] = two_nodes(&server.url(), limits).await;
    for _ in 0..200 {
        assert_eq!(one.check(&at("billing", HERE)).await, Ok(()));
    }
    assert_eq!(server.ask::<i64>(["DBSIZE"]), 0);
    let long = "x".repeat(100_000);
    for client in ["billing", "reports", &long] {
        one.failed(&at(client, HERE)).await;
        other.failed(&at(client, "2001:db8::1")).await;
        one.succeeded(&at(client, ELSEWHERE)).await;
    }
    let keys: Vec<Vec<u8>> = server.ask(["KEYS", "*"]);
    assert_eq!(keys.len(), 3 + 3 + 2 + 3);
    for key in keys {
        let left: i64 = server.ask([b"PTTL".as_slice(), &key]);
        let usage: u64 = server.ask([b"MEMORY", b"USAGE".as_slice(), &key]);
        assert!((1..=3_600_000).contains(&left) && usage <= 150, "{left} ms, {usage} octets");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_outage_lifts_no_limit() {
    let mut server = RedisServer::start();
    let [one, other] = two_nodes(&server.url(), limits).await;
    for _ in 0..15 {
        one.failed(&at("billing", HERE)).await;
    }
    server.kill();
    let started = Instant::now();
    // This one had counted along.
    for _ in 0..5 {
        assert_eq!(one.check(&at("billing", HERE)).await, Ok(()));
        one.failed(&at("billing", HERE)).await;
    }
    assert!(one.check(&at("billing", HERE)).await.is_err());
    // That one had not, and begins.
    for _ in 0..20 {
        assert_eq!(other.check(&at("billing", HERE)).await, Ok(()));
        other.failed(&at("billing", HERE)).await;
    }
    assert!(other.check(&at("billing", HERE)).await.is_err());
    // A look that waits until its time is over would take this long by itself.
    assert!(started.elapsed() < PATIENCE, "{:?}", started.elapsed());
    server.start_again();
    until(async || {
        one.failed(&at("reports", HERE)).await;
        server.ask::<i64>(["DBSIZE"]) > 0
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redis_that_hangs_costs_its_deadline_and_then_nothing() {
    let server = RedisServer::start();
    let url = server.url();
    let one = patiently(|| RedisThrottle::connect(&url, limits())).await;
    server.hang();
    let started = Instant::now();
    assert_eq!(one.check(&at("billing", HERE)).await, Ok(()));
    assert!(started.elapsed() < RedisThrottle::DEADLINE * 100, "{:?}", started.elapsed());
    // Each time from somewhere else, with nothing counted yet.
    let sources = AtomicU32::new(0xC612_0000);
    let counts = async || {
        let source = IpAddr::from(sources.fetch_add(1, Ordering::Relaxed).to_be_bytes()).to_string();
        for _ in 0..20 {
            assert_eq!(one.check(&at("billing", &source)).await, Ok(()));
            one.failed(&at("billing", &source)).await;
        }
        assert!(one.check(&at("billing", &source)).await.is_err());
    };
    quickly(Duration::from_millis(500), counts).await;
    server.go_on();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replica_is_refused_and_no_password_shown() {
    let (primary, replica) = (RedisServer::start(), RedisServer::with(&["--requirepass", "hunter2"]));
    replica.replicate(&primary);
    let connect = async || RedisThrottle::connect_to(patient(&replica.url()), limits()).await;
    let error = connect().await.unwrap_err().to_string();
    assert!(error.contains("replica") && !error.contains("hunter2"), "{error}");
    replica.ask::<()>(["REPLICAOF", "NO", "ONE"]);
    let throttle = connect().await.unwrap();
    assert!(!format!("{throttle:?}").contains("hunter2"));
}

/// Slow enough that the time that passes here does not matter.
fn limits() -> FailureLimits {
    let minute = Duration::from_secs(60);
    FailureLimits::new().at_a_client(20, minute).in_all(100, minute).including_loopback()
}

/// They wait long: a busy machine is no reason to fail.
async fn two_nodes(url: &str, limits: impl Fn() -> FailureLimits) -> [RedisThrottle; 2] {
    let connect = async || RedisThrottle::connect_to(patient(url), limits()).await.unwrap();
    [connect().await, connect().await]
}

fn at<'a>(client_id: &'a str, source: &str) -> Attempted<'a> {
    Attempted::new("https://as.example.com", client_id, source.parse::<IpAddr>().unwrap())
}
