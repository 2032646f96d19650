//! `[admin]` and `[registration]`: what an operator sees, and who may register.

use std::collections::BTreeMap;

use toml::Spanned;

use super::nearest::unknown_key;
use super::problem::Problem;
use super::source::Source;
use super::{AdminAt, DEFAULT_ADMIN_LISTEN};
use crate::registration_rules::RegistrationRules;

impl Source<'_> {
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
                ("per_source_per_hour", toml::Value::Integer(clients)) if *clients > 0 => {
                    rules.hourly = u32::try_from(*clients).unwrap_or(u32::MAX);
                }
                ("max_clients", toml::Value::Integer(clients)) if *clients >= 0 => {
                    rules.most_clients = usize::try_from(*clients).unwrap_or(usize::MAX);
                }
                ("per_source_per_hour" | "max_clients", _) => {
                    return Err(self.problem(value, format!("{name} is not a number of clients, such as 60")));
                }
                _ => {
                    let known = ["initial_access_token", "scopes", "per_source_per_hour", "max_clients"];
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
}

const HOSTS_ARE_NAMES: &str = "hosts is not an array of names, such as [\"ops.example\"]";
