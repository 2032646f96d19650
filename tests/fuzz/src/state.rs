//! A server whose clock moves and whose stores fail on demand.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::atomic::{AtomicI64, AtomicU8, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use countersign::clock::Clock;
use countersign::replay::{Claim, MemoryReplayStore, ReplayKey, ReplayStore};
use countersign::secret::ClientSecret;
use countersign::store::{ClientStore, StoreError};
use countersign::{AuthMethod, AuthRequest, Authenticator, Client, Endpoint, Reason};

use crate::server::{ISSUER, SECRET, TOKEN, assertion_form, hs256};

/// How many clients there are.
pub const CLIENTS: usize = 3;

/// How many values of `jti` each of them uses.
pub const JWT_IDS: usize = 4;

/// What is wrong with the stores.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Fault {
    /// Nothing.
    None,
    /// The replay store fails, and nothing was written.
    BeforeTheClaim,
    /// The replay store fails after the claim was written.
    AfterTheClaim,
    /// The replay store has no room.
    Full,
    /// The registry cannot answer.
    Registry,
}

/// The server and everything around it.
pub struct World {
    auth: Authenticator,
    shared: Arc<Shared>,
}

struct Shared {
    now: AtomicI64,
    /// Time that has passed, whatever the wall clock says.
    passed: AtomicI64,
    fault: AtomicU8,
    clients: Mutex<[Option<Arc<Client>>; CLIENTS]>,
}

impl World {
    /// With every client registered, and nothing wrong.
    pub fn new() -> Self {
        let shared = Arc::new(Shared {
            now: AtomicI64::new(1_800_000_000),
            passed: AtomicI64::new(0),
            fault: AtomicU8::new(Fault::None as u8),
            clients: Mutex::new(std::array::from_fn(|client| Some(registered(client)))),
        });
        let replay = Failing {
            inner: MemoryReplayStore::with_clock(Hands(Arc::clone(&shared))),
            shared: Arc::clone(&shared),
        };
        let auth = Authenticator::builder()
            .issuer(ISSUER)
            .endpoint(Endpoint::Token, TOKEN)
            .clients(Registry(Arc::clone(&shared)))
            .replay(replay)
            .clock(Hands(Arc::clone(&shared)))
            .build()
            .expect("a complete server");
        World { auth, shared }
    }

    /// Sends an assertion of this client.
    pub fn send(&self, client: usize, jwt_id: usize, expires: i64) -> Result<String, Reason> {
        let (headers, body) = self.request(client, jwt_id, expires);
        let headers = headers.as_slice();
        let request = AuthRequest::new(Endpoint::Token, "POST", &headers, body);
        let answer = futures_executor::block_on(self.auth.authenticate(request));
        answer.map(|client| client.client_id().to_owned()).map_err(|refusal| {
            assert!(matches!(refusal.status(), 400 | 503), "{refusal:?}");
            refusal.reason()
        })
    }

    /// Sends one, and goes away after it was polled so many times.
    pub fn abandon(&self, client: usize, jwt_id: usize, expires: i64, polls: usize) {
        let (headers, body) = self.request(client, jwt_id, expires);
        let headers = headers.as_slice();
        let request = AuthRequest::new(Endpoint::Token, "POST", &headers, body);
        let mut answer = pin!(self.auth.authenticate(request));
        let mut context = Context::from_waker(Waker::noop());
        for _ in 0..polls {
            if answer.as_mut().poll(&mut context).is_ready() {
                return;
            }
        }
    }

