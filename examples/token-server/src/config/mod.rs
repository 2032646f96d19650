//! The configuration file: TOML, with the keys that README.md lists and no others.

mod certificates;
pub(crate) mod clients;
mod databases;
mod json_array;
mod nearest;
mod operators;
pub(crate) mod problem;
mod source;
pub(crate) mod store_url;
pub(crate) mod users;

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use countersign::Policy;
use serde::Deserialize;
use toml::Spanned;

use self::problem::Problem;
use self::source::Source;
use crate::cli::Framework;
use crate::fetch::Fetch;
use crate::mutual_tls::{Proxy, Tls};
use crate::peppers::PepperFile;
use crate::registration_rules::RegistrationRules;
use crate::registry::RegistryAt;
use crate::replay::Replay;
use crate::server::Route;

/// A configuration that was understood. Files it names are not read yet.
#[derive(Debug)]
pub(crate) struct Config {
    pub(crate) issuer: Option<String>,
    pub(crate) listen: SocketAddr,
    pub(crate) framework: Framework,
    pub(crate) policy: Policy,
    /// Must every client send a `code_challenge`? The preset `fapi2` says so (FAPI 2.0 §5.3.2.2 item 5).
    pub(crate) demands_pkce: bool,
    pub(crate) clients: PathBuf,
    pub(crate) users: Option<PathBuf>,
    pub(crate) registry: RegistryAt,
    pub(crate) registration: RegistrationRules,
    pub(crate) peppers: Vec<PepperFile>,
    pub(crate) replay: Replay,
    pub(crate) fetch: Fetch,
    pub(crate) tls: Option<Tls>,
    pub(crate) proxy: Option<Proxy>,
    /// Where an operator looks.
    pub(crate) admin: Option<AdminAt>,
    /// Endpoint URLs that are not the issuer and the usual path.
    pub(crate) endpoints: BTreeMap<Route, String>,
}

/// The listener for operators.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct AdminAt {
    pub(crate) listen: SocketAddr,
    /// The names under which it is asked, beside its address and `localhost`.
    pub(crate) hosts: Vec<String>,
}

/// Where a server listens that was told nothing else.
pub(crate) const DEFAULT_LISTEN: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 8080);

/// The same for its TLS listener.
pub(crate) const DEFAULT_TLS_LISTEN: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 8443);

/// The same for the operator's listener.
pub(crate) const DEFAULT_ADMIN_LISTEN: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 8081);

impl Config {
    pub(crate) fn read(file: &Path) -> Result<Self, Problem> {
        let text = std::fs::read_to_string(file).map_err(|error| Problem::in_file(file, error))?;
        Self::parse(file, &text)
    }

    fn parse(file: &Path, text: &str) -> Result<Self, Problem> {
        let source = Source { file, text };
        source.check_keys()?;
        let read: File = toml::from_str(text).map_err(|error| source.toml(&error))?;
        let issuer = source.issuer(read.issuer)?;
        let clients = read.clients.ok_or_else(|| {
            Problem::in_file(file, "clients is missing: name a JSON file of client metadata objects")
        })?;
        // Relative paths are meant from where the configuration is, wherever the server is started.
        let beside =
            |name: String| file.parent().map_or_else(|| PathBuf::from(&name), |folder| folder.join(&name));
        Ok(Config {
            demands_pkce: read.preset.as_ref().is_some_and(|preset| preset.as_ref() == "fapi2"),
            policy: source.policy(read.preset, read.policy)?,
            issuer,
            listen: source.listen(read.listen)?,
            framework: read.framework.unwrap_or_default(),
            clients: beside(clients),
            users: read.users.map(beside),
            tls: source.tls(read.tls, beside)?,
            proxy: source.proxy(read.proxy, beside)?,
            registration: source.registration(read.registration, read.admin.is_some())?,
            peppers: source.peppers(read.peppers, beside)?,
            admin: source.admin(read.admin)?,
            registry: source.registry(read.registry, beside)?,
            replay: source.replay(read.replay, beside)?,
            fetch: source.fetch(read.fetch, beside)?,
            endpoints: source.endpoints(read.endpoints)?,
        })
    }
}

