//! From a configuration, or from the demonstration's folder, to a server that can run.

use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

use countersign::clock::{Clock as _, SystemClock};
use countersign::fetch::KeySetFetcher;
use countersign::observer::Observer;
use countersign::store::{Clients, ReloadableClients};
use countersign::{Authenticator, Policy};

use crate::config::clients::LoadedClients;
use crate::config::problem::Problem;
use crate::config::{Config, clients, users};
use crate::demo::{self, PastedLine};
use crate::fetch::Fetch;
use crate::known_clients::KnownClients;
use crate::log::Log;
use crate::mutual_tls::{Authorities, Proxy, Tls, TlsSocket};
use crate::peppers::PepperFile;
use crate::registration_rules::RegistrationRules;
use crate::registry::{Registry, RegistryAt};
use crate::replay::{Replay, ReplayState};
use crate::server::{Parts, People, Registrations, Routes, Server, ServerKeys};
use crate::state::State;
use crate::stores;

/// Everything that was read, before it is put together.
pub(crate) struct Setup {
    issuer: String,
    routes: Routes,
    policy: Policy,
    demands_pkce: bool,
    registry: Registry,
    registration: RegistrationRules,
    state: Arc<State>,
    replay: Replay,
    fetch: Fetch,
    peppers: Vec<PepperFile>,
    tls: Option<TlsSocket>,
    authorities: Option<Authorities>,
    proxy: Option<Proxy>,
    clients: LoadedClients,
    people: Option<People>,
    keys: ServerKeys,
}

/// The one authenticator and the one server of this process; clones share them.
#[derive(Clone)]
pub(crate) struct Running {
    pub(crate) auth: Authenticator,
    pub(crate) server: Arc<Server>,
    /// Those that both look at.
    pub(crate) clients: KnownClients,
    /// Who vouches for the certificates of clients.
    pub(crate) authorities: Option<Authorities>,
    /// Where the key sets behind `jwks_uri` come from.
    pub(crate) fetcher: Arc<KeySetFetcher>,
    pub(crate) replay: ReplayState,
}

impl Setup {
    pub(crate) fn configured(config: Config, listener: &TcpListener, log: &Log) -> Result<Self, Problem> {
        let issuer = match config.issuer {
            Some(issuer) => issuer,
            None => own_url(listener)?,
        };
        let people = match &config.users {
            Some(file) => Some(People { users: users::read(file)?, signed_in: None }),
            None => None,
        };
        let mut clients = clients::read(&config.clients)?;
        clients.warnings.extend(config.fetch.warning());
        let listens = [listener.local_addr().ok(), config.tls.as_ref().map(|tls| tls.listen)];
        clients.warnings.extend(config.registration.warning(listens.into_iter().flatten()));
        clients.warnings.extend(config.proxy.as_ref().and_then(Proxy::warning));
        let registry = config.registry.open(&config.registration)?;
        let state = State::open(&config.registry, log.clone())?;
        let keys = stores::block_on(ServerKeys::kept(&state, now()))??;
        let mut setup = Setup {
            routes: Routes::new(&issuer, &config.endpoints),
            issuer,
            policy: config.policy,
            demands_pkce: config.demands_pkce,
            registry,
            registration: config.registration,
            state: Arc::new(state),
            replay: config.replay,
            fetch: config.fetch,
            peppers: config.peppers,
            tls: None,
            authorities: Authorities::open(config.tls.as_ref(), config.proxy.as_ref())?,
            proxy: config.proxy,
            clients,
            people,
            keys,
        };
        if let Some(tls) = &config.tls {
            setup.open_tls(tls)?;
        }
        setup.clients.warn_of_certificates_nobody_sees(setup.authorities.as_ref());
        Ok(setup)
    }

    pub(crate) fn demonstration(
        folder: &Path,
        listener: &TcpListener,
        tls: SocketAddr,
        registry: &RegistryAt,
        log: &Log,
    ) -> Result<Self, Problem> {
        let issuer = own_url(listener)?;
        let demo = demo::open(folder)?;
        let registration = RegistrationRules::default();
        let mut setup = Setup {
            routes: Routes::new(&issuer, &BTreeMap::new()),
            issuer,
            policy: Policy::default(),
            demands_pkce: false,
            registry: registry.open(&registration)?,
            registration,
            state: Arc::new(State::open(registry, log.clone())?),
            replay: Replay::Memory,
            fetch: Fetch::default(),
            peppers: Vec::new(),
            tls: None,
            authorities: None,
            proxy: None,
            clients: demo.clients,
            people: Some(demo.people),
            keys: demo.keys,
        };
        let tls = demo::tls(folder, tls);
        setup.open_tls(&tls)?;
        setup.authorities = Authorities::open(Some(&tls), None)?;
        Ok(setup)
    }

