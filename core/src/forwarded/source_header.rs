//! The header field in which proxies name the address that a request came from.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use super::address::address;
use super::lines::lines;
use super::pairs::elements;
use crate::config_error::ConfigError;
use crate::request::Headers;

/// A header field in which each proxy adds, at the end, the address that it got the request from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SourceHeader {
    /// `Forwarded: for="[2001:db8::1]:4711";proto=https`, [RFC 7239](https://www.rfc-editor.org/rfc/rfc7239).
    Forwarded,
    /// `X-Forwarded-For: 192.0.2.1, 198.51.100.7`.
    XForwardedFor,
}

impl SourceHeader {
    /// The name of the field, in lower case.
    pub const fn name(self) -> &'static str {
        match self {
            SourceHeader::Forwarded => "forwarded",
            SourceHeader::XForwardedFor => "x-forwarded-for",
        }
    }

    /// The addresses, the nearest proxy's word first, up to the first entry that is none.
    pub(super) fn addresses(self, headers: &dyn Headers) -> impl Iterator<Item = IpAddr> {
        let read = match self {
            SourceHeader::Forwarded => forwarded,
            SourceHeader::XForwardedFor => x_forwarded_for,
        };
        let lines = lines(headers, self.name()).unwrap_or_default();
        lines.into_iter().rev().flat_map(read).map_while(|entry| entry)
    }
}

impl FromStr for SourceHeader {
    type Err = ConfigError;

    fn from_str(name: &str) -> Result<Self, ConfigError> {
        [SourceHeader::Forwarded, SourceHeader::XForwardedFor]
            .into_iter()
            .find(|header| header.name() == name)
            .ok_or_else(|| {
                ConfigError::new(
                    "proxy.forwarded_for",
                    format!("{name:?} is no header field with addresses"),
                    "use forwarded or x-forwarded-for",
                )
            })
    }
}

impl fmt::Display for SourceHeader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The entries of one line, from its end. One that is no address is `None`.
fn x_forwarded_for(line: &str) -> Vec<Option<IpAddr>> {
    line.rsplit(',').map(|entry| address(entry.trim_matches([' ', '\t']))).collect()
}

/// Read from its beginning, for quotes can be told no other way; a line that breaks anywhere names nobody.
fn forwarded(line: &str) -> Vec<Option<IpAddr>> {
    let Some(elements) = elements(line) else { return vec![None] };
    let node = |element: Vec<(&str, &str)>| {
        let mut nodes = element.into_iter().filter(|(name, _)| name.eq_ignore_ascii_case("for"));
        match (nodes.next(), nodes.next()) {
            (Some((_, node)), None) => address(node),
            _ => None,
        }
    };
    elements.into_iter().rev().map(node).collect()
}
