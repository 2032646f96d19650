//! A dependency that is down is never a wrong credential and never a success.

use std::sync::Arc;

use bytes::Bytes;
use countersign::method::{Attempt, Context, Method, Presented, Proof, Verification};
use countersign::replay::MemoryReplayStore;
use countersign::store::Clients;
use countersign::{AuthMethod, AuthRequest, Authenticator, Client, Endpoint, Reason, Refusal};
use countersign_tests::assertion::Assertion;
use countersign_tests::drivers::SetClock;
use countersign_tests::encoding::basic;
use countersign_tests::fixtures::fixtures;
use countersign_tests::request::Request;
use countersign_tests::row::{Endpoint as RowEndpoint, HttpRequest, ISSUER, NOW};

use crate::ports::{Memory, Mood, Registry};

#[test]
fn a_registry_that_is_down_is_503_for_every_method() {
    let auth = authenticator(Mood::Down, Mood::Slow(0));
    for request in [by_secret(), by_assertion()] {
        let refusal = refused(&auth, &request);
        assert_eq!((refusal.status(), refusal.reason()), (503, Reason::StoreUnavailable));
        assert!(refusal.headers().any(|header| header == ("retry-after", "1")));
        assert!(refusal.got().unwrap().contains("the registry is down"));
        assert!(!String::from_utf8_lossy(refusal.body()).contains("registry"));
    }
}

#[test]
fn a_replay_store_that_is_down_is_503_for_assertions_alone() {
    let auth = authenticator(Mood::Slow(0), Mood::Down);
    let refusal = refused(&auth, &by_assertion());
    assert_eq!((refusal.status(), refusal.reason()), (503, Reason::StoreUnavailable));
    assert!(send(&auth, &by_secret()).is_ok());
}

#[test]
fn a_full_replay_store_is_503() {
    let refusal = refused(&authenticator(Mood::Slow(0), Mood::Full), &by_assertion());
    assert_eq!((refusal.status(), refusal.reason()), (503, Reason::ReplayStoreFull));
}

#[test]
fn a_panic_in_a_port_is_500_and_the_next_request_is_served() {
    let auth = authenticator(Mood::Slow(0), Mood::Panics);
    for _ in 0..3 {
        let refusal = refused(&auth, &by_assertion());
        assert_eq!((refusal.status(), refusal.reason()), (500, Reason::InternalError));
        assert!(send(&auth, &by_secret()).is_ok());
    }
    let auth = authenticator(Mood::Panics, Mood::Slow(0));
    assert_eq!(refused(&auth, &by_secret()).status(), 500);
}

/// More slow hashes than may wait are refused, not queued without end.
#[test]
fn a_full_queue_of_slow_hashes_is_429() {
    let slow = "$argon2id$v=19$m=19456,t=2,p=1$Y291bnRlcnNpZ24$Z2Q3cWZ6d2V4bWtuYjV0cnl1aW9wMTIzNDU2Nzg5MGE";
    let client = Client::new("c-slow")
        .with_method(AuthMethod::CLIENT_SECRET_BASIC)
        .with_secret(countersign::secret::ClientSecret::hashed(slow).unwrap());
    let auth = Authenticator::builder()
        .issuer(ISSUER)
        .clients(Clients::new([client]).unwrap())
        .slow_hashes(1, 1)
        .build()
        .unwrap();
    let request = Request::token().basic("c-slow", "wrong").build();
    let futures: Vec<_> = (0..8).map(|_| authenticate(&auth, &request)).collect();
    let refusals: Vec<Refusal> = futures_executor::block_on(futures_util::future::join_all(futures))
        .into_iter()
        .map(|result| result.unwrap_err())
        .collect();
    let count = |reason| refusals.iter().filter(|refusal| refusal.reason() == reason).count();
    assert!(count(Reason::SecretMismatch) >= 1, "{refusals:?}");
    assert!(count(Reason::Throttled) >= 1, "{refusals:?}");
    assert_eq!(count(Reason::SecretMismatch) + count(Reason::Throttled), 8);
    let throttled = refusals.iter().find(|refusal| refusal.reason() == Reason::Throttled).unwrap();
    assert_eq!(throttled.status(), 429);
}

