//! From a configuration, or from the demonstration's folder, to a server that can run.

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;

use countersign::observer::Observer;
use countersign::store::Clients;
use countersign::{Authenticator, Policy};

use crate::config::clients::LoadedClients;
use crate::config::problem::Problem;
use crate::config::{Config, clients, users};
use crate::demo;
use crate::fetch::Fetch;
use crate::log::Log;
use crate::replay::Replay;
use crate::server::{Parts, People, Registrations, Routes, Server, ServerKeys};

/// Everything that was read, before it is put together.
pub(crate) struct Setup {
    issuer: String,
    routes: Routes,
    policy: Policy,
    replay: Replay,
    fetch: Fetch,
    clients: LoadedClients,
    people: Option<People>,
    keys: ServerKeys,
}

/// The one authenticator and the one server of this process; clones share them.
#[derive(Clone)]
pub(crate) struct Running {
    pub(crate) auth: Authenticator,
    pub(crate) server: Arc<Server>,
}

impl Setup {
    pub(crate) fn configured(config: Config, listener: &TcpListener) -> Result<Self, Problem> {
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
        Ok(Setup {
            routes: Routes::new(&issuer, &config.endpoints),
            issuer,
            policy: config.policy,
            replay: config.replay,
            fetch: config.fetch,
            clients,
            people,
            // The contract names no place for keys, so they last as long as the process.
            keys: ServerKeys::generate()?,
        })
    }

    pub(crate) fn demonstration(folder: &Path, listener: &TcpListener) -> Result<Self, Problem> {
        let issuer = own_url(listener)?;
        let demo = demo::open(folder)?;
        Ok(Setup {
            routes: Routes::new(&issuer, &BTreeMap::new()),
            issuer,
            policy: Policy::default(),
            replay: Replay::Memory,
            fetch: Fetch::default(),
            clients: demo.clients,
            people: Some(demo.people),
            keys: demo.keys,
        })
    }

    pub(crate) fn with_more_clients(mut self, more: LoadedClients) -> Self {
        self.clients.clients.extend(more.clients);
        self.clients.registrations.extend(more.registrations);
        self
    }

    pub(crate) fn warnings(&self) -> &[String] {
        &self.clients.warnings
    }

    pub(crate) fn issuer(&self) -> &str {
        &self.issuer
    }

    pub(crate) fn registrations(&self) -> &Registrations {
        &self.clients.registrations
    }

    pub(crate) fn demo_lines(&self, folder: &Path) -> String {
        demo::lines(folder, &self.routes, &self.clients.registrations)
    }

    pub(crate) fn build(self, observer: impl Observer, log: Log) -> Result<Running, Problem> {
        let mut builder = Authenticator::builder()
            .issuer(self.issuer)
            .policy(self.policy)
            .clients(Clients::new(self.clients.clients)?)
            .key_source(self.fetch.open()?)
            .observer(observer);
        for (endpoint, url) in self.routes.endpoint_urls() {
            builder = builder.endpoint(endpoint, url);
        }
        let auth = self.replay.open(builder)?.build()?;
        let parts = Parts {
            routes: self.routes,
            clients: self.clients.registrations,
            people: self.people,
            keys: self.keys,
            log,
        };
        let server = Arc::new(Server::new(parts, &auth)?);
        Ok(Running { auth, server })
    }
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
