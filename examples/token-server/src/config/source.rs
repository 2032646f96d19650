//! Reading the values of a configuration, each mistake with its line.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use countersign::Policy;
use toml::Spanned;
use toml::de::DeTable;

use super::DEFAULT_LISTEN;
use super::nearest::{unknown_key, unknown_key_of_serde};
use super::problem::{Problem, line_at};
use crate::fetch::Fetch;
use crate::peppers::PepperFile;
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

    pub(super) fn toml(&self, error: &toml::de::Error) -> Problem {
        let line = error.span().map_or(1, |span| line_at(self.text, span.start));
        Problem::at(self.file, line, error.message())
    }

    pub(super) fn problem<T>(&self, place: &Spanned<T>, message: impl std::fmt::Display) -> Problem {
        Problem::at(self.file, line_at(self.text, place.span().start), message)
    }
}

fn is_absolute(url: &str) -> bool {
    let authority = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    authority
        .is_some_and(|rest| rest.starts_with(|first: char| first.is_ascii_alphanumeric() || first == '['))
}

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
