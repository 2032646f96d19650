//! A server that forgot: emptied, started again, replaced by another. What was used before is not used again.

use std::sync::Mutex;
use std::time::{Duration, SystemTime};

use countersign::replay::{Claim, ReplayStore as _};
use countersign::{AuthenticatedClient, Authenticator, Reason, Refusal};
use countersign_tests::assertion::Assertion;
use countersign_tests::drivers::SetClock;
use countersign_tests::patience::PATIENCE;
use countersign_tests::request::Request;
use countersign_tests::row::{HttpRequest, NOW};
use countersign_tests::servers::redis::{RedisServer, until};
use tokio::time::Instant;

use super::{Relay, claim, clock, connect_at};
use crate::faults::authenticate;
use crate::wire::authenticator;

/// Uses two assertions up, lets the server forget, and sends each again to a node of its own. A new one passes after that.
async fn a_used_one_is_fenced(url: &str, forget: impl AsyncFnOnce()) {
    let clock = clock();
    let auth = authenticator(connect_at(url, &clock).await, clock.clone());
    // Another node, which has nothing to do until then.
    let idle = authenticator(connect_at(url, &clock).await, clock.clone());
    let used = [signed(NOW), signed(NOW)];
    for used in &used {
        assert!(authenticate(&auth, used).await.is_ok());
    }
    clock.advance(2);
    forget().await;
    let mut seen = [0, 0];
    let started = Instant::now();
    while started.elapsed() < PATIENCE && seen.iter().any(|seen| *seen < 2) {
        // While it is down, nobody can tell.
        let refusals = [authenticate(&auth, &used[0]).await, authenticate(&idle, &used[1]).await];
        for (refusal, seen) in refusals.into_iter().zip(&mut seen) {
            match refusal.unwrap_err().reason() {
                Reason::StoreUnavailable => tokio::time::sleep(Duration::from_millis(5)).await,
                reason => {
                    assert_eq!(reason, Reason::BeforeRestartFence);
                    *seen += 1;
                }
            }
        }
    }
    assert!(seen.iter().all(|seen| *seen >= 2), "{seen:?}");
    // A fence needs no server, and a connection may come later than what is known of the loss.
    for auth in [&auth, &idle] {
        let fresh = accepted(auth).await;
        let replayed = answered(async || authenticate(auth, &fresh).await).await;
        assert_eq!(replayed.unwrap_err().reason(), Reason::Replayed);
    }
    // Whoever comes later learns it too.
    clock.advance(3);
    let late = authenticator(connect_at(url, &clock).await, clock.clone());
    assert_eq!(authenticate(&late, &used[0]).await.unwrap_err().reason(), Reason::BeforeRestartFence);
    assert!(authenticate(&late, &signed(NOW + 2)).await.is_ok());
}

/// A new one, once the server can be asked. One that was sent in vain may be used up, so each try has its own.
async fn accepted(auth: &Authenticator) -> HttpRequest {
    let last = Mutex::new(None);
    let answer = answered(async || {
        let fresh = signed(NOW + 2);
        let answer = authenticate(auth, &fresh).await;
        *last.lock().unwrap() = Some(fresh);
        answer
    });
    answer.await.unwrap();
    last.into_inner().unwrap().unwrap()
}

