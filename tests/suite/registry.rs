//! A registry that takes its time, and one that changes.

use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use countersign::secret::ClientSecret;
use countersign::store::{ClientStore, Clients, ReloadableClients, StoreError};
use countersign::{
    AuthMethod, AuthRequest, AuthenticatedClient, Authenticator, Client, Endpoint, Reason, Refusal,
};
use countersign_tests::request::Request;
use countersign_tests::row::{HttpRequest, ISSUER};
use tokio::sync::Notify;

const SECRET: &str = "wCTKUrZ5rmyUxA6MGMU8gBQRGzgtSBlq";

fn client(id: &str) -> Client {
    Client::new(id).with_method(AuthMethod::CLIENT_SECRET_BASIC)
}

fn server(clients: impl ClientStore) -> Authenticator {
    Authenticator::builder().issuer(ISSUER).clients(clients).build().unwrap()
}

async fn send(auth: &Authenticator, request: &HttpRequest) -> Result<AuthenticatedClient, Refusal> {
    let headers = request.headers.as_slice();
    let body = Bytes::from(request.body.clone());
    auth.authenticate(AuthRequest::new(Endpoint::Token, "POST", &headers, body)).await
}

/// Looks one client up only when it is told to.
struct Slow(Arc<Notify>);

impl ClientStore for Slow {
    async fn find(&self, client_id: &str) -> Result<Option<Arc<Client>>, StoreError> {
        if client_id == "slow" {
            self.0.notified().await;
        }
        Ok(Some(Arc::new(client(client_id).with_secret(ClientSecret::generated(SECRET)))))
    }
}

#[test]
fn obs_027_a_slow_look_up_delays_its_own_request_alone() {
    let found = Arc::new(Notify::new());
    let auth = server(Slow(Arc::clone(&found)));
    let by = |id: &str, secret: &str| Request::token().basic(id, secret).build();
    let (right, wrong) = (by("slow", SECRET), by("slow", "wrong"));
    let (mut right, mut wrong) = (pin!(send(&auth, &right)), pin!(send(&auth, &wrong)));
    let mut task = Context::from_waker(Waker::noop());
    for _ in 0..10 {
        assert!(right.as_mut().poll(&mut task).is_pending());
        assert!(wrong.as_mut().poll(&mut task).is_pending());
        // Nobody else waits, and nobody is let in for want of an answer.
        let quick = futures_executor::block_on(send(&auth, &by("quick", SECRET)));
        assert_eq!(quick.unwrap().client_id(), "quick");
    }
    found.notify_waiters();
    let Poll::Ready(right) = right.as_mut().poll(&mut task) else { panic!("the client was found") };
    let Poll::Ready(wrong) = wrong.as_mut().poll(&mut task) else { panic!("the client was found") };
    assert_eq!(right.unwrap().client_id(), "slow");
    assert_eq!(wrong.unwrap_err().reason(), Reason::SecretMismatch);
}

/// What the registry holds at this moment.
#[derive(Clone)]
struct Changing(Arc<Mutex<Client>>);

impl ClientStore for Changing {
    async fn find(&self, client_id: &str) -> Result<Option<Arc<Client>>, StoreError> {
        let client = self.0.lock().unwrap().clone();
        Ok((client.id() == client_id).then(|| Arc::new(client)))
    }
}

/// A secret that was verified a moment ago is not compared by its slow hash again; that memory lets nobody in whom the
/// registry does not.
#[test]
fn cve_014_what_the_registry_takes_back_is_gone_at_once() {
    let of_64_octets: String = "Jwfzmcq31MrRezUwgizLqbeL".chars().cycle().take(64).collect();
    let slow = ClientSecret::hashed(ARGON2ID).unwrap();
    for (secret, text) in [(slow, of_64_octets.as_str()), (ClientSecret::generated(SECRET), SECRET)] {
        let client = client("changing").with_secret(secret);
        let registry = Changing(Arc::new(Mutex::new(client.clone())));
        let auth = server(registry.clone());
        let request = Request::token().basic("changing", text).build();
        let outcome = || {
            let sent = futures_executor::block_on(send(&auth, &request));
            sent.map_err(|refusal| (refusal.status(), refusal.reason()))
                .map(|client| client.client_id().to_owned())
        };
        let change = |client: Client| *registry.0.lock().unwrap() = client;
        for _ in 0..2 {
            assert_eq!(outcome().as_deref(), Ok("changing"));
        }
        change(client.clone().disabled(true));
        assert_eq!(outcome(), Err((401, Reason::ClientDisabled)));
        change(self::client("changing").with_secret(ClientSecret::generated("another")));
        assert_eq!(outcome(), Err((401, Reason::SecretMismatch)));
        change(self::client("another"));
        assert_eq!(outcome(), Err((401, Reason::UnknownClient)));
        change(client.clone());
        assert_eq!(outcome().as_deref(), Ok("changing"));
    }
}

