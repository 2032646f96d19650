//! The server of a row: an authenticator under a clock that the row moves, and a log that the row reads.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use countersign::certificate::{PeerCertificates, TrustAnchors};
use countersign::clock::Clock;
use countersign::forwarded::TrustedProxy;
use countersign::observer::{Decision, Observer};
use countersign::replay::MemoryReplayStore;
use countersign::{Authenticator, Endpoint, Policy};

use super::{Registry, RemoteKeys};
use crate::row::{self, Expect, HttpRequest, NOW, Setup, Step};

/// An authenticator, its clock and its log.
#[derive(Clone)]
pub struct Server {
    /// What is tested.
    pub auth: Authenticator,
    /// Its time.
    pub clock: SetClock,
    /// What its operator sees.
    pub log: Log,
    /// What it can fetch.
    pub keys: RemoteKeys,
    /// Whom it knows.
    pub registry: Registry,
}

/// The peppers of the server of every row, the older first.
pub const PEPPERS: [(&str, [u8; 32]); 2] = [("2026-01", [0x26; 32]), ("2027-01", [0x27; 32])];

impl Server {
    /// Registers the clients of a row as a file of clients would, and builds the authenticator.
    pub fn new(setup: &Setup) -> Self {
        Self::observed_by(None::<Log>, setup)
    }

    /// The same, with another observer beside the log.
    pub fn observed_by(other: impl Observer, setup: &Setup) -> Self {
        let clock = SetClock::new(setup.started_at);
        let (log, keys) = (Log::default(), RemoteKeys::new(&setup.key_sets));
        let switches = setup.policy.as_object().cloned().unwrap_or_default();
        let policy = Policy::preset(&setup.preset).unwrap().with_switches(switches).unwrap();
        let registry = Registry::new(setup);
        let mut builder = Authenticator::builder()
            .issuer(row::ISSUER)
            .clients(registry.clone())
            .replay(MemoryReplayStore::with_clock(clock.clone()))
            .policy(policy)
            .observer((log.clone(), other))
            .clock(clock.clone());
        for (endpoint, own) in row::Endpoint::ALL.into_iter().map(|endpoint| (endpoint, own(endpoint))) {
            builder = builder.endpoint(own, endpoint.url());
        }
        if let Some(der) = &setup.anchors {
            builder = builder.mutual_tls(anchors(der));
        }
        if let Some(proxy) = &setup.proxy {
            let header = proxy.header.parse().unwrap();
            let mut trusted = TrustedProxy::new(&proxy.networks, header).unwrap();
            if let Some(header) = &proxy.forwarded_for {
                trusted = trusted.forwarded_for(header.parse().unwrap());
            }
            builder = builder.trusted_proxy(trusted);
        }
        for (id, octets) in PEPPERS {
            builder = builder.pepper(id, octets);
        }
        if !setup.key_sets.is_empty() {
            builder = builder.key_source(keys.clone());
        }
        let auth = builder.build().unwrap();
        clock.set(NOW);
        Server { auth, clock, log, keys, registry }
    }
}

/// What a row changes of a server that runs: its time, and what stands elsewhere.
#[derive(Clone)]
pub struct Surroundings {
    clock: SetClock,
    keys: RemoteKeys,
    registry: Registry,
}

impl Server {
    /// What is left in the hands of whoever starts the server.
    pub fn surroundings(&self) -> Surroundings {
        Surroundings { clock: self.clock.clone(), keys: self.keys.clone(), registry: self.registry.clone() }
    }
}

impl Surroundings {
    /// Makes the change that a step is; of a step that sends, what it sends and what must come back.
    pub fn take<'s>(&self, step: &'s Step) -> Option<(&'s HttpRequest, &'s Expect)> {
        match step {
            Step::Send { request, expect } => return Some((request, expect)),
            Step::Advance { seconds } => self.clock.advance(*seconds),
            Step::Publish { uri, jwks } => self.keys.publish(uri, jwks),
            Step::Register { client_id, metadata } => self.registry.register(client_id, metadata.as_ref()),
        }
        None
    }
}

pub(super) fn anchors(der: &[Vec<u8>]) -> TrustAnchors {
    if der.is_empty() { TrustAnchors::none() } else { TrustAnchors::from_der(der).unwrap() }
}

/// The endpoint of a row, in the library's words.
pub(super) fn own(endpoint: row::Endpoint) -> Endpoint {
    match endpoint {
        row::Endpoint::Token => Endpoint::Token,
        row::Endpoint::Introspection => Endpoint::Introspection,
        row::Endpoint::Revocation => Endpoint::Revocation,
        row::Endpoint::PushedAuthorization => Endpoint::PushedAuthorization,
        row::Endpoint::DeviceAuthorization => Endpoint::DeviceAuthorization,
        row::Endpoint::BackchannelAuthentication => Endpoint::BackchannelAuthentication,
    }
}

/// What the accept loop of a server would keep of a connection's handshake.
pub(super) fn shown(peer: &row::Peer) -> Option<PeerCertificates> {
    PeerCertificates::from_handshake(peer.certificates.iter().cloned())
}

/// The routes of the server of every row.
pub(super) fn routes() -> impl Iterator<Item = (&'static str, Endpoint)> {
    row::Endpoint::ALL.into_iter().map(|endpoint| (endpoint.path(), own(endpoint)))
}

/// A clock that stands still until it is moved. Its monotonic side never goes back.
#[derive(Clone)]
pub struct SetClock {
    wall: Arc<AtomicI64>,
    monotonic: Arc<AtomicI64>,
}

impl SetClock {
    /// A clock that shows this many Unix seconds.
    pub fn new(now: i64) -> Self {
        SetClock { wall: Arc::new(AtomicI64::new(now)), monotonic: Arc::default() }
    }

    /// Moves it; backwards only the wall clock.
    pub fn advance(&self, seconds: i64) {
        self.wall.fetch_add(seconds, Ordering::SeqCst);
        self.monotonic.fetch_add(seconds.max(0), Ordering::SeqCst);
    }

    fn set(&self, now: i64) {
        self.advance(now - self.wall.load(Ordering::SeqCst));
    }
}

impl Clock for SetClock {
    fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(self.wall.load(Ordering::SeqCst).unsigned_abs())
    }

    fn monotonic(&self) -> Duration {
        Duration::from_secs(self.monotonic.load(Ordering::SeqCst).unsigned_abs())
    }
}

/// What the operator sees of the last request.
#[derive(Clone, Default)]
pub struct Log(Arc<Mutex<Seen>>);

#[derive(Default)]
struct Seen {
    reason: Option<String>,
    lines: Vec<String>,
}

impl Log {
    /// Forgets the request before.
    pub fn clear(&self) {
        *self.0.lock().unwrap() = Seen::default();
    }

    /// The code of the private reason, if it was refused.
    pub fn reason(&self) -> Option<String> {
        self.0.lock().unwrap().reason.clone()
    }

    /// The log lines, in every form in which an operator could print them.
    pub fn lines(&self) -> Vec<String> {
        self.0.lock().unwrap().lines.clone()
    }
}

impl Observer for Log {
    fn decided(&self, decision: &Decision<'_>) {
        let mut seen = self.0.lock().unwrap();
        seen.reason = decision.refusal().map(|refusal| refusal.reason().code().to_owned());
        seen.lines.push(decision.to_string());
        seen.lines.push(format!("{decision:?}"));
        if let Some(refusal) = decision.refusal() {
            seen.lines.push(format!("{refusal} {refusal:?}"));
        }
    }
}
