//! A server that is dead, hangs, or loses an answer.

use std::time::Duration;

use countersign::Reason;
use countersign::redis::RedisServers;
use countersign::replay::{Claim, RedisReplayStore, ReplayKey, ReplayStore as _};
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
    let store = RedisReplayStore::connect_with_clock(servers, clock.clone()).await.unwrap();
    let auth = authenticator(store, clock.clone());
    let fresh = || {
        let assertion = countersign_tests::assertion::Assertion::of("c-pkjwt-es256");
        countersign_tests::request::Request::token().assertion(assertion.mint()).build()
    };
    assert!(authenticate(&auth, &fresh()).await.is_ok());
    server.kill();
    let started = Instant::now();
    for _ in 0..50 {
        let refusal = authenticate(&auth, &fresh()).await.unwrap_err();
        assert_eq!((refusal.status(), refusal.reason()), (503, Reason::StoreUnavailable));
        assert!(authenticate(&auth, &by_secret()).await.is_ok());
    }
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
    server.start_again();
    let back = Instant::now();
    while authenticate(&auth, &fresh()).await.is_err() {
        assert!(back.elapsed() < Duration::from_secs(5), "it never came back");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_hangs_is_an_error_within_the_deadline_and_then_at_once() {
    let server = RedisServer::start();
    let store = RedisReplayStore::connect(&server.url()).await.unwrap();
    assert_eq!(claim(&store, "a", 1).await.unwrap(), Claim::Fresh);
    server.hang();
    let claims = (100..200).map(|id| claim(&store, "a", id));
    let (claims, took) = timed(futures_util::future::join_all(claims)).await;
    assert!(claims.iter().all(Result::is_err));
    assert!(took < RedisReplayStore::DEADLINE * 2, "{took:?}");
    tokio::time::sleep(Duration::from_secs(1)).await;
    let (claims, took) =
        timed(futures_util::future::join_all((200..300).map(|id| claim(&store, "a", id)))).await;
    assert!(claims.iter().all(Result::is_err));
    assert!(took < Duration::from_millis(300), "{took:?}");
    server.go_on();
    assert_eq!(claim_at_last(&store, "a", 1).await, Claim::Used);
    for id in 100..300 {
        // Those without an answer may have been made; none can be made twice.
        claim_at_last(&store, "a", id).await;
        assert_eq!(claim_at_last(&store, "a", id).await, Claim::Used);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_cannot_be_reached_is_an_error_at_once() {
    let (store, took) = timed(RedisReplayStore::connect("redis://127.0.0.1:1")).await;
    assert!(store.is_err() && took < Duration::from_secs(1), "{took:?}");
    let server = RedisServer::start();
    server.hang();
    let (store, took) = timed(RedisReplayStore::connect(&server.url())).await;
    assert!(store.is_err() && took < Duration::from_secs(2), "{took:?}");
}

async fn timed<T>(work: impl Future<Output = T>) -> (T, Duration) {
    let started = Instant::now();
    (work.await, started.elapsed())
}
