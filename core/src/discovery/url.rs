//! The URLs of a metadata document.

use std::net::{IpAddr, Ipv6Addr};

use crate::config_error::ConfigError;

/// What is wrong with a URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Problem {
    NoUrl,
    PlainHttp,
}

impl Problem {
    pub(super) fn unless_plain_http(self) -> Result<(), Problem> {
        if self == Problem::PlainHttp { Ok(()) } else { Err(self) }
    }

    pub(super) fn of(self, setting: &'static str, url: &str) -> ConfigError {
        match self {
            Problem::NoUrl => ConfigError::new(
                setting,
                format!("{url:?} is no https URL with a host"),
                "write it as clients know it: https://as.example.com",
            ),
            Problem::PlainHttp => ConfigError::new(
                setting,
                format!("{url:?} is not https, and clients send their secrets there (RFC 8414 §2)"),
                "put TLS in front of the server and write its https URL; plain http is for a server on the loopback interface",
            ),
        }
    }
}

/// `https`, or `http` to this machine, with a host and without user information.
pub(super) fn check(url: &str) -> Result<(), Problem> {
    let (scheme, rest) = url.split_once("://").ok_or(Problem::NoUrl)?;
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = host(authority);
    if host.is_empty() || authority.contains('@') || !url.bytes().all(|octet| octet.is_ascii_graphic()) {
        return Err(Problem::NoUrl);
    }
    match scheme {
        "https" => Ok(()),
        "http" if is_this_machine(host) => Ok(()),
        "http" => Err(Problem::PlainHttp),
        _ => Err(Problem::NoUrl),
    }
}

/// The path of an issuer identifier without the slash at its end, which both documents take off (RFC 8414 §3.1).
pub(super) fn path(issuer: &str) -> &str {
    let rest = issuer.split_once("://").map_or(issuer, |(_, rest)| rest);
    rest.find('/').and_then(|start| rest.get(start..)).unwrap_or_default().trim_end_matches('/')
}

/// The authority without its port.
fn host(authority: &str) -> &str {
    match authority.rsplit_once(':') {
        // The colons of an address in brackets are its own.
        Some((host, port)) if !port.ends_with(']') => host,
        _ => authority,
    }
}

fn is_this_machine(host: &str) -> bool {
    let address = match host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        Some(inside) => inside.parse::<Ipv6Addr>().ok().map(IpAddr::V6),
        None => host.parse().ok(),
    };
    address.map_or(host == "localhost", |address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn https_or_this_machine() {
        for (url, expected) in [
            ("https://as.example.com", Ok(())),
            ("https://as.example.com:8443/tenant", Ok(())),
            ("https://[2001:db8::1]", Ok(())),
            ("http://localhost", Ok(())),
            ("http://localhost:8080/tenant", Ok(())),
            ("http://127.0.0.1:8080", Ok(())),
            ("http://127.1.2.3", Ok(())),
            ("http://[::1]", Ok(())),
            ("http://[::1]:8080/", Ok(())),
            ("http://as.example.com", Err(Problem::PlainHttp)),
            ("http://localhost.example.com", Err(Problem::PlainHttp)),
            ("http://127.0.0.1.example.com", Err(Problem::PlainHttp)),
            ("http://10.0.0.1", Err(Problem::PlainHttp)),
            ("http://[2001:db8::1]:8080", Err(Problem::PlainHttp)),
            ("http://127.0.0.1@as.example.com", Err(Problem::NoUrl)),
            ("http://127.0.0.1:80@as.example.com", Err(Problem::NoUrl)),
            ("https://user@as.example.com", Err(Problem::NoUrl)),
            ("https://user:password@as.example.com", Err(Problem::NoUrl)),
            ("https://", Err(Problem::NoUrl)),
            ("https:///token", Err(Problem::NoUrl)),
            ("https://:443", Err(Problem::NoUrl)),
            ("https://as.example.com/a b", Err(Problem::NoUrl)),
            ("as.example.com", Err(Problem::NoUrl)),
            ("urn://as.example.com", Err(Problem::NoUrl)),
            ("", Err(Problem::NoUrl)),
        ] {
            assert_eq!(check(url), expected, "{url}");
        }
    }

    #[test]
    fn a_path_has_no_slash_at_its_end() {
        for (issuer, expected) in [
            ("https://as.example.com", ""),
            ("https://as.example.com/", ""),
            ("https://as.example.com/tenant", "/tenant"),
            ("https://as.example.com/a/b/", "/a/b"),
        ] {
            assert_eq!(path(issuer), expected);
        }
    }
}
