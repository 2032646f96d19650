//! Attacks that once worked.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use countersign::observer::{Decision, Observer};
use countersign::replay::MemoryReplayStore;
use countersign::secret::ClientSecret;
use countersign::store::{ClientStore, Clients, StoreError};
use countersign::{
    AuthMethod, AuthRequest, Authenticator, Client, Endpoint, Policy, Reason, Refusal, Routes,
};
use countersign_tests::assertion::Assertion;
use countersign_tests::drivers::SetClock;
use countersign_tests::encoding::basic_pair;
use countersign_tests::fixtures::fixtures;
use countersign_tests::request::Request;
use countersign_tests::row::{Endpoint as RowEndpoint, HttpRequest, ISSUER, NOW};

/// Runs something at each look-up, before it answers.
struct Hooked<F>(Clients, F, AtomicUsize);

impl<F: Fn(usize) -> Result<(), StoreError> + Send + Sync + 'static> ClientStore for Hooked<F> {
    async fn find(&self, client_id: &str) -> Result<Option<Arc<Client>>, StoreError> {
        (self.1)(self.2.fetch_add(1, Ordering::SeqCst))?;
        ClientStore::find(&self.0, client_id).await
    }
}

fn signer() -> Client {
    let metadata = &fixtures().client("c-pkjwt-es256").metadata;
    let metadata: countersign::metadata::ClientMetadata = serde_json::from_value(metadata.clone()).unwrap();
    Client::try_from(&metadata).unwrap()
}

fn send(auth: &Authenticator, request: &HttpRequest) -> Result<String, Refusal> {
    let headers = request.headers.as_slice();
    let request = AuthRequest::new(Endpoint::Token, &request.verb, &headers, request.body.clone().into());
    futures_executor::block_on(auth.authenticate(request)).map(|client| client.client_id().to_owned())
}

fn reason(auth: &Authenticator, request: &HttpRequest) -> Option<Reason> {
    send(auth, request).err().map(|refusal| refusal.reason())
}

/// The look-up takes so long that the first use was forgotten by its end.
#[test]
fn a_slow_registry_does_not_let_an_assertion_pass_twice() {
    let clock = SetClock::new(NOW);
    let slow = clock.clone();
    let store = Hooked(
        Clients::new([signer()]).unwrap(),
        move |look_up| {
            slow.advance(if look_up == 0 { 0 } else { 3 });
            Ok(())
        },
        AtomicUsize::new(0),
    );
    let auth = Authenticator::builder()
        .issuer(ISSUER)
        .endpoint(Endpoint::Token, RowEndpoint::Token.url())
        .clients(store)
        .replay(MemoryReplayStore::with_clock(clock.clone()))
        .clock(clock.clone())
        .build()
        .unwrap();
    let request = Request::token().assertion(Assertion::of("c-pkjwt-es256").mint()).build();
    assert_eq!(reason(&auth, &request), None);
    clock.advance(89);
    assert_eq!(reason(&auth, &request), Some(Reason::Expired));
}

#[test]
fn a_leeway_longer_than_the_lifetime_keeps_what_was_used() {
    let clock = SetClock::new(NOW);
    let mut policy = Policy::default();
    (policy.max_lifetime, policy.leeway) = (Duration::from_secs(60), Duration::from_secs(300));
    let auth = Authenticator::builder()
        .issuer(ISSUER)
        .endpoint(Endpoint::Token, RowEndpoint::Token.url())
        .clients(Clients::new([signer()]).unwrap())
        .replay(MemoryReplayStore::with_clock(clock.clone()))
        .policy(policy)
        .clock(clock.clone())
        .build()
        .unwrap();
    let assertion = Assertion::of("c-pkjwt-es256").claim("exp", NOW + 360);
    let request = Request::token().assertion(assertion.mint()).build();
    assert_eq!(reason(&auth, &request), None);
    for _ in 0..13 {
        clock.advance(50);
        assert!(reason(&auth, &request).is_some());
    }
}

