//! One run: sends a request, compares the answer and the reason, prints a line.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use countersign::clock::{Clock as _, SystemClock};
use countersign::observer::{Decision, Observer};
use serde_json::Value;

use super::assertion::{Assertion, JWT_BEARER};
use super::http::{Answer, Outgoing};
use super::identity::{Identity, Listener};
use crate::config::problem::Problem;
use crate::demo::{Credential, DEMO_CLIENTS, private_key};
use crate::jose::{Failed, SigningKey};
use crate::server::Registrations;

/// What an answer must be. Empty texts stand for "none".
pub(super) struct Expected {
    status: u16,
    error: &'static str,
    reason: &'static str,
    member: Option<(&'static str, Value)>,
}

impl Expected {
    pub(super) fn success(status: u16) -> Self {
        Expected { status, error: "", reason: "", member: None }
    }

    /// Refused by the endpoint, after the client was authenticated.
    pub(super) fn error(status: u16, error: &'static str) -> Self {
        Expected { error, ..Self::success(status) }
    }

    /// Refused by the authentication layer.
    pub(super) fn reason(status: u16, error: &'static str, reason: &'static str) -> Self {
        Expected { reason, ..Self::error(status, error) }
    }

    /// With this member in the JSON body.
    pub(super) fn saying(self, name: &'static str, value: impl Into<Value>) -> Self {
        Expected { member: Some((name, value.into())), ..self }
    }