    /// Takes the port of the TLS listener, and tells clients where it is.
    fn open_tls(&mut self, tls: &Tls) -> Result<(), Problem> {
        let socket = tls.open()?;
        let address = socket.listener.local_addr().map_err(|error| Problem::new(error.to_string()))?;
        if let Some(base) = mtls_base(&self.issuer, address) {
            self.routes = std::mem::take(&mut self.routes).with_mtls(&base);
        }
        self.tls = Some(socket);
        Ok(())
    }

    /// Where the TLS listener is.
    pub(crate) fn tls_address(&self) -> Option<SocketAddr> {
        self.tls.as_ref()?.listener.local_addr().ok()
    }

    /// As behind a proxy at this address.
    pub(crate) fn with_proxy(mut self, proxy: Proxy) -> Self {
        self.proxy = Some(proxy);
        self
    }

    /// With this memory of used assertions.
    pub(crate) fn with_replay(mut self, replay: Replay) -> Self {
        self.replay = replay;
        self
    }

    pub(crate) fn with_more_clients(mut self, more: LoadedClients) -> Self {
        self.clients.clients.extend(more.clients);
        self
    }

    pub(crate) fn warnings(&self) -> &[String] {
        &self.clients.warnings
    }

    pub(crate) fn issuer(&self) -> &str {
        &self.issuer
    }

    pub(crate) fn registrations(&self) -> Registrations {
        self.clients.registrations()
    }

    pub(crate) fn demo_lines(&self, folder: &Path) -> Vec<PastedLine> {
        demo::lines(folder, &self.routes, &self.clients.registrations())
    }

    pub(crate) fn build(
        self,
        observer: impl Observer,
        log: Log,
    ) -> Result<(Running, Option<TlsSocket>), Problem> {
        let clients = KnownClients {
            file: ReloadableClients::new(Clients::new(self.clients.clients)?),
            registry: self.registry,
        };
        let fetcher = Arc::new(self.fetch.open()?);
        let mut builder = Authenticator::builder()
            .issuer(self.issuer)
            .policy(self.policy)
            .clients(clients.clone())
            .key_source(Arc::clone(&fetcher))
            .observer(observer);
        for (endpoint, url) in self.routes.endpoint_urls() {
            builder = builder.endpoint(endpoint, url);
        }
        for (route, url) in self.routes.mtls_urls() {
            if let Some(endpoint) = route.covered() {
                builder = builder.mtls_endpoint(endpoint, url);
            }
        }
        let authorities = self.authorities;
        let sees_certificates = authorities.is_some();
        if let Some(authorities) = &authorities {
            builder = builder.mutual_tls(authorities.anchors.clone());
        }
        for pepper in &self.peppers {
            builder = pepper.open(builder)?;
        }
        if let Some(proxy) = self.proxy {
            builder = proxy.open(builder)?;
        }
        let (builder, replay) = self.replay.open(builder)?;
        let auth = builder.build()?;
        let parts = Parts {
            routes: self.routes,
            clients: clients.clone(),
            registration: self.registration,
            state: self.state,
            people: self.people,
            keys: self.keys,
            demands_pkce: self.demands_pkce,
            sees_certificates,
            log,
        };
        let server = Arc::new(Server::new(parts, &auth)?);
        Ok((Running { auth, server, clients, authorities, fetcher, replay }, self.tls))
    }
}

/// Unix seconds.
fn now() -> u64 {
    SystemClock::default().now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs()
}

/// The issuer identifier of a server that was given none: where it listens.
fn own_url(listener: &TcpListener) -> Result<String, Problem> {
    let address = listener.local_addr().map_err(|error| Problem::new(error.to_string()))?;
    if address.ip().is_unspecified() {
        return Err(Problem::new(format!(
            "{address} is no address a client could use; set issuer in the configuration"
        )));
    }
    Ok(format!("http://{address}"))
}

/// The URL below which the TLS listener serves; `None` where the issuer is that listener already.
fn mtls_base(issuer: &str, address: SocketAddr) -> Option<String> {
    let (scheme, rest) = issuer.split_once("://")?;
    let authority = rest.split('/').next().unwrap_or_default();
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => (host, port.parse().ok()),
        _ => (authority, None),
    };
    if scheme == "https" && port.unwrap_or(443) == address.port() {
        return None;
    }
    // An address that is none of a host's own is reached by the name that the issuer has.
    Some(if address.ip().is_unspecified() {
        format!("https://{host}:{}", address.port())
    } else {
        format!("https://{address}")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tls_listener_has_a_url_unless_it_is_the_issuer() {
        let base = |issuer: &str, address: &str| mtls_base(issuer, address.parse().unwrap());
        let there = Some("https://127.0.0.1:8443".to_owned());
        assert_eq!(base("http://127.0.0.1:8080", "127.0.0.1:8443"), there);
        assert_eq!(base("https://as.example", "0.0.0.0:8443"), Some("https://as.example:8443".to_owned()));
        assert_eq!(base("https://as.example/tenant", "0.0.0.0:443"), None);
        assert_eq!(base("https://[::1]:8443", "[::1]:8443"), None);
        assert_eq!(base("https://[::1]", "[::]:8443"), Some("https://[::1]:8443".to_owned()));
    }
}