/// The second reading of a pair meets a store that is down: that is no wrong secret.
#[test]
fn an_outage_at_the_second_look_up_is_an_outage() {
    let client = |id: &str| {
        Client::new(id)
            .with_method(AuthMethod::CLIENT_SECRET_BASIC)
            .with_secret(ClientSecret::generated("right"))
    };
    let store = Hooked(
        Clients::new([client("aA"), client("a%41")]).unwrap(),
        |look_up| {
            if look_up == 1 { Err(StoreError::new("down")) } else { Ok(()) }
        },
        AtomicUsize::new(0),
    );
    let auth = Authenticator::builder().issuer(ISSUER).clients(store).build().unwrap();
    let request = Request::token().authorization(basic_pair("a%41:wrong")).build();
    assert_eq!(reason(&auth, &request), Some(Reason::StoreUnavailable));
}

#[test]
fn an_expired_secret_with_a_plus_is_expired_and_not_wrong() {
    let end = std::time::SystemTime::UNIX_EPOCH + Duration::from_secs(1);
    let client = Client::new("c")
        .with_method(AuthMethod::CLIENT_SECRET_BASIC)
        .with_secret(ClientSecret::generated("a b").expires_at(end));
    let auth =
        Authenticator::builder().issuer(ISSUER).clients(Clients::new([client]).unwrap()).build().unwrap();
    let request = Request::token().authorization(basic_pair("c:a+b")).build();
    assert_eq!(reason(&auth, &request), Some(Reason::SecretExpired));
}

/// A registry that folds case.
#[test]
fn a_client_of_another_id_is_another_client() {
    struct Folding(Arc<Client>);
    impl ClientStore for Folding {
        async fn find(&self, client_id: &str) -> Result<Option<Arc<Client>>, StoreError> {
            Ok(client_id.eq_ignore_ascii_case(self.0.id()).then(|| Arc::clone(&self.0)))
        }
    }
    let client = Client::new("billing").with_method(AuthMethod::NONE);
    let auth = Authenticator::builder().issuer(ISSUER).clients(Folding(Arc::new(client))).build().unwrap();
    let by = |id: &str| Request::token().field("client_id", id).build();
    assert_eq!(reason(&auth, &by("billing")), None);
    assert_eq!(reason(&auth, &by("BILLING")), Some(Reason::UnknownClient));
}

#[test]
fn an_observer_that_panics_takes_nothing_with_it() {
    struct Panics;
    impl Observer for Panics {
        fn decided(&self, _: &Decision<'_>) {
            panic!("the observer panics");
        }
    }
    let client = Client::new("pub").with_method(AuthMethod::NONE);
    let auth = Authenticator::builder()
        .issuer(ISSUER)
        .clients(Clients::new([client]).unwrap())
        .observer(Panics)
        .build()
        .unwrap();
    let by = |id: &str| Request::token().field("client_id", id).build();
    assert_eq!(reason(&auth, &by("pub")), Some(Reason::InternalError));
    assert_eq!(reason(&auth, &by("nobody")), Some(Reason::UnknownClient));
}

/// The memory of a client that uses nothing up cannot be lost.
#[test]
fn the_fence_lets_reused_assertions_pass() {
    let clock = SetClock::new(NOW);
    let auth = Authenticator::builder()
        .issuer(ISSUER)
        .endpoint(Endpoint::Token, RowEndpoint::Token.url())
        .clients(Clients::new([signer().danger_reuse_assertions(true)]).unwrap())
        .replay(MemoryReplayStore::with_clock(clock.clone()))
        .clock(clock)
        .build()
        .unwrap();
    let minted_before = Assertion::of("c-pkjwt-es256").claim("iat", NOW - 60);
    let request = Request::token().assertion(minted_before.mint()).build();
    assert_eq!(reason(&auth, &request), None);
    assert_eq!(reason(&auth, &request), None);
}