/// The first answer that is not 503.
async fn answered(
    ask: impl AsyncFn() -> Result<AuthenticatedClient, Refusal>,
) -> Result<AuthenticatedClient, Refusal> {
    let started = Instant::now();
    loop {
        match ask().await {
            Err(refusal) if refusal.reason() == Reason::StoreUnavailable && started.elapsed() < PATIENCE => {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            answer => return answer,
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_emptied_server_is_noticed_by_the_very_next_claim() {
    for command in ["FLUSHALL", "FLUSHDB"] {
        let server = RedisServer::start();
        a_used_one_is_fenced(&server.url(), async || server.ask::<()>([command])).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_is_noticed_whatever_the_server_kept() {
    for options in [vec![], vec!["--save", "3600 1", "--appendonly", "no"]] {
        let server = Mutex::new(RedisServer::with(&options));
        let url = server.lock().unwrap().url();
        a_used_one_is_fenced(&url, async || {
            let mut server = server.lock().unwrap();
            if !options.is_empty() {
                server.ask::<()>(["SAVE"]);
            }
            server.start_again();
        })
        .await;
    }
}

/// The replica has the marker, and not the last claim.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fail_over_that_lost_the_last_claims_is_noticed() {
    let (primary, replica) = (RedisServer::start(), RedisServer::start());
    replica.replicate(&primary);
    let relay = Relay::to(primary.port()).await;
    a_used_one_is_fenced(&relay.url(), async || {
        until("the replica has the marker", || replica.ask::<i64>(["EXISTS", "countersign:memory"]) == 1);
        replica.ask::<()>(["REPLICAOF", "NO", "ONE"]);
        let keys: Vec<Vec<u8>> = replica.ask(["KEYS", "cs:*"]);
        for key in keys {
            replica.ask::<()>([b"DEL".as_slice(), &key]);
        }
        relay.lead_to(replica.port());
        relay.cut();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_primary_that_became_a_replica_is_asked_no_more() {
    let (primary, other) = (RedisServer::start(), RedisServer::start());
    let store = connect_at(&primary.url(), &clock()).await;
    assert_eq!(claim(&store, "a", 1).await.unwrap(), Claim::Fresh);
    primary.replicate(&other);
    let error = claim(&store, "a", 2).await.unwrap_err().to_string();
    assert!(error.contains("replica"), "{error}");
}

/// A rolling restart of the nodes loses nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_starts_again_finds_what_was_used_and_no_fence() {
    let (server, clock) = (RedisServer::start(), clock());
    let first = connect_at(&server.url(), &clock).await;
    assert_eq!(claim(&first, "a", 1).await.unwrap(), Claim::Fresh);
    let lost_at = first.memory_lost_at().unwrap();
    assert_eq!(lost_at, SystemTime::UNIX_EPOCH + Duration::from_secs(NOW as u64));
    for _ in 0..3 {
        clock.advance(100);
        let next = connect_at(&server.url(), &clock).await;
        assert_eq!(next.memory_lost_at().unwrap(), lost_at);
        assert_eq!(claim(&next, "a", 1).await.unwrap(), Claim::Used);
    }
    assert_eq!(first.memory_lost_at().unwrap(), lost_at);
}

/// One whose clock is an hour ahead has written it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_marker_from_the_future_fences_nothing_in_the_future() {
    let server = RedisServer::start();
    drop(connect_at(&server.url(), &SetClock::new(NOW + 3600)).await);
    let store = connect_at(&server.url(), &clock()).await;
    assert!(store.memory_lost_at().unwrap() <= SystemTime::UNIX_EPOCH + Duration::from_secs(NOW as u64));
}

/// One clock is slow. What was used before the loss may have been issued later than that says.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_loss_is_when_the_node_says_that_noticed_it_first() {
    let (server, late) = (RedisServer::start(), SetClock::new(NOW - 20));
    let (first, slow) = (connect_at(&server.url(), &clock()).await, connect_at(&server.url(), &late).await);
    for (store, id) in [(&first, 1), (&slow, 2)] {
        assert_eq!(claim(store, "a", id).await.unwrap(), Claim::Fresh);
    }
    server.ask::<()>(["FLUSHALL"]);
    for store in [&first, &slow] {
        // Whether this one is judged anew or fails, the loss is known after it.
        let _ = claim(store, "a", 3).await;
        assert!(store.memory_lost_at().unwrap() >= SystemTime::UNIX_EPOCH + Duration::from_secs(NOW as u64));
    }
    let starts_later = connect_at(&server.url(), &late).await;
    assert_eq!(starts_later.memory_lost_at(), first.memory_lost_at());
}

fn signed(issued_at: i64) -> HttpRequest {
    let assertion = Assertion::of("c-pkjwt-es256").claim("iat", issued_at).claim("exp", issued_at + 60);
    Request::token().assertion(assertion.mint()).build()
}
