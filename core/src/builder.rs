//! Putting an [`Authenticator`] together; everything that can be wrong with one is found here.

use std::sync::Arc;
use std::time::Duration;

use zeroize::Zeroizing;

use crate::auth_method::AuthMethod;
use crate::authenticator::Authenticator;
#[cfg(feature = "mtls")]
use crate::certificate::{MutualTls, ReloadableTrustAnchors};
use crate::clock::{Clock, SystemClock};
use crate::config_error::ConfigError;
use crate::decision::Inner;
use crate::decoy;
use crate::endpoint::Endpoint;
use crate::forwarded::TrustedProxy;
use crate::key_source::{DynKeySource, KeySource};
use crate::method::Method;
use crate::methods::{Ports, enabled_methods};
use crate::observer::Observer;
use crate::policy::{Audience, Policy};
use crate::replay::{DynReplayStore, ReplayStore};
use crate::secret::{Pepper, Peppers, Secrets, SlowHashes};
use crate::store::{ClientStore, DynClientStore};
use crate::throttle::{FailureLimits, Port, Throttle};

/// Collects the settings of an [`Authenticator`].
///
/// An issuer and a registry are required. `private_key_jwt` and `client_secret_jwt` run when there is a replay store, and
/// an algorithm for them in the policy.
#[must_use]
pub struct AuthenticatorBuilder {
    issuer: Option<String>,
    tenant: String,
    endpoints: [Option<Box<str>>; Endpoint::ALL.len()],
    mtls_endpoints: [Option<Box<str>>; Endpoint::ALL.len()],
    policy: Policy,
    own_methods: Vec<Box<dyn Method>>,
    clients: Option<Arc<dyn DynClientStore>>,
    replay: Option<Arc<dyn DynReplayStore>>,
    key_source: Option<Arc<dyn DynKeySource>>,
    #[cfg(feature = "mtls")]
    mutual_tls: Option<ReloadableTrustAnchors>,
    trusted_proxy: Option<TrustedProxy>,
    throttling: Throttling,
    clock: Arc<dyn Clock>,
    observer: Option<Arc<dyn Observer>>,
    max_body_bytes: usize,
    peppers: Vec<(String, Zeroizing<Vec<u8>>)>,
    hashing_threads: usize,
    hashing_queue: usize,
}

impl Default for AuthenticatorBuilder {
    fn default() -> Self {
        AuthenticatorBuilder {
            issuer: None,
            tenant: String::new(),
            endpoints: Default::default(),
            mtls_endpoints: Default::default(),
            policy: Policy::default(),
            own_methods: Vec::new(),
            clients: None,
            replay: None,
            key_source: None,
            #[cfg(feature = "mtls")]
            mutual_tls: None,
            trusted_proxy: None,
            throttling: Throttling::Default,
            clock: Arc::new(SystemClock::default()),
            observer: None,
            max_body_bytes: 64 * 1024,
            peppers: Vec::new(),
            hashing_threads: std::thread::available_parallelism().map_or(1, |cores| cores.get().div_ceil(2)),
            hashing_queue: 64,
        }
    }
}

impl AuthenticatorBuilder {
    /// The issuer identifier, exactly as the server's metadata spells it
    /// ([RFC 8414 §2](https://www.rfc-editor.org/rfc/rfc8414#section-2)). Required: it is what assertions name as
    /// their audience, and the realm of the Basic challenge.
    pub fn issuer(mut self, issuer: impl Into<String>) -> Self {
        self.issuer = Some(issuer.into());
        self
    }

    /// The URL of an endpoint, for assertions that name it as their audience. Required for the token endpoint
    /// when assertions are taken and the policy takes that audience, as the default does.
    pub fn endpoint(mut self, endpoint: Endpoint, url: impl Into<String>) -> Self {
        if let Some(slot) = self.endpoints.get_mut(endpoint.index()) {
            *slot = Some(url.into().into());
        }
        self
    }

