//! Where Redis is, from its URL.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use redis::{ConnectionAddr, IntoConnectionInfo as _, RedisConnectionInfo};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};

use crate::config_error::ConfigError;

/// A server or a cluster, and how it is spoken to.
///
/// | URL | means |
/// | --- | --- |
/// | `redis://127.0.0.1:6379` | one server; the port may be left out |
/// | `redis://user:password@redis.example.com/3` | with a user or only `:password`, and with database 3 |
/// | `rediss://redis.example.com` | over TLS |
/// | `redis+cluster://:password@a:6379,b:6379,c` | a cluster, which is found by any of these nodes; `rediss+cluster` over TLS |
///
/// The nodes of a cluster are spoken to under the names that they tell of themselves.
///
/// `valkey` and `valkeys` mean the same as `redis` and `rediss`. `Debug` shows neither user nor password.
///
/// A user needs these rights, with `ACL SETUSER`:
///
/// | for | keys | commands |
/// | --- | --- | --- |
/// | used assertions | `~cs:* ~countersign:memory*` | `+get +set +del +exists +info` |
/// | the throttle | `~ct:*` | `+get +set +del +exists +info +mget +getdel +time +eval` |
/// | either in a cluster | | `+cluster\|info +cluster\|slots +asking` |
///
/// ```
/// use countersign::redis::RedisServers;
///
/// let servers = RedisServers::new("rediss://:secret@redis.example.com")?;
/// assert!(!format!("{servers:?}").contains("secret"));
/// # Ok::<(), countersign::ConfigError>(())
/// ```
#[derive(Clone)]
pub struct RedisServers {
    pub(super) hosts: Vec<Host>,
    pub(super) is_cluster: bool,
    pub(super) login: RedisConnectionInfo,
    tls: Option<Tls>,
    is_unchecked: bool,
    deadline: Option<Duration>,
}

/// A host and its port.
pub(super) type Host = (Arc<str>, u16);

#[derive(Clone)]
struct Tls {
    roots: Arc<RootCertStore>,
}

