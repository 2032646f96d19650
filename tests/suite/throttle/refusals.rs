//! A refusal by the throttle costs nothing and tells nothing.

use std::time::Duration;

use countersign::secret::ClientSecret;
use countersign::store::Clients;
use countersign::throttle::FailureLimits;
use countersign::{AuthMethod, Authenticator, Client, Reason};
use countersign_tests::drivers::SetClock;
use countersign_tests::request::Request;
use countersign_tests::row::{ISSUER, NOW};

use super::{ELSEWHERE, HERE, Registry, assert_refused, builder, right, send, wrong};

/// The right secret does not help either, until the source has waited; elsewhere it is not asked to wait at all.
#[test]
fn dos_001_a_thousand_wrong_secrets_from_one_peer_are_twenty() {
    let (registry, clock) = (Registry::new(), SetClock::new(NOW));
    let auth = builder(&registry).clock(clock.clone()).build().unwrap();
    let mut answers = (0..1000).map(|_| send(&auth, wrong().from(HERE)).unwrap_err());
    for refusal in answers.by_ref().take(20) {
        assert_eq!((refusal.status(), refusal.reason()), (401, Reason::SecretMismatch));
    }
    for refusal in answers {
        assert_eq!((refusal.status(), refusal.reason()), (429, Reason::Throttled));
        assert!(refusal.headers().any(|field| field == ("retry-after", "6")));
        assert_eq!(refusal.expected(), Some("a pause of 6 s"));
        assert_eq!(refusal.got(), Some("too many failures from this source as this client"));
    }
    assert_eq!(registry.asked(), 20, "a refused attempt looks nothing up");
    assert_refused(&auth, right().from(HERE), Reason::Throttled);
    assert!(send(&auth, right().from(ELSEWHERE)).is_ok());
    clock.advance(6);
    assert!(send(&auth, right().from(HERE)).is_ok());
}

/// A slow hash is the dearest thing that a stranger can ask for.
#[test]
fn a_refused_attempt_computes_no_slow_hash() {
    let slow = "$argon2id$v=19$m=19456,t=2,p=1$Y291bnRlcnNpZ24$Z2Q3cWZ6d2V4bWtuYjV0cnl1aW9wMTIzNDU2Nzg5MGE";
    let client = Client::new("c-slow")
        .with_method(AuthMethod::CLIENT_SECRET_BASIC)
        .with_secret(ClientSecret::hashed(slow).unwrap());
    let auth = Authenticator::builder()
        .issuer(ISSUER)
        .clients(Clients::new([client]).unwrap())
        .throttle(FailureLimits::with_clock(SetClock::new(NOW)).at_a_client(1, Duration::from_secs(6)))
        // One place in the queue: if the attempts came to that, some would find it full.
        .slow_hashes(1, 1)
        .build()
        .unwrap();
    let guess = || Request::token().basic("c-slow", "a guess").from(HERE);
    assert_refused(&auth, guess(), Reason::SecretMismatch);
    let requests: Vec<_> = (0..64).map(|_| guess().build()).collect();
    let attempts = requests.iter().map(|request| super::authenticate(&auth, request));
    for refused in futures_executor::block_on(futures_util::future::join_all(attempts)) {
        let refused = refused.unwrap_err();
        assert_eq!(refused.got(), Some("too many failures from this source as this client"));
    }
}

#[test]
fn the_answers_do_not_tell_whether_the_client_exists() {
    let registry = Registry::new();
    let auth = builder(&registry).clock(SetClock::new(NOW)).build().unwrap();
    let answers = |client_id: &str| -> Vec<_> {
        let guess = || Request::token().basic(client_id, "a guess").from(HERE);
        (0..25)
            .map(|_| {
                let refusal = send(&auth, guess()).unwrap_err();
                let headers = refusal.headers().map(|(name, value)| format!("{name}: {value}"));
                (refusal.status(), headers.collect::<Vec<_>>(), refusal.body())
            })
            .collect()
    };
    let (known, other_method, unknown) = (answers("c-basic"), answers("c-post"), answers("nobody"));
    assert_eq!(known, unknown);
    assert_eq!(other_method, unknown);
    assert_eq!(known.iter().filter(|(status, ..)| *status == 429).count(), 5);
}

/// Failures that were under way together all count, or a guesser would send a thousand at once every 6 s.
#[test]
fn a_thousand_guesses_at_once_are_not_the_price_of_one() {
    let registry = Registry { polls: 3, ..Registry::new() };
    let clock = SetClock::new(NOW);
    let auth = builder(&registry).clock(clock.clone()).build().unwrap();
    let requests: Vec<_> = (0..40).map(|_| wrong().from(HERE).build()).collect();
    let at_once = || {
        let attempts = requests.iter().map(|request| super::authenticate(&auth, request));
        let refused = futures_executor::block_on(futures_util::future::join_all(attempts));
        refused.into_iter().map(|refused| refused.unwrap_err().reason()).collect::<Vec<_>>()
    };
    assert_eq!(at_once(), [Reason::SecretMismatch; 40]);
    for _ in 0..20 {
        assert_eq!(at_once(), [Reason::Throttled; 40]);
        clock.advance(6);
    }
    assert_eq!(at_once(), [Reason::Throttled; 40], "20 of the 40 are forgiven, and 20 are the budget");
    clock.advance(6);
    assert_eq!(at_once(), [Reason::SecretMismatch; 40]);
}

#[test]
fn a_dependency_that_is_down_counts_for_nothing() {
    let clock = SetClock::new(NOW);
    let limits = std::sync::Arc::new(FailureLimits::with_clock(clock));
    let down = Registry { down: true, ..Registry::new() };
    let auth = builder(&down).throttle(std::sync::Arc::clone(&limits)).build().unwrap();
    for _ in 0..200 {
        assert_refused(&auth, wrong().from(HERE), Reason::StoreUnavailable);
    }
    assert!(limits.is_empty());
    let auth = builder(&Registry::new()).throttle(limits).build().unwrap();
    assert_refused(&auth, wrong().from(HERE), Reason::SecretMismatch);
    assert!(send(&auth, right().from(HERE)).is_ok());
}

/// Anybody is accepted by the name of a public client, and that it has a secret too is no reason to let him guess it.
#[test]
fn a_name_that_was_accepted_does_not_open_the_way_to_guesses_at_a_secret() {
    let client = Client::new("c-both")
        .with_method(AuthMethod::NONE)
        .with_method(AuthMethod::CLIENT_SECRET_BASIC)
        .with_secret(ClientSecret::generated("its own secret"));
    let auth = Authenticator::builder()
        .issuer(ISSUER)
        .clients(Clients::new([client]).unwrap())
        .clock(SetClock::new(NOW))
        .build()
        .unwrap();
    let by_name = || Request::token().field("client_id", "c-both").from(HERE);
    let guess = || Request::token().basic("c-both", "a guess").from(HERE);
    assert!(send(&auth, by_name()).is_ok());
    for _ in 0..20 {
        assert_refused(&auth, guess(), Reason::SecretMismatch);
    }
    assert_refused(&auth, guess(), Reason::Throttled);
    assert!(send(&auth, by_name()).is_ok());
    assert_refused(&auth, guess(), Reason::Throttled);
}

#[test]
fn without_throttle_nothing_is_limited() {
    let auth = builder(&Registry::new()).without_throttle().build().unwrap();
    for _ in 0..200 {
        assert_refused(&auth, wrong().from(HERE), Reason::SecretMismatch);
    }
}
