//! A `jwks_uri` that may be asked at all.

use std::net::{IpAddr, Ipv6Addr};

use hyper::Uri;
use rustls::pki_types::ServerName;

use super::error::{FailureKind, FetchError};
use super::limits::MAX_URL_OCTETS;

/// A URL that was read and found fit. Where it leads is judged when it is dialled.
pub(super) struct Target {
    uri: Uri,
    host: Box<str>,
}

impl Target {
    /// Reads a `jwks_uri`. `http` only where loopback is allowed; [`Dialer`](super::dialer::Dialer) sees to
    /// it that it leads nowhere else.
    pub(super) fn read(url: &str, loopback_allowed: bool) -> Result<Self, FetchError> {
        let unfit = |problem: &'static str| FetchError::new(FailureKind::Url, problem);
        if url.len() > MAX_URL_OCTETS {
            return Err(unfit("the jwks_uri is longer than 2048 octets"));
        }
        let uri: Uri = url.parse().map_err(|_| unfit("the jwks_uri is not a URL"))?;
        match uri.scheme_str() {
            Some("https") => {}
            Some("http") if loopback_allowed => {}
            _ => return Err(unfit("the jwks_uri is not an https URL")),
        }
        let (Some(authority), Some(host)) = (uri.authority(), uri.host()) else {
            return Err(unfit("the jwks_uri names no host"));
        };
        if authority.as_str().contains('@') {
            return Err(unfit("the jwks_uri holds user information"));
        }
        // A port that is no number would read as none.
        if authority.as_str().len() != host.len() && uri.port_u16().is_none_or(|port| port == 0) {
            return Err(unfit("the jwks_uri has a port that does not exist"));
        }
        if !is_host(host) {
            return Err(unfit("the jwks_uri names no host"));
        }
        let host = host.trim_end_matches('.').to_ascii_lowercase().into();
        Ok(Target { uri, host })
    }

    pub(super) fn uri(&self) -> &Uri {
        &self.uri
    }

    /// The host, spelt in one way whatever the URL does, so that it can be counted by.
    pub(super) fn host(&self) -> &str {
        &self.host
    }
}

/// The address that a URL's host is written as, if it is one.
pub(super) fn literal_address(host: &str) -> Option<IpAddr> {
    match host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        Some(inside) => inside.parse().map(IpAddr::V6).ok(),
        None => host.parse().map(IpAddr::V4).ok(),
    }
}

/// A name that a certificate can be for, an IPv4 address, or an IPv6 address without a zone in brackets. That
/// leaves out most of what resolvers read an address into (`0x7f.1`); what comes out of a resolver is judged
/// in any case.
fn is_host(host: &str) -> bool {
    match host.strip_prefix('[') {
        Some(inside) => inside.strip_suffix(']').is_some_and(|inside| inside.parse::<Ipv6Addr>().is_ok()),
        None => ServerName::try_from(host).is_ok() && host.parse::<Ipv6Addr>().is_err(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_https_with_a_plain_host() {
        for url in [
            "https://client.example/jwks.json",
            "HTTPS://Client.Example:8443/a?b=c",
            "https://client.example./jwks",
            "https://10.0.0.1/",
            "https://[2001:db8::1]:8443/jwks",
            "https://_jwks.client.example/",
        ] {
            assert!(Target::read(url, false).is_ok(), "{url}");
        }
        let long = format!("https://client.example/{}", "a".repeat(MAX_URL_OCTETS));
        for url in [
            "",
            "jwks.json",
            "/jwks.json",
            "client.example/jwks",
            "http://client.example/jwks",
            "http://127.0.0.1/jwks",
            "ftp://client.example/jwks",
            "file:///etc/passwd",
            "data:application/json,{}",
            "gopher://127.0.0.1:6379/_x",
            "javascript:1",
            "https:///jwks",
            "https://:443/jwks",
            "https://u:p@client.example/jwks",
            "https://u@client.example/jwks",
            "https://client.example:0/jwks",
            "https://client.example:99999/jwks",
            "https://client.example:port/jwks",
            "https://[fe80::1%25eth0]/",
            "https://[::1/",
            "https://[127.0.0.1]/",
            "https://client%2eexample/",
            "https://clïent.example/",
            "https://client.example/a b",
            "https://./",
            "https://0x7f.1/",
            "https://127.1/",
            "https://2130706433/",
            "https://017700000001/",
            &long,
        ] {
            assert_eq!(
                Target::read(url, false).err().map(|error| error.kind()),
                Some(FailureKind::Url),
                "{url}"
            );
        }
    }

    #[test]
    fn http_where_loopback_is_allowed() {
        assert!(Target::read("http://localhost:8080/jwks", true).is_ok());
        assert!(Target::read("ftp://localhost/jwks", true).is_err());
    }

    #[test]
    fn a_host_is_spelt_in_one_way() {
        assert_eq!(Target::read("https://Client.Example./", false).unwrap().host(), "client.example");
    }

    #[test]
    fn literals_are_told_from_names() {
        assert_eq!(literal_address("127.0.0.1"), "127.0.0.1".parse().ok());
        assert_eq!(literal_address("[::ffff:127.0.0.1]"), "::ffff:127.0.0.1".parse().ok());
        for name in ["127.1", "0x7f.1", "2130706433", "017700000001", "localhost", "[127.0.0.1]"] {
            assert_eq!(literal_address(name), None);
        }
    }
}
