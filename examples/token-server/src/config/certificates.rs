//! `[tls]` and `[proxy]`: where clients show certificates.

use std::collections::BTreeMap;
use std::path::PathBuf;

use countersign::forwarded::{CertificateHeader, SourceHeader, TrustedProxy};
use toml::Spanned;

use super::DEFAULT_TLS_LISTEN;
use super::nearest::unknown_key;
use super::problem::Problem;
use super::source::Source;
use crate::mutual_tls::{PassesOn, Proxy, Tls};

impl Source<'_> {
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
}