/// Unknown, disabled and not granted: the verification is done all the same, and its result thrown away.
#[test]
fn a_client_that_may_not_is_verified_against_a_decoy() {
    struct Counting(Arc<std::sync::Mutex<Vec<String>>>);
    struct Named<'r>(&'r str, Arc<std::sync::Mutex<Vec<String>>>);

    impl Method for Counting {
        fn name(&self) -> AuthMethod {
            AuthMethod::from_static("https://example.com/counting")
        }
        fn attempt<'r>(&self, presented: &'r Presented<'r>) -> Option<Box<dyn Attempt + 'r>> {
            Some(Box::new(Named(presented.client_id()?, Arc::clone(&self.0))))
        }
    }
    impl Attempt for Named<'_> {
        fn client_id(&self) -> &str {
            self.0
        }
        fn verify<'a>(&'a self, client: &'a Client, _: &'a Context<'a>) -> Verification<'a> {
            self.1.lock().unwrap().push(client.id().to_owned());
            Verification::done(Ok(Proof::default()))
        }
    }

    let calls = Arc::default();
    let own = AuthMethod::from_static("https://example.com/counting");
    let clients = [
        Client::new("known").with_method(own.clone()),
        Client::new("disabled").with_method(own).disabled(true),
        Client::new("other").with_method(AuthMethod::NONE),
    ];
    let auth = Authenticator::builder()
        .issuer(ISSUER)
        .clients(Clients::new(clients).unwrap())
        .method(Counting(Arc::clone(&calls)))
        .build()
        .unwrap();
    for (client_id, reason, verified) in [
        ("known", None, "known"),
        ("disabled", Some(Reason::ClientDisabled), ""),
        ("other", Some(Reason::MethodNotGranted), ""),
        ("nobody", Some(Reason::UnknownClient), ""),
    ] {
        let request = Request::token().field("client_id", client_id).build();
        let result = send(&auth, &request);
        assert_eq!(result.err().map(|refusal| refusal.reason()), reason);
        assert_eq!(calls.lock().unwrap().drain(..).collect::<Vec<_>>(), [verified]);
    }
}

/// Where there is a slow hash anywhere, a failure costs one everywhere.
#[test]
fn a_wrong_secret_of_an_unknown_client_costs_a_slow_hash() {
    let slow = "$argon2id$v=19$m=19456,t=2,p=1$Y291bnRlcnNpZ24$Z2Q3cWZ6d2V4bWtuYjV0cnl1aW9wMTIzNDU2Nzg5MGE";
    let secret = |hash| countersign::secret::ClientSecret::hashed(hash).unwrap();
    let quick = countersign::secret::ClientSecret::generated("wCTKUrZ5rmyUxA6MGMU8gBQRGzgtSBlq");
    let client = |id: &str| Client::new(id).with_method(AuthMethod::CLIENT_SECRET_BASIC);
    let auth = Authenticator::builder()
        .issuer(ISSUER)
        .clients(
            Clients::new([client("slow").with_secret(secret(slow)), client("quick").with_secret(quick)])
                .unwrap(),
        )
        // No thread may hash and nothing may wait, so a slow hash shows as 429.
        .slow_hashes(1, 0)
        .build()
        .unwrap();
    for client_id in ["slow", "quick", "nobody"] {
        let request = Request::token().basic(client_id, "wrong").build();
        let futures: Vec<_> = (0..16).map(|_| authenticate(&auth, &request)).collect();
        let results = futures_executor::block_on(futures_util::future::join_all(futures));
        let throttled =
            results.iter().filter(|result| matches!(result, Err(refusal) if refusal.status() == 429));
        assert!(throttled.count() > 0, "{client_id} was answered without a slow hash");
    }
    let right = Request::token().basic("quick", "wCTKUrZ5rmyUxA6MGMU8gBQRGzgtSBlq").build();
    assert!(send(&auth, &right).is_ok());
}

pub(crate) fn authenticator(registry: Mood, replay: Mood) -> Authenticator {
    let clock = SetClock::new(NOW);
    let clients = ["c-basic", "c-pkjwt-es256"].map(|name| {
        let metadata = countersign_tests::scene::scene("").fixture(name).row().setup.clients;
        let metadata =
            metadata.into_iter().find(|client| client["client_id"] == fixtures().client(name).id());
        let metadata: countersign::metadata::ClientMetadata =
            serde_json::from_value(metadata.unwrap()).unwrap();
        Client::try_from(&metadata).unwrap()
    });
    Authenticator::builder()
        .issuer(ISSUER)
        .endpoint(Endpoint::Token, RowEndpoint::Token.url())
        .clients(Registry(Clients::new(clients).unwrap(), registry))
        .replay(Memory {
            store: MemoryReplayStore::with_clock(clock.clone()),
            mood: replay,
            claims: Arc::default(),
        })
        .clock(clock)
        .build()
        .unwrap()
}

pub(crate) fn by_secret() -> HttpRequest {
    let secret = fixtures().client("c-basic").secret().unwrap();
    Request::token().authorization(basic("c-basic", &secret)).build()
}

pub(crate) fn by_assertion() -> HttpRequest {
    Request::token().assertion(Assertion::of("c-pkjwt-es256").mint()).build()
}

pub(crate) async fn authenticate(
    auth: &Authenticator,
    request: &HttpRequest,
) -> Result<countersign::AuthenticatedClient, Refusal> {
    let headers = request.headers.as_slice();
    let body = Bytes::from(request.body.clone());
    auth.authenticate(AuthRequest::new(Endpoint::Token, &request.verb, &headers, body)).await
}

fn send(auth: &Authenticator, request: &HttpRequest) -> Result<countersign::AuthenticatedClient, Refusal> {
    futures_executor::block_on(authenticate(auth, request))
}

fn refused(auth: &Authenticator, request: &HttpRequest) -> Refusal {
    send(auth, request).unwrap_err()
}
