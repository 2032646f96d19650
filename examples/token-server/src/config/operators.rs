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
                ("scopes", scopes) => {
                    rules.scopes = texts(scopes, is_scope).ok_or_else(|| self.problem(value, SCOPES))?;
                }
                ("per_source_per_hour", toml::Value::Integer(clients)) if *clients > 0 => {
                    rules.hourly = u32::try_from(*clients).unwrap_or(u32::MAX);
                }
                ("max_clients", toml::Value::Integer(clients)) if *clients >= 0 => {
                    rules.most_clients = usize::try_from(*clients).unwrap_or(usize::MAX);
                }
                ("per_source_per_hour", _) => {
                    let message = "per_source_per_hour is not a number of clients from 1 on, such as 60";
                    return Err(self.problem(value, message));
                }
                ("max_clients", _) => {
                    let message = "max_clients is not a number of clients from 0 on, such as 10000";
                    return Err(self.problem(value, message));
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
                ("hosts", names) => {
                    hosts = texts(names, is_host).ok_or_else(|| self.problem(value, HOSTS))?;
                }
                _ => return Err(self.problem(value, unknown_key(name, ["listen", "hosts"]))),
            }
        }
        Ok(Some(AdminAt { listen, hosts }))
    }
}

/// An array of nothing but such texts.
fn texts(value: &toml::Value, is_one: fn(&str) -> bool) -> Option<Vec<String>> {
    value.as_array()?.iter().map(|text| Some(text.as_str().filter(|text| is_one(text))?.to_owned())).collect()
}

/// A scope token (RFC 6749 §3.3). Two in one text would be one that nobody can ask for.
fn is_scope(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|octet| matches!(octet, 0x21 | 0x23..=0x5B | 0x5D..=0x7E))
}

/// What can stand in `Host` before a port, where it is no address; those are served anyway.
fn is_host(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|octet| octet.is_ascii_alphanumeric() || b"-._".contains(&octet))
}

const SCOPES: &str = "scopes is not an array of scopes, one each, such as [\"openid\", \"profile\"]";
const HOSTS: &str = "hosts is not an array of names, without scheme and port, such as [\"ops.example\"]";

#[cfg(test)]
mod tests;