impl RedisServers {
    /// Those that the URL names. Asks none of them.
    ///
    /// # Errors
    /// [`ConfigError`] when the URL cannot be read.
    pub fn new(url: &str) -> Result<Self, ConfigError> {
        let unfit = |problem: &str| {
            ConfigError::new(
                SETTING,
                problem,
                "write redis://host:port, or redis+cluster://host:port,host:port",
            )
        };
        let (scheme, rest) = url.split_once("://").ok_or_else(|| unfit("is no URL"))?;
        let (scheme, is_cluster) = match scheme.strip_suffix("+cluster") {
            Some(scheme) => (scheme, true),
            None => (scheme, false),
        };
        let is_tls = match scheme {
            "redis" | "valkey" => false,
            "rediss" | "valkeys" => true,
            _ => return Err(unfit("has an unknown scheme")),
        };
        if rest.contains(['#', '?']) {
            return Err(unfit("has a query or a fragment, which mean nothing here"));
        }
        let (authority, path) =
            rest.split_once('/').map_or((rest, ""), |(authority, path)| (authority, path));
        let (login, hosts) = match authority.rsplit_once('@') {
            Some((login, hosts)) => (format!("{login}@"), hosts),
            None => (String::new(), authority),
        };
        if hosts.contains(',') && !is_cluster {
            return Err(unfit("names several servers, which is a cluster"));
        }
        let read = |host: &str| {
            // The driver's own error would be about a URL with the password in it.
            let info = format!("redis://{login}{host}/{path}").into_connection_info();
            let info = info.map_err(|_| unfit("cannot be read"))?;
            let ConnectionAddr::Tcp(host, port) = info.addr().clone() else {
                return Err(unfit("names no host"));
            };
            Ok(((Arc::from(host), port), info.redis_settings().clone()))
        };
        let read = hosts.split(',').map(read).collect::<Result<Vec<_>, _>>()?;
        let login = read.first().ok_or_else(|| unfit("names no host"))?.1.clone();
        if is_cluster && login.db() != 0 {
            return Err(unfit("names a database, of which a cluster has one"));
        }
        let roots = || RootCertStore::from_iter(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        Ok(RedisServers {
            hosts: read.into_iter().map(|(host, _)| host).collect(),
            is_cluster,
            login,
            tls: is_tls.then(|| Tls { roots: Arc::new(roots()) }),
            is_unchecked: false,
            deadline: None,
        })
    }

    /// Believes these authorities, in PEM, and no public one, for a server with a certificate of your own.
    ///
    /// # Errors
    /// [`ConfigError`] when that is no certificate, or the URL is not one for TLS.
    pub fn with_roots(mut self, pem: &[u8]) -> Result<Self, ConfigError> {
        let unfit = |problem: String| {
            ConfigError::new(
                SETTING,
                problem,
                "give the authority's certificate in PEM, and a URL with rediss://",
            )
        };
        let tls = self.tls.as_mut().ok_or_else(|| unfit("is not one for TLS".to_owned()))?;
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(pem) {
            let certificate =
                certificate.map_err(|error| unfit(format!("its authority is not PEM: {error}")))?;
            roots.add(certificate).map_err(|error| unfit(format!("its authority is none: {error}")))?;
        }
        if roots.is_empty() {
            return Err(unfit("its authority is not PEM".to_owned()));
        }
        tls.roots = Arc::new(roots);
        Ok(self)
    }

    /// Waits no longer than this for an answer, and for a connection, instead of what the store or throttle has as its
    /// `DEADLINE`.
    #[must_use]
    pub fn with_deadline(mut self, deadline: Duration) -> Self {
        self.deadline = Some(deadline);
        self
    }

    /// Takes a server that does not say whether it is a primary and whether it may evict, because its ACL forbids
    /// `INFO`. What it does say still counts.
    ///
    /// **Danger:** if it evicts after all, used assertions can be used again; and a fail-over goes unnoticed. Better let
    /// the user run `INFO`: `ACL SETUSER … +info`.
    #[must_use]
    pub fn danger_unchecked(mut self) -> Self {
        self.is_unchecked = true;
        self
    }

    pub(crate) fn is_cluster(&self) -> bool {
        self.is_cluster
    }

    pub(crate) fn is_unchecked(&self) -> bool {
        self.is_unchecked
    }

    /// How long an answer may take, unless told.
    pub(crate) fn deadline_or(&self, unless_told: Duration) -> Duration {
        self.deadline.unwrap_or(unless_told)
    }

    /// To connect, log in and be admitted; and to be admitted again.
    pub(super) fn check_deadline(&self) -> Duration {
        self.deadline_or(CHECK_DEADLINE)
    }

    pub(super) fn tls_config(&self) -> Option<Result<Arc<ClientConfig>, rustls::Error>> {
        let tls = self.tls.as_ref()?;
        // Named, as everywhere: the process's default is for the program to choose.
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        Some(config.map(|config| {
            Arc::new(config.with_root_certificates(Arc::clone(&tls.roots)).with_no_client_auth())
        }))
    }
}

impl fmt::Debug for RedisServers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisServers")
            .field("hosts", &self.hosts)
            .field("is_cluster", &self.is_cluster)
            .field("is_tls", &self.tls.is_some())
            .finish_non_exhaustive()
    }
}

const SETTING: &str = "redis";
const CHECK_DEADLINE: Duration = Duration::from_millis(500);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_read() {
        let read = |url| RedisServers::new(url).unwrap();
        let one = read("redis://127.0.0.1");
        assert_eq!((one.hosts, one.is_cluster), (vec![("127.0.0.1".into(), 6379)], false));
        let one = read("valkeys://user:p%40ss@redis.example.com:7000/3");
        assert_eq!(one.hosts, [("redis.example.com".into(), 7000)]);
        assert_eq!((one.login.username(), one.login.password()), (Some("user"), Some("p@ss")));
        assert_eq!((one.login.db(), one.tls.is_some()), (3, true));
        let cluster = read("redis+cluster://:pass@a:1,b:2,[::1]:3");
        assert_eq!(cluster.hosts, [("a".into(), 1), ("b".into(), 2), ("::1".into(), 3)]);
        assert_eq!((cluster.is_cluster, cluster.login.password()), (true, Some("pass")));
    }

    #[test]
    fn what_is_wrong_is_refused_and_no_password_shown() {
        for url in [
            "",
            "redis",
            "http://:hunter2@a",
            "redis://:hunter2@",
            "redis://:hunter2@a:99999",
            "redis://:hunter2@a,b",
            "redis://:hunter2@a/x",
            "redis+cluster://:hunter2@a,b/1",
            "rediss://:hunter2@a/#insecure",
            "redis://:hunter2@a?protocol=resp3",
        ] {
            let error = RedisServers::new(url).unwrap_err().to_string();
            assert!(!error.contains("hunter2"), "{error}");
        }
        let plain = RedisServers::new("redis://:hunter2@a").unwrap();
        assert!(!format!("{plain:?}").contains("hunter2"));
        assert!(plain.with_roots(b"").is_err());
        assert!(RedisServers::new("rediss://a").unwrap().with_roots(b"no certificate").is_err());
    }
}