    fn is_met_by(&self, answer: &Answer, reason: &str) -> bool {
        let member = self.member.as_ref().is_none_or(|(name, value)| answer.json.get(name) == Some(value));
        self.status == answer.status
            && self.error == answer.error()
            && self.reason == reason
            && member
            && answer.is_well_formed()
    }
}

/// What the operator of the server under trial is told.
#[derive(Default)]
pub(super) struct Overheard(Mutex<Option<(&'static str, String)>>);

impl Observer for Overheard {
    fn decided(&self, decision: &Decision<'_>) {
        let code = decision.refusal().map_or("", |refusal| refusal.reason().code());
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((code, decision.to_string()));
    }
}

impl Overheard {
    fn take(&self) -> (&'static str, String) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take().unwrap_or_default()
    }
}

/// The server under trial, and what its clients hold.
pub(super) struct Trial {
    pub(super) issuer: String,
    pub(super) password: String,
    address: SocketAddr,
    overheard: Arc<Overheard>,
    secrets: BTreeMap<String, String>,
    keys: BTreeMap<&'static str, SigningKey>,
    identities: BTreeMap<&'static str, Identity>,
    tls: Listener,
    clock: SystemClock,
    rows: usize,
    differing: usize,
}

impl Trial {
    pub(super) fn new(
        folder: &Path,
        address: SocketAddr,
        tls: SocketAddr,
        overheard: Arc<Overheard>,
        clients: &Registrations,
    ) -> Result<Self, Problem> {
        let tls = Listener { address: tls, folder: folder.to_owned() };
        let (mut keys, mut identities) = (BTreeMap::new(), BTreeMap::new());
        for client in &DEMO_CLIENTS {
            if client.has_certificate() {
                identities.insert(client.id, Identity::read(folder, client.id)?.at(tls.clone()));
            }
            if let Some(algorithm) = client.private_key_algorithm() {
                keys.insert(client.id, private_key(folder, client.id, algorithm)?);
            }
        }
        let secrets = clients.iter().filter_map(|(id, client)| Some((id.clone(), client.secret.clone()?)));
        let users = folder.join("users.json");
        let text = std::fs::read_to_string(&users).map_err(|error| Problem::in_file(&users, error))?;
        let parsed: Value = serde_json::from_str(&text).map_err(|error| Problem::in_file(&users, error))?;
        let password = parsed.pointer("/0/password").and_then(Value::as_str).unwrap_or_default().to_owned();
        Ok(Trial {
            issuer: format!("http://{address}"),
            password,
            address,
            overheard,
            secrets: secrets.collect(),
            keys,
            identities,
            tls,
            clock: SystemClock::default(),
            rows: 0,
            differing: 0,
        })
    }

    /// Sends a request that prepares for another. One that is not answered leaves it to that other to differ.
    pub(super) async fn send(&self, request: Outgoing) -> Answer {
        request.send(self.address).await.unwrap_or_default()
    }

    /// Sends the request and prints how the answer compares with what is expected.
    pub(super) async fn row(&mut self, name: &str, request: Outgoing, expected: &Expected) -> Answer {
        self.rows += 1;
        self.overheard.take();
        let answer = match request.send(self.address).await {
            Ok(answer) => answer,
            Err(error) => {
                self.differing += 1;
                println!("✗ {name:<62} {error}");
                return Answer::default();
            }
        };
        let (reason, line) = self.overheard.take();
        let met = expected.is_met_by(&answer, reason);
        let mark = if met { '✓' } else { '✗' };
        let shown = |text: &str| if text.is_empty() { "-".to_owned() } else { text.to_owned() };
        let milliseconds = answer.took.as_secs_f64() * 1000.0;
        println!(
            "{mark} {name:<62} {status} {error:<25} {reason:<26} {milliseconds:>7.1} ms",
            status = answer.status,
            error = shown(&answer.error()),
            reason = shown(reason),
        );
        if !met {
            self.differing += 1;
            let member = expected
                .member
                .as_ref()
                .map(|(name, value)| format!(", {name} = {value}"))
                .unwrap_or_default();
            println!(
                "    expected {} {} {}{member}",
                expected.status,
                shown(expected.error),
                shown(expected.reason)
            );
            println!("    operator's line: {}", shown(&line));
        }
        answer
    }

    /// `(rows, rows that differ)`.
    pub(super) fn count(&self) -> (usize, usize) {
        (self.rows, self.differing)
    }

    pub(super) fn now(&self) -> u64 {
        self.clock.now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs()
    }

    pub(super) fn secret(&self, client_id: &str) -> &str {
        self.secrets.get(client_id).map_or("", String::as_str)
    }

    pub(super) fn key(&self, client_id: &str) -> Result<&SigningKey, Failed> {
        self.keys.get(client_id).ok_or(Failed)
    }

    /// What a client of the demonstration shows in the handshake.
    pub(super) fn identity(&self, client_id: &str) -> Result<Identity, Failed> {
        self.identities.get(client_id).cloned().ok_or(Failed)
    }

    /// Nothing at all, at the same listener.
    pub(super) fn anonymous(&self) -> Identity {
        Identity::nobody().at(self.tls.clone())
    }

    /// A certificate of the client's that has expired.
    pub(super) fn expired_identity(&self, client_id: &str) -> Result<Identity, Problem> {
        Ok(Identity::expired(&self.tls.folder, client_id)?.at(self.tls.clone()))
    }

    /// A certificate with the client's name that nobody vouches for.
    pub(super) fn strange_identity(&self, client_id: &str) -> Result<Identity, Problem> {
        Ok(Identity::of_a_stranger(client_id)?.at(self.tls.clone()))
    }

    /// The request, authenticated as this client authenticates.
    pub(super) fn by(&self, client_id: &str, request: Outgoing) -> Result<Outgoing, Failed> {
        let credential = DEMO_CLIENTS.iter().find(|client| client.id == client_id).ok_or(Failed)?.credential;
        Ok(match credential {
            Credential::Basic => request.basic(client_id, self.secret(client_id)),
            Credential::Post => {
                request.with("client_id", client_id).with("client_secret", self.secret(client_id))
            }
            Credential::Public => request.with("client_id", client_id),
            Credential::Certificate(_) | Credential::SelfSigned => {
                request.with("client_id", client_id).showing(&self.identity(client_id)?)
            }
            Credential::SecretKey(algorithm) => {
                let assertion = Assertion::new(client_id, algorithm.as_str(), &self.issuer, self.now())?;
                with_assertion(request, &assertion.keyed(algorithm, self.secret(client_id))?)
            }
            Credential::PrivateKey(_) => with_assertion(request, &self.assertion(client_id)?),
        })
    }

    /// A fresh assertion of a client that has a private key.
    pub(super) fn assertion(&self, client_id: &str) -> Result<String, Failed> {
        let client = DEMO_CLIENTS.iter().find(|client| client.id == client_id).ok_or(Failed)?;
        let algorithm = client.private_key_algorithm().ok_or(Failed)?;
        let assertion = Assertion::new(client_id, algorithm.as_str(), &self.issuer, self.now())?;
        assertion.signed(self.key(client_id)?)
    }
}

pub(super) fn with_assertion(request: Outgoing, assertion: &str) -> Outgoing {
    request.with("client_assertion_type", JWT_BEARER).with("client_assertion", assertion)
}
