//! Reading the values of a configuration, each mistake with its line.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use countersign::Policy;
use countersign::forwarded::{CertificateHeader, SourceHeader, TrustedProxy};
use toml::Spanned;
use toml::de::DeTable;

use super::nearest::{unknown_key, unknown_key_of_serde};
use super::problem::{Problem, line_at};
use super::store_url::StoreUrl;
use super::{AdminAt, DEFAULT_ADMIN_LISTEN, DEFAULT_LISTEN, DEFAULT_TLS_LISTEN};
use crate::fetch::Fetch;
use crate::mutual_tls::{PassesOn, Proxy, Tls};
use crate::peppers::PepperFile;
use crate::registration_rules::RegistrationRules;
use crate::registry::RegistryAt;
use crate::replay::Replay;
use crate::server::Route;

/// A configuration's text, for messages that say where in it something stands.
pub(super) struct Source<'t> {
    pub(super) file: &'t Path,
    pub(super) text: &'t str,
}

impl Source<'_> {
    pub(super) fn check_keys(&self) -> Result<(), Problem> {
        let table = DeTable::parse(self.text).map_err(|error| self.toml(&error))?.into_inner();
        for key in table.keys() {
            let name: &str = key.get_ref();
            if !KEYS.contains(&name) {
                return Err(self.problem(key, unknown_key(name, KEYS)));
            }
        }
        Ok(())
    }

    pub(super) fn issuer(&self, issuer: Option<Spanned<String>>) -> Result<Option<String>, Problem> {
        match issuer {
            Some(issuer) if !is_absolute(issuer.as_ref()) => {
                Err(self.problem(&issuer, format!("issuer = {:?} is not an absolute URL", issuer.as_ref())))
            }
            issuer => Ok(issuer.map(Spanned::into_inner)),
        }
    }

    pub(super) fn listen(&self, listen: Option<Spanned<String>>) -> Result<SocketAddr, Problem> {
        let Some(listen) = listen else { return Ok(DEFAULT_LISTEN) };
        listen.as_ref().parse().map_err(|_| {
            self.problem(
                &listen,
                format!(
                    "listen = {:?} is not an address and a port, such as 127.0.0.1:8080",
                    listen.as_ref()
                ),
            )
        })
    }

    pub(super) fn policy(
        &self,
        preset: Option<Spanned<String>>,
        switches: BTreeMap<String, Spanned<toml::Value>>,
    ) -> Result<Policy, Problem> {
        let mut policy = match &preset {
            Some(preset) => Policy::preset(preset.as_ref()).map_err(|error| self.problem(preset, error))?,
            None => Policy::default(),
        };
        for (name, value) in switches {
            let refuse = |message: String| self.problem(&value, message);
            let json = serde_json::to_value(value.as_ref()).map_err(|error| refuse(error.to_string()))?;
            policy = policy.with_switches([(name.clone(), json)]).map_err(|error| {
                let message = error.to_string();
                match unknown_key_of_serde(&message) {
                    Some(unknown) => refuse(unknown),
                    None => refuse(message),
                }
            })?;
        }
        Ok(policy)
    }

    /// `registry`. What is written there may hold a password, so no message repeats it.
    pub(super) fn registry(
        &self,
        registry: Option<Spanned<String>>,
        beside: impl Fn(String) -> PathBuf,
    ) -> Result<RegistryAt, Problem> {
        let Some(registry) = registry else { return Ok(RegistryAt::Memory) };
        let value = registry.as_ref();
        match value.split_once("://").unwrap_or((value, "")) {
            ("memory", "") => Ok(RegistryAt::Memory),
            ("sqlite", file) if !file.is_empty() => Ok(RegistryAt::Sqlite(beside(file.to_owned()))),
            ("postgres" | "postgresql", _) => Ok(RegistryAt::Postgres(StoreUrl::new(value))),
            _ => {
                let message = "registry is none of \"memory\", \"sqlite://registry.db\" and \"postgres://…\"";
                Err(self.problem(&registry, message))
            }
        }
    }

    /// `replay`. The same holds.
    pub(super) fn replay(
        &self,
        replay: Option<Spanned<String>>,
        beside: impl Fn(String) -> PathBuf,
    ) -> Result<Replay, Problem> {
        let Some(replay) = replay else { return Ok(Replay::Memory) };
        let value = replay.as_ref();
        match value.split_once("://").unwrap_or((value, "")) {
            ("memory", "") => Ok(Replay::Memory),
            ("sqlite", file) if !file.is_empty() => Ok(Replay::Sqlite(beside(file.to_owned()))),
            ("postgres" | "postgresql", _) => Ok(Replay::Postgres(StoreUrl::new(value))),
            (scheme, _) if is_redis(scheme) => Ok(Replay::Redis(StoreUrl::new(value))),
            _ => {
                let message = "replay is none of \"memory\", \"sqlite://replay.db\", \"postgres://…\" and \"redis://…\"";
                Err(self.problem(&replay, message))
            }
        }
    }

    pub(super) fn endpoints(
        &self,
        urls: BTreeMap<String, Spanned<String>>,
    ) -> Result<BTreeMap<Route, String>, Problem> {
        urls.into_iter()
            .map(|(name, url)| {
                let known = Route::NAMED.iter().filter_map(|route| route.path().strip_prefix('/'));
                let route =
                    Route::named(&name).ok_or_else(|| self.problem(&url, unknown_key(&name, known)))?;
                if !is_absolute(url.as_ref()) {
                    return Err(self.problem(&url, format!("{name} must be an absolute URL")));
                }
                Ok((route, url.into_inner()))
            })
            .collect()
    }

    pub(super) fn fetch(
        &self,
        settings: BTreeMap<String, Spanned<toml::Value>>,
        beside: impl Fn(String) -> PathBuf,
    ) -> Result<Fetch, Problem> {
        let mut fetch = Fetch::default();
        for (name, value) in settings {
            match (name.as_str(), value.as_ref()) {
                ("danger_allow_loopback", toml::Value::Boolean(allow)) => {
                    fetch.danger_allow_loopback = *allow
                }
                ("danger_allow_loopback", _) => {
                    return Err(self.problem(&value, format!("{name} is neither true nor false")));
                }
                ("ca", toml::Value::String(file)) => fetch.ca = Some(beside(file.clone())),
                ("ca", _) => return Err(self.problem(&value, "ca is not the name of a file")),
                _ => return Err(self.problem(&value, unknown_key(&name, ["danger_allow_loopback", "ca"]))),
            }
        }
        Ok(fetch)
    }

    /// `[peppers]`, in the order in which they stand: the last is the one that new hashes are made with.
    pub(super) fn peppers(
        &self,
        files: BTreeMap<String, Spanned<toml::Value>>,
        beside: impl Fn(String) -> PathBuf,
    ) -> Result<Vec<PepperFile>, Problem> {
        let mut files: Vec<_> = files.into_iter().collect();
        files.sort_by_key(|(_, file)| file.span().start);
        files
            .into_iter()
            .map(|(id, file)| match file.get_ref() {
                toml::Value::String(name) => Ok(PepperFile { id, file: beside(name.clone()) }),
                _ => Err(self.problem(&file, format!("{id} is not the name of a file"))),
            })
            .collect()
    }

    /// `[registration]`. Its tokens are handed out by `[admin]`.
    pub(super) fn registration(
        &self,
        settings: Option<Spanned<BTreeMap<String, Spanned<toml::Value>>>>,
        has_admin: bool,
    ) -> Result<RegistrationRules, Problem> {
        let mut rules = RegistrationRules::default();
        let Some(settings) = settings else { return Ok(rules) };
        for (name, value) in settings.get_ref() {
            match (name.as_str(), value.as_ref()) {
                ("initial_access_token", toml::Value::String(needed)) if needed == "required" => {
                    if !has_admin {
                        let message =
                            "initial_access_token = \"required\" needs [admin], which hands these tokens out";
                        return Err(self.problem(value, message));
                    }
                    rules.needs_token = true;
                }
                ("initial_access_token", toml::Value::String(needed)) if needed == "none" => {}
                ("initial_access_token", _) => {
                    let message = "initial_access_token is neither \"required\" nor \"none\"";
                    return Err(self.problem(value, message));
                }
                ("scopes", toml::Value::Array(scopes)) => {
                    let scopes = scopes.iter().map(|scope| scope.as_str().map(str::to_owned));
                    rules.scopes = scopes.collect::<Option<_>>().ok_or_else(|| {
                        self.problem(value, "scopes is not an array of texts such as \"openid\"")
                    })?;
                }
                ("scopes", _) => return Err(self.problem(value, "scopes is not an array of texts")),
                _ => {
                    let known = ["initial_access_token", "scopes"];
                    return Err(self.problem(value, unknown_key(name, known)));
                }
            }
        }
        Ok(rules)
    }

    /// `[admin]`.
    pub(super) fn admin(
        &self,
        settings: Option<Spanned<BTreeMap<String, Spanned<toml::Value>>>>,
    ) -> Result<Option<AdminAt>, Problem> {
        let Some(settings) = settings else { return Ok(None) };
        let (mut listen, mut hosts) = (DEFAULT_ADMIN_LISTEN, Vec::new());
        for (name, value) in settings.get_ref() {
            match (name.as_str(), value.as_ref()) {
                ("listen", toml::Value::String(address)) => {
                    listen = address.parse().map_err(|_| {
                        let message = format!(
                            "listen = {address:?} is not an address and a port, such as 127.0.0.1:8081"
                        );
                        self.problem(value, message)
                    })?;
                }
                ("listen", _) => return Err(self.problem(value, "listen is not a text")),
                ("hosts", toml::Value::Array(names)) => {
                    let names = names.iter().map(|name| name.as_str().map(str::to_owned)).collect();
                    hosts = Option::ok_or_else(names, || self.problem(value, HOSTS_ARE_NAMES))?;
                }
                ("hosts", _) => return Err(self.problem(value, HOSTS_ARE_NAMES)),
                _ => return Err(self.problem(value, unknown_key(name, ["listen", "hosts"]))),
            }
        }
        Ok(Some(AdminAt { listen, hosts }))
    }

    /// `[tls]`. `cert` and `key` are required; `listen` is the usual port of this server's mTLS listener.
    pub(super) fn tls(
        &self,
        settings: Option<Spanned<BTreeMap<String, Spanned<toml::Value>>>>,
        beside: impl Fn(String) -> PathBuf,
    ) -> Result<Option<Tls>, Problem> {
        let Some(settings) = settings else { return Ok(None) };
        let (mut listen, mut cert, mut key, mut client_ca) = (DEFAULT_TLS_LISTEN, None, None, None);
        for (name, value) in settings.get_ref() {
            match (name.as_str(), value.as_ref()) {
                ("listen", toml::Value::String(address)) => {
                    listen = address.parse().map_err(|_| {
                        self.problem(
                            value,
                            format!(
                                "listen = {address:?} is not an address and a port, such as 127.0.0.1:8443"
                            ),
                        )
                    })?;
                }
                ("cert", toml::Value::String(file)) => cert = Some(beside(file.clone())),
                ("key", toml::Value::String(file)) => key = Some(beside(file.clone())),
                ("client_ca", toml::Value::String(file)) => client_ca = Some(beside(file.clone())),
                ("listen" | "cert" | "key" | "client_ca", _) => {
                    return Err(self.problem(value, format!("{name} is not a text")));
                }
                _ => {
                    return Err(
                        self.problem(value, unknown_key(name, ["listen", "cert", "key", "client_ca"]))
                    );
                }
            }
        }
        let missing =
            |name: &str| self.problem(&settings, format!("{name} is missing in [tls]: name a PEM file"));
        let cert = cert.ok_or_else(|| missing("cert"))?;
        Ok(Some(Tls { listen, cert, key: key.ok_or_else(|| missing("key"))?, client_ca }))
    }

    /// `[proxy]`. `trusted` is required, and what the proxy says: there is no safe default for either.
    pub(super) fn proxy(
        &self,
        settings: Option<Spanned<BTreeMap<String, Spanned<toml::Value>>>>,
        beside: impl Fn(String) -> PathBuf,
    ) -> Result<Option<Proxy>, Problem> {
        let Some(settings) = settings else { return Ok(None) };
        let (mut trusted, mut header, mut named) = (None, None, None);
        let (mut forwarded_for, mut client_ca) = (None, None);
        for (name, value) in settings.get_ref() {
            match (name.as_str(), value.as_ref()) {
                ("trusted", toml::Value::Array(networks)) => {
                    let networks = networks.iter().map(|network| network.as_str().map(str::to_owned));
                    let networks: Option<Vec<String>> = networks.collect();
                    trusted = Some(networks.ok_or_else(|| {
                        self.problem(value, "trusted is not an array of texts such as \"10.0.0.0/8\"")
                    })?);
                }
                ("header", toml::Value::String(format)) => {
                    let format: CertificateHeader =
                        format.parse().map_err(|error| self.problem(value, error))?;
                    header = Some(format);
                }
                ("header_name", toml::Value::String(field)) => named = Some(field.clone()),
                ("forwarded_for", toml::Value::String(field)) => {
                    let field: SourceHeader = field.parse().map_err(|error| self.problem(value, error))?;
                    forwarded_for = Some(field);
                }
                ("client_ca", toml::Value::String(file)) => client_ca = Some(beside(file.clone())),
                ("trusted", _) => {
                    return Err(self.problem(value, "trusted is not an array of addresses and networks"));
                }
                ("header" | "header_name" | "forwarded_for" | "client_ca", _) => {
                    return Err(self.problem(value, format!("{name} is not a text")));
                }
                _ => {
                    let known = ["trusted", "header", "header_name", "forwarded_for", "client_ca"];
                    return Err(self.problem(value, unknown_key(name, known)));
                }
            }
        }
        let missing = |what: &str| self.problem(&settings, format!("{what} in [proxy]"));
        let trusted = trusted
            .ok_or_else(|| missing("trusted is missing: list the addresses from which the proxy connects"))?;
        let passes_on = match (header, forwarded_for) {
            (Some(header), source) => {
                let header = named.map_or(header.clone(), |field| header.named(&field));
                PassesOn::Certificate(header, source)
            }
            (None, Some(source)) if named.is_none() && client_ca.is_none() => PassesOn::Address(source),
            _ => {
                return Err(missing(
                    "header is missing: say how the proxy passes certificates on, such as \"client-cert\", \
                     or for a proxy that does not, forwarded_for alone",
                ));
            }
        };
        let proxy = Proxy { trusted, passes_on, client_ca };
        // Everything that can be wrong with its parts together is found here, where its line is known.
        let _: TrustedProxy = proxy.trusted_proxy().map_err(|error| self.problem(&settings, error))?;
        Ok(Some(proxy))
    }

    pub(super) fn toml(&self, error: &toml::de::Error) -> Problem {
        let line = error.span().map_or(1, |span| line_at(self.text, span.start));
        Problem::at(self.file, line, error.message())
    }

    pub(super) fn problem<T>(&self, place: &Spanned<T>, message: impl std::fmt::Display) -> Problem {
        Problem::at(self.file, line_at(self.text, place.span().start), message)
    }
}

/// Also of several servers that make a cluster.
fn is_redis(scheme: &str) -> bool {
    let of_one = scheme.strip_suffix("+cluster").unwrap_or(scheme);
    matches!(of_one, "redis" | "rediss" | "valkey" | "valkeys")
}

fn is_absolute(url: &str) -> bool {
    let authority = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    authority
        .is_some_and(|rest| rest.starts_with(|first: char| first.is_ascii_alphanumeric() || first == '['))
}

const HOSTS_ARE_NAMES: &str = "hosts is not an array of names, such as [\"ops.example\"]";

/// Every key of the contract.
const KEYS: [&str; 16] = [
    "issuer",
    "listen",
    "framework",
    "preset",
    "clients",
    "users",
    "registration",
    "registry",
    "replay",
    "policy",
    "peppers",
    "fetch",
    "tls",
    "proxy",
    "admin",
    "endpoints",
];
