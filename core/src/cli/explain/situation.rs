//! The server that a request was, or will be, sent to.

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

    /// The server, and the clients that it does not load, which are therefore unknown to it.
    pub(super) fn server(&self) -> Result<(Authenticator, Vec<Refused>), ConfigError> {
        let Loaded { clients, refused } = clients::load(&self.clients)?;
        let mut builder = Authenticator::builder()
            .issuer(self.issuer.as_str())
            .policy(self.policy.clone())
            .replay(Remembering { since: self.memory_lost_at })
            .clock(Still(self.now))
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
        Ok((builder.build()?, refused))
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

/// Says since when it remembers. It is not asked for more: no explanation uses an assertion up.
struct Remembering {
    since: Option<SystemTime>,
}

impl ReplayStore for Remembering {
    async fn claim(&self, _: &ReplayKey<'_>, _: Duration) -> Result<Claim, StoreError> {
        Err(StoreError::new("an explanation claims nothing"))
    }

    async fn release(&self, _: &ReplayKey<'_>) -> Result<(), StoreError> {
        Ok(())
    }

    fn memory_lost_at(&self) -> Option<SystemTime> {
        self.since
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