    fn request(
        &self,
        client: usize,
        jwt_id: usize,
        expires: i64,
    ) -> ([(&'static str, &'static str); 1], Bytes) {
        let name = self.name(client);
        let issued = expires - 300;
        let claims = format!(
            r#"{{"iss":"{name}","sub":"{name}","aud":"{ISSUER}","jti":"{jwt_id}-{expires}","iat":{issued},"exp":{expires}}}"#
        );
        let assertion = hs256(br#"{"alg":"HS256"}"#, claims.as_bytes());
        ([("content-type", "application/x-www-form-urlencoded")], assertion_form(&assertion).into())
    }

    /// Moves the wall clock. Backwards it is set, and no time passes.
    pub fn step(&self, seconds: i64) {
        self.shared.now.fetch_add(seconds, Ordering::SeqCst);
        self.shared.passed.fetch_add(seconds.max(0), Ordering::SeqCst);
    }

    /// From now on this is wrong.
    pub fn fail(&self, fault: Fault) {
        self.shared.fault.store(fault as u8, Ordering::SeqCst);
    }

    /// What is wrong.
    pub fn fault(&self) -> Fault {
        self.shared.fault()
    }

    /// Registers a client, or removes it.
    pub fn register(&self, client: usize, there: bool) {
        if let Some(place) = self.shared.clients.lock().expect("no panic").get_mut(client) {
            *place = there.then(|| registered(client));
        }
    }

    /// Is it registered?
    pub fn is_registered(&self, client: usize) -> bool {
        self.shared.clients.lock().expect("no panic").get(client).is_some_and(Option::is_some)
    }

    /// Its `client_id`.
    pub fn name(&self, client: usize) -> String {
        name(client)
    }

    /// Unix seconds.
    pub fn now(&self) -> i64 {
        self.shared.now.load(Ordering::SeqCst)
    }
}

impl Default for World {
    fn default() -> Self {
        World::new()
    }
}

impl Shared {
    fn fault(&self) -> Fault {
        [Fault::None, Fault::BeforeTheClaim, Fault::AfterTheClaim, Fault::Full, Fault::Registry]
            [usize::from(self.fault.load(Ordering::SeqCst))]
    }
}

fn name(client: usize) -> String {
    format!("client-{client}")
}

fn registered(client: usize) -> Arc<Client> {
    let client = Client::new(name(client))
        .with_method(AuthMethod::CLIENT_SECRET_JWT)
        .with_secret(ClientSecret::raw(SECRET));
    Arc::new(client)
}

struct Hands(Arc<Shared>);

impl Clock for Hands {
    fn now(&self) -> SystemTime {
        let seconds = u64::try_from(self.0.now.load(Ordering::SeqCst)).unwrap_or_default();
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
    }

    fn monotonic(&self) -> Duration {
        Duration::from_secs(self.0.passed.load(Ordering::SeqCst).unsigned_abs())
    }
}

struct Registry(Arc<Shared>);

impl ClientStore for Registry {
    async fn find(&self, client_id: &str) -> Result<Option<Arc<Client>>, StoreError> {
        wait_once().await;
        if self.0.fault() == Fault::Registry {
            return Err(StoreError::new("down"));
        }
        let clients = self.0.clients.lock().expect("no panic");
        Ok(clients.iter().flatten().find(|client| client.id() == client_id).cloned())
    }
}

struct Failing {
    inner: MemoryReplayStore,
    shared: Arc<Shared>,
}

impl ReplayStore for Failing {
    async fn claim(&self, key: &ReplayKey<'_>, keep_for: Duration) -> Result<Claim, StoreError> {
        wait_once().await;
        let claim = match self.shared.fault() {
            Fault::BeforeTheClaim => return Err(StoreError::new("down")),
            Fault::Full => return Ok(Claim::Full),
            _ => self.inner.claim(key, keep_for).await,
        };
        wait_once().await;
        match self.shared.fault() {
            Fault::AfterTheClaim => Err(StoreError::new("the reply is lost")),
            _ => claim,
        }
    }

    async fn release(&self, key: &ReplayKey<'_>) -> Result<(), StoreError> {
        self.inner.release(key).await
    }

    fn memory_lost_at(&self) -> Option<SystemTime> {
        None
    }
}

/// Gives way once, as a store does that has to ask somebody.
async fn wait_once() {
    let mut waited = false;
    poll_fn(|context| {
        if std::mem::replace(&mut waited, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}
