//! Where a request goes.

use std::fmt::Display;
use std::net::IpAddr;

use hyper::Uri;

use crate::cli::problem::Problem;

/// A URL that a request can be sent to.
pub(super) struct Target {
    url: String,
    uri: Uri,
    /// Without the brackets of an IPv6 address.
    host: String,
    port: u16,
    tls: bool,
}

impl Target {
    pub(super) fn read(url: &str) -> Result<Self, Problem> {
        // Not repeated: it may hold a password.
        if authority(url).contains('@') {
            return Err(Problem::new("the URL holds user information; give the client with --client"));
        }
        let unfit = |problem: &dyn Display| Problem::new(format!("{url}: {problem}"));
        let uri: Uri = url.parse().map_err(|error| unfit(&error))?;
        let tls = match uri.scheme_str() {
            Some("http") => false,
            Some("https") => true,
            _ => return Err(unfit(&"starts neither with http:// nor with https://")),
        };
        let host = uri.host().unwrap_or_default();
        if host.is_empty() {
            return Err(unfit(&"has no host"));
        }
        // One that is no number would be read as none.
        let names_port = uri.authority().is_some_and(|authority| authority.as_str().len() != host.len());
        let port = match uri.port_u16() {
            None | Some(0) if names_port => return Err(unfit(&"has a port that does not exist")),
            port => port.unwrap_or(if tls { 443 } else { 80 }),
        };
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        Ok(Target { url: url.to_owned(), uri, host, port, tls })
    }

    pub(super) fn host(&self) -> &str {
        &self.host
    }

    pub(super) fn address(&self) -> (&str, u16) {
        (&self.host, self.port)
    }

    /// Is it https?
    pub(super) fn is_encrypted(&self) -> bool {
        self.tls
    }

    /// Does it stay on this machine?
    pub(super) fn is_loopback(&self) -> bool {
        self.host == "localhost" || self.host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
    }

    /// Host and port, as the URL has them.
    pub(super) fn authority(&self) -> &str {
        self.uri.authority().map(|authority| authority.as_str()).unwrap_or_default()
    }

    /// Path and query.
    pub(super) fn path(&self) -> &str {
        self.uri.path_and_query().map_or("/", |path| path.as_str())
    }

    /// What went wrong on the way there.
    pub(super) fn failed(&self, error: impl Display) -> Problem {
        Problem::new(format!("{}: {error}", self.url))
    }
}

fn authority(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split(['/', '?', '#']).next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_read_whole() {
        for (url, address, tls, path) in [
            ("https://as.example.com/token", ("as.example.com", 443), true, "/token"),
            ("http://127.0.0.1/token?a=b", ("127.0.0.1", 80), false, "/token?a=b"),
            ("https://[::1]:8443", ("::1", 8443), true, "/"),
        ] {
            let target = Target::read(url).unwrap();
            assert_eq!((target.address(), target.tls, target.path()), (address, tls, path), "{url}");
        }
        assert!(Target::read("http://[::1]/").unwrap().is_loopback());
        for url in
            ["ftp://a/", "a/token", "https:///token", "https://a:99999/", "https://a:/", "https://a:0/"]
        {
            assert!(Target::read(url).is_err(), "{url}");
        }
        let Err(problem) = Target::read("https://billing:hunter2@as.example.com/token") else { panic!() };
        assert!(!problem.to_string().contains("hunter2"), "{problem}");
    }
}