#[derive(Deserialize)]
struct File {
    issuer: Option<Spanned<String>>,
    listen: Option<Spanned<String>>,
    framework: Option<Framework>,
    preset: Option<Spanned<String>>,
    clients: Option<String>,
    users: Option<String>,
    registry: Option<Spanned<String>>,
    registration: Option<Spanned<BTreeMap<String, Spanned<toml::Value>>>>,
    replay: Option<Spanned<String>>,
    #[serde(default)]
    fetch: BTreeMap<String, Spanned<toml::Value>>,
    tls: Option<Spanned<BTreeMap<String, Spanned<toml::Value>>>>,
    proxy: Option<Spanned<BTreeMap<String, Spanned<toml::Value>>>>,
    admin: Option<Spanned<BTreeMap<String, Spanned<toml::Value>>>>,
    #[serde(default)]
    peppers: BTreeMap<String, Spanned<toml::Value>>,
    #[serde(default)]
    policy: BTreeMap<String, Spanned<toml::Value>>,
    #[serde(default)]
    endpoints: BTreeMap<String, Spanned<String>>,
}

#[cfg(test)]
mod tests {
    use super::store_url::StoreUrl;
    use super::*;
    use crate::mutual_tls::PassesOn;

    fn parse(text: &str) -> Result<Config, String> {
        Config::parse(Path::new("conf/as.toml"), text).map_err(|problem| problem.to_string())
    }

    #[test]
    fn paths_are_relative_to_the_file() {
        let config = parse("clients = \"c.json\"\nusers = \"/etc/u.json\"").unwrap();
        assert_eq!(config.clients, Path::new("conf/c.json"));
        assert_eq!(config.users.as_deref(), Some(Path::new("/etc/u.json")));
        assert_eq!((config.listen, config.replay), (DEFAULT_LISTEN, Replay::Memory));
        for (url, path) in [("sqlite://r.db", "conf/r.db"), ("sqlite:///var/r.db", "/var/r.db")] {
            let config = parse(&format!("clients = \"c\"\nreplay = {url:?}")).unwrap();
            assert_eq!(config.replay, Replay::Sqlite(path.into()));
        }
        let problem = parse("clients = \"c\"\nreplay = \"replay.db\"").unwrap_err();
        assert!(problem.starts_with("conf/as.toml:2: replay is none of \"memory\", "), "{problem}");
    }