/// Of the secret of 64 octets, with parameters as small as they come.
const ARGON2ID: &str =
    "$argon2id$v=19$m=8,t=1,p=1$c2FsdCBvZiBhIGZpeHR1cmU$tAVqxtCnl7VKUV157BeNnMALZ9w3K0r4UcUvR7ZlKG8";

/// Exchanged under load: each request sees the one set or the other, and both know their client.
#[test]
fn a_registry_that_is_replaced_again_and_again_fails_no_request() {
    let set = |tag: &str| {
        let clients = (0..1000).map(|number| {
            client(&format!("c-{number}")).with_secret(ClientSecret::generated(SECRET).with_label(tag))
        });
        Clients::new(clients).unwrap()
    };
    let registry = ReloadableClients::new(set("first"));
    let auth = server(registry.clone());
    let done = AtomicBool::new(false);
    let seen = std::thread::scope(|scope| {
        let callers: Vec<_> = (0..4)
            .map(|caller| {
                let (auth, done) = (&auth, &done);
                scope.spawn(move || {
                    let mut labels = std::collections::BTreeSet::new();
                    for number in (0..).map(|turn| (turn * 7 + caller) % 1000) {
                        let request = Request::token().basic(&format!("c-{number}"), SECRET).build();
                        let client = futures_executor::block_on(send(auth, &request)).unwrap();
                        labels.insert(client.secret_label().unwrap().to_owned());
                        if done.load(Ordering::SeqCst) && labels.len() == 2 {
                            return labels;
                        }
                    }
                    labels
                })
            })
            .collect();
        for turn in 0..100 {
            registry.replace(set(["second", "first"][turn % 2]));
        }
        done.store(true, Ordering::SeqCst);
        // Who has seen one of the two alone sees the other now.
        while callers.iter().any(|caller| !caller.is_finished()) {
            registry.replace(set("second"));
            registry.replace(set("first"));
        }
        callers.into_iter().map(|caller| caller.join().unwrap().len()).collect::<Vec<_>>()
    });
    assert_eq!(seen, [2; 4]);
}

/// Slow hashes of whom nobody knows yet.
struct Unseen(bool);

impl ClientStore for Unseen {
    async fn find(&self, _: &str) -> Result<Option<Arc<Client>>, StoreError> {
        Ok(None)
    }

    fn has_slow_hashes(&self) -> bool {
        self.0
    }
}

/// So that the first failures tell nobody who has a slow hash: where there may be one they all cost one, and wait for it.
#[test]
fn slow_hashes_that_a_registry_tells_of_are_paid_for_before_one_is_seen() {
    for has_slow_hashes in [true, false] {
        let builder = Authenticator::builder().issuer(ISSUER).clients(Unseen(has_slow_hashes));
        let auth = builder.slow_hashes(1, 1).build().unwrap();
        let request = Request::token().basic("nobody", "wrong").build();
        let sent = futures_util::future::join_all((0..8).map(|_| send(&auth, &request)));
        let refusals = futures_executor::block_on(sent).into_iter().map(|sent| sent.unwrap_err().reason());
        let (waited, others): (Vec<_>, Vec<_>) = refusals.partition(|reason| *reason == Reason::Throttled);
        assert_eq!(!waited.is_empty(), has_slow_hashes, "{waited:?}");
        assert!(
            !others.is_empty() && others.iter().all(|reason| *reason == Reason::UnknownClient),
            "{others:?}"
        );
    }
}
