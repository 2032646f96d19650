//! A server that is dead, hangs, or loses an answer.

use std::time::Duration;

use countersign::Reason;
use countersign::redis::RedisServers;
use countersign::replay::{Claim, RedisReplayStore, ReplayKey, ReplayStore as _};
use countersign_tests::patience::{patiently, quickly, until};
use countersign_tests::servers::redis::RedisServer;
use tokio::time::Instant;

use super::{Relay, claim, claim_at_last, clock, patient};
use crate::faults::{authenticate, by_secret};
use crate::wire::authenticator;

/// The first try was made and its answer lost. The second finds its own nonce.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_is_lost_is_asked_for_again_and_refuses_nobody() {
    let server = RedisServer::start();
    let relay = Relay::to(server.port()).await;
    let store = RedisReplayStore::connect_to(patient(&relay.url())).await.unwrap();
    for id in 0..20 {
        relay.lose_next_answer();
        assert_eq!(claim(&store, "a", id).await.unwrap(), Claim::Fresh);
        assert!(relay.has_lost_it());
        assert_eq!(claim(&store, "a", id).await.unwrap(), Claim::Used);
        relay.lose_next_answer();
        assert_eq!(claim(&store, "a", id).await.unwrap(), Claim::Used);
    }
    // Giving back is not tried twice: the key may be somebody else's by then.
    let key = ReplayKey::new("", "a", "0");
    relay.lose_next_answer();
    assert!(store.release(&key).await.is_err());
    assert_eq!(claim(&store, "a", 0).await.unwrap(), Claim::Fresh);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_died_is_503_at_once_and_used_again_when_it_is_back() {
    let (mut server, clock) = (RedisServer::start(), clock());
    let servers = RedisServers::new(&server.url()).unwrap();
    let store = patiently(|| RedisReplayStore::connect_with_clock(servers.clone(), clock.clone())).await;
    let auth = authenticator(store, clock.clone());
    let fresh = || {
        let assertion = countersign_tests::assertion::Assertion::of("c-pkjwt-es256");
        countersign_tests::request::Request::token().assertion(assertion.mint()).build()
    };
    until(async || authenticate(&auth, &fresh()).await.is_ok()).await;
    server.kill();
    let fifty = async || {
        for _ in 0..50 {
            let refusal = authenticate(&auth, &fresh()).await.unwrap_err();
            assert_eq!((refusal.status(), refusal.reason()), (503, Reason::StoreUnavailable));
            assert!(authenticate(&auth, &by_secret()).await.is_ok());
        }
    };
    quickly(Duration::from_secs(5), &fifty).await;
    server.start_again();
    until(async || authenticate(&auth, &fresh()).await.is_ok()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_hangs_is_an_error_within_the_deadline_and_then_at_once() {
    let server = RedisServer::start();
    let url = server.url();
    let store = patiently(|| RedisReplayStore::connect(&url)).await;
    claim_at_last(&store, "a", 1).await;
    server.hang();
    let all_fail = async |ids: std::ops::Range<u64>| {
        let claims = futures_util::future::join_all(ids.map(|id| claim(&store, "a", id))).await;
        assert!(claims.iter().all(Result::is_err), "{claims:?}");
    };
    let started = Instant::now();
    all_fail(100..200).await;
    let took = started.elapsed();
    assert!(took < RedisReplayStore::DEADLINE * 20, "{took:?}");
    quickly(Duration::from_millis(300), || all_fail(200..300)).await;
    server.go_on();
    assert_eq!(claim_at_last(&store, "a", 1).await, Claim::Used);
    for id in 100..300 {
        // Those without an answer may have been made; none can be made twice.
        claim_at_last(&store, "a", id).await;
        assert_eq!(claim_at_last(&store, "a", id).await, Claim::Used);
    }
}

/// Though it hangs for longer than is usually waited.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_hangs_for_less_than_the_deadline_is_waited_for() {
    let server = RedisServer::start();
    let store = RedisReplayStore::connect_to(patient(&server.url())).await.unwrap();
    server.hang();
    let (claimed, ()) = tokio::join!(claim(&store, "a", 1), async {
        tokio::time::sleep(RedisReplayStore::DEADLINE + Duration::from_millis(500)).await;
        server.go_on();
    });
    assert_eq!(claimed.unwrap(), Claim::Fresh);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_cannot_be_reached_is_an_error_at_once() {
    let cannot = async |url: &str| assert!(RedisReplayStore::connect(url).await.is_err());
    quickly(Duration::from_secs(1), || cannot("redis://127.0.0.1:1")).await;
    let server = RedisServer::start();
    server.hang();
    let url = server.url();
    quickly(Duration::from_secs(2), || cannot(&url)).await;
}