    #[test]
    fn a_slip_is_named_with_its_line() {
        for (text, expected) in [
            ("\nclinets = \"c.json\"", r#"conf/as.toml:2: unknown key "clinets", did you mean "clients"?"#),
            (
                "clients = \"c\"\n[policy]\nleway = 5",
                r#"conf/as.toml:3: unknown key "leway", did you mean "leeway"?"#,
            ),
            (
                "clients = \"c\"\n[endpoints]\ntokn = \"http://a/t\"",
                r#"conf/as.toml:3: unknown key "tokn", did you mean "token"?"#,
            ),
        ] {
            assert_eq!(parse(text).unwrap_err(), expected);
        }
    }

    #[test]
    fn databases_are_named_by_urls_whose_passwords_nobody_sees() {
        let config = parse("clients = \"c\"\nregistry = \"sqlite://r.db\"").unwrap();
        assert_eq!(config.registry, RegistryAt::Sqlite("conf/r.db".into()));
        let config = parse(
            "clients = \"c\"\nregistry = \"postgres://as:hunter2@db/as\"\nreplay = \"redis://:hunter2@cache\"",
        )
        .unwrap();
        assert_eq!(config.registry, RegistryAt::Postgres(StoreUrl::new("postgres://as:hunter2@db/as")));
        assert_eq!(config.replay, Replay::Redis(StoreUrl::new("redis://:hunter2@cache")));
        let shown = format!("{config:?}");
        assert!(shown.contains("postgres://db/as") && !shown.contains("hunter2"), "{shown}");
        for key in ["registry", "replay"] {
            for value in ["postgre://as:hunter2@db/as", "hunter2"] {
                let problem = parse(&format!("clients = \"c\"\n{key} = {value:?}")).unwrap_err();
                let expected = format!("conf/as.toml:2: {key} is none of ");
                assert!(problem.starts_with(&expected) && !problem.contains("hunter2"), "{problem}");
            }
        }
    }

    #[test]
    fn where_keys_are_fetched_is_read_with_its_mistakes() {
        assert_eq!(parse("clients = \"c\"").unwrap().fetch, Fetch::default());
        let config =
            parse("clients = \"c\"\n[fetch]\ndanger_allow_loopback = true\nca = \"ca.pem\"").unwrap();
        assert_eq!(config.fetch, Fetch { danger_allow_loopback: true, ca: Some("conf/ca.pem".into()) });
        for (setting, problem) in [
            (
                "danger_allow_loopbak = true",
                r#"unknown key "danger_allow_loopbak", did you mean "danger_allow_loopback"?"#,
            ),
            ("danger_allow_loopback = 1", "danger_allow_loopback is neither true nor false"),
            ("ca = true", "ca is not the name of a file"),
        ] {
            let expected = format!("conf/as.toml:3: {problem}");
            assert_eq!(parse(&format!("clients = \"c\"\n[fetch]\n{setting}")).unwrap_err(), expected);
        }
    }

    #[test]
    fn certificates_come_by_the_listener_or_by_a_proxy() {
        let config = parse(
            "clients = \"c\"\n[tls]\ncert = \"s.pem\"\nkey = \"s-key.pem\"\nclient_ca = \"ca.pem\"\n\
             [proxy]\ntrusted = [\"127.0.0.1/32\"]\nheader = \"nginx\"\nheader_name = \"x-cert\"",
        )
        .unwrap();
        let expected = Tls {
            listen: DEFAULT_TLS_LISTEN,
            cert: "conf/s.pem".into(),
            key: "conf/s-key.pem".into(),
            client_ca: Some("conf/ca.pem".into()),
        };
        assert_eq!(config.tls, Some(expected));
        let Some(PassesOn::Certificate(header, None)) = config.proxy.map(|proxy| proxy.passes_on) else {
            panic!("no certificate")
        };
        assert_eq!(header.name(), "x-cert");
        let of_addresses =
            "clients = \"c\"\n[proxy]\ntrusted = [\"10.0.0.0/8\"]\nforwarded_for = \"forwarded\"";
        let proxy = parse(of_addresses).unwrap().proxy.unwrap();
        assert!(matches!(proxy.passes_on, PassesOn::Address(_)));
        assert!(
            parse(&format!("{of_addresses}\nclient_ca = \"ca.pem\"")).is_err(),
            "nobody would look at it"
        );
        for (section, problem) in [
            ("[tls]\ncert = \"s.pem\"", "2: key is missing in [tls]"),
            ("[tls]\ncerts = \"s.pem\"", "3: unknown key \"certs\", did you mean \"cert\"?"),
            ("[tls]\nlisten = \"8443\"", "3: listen = \"8443\" is not an address and a port"),
            ("[proxy]\nheader = \"nginx\"", "2: trusted is missing"),
            ("[proxy]\ntrusted = [\"10.0.0.0/8\"]", "2: header is missing"),
            ("[proxy]\ntrusted = []\nheader = \"nginx\"", "2: proxy.trusted: is empty"),
            ("[proxy]\nheader = \"ngnix\"", "3: "),
        ] {
            let got = parse(&format!("clients = \"c\"\n{section}")).unwrap_err();
            assert!(got.starts_with(&format!("conf/as.toml:{problem}")), "{got}");
        }
    }

    #[test]
    fn the_last_pepper_is_the_newest() {
        let config = parse("clients = \"c\"\n[peppers]\n2027 = \"b.bin\"\n2026 = \"a.bin\"").unwrap();
        let files: Vec<_> = config.peppers.iter().map(|pepper| (&*pepper.id, &*pepper.file)).collect();
        assert_eq!(files, [("2027", Path::new("conf/b.bin")), ("2026", Path::new("conf/a.bin"))]);
        assert!(
            parse("clients = \"c\"\n[peppers]\na = 1").unwrap_err().starts_with("conf/as.toml:3: a is not")
        );
    }

    #[test]
    fn switches_stand_on_top_of_the_preset() {
        let config = parse("clients = \"c\"\npreset = \"fapi2\"\n[policy]\nleeway = 5").unwrap();
        let expected = Policy::preset("fapi2").unwrap();
        assert_eq!(config.policy.leeway.as_secs(), 5);
        assert_eq!(config.policy.audiences, expected.audiences);
        assert!(
            parse("clients = \"c\"\n[policy]\nleeway = \"x\"").unwrap_err().starts_with("conf/as.toml:3: ")
        );
    }
}
