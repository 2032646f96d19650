//! What an operator is told, by every observer of the library.

mod audit;
mod captured;
mod cost;
mod hostile;
mod known;
mod method_use;
mod metrics;
mod ring;
mod rows;
mod tracing;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use countersign::key::KeySet;
use countersign::observer::{AuditLog, Metrics, Observer, RingBuffer, Tracing};
use countersign::replay::MemoryReplayStore;
use countersign::store::Clients;
use countersign::{
    AuthMethod, AuthenticatedClient, Authenticator, AuthenticatorBuilder, Client, Endpoint, Refusal,
};
use countersign_tests::drivers::SetClock;
use countersign_tests::fixtures::fixtures;
use countersign_tests::request::Request;
use countersign_tests::row::{Endpoint as RowEndpoint, HttpRequest, ISSUER, NOW};
use serde_json::json;

use self::captured::Captured;
pub(crate) use self::rows::jwt_id;

/// All of them at once, and what they said.
pub(crate) struct Everyone {
    captured: Captured,
    ring: Arc<RingBuffer>,
    audit: Arc<AuditLog>,
    folder: Folder,
    read: usize,
}

impl Everyone {
    pub(crate) fn new() -> Self {
        let folder = Folder::new();
        Everyone {
            captured: Captured::default(),
            ring: Arc::new(RingBuffer::new(100)),
            audit: Arc::new(AuditLog::open(folder.file()).unwrap()),
            folder,
            read: 0,
        }
    }

    /// For the builder.
    pub(crate) fn observer(&self) -> impl Observer + use<> {
        (Tracing, Metrics::new().with_client_label(), Arc::clone(&self.ring), Arc::clone(&self.audit))
    }

    /// Does work on this thread under their ears.
    pub(crate) fn listen<T>(&self, work: impl FnOnce() -> T) -> T {
        self.captured.listen(work)
    }

    /// Their ears, for work that asks what they heard.
    pub(crate) fn ears(&self) -> Captured {
        self.captured.clone()
    }

    /// Every text that they kept, wrote or passed on since the last call.
    pub(crate) fn texts(&mut self) -> Vec<String> {
        let told = self.captured.take();
        let mut texts: Vec<String> =
            told.into_iter().flat_map(|told| told.fields).map(|(_, value)| value).collect();
        texts.extend(self.captured.figures().into_keys());
        self.captured.forget_figures();
        texts.extend(self.audit_lines());
        if let Some(event) = self.ring.events().first() {
            texts.push(serde_json::to_string(&**event).unwrap());
            texts.push(format!("{event:?}"));
        }
        texts
    }

    /// The lines of the audit log since the last call.
    pub(crate) fn audit_lines(&mut self) -> Vec<String> {
        self.audit.flush();
        let file = std::fs::read_to_string(self.folder.file()).unwrap();
        let lines = file[self.read..].lines().map(str::to_owned).collect();
        self.read = file.len();
        lines
    }
}

/// A server with the public client `pub`, the client `c-basic` and the signing client `c-pkjwt-es256`.
pub(crate) fn server(observer: impl Observer) -> Authenticator {
    builder().observer(observer).build().unwrap()
}

fn builder() -> AuthenticatorBuilder {
    let clock = SetClock::new(NOW);
    Authenticator::builder()
        .issuer(ISSUER)
        .endpoint(Endpoint::Token, RowEndpoint::Token.url())
        .clients(Clients::new([public(), by_secret(), signer()]).unwrap())
        .replay(MemoryReplayStore::with_clock(clock.clone()))
        .clock(clock)
}

fn public() -> Client {
    Client::new("pub").with_method(AuthMethod::NONE)
}

fn by_secret() -> Client {
    let secret = fixtures().client("c-basic").secret().unwrap();
    let secret = countersign::secret::ClientSecret::generated(&secret).with_label("2026");
    Client::new("c-basic").with_method(AuthMethod::CLIENT_SECRET_BASIC).with_secret(secret)
}

fn signer() -> Client {
    let key = fixtures().key_of("c-pkjwt-es256").public();
    Client::new("c-pkjwt-es256")
        .with_method(AuthMethod::PRIVATE_KEY_JWT)
        .with_keys(KeySet::from_jwks(&json!({ "keys": [key] })).unwrap())
}

/// A request of the public client, or of one that is unknown.
fn naming(client_id: &str) -> HttpRequest {
    Request::token().field("client_id", client_id).build()
}

/// Sends a request to the core.
fn send(auth: &Authenticator, request: &HttpRequest) -> Result<AuthenticatedClient, Refusal> {
    futures_executor::block_on(crate::faults::authenticate(auth, request))
}

/// A folder of a test's own, gone when the test is.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("countersign-observers-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).unwrap();
        Folder(path)
    }

    pub(crate) fn file(&self) -> PathBuf {
        self.0.join("audit.jsonl")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