#[test]
fn an_assertion_given_back_passes_once_more() {
    let clock = SetClock::new(NOW);
    let auth = Authenticator::builder()
        .issuer(ISSUER)
        .endpoint(Endpoint::Token, RowEndpoint::Token.url())
        .clients(Clients::new([signer()]).unwrap())
        .replay(MemoryReplayStore::with_clock(clock.clone()))
        .clock(clock)
        .build()
        .unwrap();
    let request = Request::token().assertion(Assertion::of("c-pkjwt-es256").mint()).build();
    let headers = request.headers.as_slice();
    let attempt = || AuthRequest::new(Endpoint::Token, "POST", &headers, request.body.clone().into());
    futures_executor::block_on(async {
        let first = auth.authenticate(attempt()).await.unwrap();
        first.release_for_retry().await.unwrap();
        let second = auth.authenticate(attempt()).await.unwrap();
        // The first one has been given back already; that must not give back the second.
        first.release_for_retry().await.unwrap();
        assert_eq!(auth.authenticate(attempt()).await.unwrap_err().reason(), Reason::Replayed);
        drop(second);
        assert_eq!(auth.authenticate(attempt()).await.unwrap_err().reason(), Reason::Replayed);
    });
}

#[test]
fn a_form_is_not_passed_by_where_only_headers_are_read() {
    let client = Client::new("c")
        .with_method(AuthMethod::CLIENT_SECRET_BASIC)
        .with_secret(ClientSecret::generated("wCTKUrZ5rmyUxA6MGMU8gBQRGzgtSBlq"));
    let auth =
        Authenticator::builder().issuer(ISSUER).clients(Clients::new([client]).unwrap()).build().unwrap();
    let pair = basic_pair("c:wCTKUrZ5rmyUxA6MGMU8gBQRGzgtSBlq");
    let outcome = |media_type: &str| {
        let headers: &[(&str, &str)] = &[("authorization", &pair), ("content-type", media_type)];
        let request = AuthRequest::headers_only(Endpoint::Token, "POST", &headers);
        futures_executor::block_on(auth.authenticate(request)).err().map(|refusal| refusal.reason())
    };
    assert_eq!(outcome("application/grpc"), None);
    assert_eq!(
        outcome("application/x-www-form-urlencoded; charset=utf-8"),
        Some(Reason::UnsupportedMediaType)
    );
}

#[test]
fn routes_that_would_cover_less_than_they_seem_to_are_refused() {
    let by = |path: &str| Routes::by_path([(path, Endpoint::Token)]).map(|_| ());
    assert!(by("/token").is_ok());
    for path in ["", "token", "/{tenant}/token", "/*", "https://as.example.com/token", "/token?x"] {
        assert!(by(path).is_err(), "{path}");
    }
    assert!(Routes::by_path([("/token", Endpoint::Token), ("/token/", Endpoint::Revocation)]).is_err());
    assert!(Routes::by_path::<&str>([]).is_err());
    let both = Routes::by_path([("/token", Endpoint::Token)])
        .unwrap()
        .and([("/par", Endpoint::Revocation)])
        .unwrap();
    assert_eq!(both.endpoint("/token"), Some(Endpoint::Token));
    assert_eq!(both.endpoint("/par"), Some(Endpoint::Revocation));
}

/// A layer over a whole router knows which of its routes is the introspection endpoint.
#[test]
fn a_layer_that_covers_everything_knows_the_endpoints_it_was_told_of() {
    let client = Client::new("pub").with_method(AuthMethod::NONE);
    let auth = Authenticator::builder()
        .issuer(ISSUER)
        .endpoint(Endpoint::Introspection, RowEndpoint::Introspection.url())
        .clients(Clients::new([client]).unwrap())
        .build()
        .unwrap();
    let routes = Routes::everywhere(&auth);
    assert_eq!(routes.endpoint(RowEndpoint::Introspection.path()), Some(Endpoint::Introspection));
    assert_eq!(routes.endpoint("/anything"), Some(Endpoint::Token));
}

/// Every method that takes assertions wants to know the audience that the policy names.
#[test]
fn a_missing_token_endpoint_is_named_for_each_assertion_method() {
    for method in [AuthMethod::PRIVATE_KEY_JWT, AuthMethod::CLIENT_SECRET_JWT] {
        let built = Authenticator::builder()
            .issuer(ISSUER)
            .clients(Clients::new([signer()]).unwrap())
            .replay(MemoryReplayStore::new())
            .methods([method])
            .build();
        assert_eq!(built.unwrap_err().setting(), "endpoint");
    }
}