    /// The URL of an endpoint at the listener that asks for certificates, as `mtls_endpoint_aliases` names it
    /// ([RFC 8705 §5](https://www.rfc-editor.org/rfc/rfc8705#section-5)). Assertions may name it wherever they may name
    /// the endpoint itself.
    pub fn mtls_endpoint(mut self, endpoint: Endpoint, url: impl Into<String>) -> Self {
        if let Some(slot) = self.mtls_endpoints.get_mut(endpoint.index()) {
            *slot = Some(url.into().into());
        }
        self
    }

    /// The registry of clients. Required.
    pub fn clients(mut self, clients: impl ClientStore) -> Self {
        self.clients = Some(Arc::new(clients));
        self
    }

    /// The memory of used assertions. Required by `private_key_jwt` and `client_secret_jwt`.
    pub fn replay(mut self, replay: impl ReplayStore) -> Self {
        self.replay = Some(Arc::new(replay));
        self
    }

    /// Where the key sets of clients with a `jwks_uri` come from. Without one, such a client cannot authenticate.
    pub fn key_source(mut self, source: impl KeySource) -> Self {
        self.key_source = Some(Arc::new(source));
        self
    }

    /// The server's listener asks its clients for certificates, or a trusted proxy does: runs
    /// `self_signed_tls_client_auth`, and `tls_client_auth` for certificates that one of these anchors vouches for.
    /// With [`TrustAnchors::none`](crate::certificate::TrustAnchors::none) that one runs only if it is named in
    /// [`methods`](AuthenticatorBuilder::methods), for clients that bring anchors of their own.
    ///
    /// Takes [`TrustAnchors`](crate::certificate::TrustAnchors), which stay, or [`ReloadableTrustAnchors`], which are
    /// exchanged while the server runs.
    #[cfg(feature = "mtls")]
    #[cfg_attr(docsrs, doc(cfg(feature = "mtls")))]
    pub fn mutual_tls(mut self, anchors: impl Into<ReloadableTrustAnchors>) -> Self {
        self.mutual_tls = Some(anchors.into());
        self
    }

    /// The proxies that end the clients' TLS connections and pass their certificates on. Without this call no header
    /// field is read for a certificate or an address.
    ///
    /// The adapter must know the address of a connection: actix does, the tower layer by its `source`.
    pub fn trusted_proxy(mut self, proxy: TrustedProxy) -> Self {
        self.trusted_proxy = Some(proxy);
        self
    }

    /// Who limits failed attempts. The default is [`FailureLimits`] of this process, for requests whose source is known:
    /// a server that takes passwords must resist guessing
    /// ([RFC 6749 §2.3.1](https://www.rfc-editor.org/rfc/rfc6749#section-2.3.1)).
    pub fn throttle(mut self, throttle: impl Throttle) -> Self {
        self.throttling = Throttling::By(Port::new(throttle));
        self
    }

    /// Failed attempts are limited by somebody in front of this server, or by nobody.
    pub fn without_throttle(mut self) -> Self {
        self.throttling = Throttling::Off;
        self
    }

    /// The policy. The default is [`Policy::default`].
    pub fn policy(mut self, policy: Policy) -> Self {
        self.policy = policy;
        self
    }

    /// The methods that run, by name. Without this call: every method that the server is configured for.
    pub fn methods(mut self, methods: impl IntoIterator<Item = AuthMethod>) -> Self {
        self.policy.methods = Some(methods.into_iter().collect());
        self
    }

    /// A method from outside this crate. It runs unless [`methods`](AuthenticatorBuilder::methods) leaves it out.
    pub fn method(mut self, method: impl Method) -> Self {
        self.own_methods.push(Box::new(method));
        self
    }

    /// Where time comes from. The default is the operating system.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Who is told of every decision. The default is `Tracing` behind the feature `tracing`, and nobody without it.
    pub fn observer(mut self, observer: impl Observer) -> Self {
        self.observer = Some(Arc::new(observer));
        self
    }

