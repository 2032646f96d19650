//! The server to which the targets send: the clients of `clients.json`, a clock that stands still, and an operator
//! who reads every line; and other servers, made for one kind of input.

mod server;
pub mod state;

use std::sync::LazyLock;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use countersign::clock::Clock;
use countersign::metadata::ClientMetadata;
use countersign::observer::{Decision, Observer};
use countersign::replay::MemoryReplayStore;
use countersign::store::Clients;
use countersign::{AuthRequest, AuthenticatedClient, Authenticator, Client, Endpoint, Refusal};

pub use self::server::{ISSUER, NOW, RegisteringServer, Server, TOKEN, hs256};

/// Sends a form to the token endpoint.
///
/// # Panics
/// When the answer is a server's fault (a panic inside the decision would show as 500), or when a line for the
/// operator could do harm in a terminal.
pub fn send(authorization: Option<&[u8]>, body: Vec<u8>) -> Result<AuthenticatedClient, Refusal> {
    static SERVER: LazyLock<Authenticator> = LazyLock::new(server);
    let form = ("content-type", b"application/x-www-form-urlencoded".as_slice());
    let headers: Vec<_> =
        authorization.map(|value| ("authorization", value)).into_iter().chain([form]).collect();
    let headers = headers.as_slice();
    let request = AuthRequest::new(Endpoint::Token, "POST", &headers, Bytes::from(body));
    let answer = futures_executor::block_on(SERVER.authenticate(request));
    if let Err(refusal) = &answer {
        assert!(matches!(refusal.status(), 400 | 401 | 413), "{refusal:?}");
    }
    answer
}

/// The secret that a client was registered with.
pub fn secret_of(client_id: &str) -> Option<String> {
    clients().find(|client| client.client_id == client_id)?.client_secret
}

fn server() -> Authenticator {
    let clients =
        clients().map(|metadata| Client::try_from(&metadata).expect("a client that can be registered"));
    Authenticator::builder()
        .issuer("https://as.example.com")
        .endpoint(Endpoint::Token, "https://as.example.com/token")
        .clients(Clients::new(clients).expect("ids that differ"))
        .replay(MemoryReplayStore::with_clock(StandingClock))
        .clock(StandingClock)
        .observer(Operator)
        .build()
        .expect("a complete server")
}

fn clients() -> impl Iterator<Item = ClientMetadata> {
    let clients: Vec<ClientMetadata> =
        serde_json::from_str(include_str!("../clients.json")).expect("an array of client metadata");
    clients.into_iter()
}

/// The second for which the seeds of `corpus/jws` were made.
struct StandingClock;

impl Clock for StandingClock {
    fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000)
    }

    fn monotonic(&self) -> Duration {
        Duration::ZERO
    }
}

struct Operator;

impl Observer for Operator {
    fn decided(&self, decision: &Decision<'_>) {
        let line = decision.to_string();
        assert!(line.chars().all(|char| matches!(char, ' '..='~' | '…')), "{line:?}");
    }
}
