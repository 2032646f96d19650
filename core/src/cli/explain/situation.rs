//! The server that a request was, or will be, sent to.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use serde_json::Value;

use super::clients::{self, Loaded, Refused};
use super::remote_keys::RemoteKeys;
use crate::authenticator::Authenticator;
use crate::certificate::TrustAnchors;
use crate::cli::pepper_file::PepperFile;
use crate::clock::Clock;
use crate::config_error::ConfigError;
use crate::endpoint::Endpoint;
use crate::forwarded::TrustedProxy;
use crate::observer::{Decision, Observer};
use crate::policy::Policy;
use crate::replay::{Claim, ReplayKey, ReplayStore};
use crate::store::StoreError;

/// A server and the time, as far as they decide about a request.
#[derive(Clone, Debug)]
pub struct Situation {
    /// The issuer identifier.
    pub issuer: String,
    /// The endpoints' URLs.
    pub endpoints: Vec<(Endpoint, String)>,
    /// The policy.
    pub policy: Policy,
    /// The registered clients: client metadata objects.
    pub clients: Vec<Value>,
    /// The server's peppers.
    pub peppers: Vec<PepperFile>,
    /// The time of the decision.
    pub now: SystemTime,
    /// The key sets at the `jwks_uri` of clients.
    pub remote_keys: RemoteKeys,
    /// When the server's memory of used assertions was lost: its start, for one that keeps it in memory.
    pub memory_lost_at: Option<SystemTime>,
    /// Who vouches for the certificates of clients, on a server that asks for them.
    pub anchors: Option<TrustAnchors>,
    /// The proxies that pass certificates on.
    pub proxy: Option<TrustedProxy>,
}

impl Situation {
    /// A server of this issuer with the usual paths, the default policy and no client.
    pub fn new(issuer: impl Into<String>, now: SystemTime) -> Self {
        let issuer = issuer.into();
        let base = issuer.trim_end_matches('/');
        Situation {
            endpoints: Endpoint::ALL
                .iter()
                .map(|endpoint| (*endpoint, format!("{base}{}", path(*endpoint))))
                .collect(),
            issuer,
            policy: Policy::default(),
            clients: Vec::new(),
            peppers: Vec::new(),
            now,
            remote_keys: RemoteKeys::None,
            memory_lost_at: None,
            anchors: None,
            proxy: None,
        }
    }

    pub(super) fn server(&self) -> Result<Server, ConfigError> {
        let Loaded { clients, refused } = clients::load(&self.clients)?;
        let jwks_uris = clients
            .iter()
            .filter_map(|client| Some((client.id().to_owned(), client.jwks_uri()?.to_string())))
            .collect();
        let seen = Seen::default();
        let mut builder = Authenticator::builder()
            .issuer(self.issuer.as_str())
            .policy(self.policy.clone())
            .replay(Forgetful { lost_at: self.memory_lost_at })
            .clock(Still(self.now))
            .observer(seen.clone())
            .key_source(self.remote_keys.clone())
            .clients(clients);
        if let Some(anchors) = &self.anchors {
            builder = builder.mutual_tls(anchors.clone());
        }
        if let Some(proxy) = &self.proxy {
            builder = builder.trusted_proxy(proxy.clone());
        }
        for (endpoint, url) in &self.endpoints {
            builder = builder.endpoint(*endpoint, url.as_str());
        }
        for pepper in &self.peppers {
            builder = builder.pepper(pepper.id.as_str(), pepper.octets.to_vec());
        }
        let auth = builder.build()?;
        let proxy = self.proxy.clone();
        Ok(Server { auth, seen, proxy, refused, jwks_uris, remembers_since: self.memory_lost_at })
    }
}

/// The path where servers usually have the endpoint.
fn path(endpoint: Endpoint) -> &'static str {
    match endpoint {
        Endpoint::Token => "/token",
        Endpoint::Introspection => "/introspect",
        Endpoint::Revocation => "/revoke",
        Endpoint::PushedAuthorization => "/par",
        Endpoint::DeviceAuthorization => "/device_authorization",
        Endpoint::BackchannelAuthentication => "/bc-authorize",
    }
}

/// An authenticator for one question.
pub(super) struct Server {
    pub(super) auth: Authenticator,
    pub(super) seen: Seen,
    pub(super) proxy: Option<TrustedProxy>,
    /// Clients that a server would not load, and which are therefore unknown.
    pub(super) refused: Vec<Refused>,
    /// The `jwks_uri` of the clients that have one, by `client_id`.
    pub(super) jwks_uris: HashMap<String, String>,
    pub(super) remembers_since: Option<SystemTime>,
}

/// What the server's operator was told of the decision.
#[derive(Clone, Default)]
pub(super) struct Seen(Arc<Mutex<Option<String>>>);

impl Seen {
    /// The method that was tried, if it came to that.
    pub(super) fn method(&self) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Observer for Seen {
    fn decided(&self, decision: &Decision<'_>) {
        let method = decision.method.map(ToString::to_string);
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = method;
    }
}

/// Takes every assertion for a new one.
struct Forgetful {
    lost_at: Option<SystemTime>,
}

impl ReplayStore for Forgetful {
    async fn claim(&self, _: &ReplayKey<'_>, _: Duration) -> Result<Claim, StoreError> {
        Ok(Claim::Fresh)
    }

    async fn release(&self, _: &ReplayKey<'_>) -> Result<(), StoreError> {
        Ok(())
    }

    fn memory_lost_at(&self) -> Option<SystemTime> {
        self.lost_at
    }
}

/// A clock that stands still.
struct Still(SystemTime);

impl Clock for Still {
    fn now(&self) -> SystemTime {
        self.0
    }

    fn monotonic(&self) -> Duration {
        Duration::ZERO
    }
}