    /// The name under which this server's used assertions are remembered in a store that it shares with other
    /// issuers. The default is the issuer.
    pub fn tenant(mut self, tenant: impl Into<String>) -> Self {
        self.tenant = tenant.into();
        self
    }

    /// Most bytes of a body that are read. The default is 64 KiB.
    pub fn max_body_bytes(mut self, bytes: usize) -> Self {
        self.max_body_bytes = bytes;
        self
    }

    /// A pepper: a key of the server's own, of at least 32 octets, for secrets that are stored as
    /// `hmac-sha256:<id>:…`. It is kept apart from the registry. Up to four may be given, so that a new one can come
    /// beside an old one; the last is the one that [`ClientStore::rehash`] makes new hashes with. A secret whose pepper
    /// is not given never matches.
    ///
    /// ```
    /// # use countersign::{AuthMethod, Authenticator, Client, secret::{ClientSecret, Pepper}, store::Clients};
    /// # let (octets_of_2025, octets_of_2026) = ([5; 32], [6; 32]);
    /// let secret = ClientSecret::generate()?;
    /// let stored = Pepper::new("2026", &octets_of_2026)?.hash(secret.expose());
    /// let client = Client::new("billing")
    ///     .with_method(AuthMethod::CLIENT_SECRET_BASIC)
    ///     .with_secret(ClientSecret::stored(&stored));
    /// let auth = Authenticator::builder()
    ///     .issuer("https://as.example.com")
    ///     .clients(Clients::new([client])?)
    ///     .pepper("2025", octets_of_2025)
    ///     .pepper("2026", octets_of_2026)
    ///     .build()?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn pepper(mut self, id: impl Into<String>, octets: impl Into<Vec<u8>>) -> Self {
        self.peppers.push((id.into(), Zeroizing::new(octets.into())));
        self
    }

    /// How many slow hashes are computed at once, and how many wait; more are refused with 429. The default is
    /// half of the cores, and 64.
    pub fn slow_hashes(mut self, at_once: usize, waiting: usize) -> Self {
        self.hashing_threads = at_once;
        self.hashing_queue = waiting;
        self
    }

    /// Builds the authenticator.
    ///
    /// # Errors
    /// [`ConfigError`], which names the setting that is missing or contradicts another, and the cure.
    pub fn build(self) -> Result<Authenticator, ConfigError> {
        let issuer = self.issuer.as_deref().filter(|issuer| !issuer.is_empty()).ok_or_else(|| {
            ConfigError::new("issuer", "is missing", "call .issuer(\"https://…\") on the builder")
        })?;
        if issuer.contains(|character: char| character.is_control() || !character.is_ascii()) {
            return Err(ConfigError::new("issuer", "holds characters that no URL has", "write it as a URL"));
        }
        if issuer.contains(['?', '#']) {
            return Err(ConfigError::new(
                "issuer",
                "has a query or a fragment",
                "leave it out (RFC 8414 §2)",
            ));
        }
        if let Some(url) = self
            .endpoints
            .iter()
            .chain(&self.mtls_endpoints)
            .flatten()
            .find(|url| !url.contains("://") || url.contains(char::is_control))
        {
            return Err(ConfigError::new(
                "endpoint",
                format!("{url:?} is no URL"),
                "write it whole, as the server's metadata does",
            ));
        }
        check_limits(&self.policy)?;
        let clients = self.clients.ok_or_else(|| {
            ConfigError::new("clients", "there is no registry of clients", "call .clients(…) on the builder")
        })?;
        #[cfg(feature = "mtls")]
        let (mutual_tls, has_anchors) = (
            self.mutual_tls.is_some(),
            self.mutual_tls.as_ref().is_some_and(|anchors| !anchors.current().is_empty()),
        );
        #[cfg(not(feature = "mtls"))]
        let (mutual_tls, has_anchors) = (false, false);
        let ports = Ports { replay: self.replay.is_some(), mutual_tls, anchors: has_anchors };
        let methods = enabled_methods(&self.policy, self.own_methods, &ports)?;
        let runs = |wanted: AuthMethod| methods.iter().any(|(name, _)| *name == wanted);
        let takes_assertions = runs(AuthMethod::PRIVATE_KEY_JWT) || runs(AuthMethod::CLIENT_SECRET_JWT);
        let mut policy = self.policy;
        if runs(AuthMethod::PRIVATE_KEY_JWT) && !runs(AuthMethod::CLIENT_SECRET_JWT) {
            // No method left takes them, so a header that names one is wrong whoever sent it.
            policy.algorithms.retain(|algorithm| !algorithm.is_symmetric());
        }
        let wants_token_endpoint = policy.audiences.contains(&Audience::TokenEndpoint);
        let has_token_endpoint = self.endpoints.get(Endpoint::Token.index()).is_some_and(Option::is_some);
        if takes_assertions && wants_token_endpoint && !has_token_endpoint {
            return Err(ConfigError::new(
                "endpoint",
                "the policy takes the token endpoint as an audience, and its URL is not known",
                "call .endpoint(Endpoint::Token, \"https://…/token\") on the builder, or take token_endpoint out of the policy's audiences",
            ));
        }
        let peppers = self.peppers.iter().map(|(id, octets)| Pepper::new(id, octets));
        let peppers = Peppers::new(peppers.collect::<Result<_, _>>()?)?;
        let secrets = Secrets::new(peppers, SlowHashes::new(self.hashing_threads, self.hashing_queue))?;
        if clients.has_slow_hashes() {
            secrets.assume_slow_hashes();
        }
        for client in clients.slow_clients() {
            secrets.note(client.secrets());
        }
        Ok(Authenticator::from_inner(Inner {
            challenge: challenge(issuer).into(),
            tenant: if self.tenant.is_empty() { issuer.into() } else { self.tenant.into() },
            issuer: issuer.into(),
            endpoints: self.endpoints,
            mtls_endpoints: self.mtls_endpoints,
            methods: methods.into(),
            clients,
            replay: self.replay,
            key_source: self.key_source,
            #[cfg(feature = "mtls")]
            mutual_tls: self.mutual_tls.map(MutualTls::new).map(Arc::new),
            trusted_proxy: self.trusted_proxy,
            throttle: match self.throttling {
                Throttling::Default => Some(Port::new(FailureLimits::with_clock(Arc::clone(&self.clock)))),
                Throttling::By(throttle) => Some(throttle),
                Throttling::Off => None,
            },
            secrets: Arc::new(secrets),
            clock: self.clock,
            observer: self.observer.or_else(default_observer),
            decoy: Arc::new(decoy::client()?),
            max_body_bytes: self.max_body_bytes,
            policy,
        }))
    }
}

/// Who limits failed attempts.
enum Throttling {
    Default,
    By(Port),
    Off,
}

fn check_limits(policy: &Policy) -> Result<(), ConfigError> {
    const YEAR: Duration = Duration::from_secs(366 * 24 * 3600);
    for (setting, value) in [
        ("max_lifetime", policy.max_lifetime),
        ("leeway", policy.leeway),
        ("future_ceiling", policy.future_ceiling),
    ] {
        if value > YEAR {
            return Err(ConfigError::new(setting, "is longer than a year", "give it in seconds"));
        }
    }
    if policy.audiences.is_empty() {
        return Err(ConfigError::new(
            "audiences",
            "is empty, so no assertion could pass",
            "name at least issuer",
        ));
    }
    Ok(())
}

fn default_observer() -> Option<Arc<dyn Observer>> {
    #[cfg(feature = "tracing")]
    return Some(Arc::new(crate::observer::Tracing));
    #[cfg(not(feature = "tracing"))]
    None
}

/// RFC 7617 §2: `realm` is a quoted string.
fn challenge(issuer: &str) -> String {
    let realm = issuer.replace('\\', "\\\\").replace('"', "\\\"");
    format!("Basic realm=\"{realm}\", charset=\"UTF-8\"")
}
