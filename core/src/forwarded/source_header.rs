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

    /// The entries, the nearest proxy's word first.
    pub(super) fn entries(self, headers: &dyn Headers) -> impl Iterator<Item = Entry> {
        let read = match self {
            SourceHeader::Forwarded => forwarded,
            SourceHeader::XForwardedFor => x_forwarded_for,
        };
        let (lines, unreadable) = match lines(headers, self.name()) {
            Ok(lines) => (lines, None),
            Err(_) => (Vec::new(), Some(Entry::Unreadable)),
        };
        unreadable.into_iter().chain(lines.into_iter().rev().flat_map(read))
    }
}

/// What a proxy wrote of where it got the request from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Entry {
    Address(IpAddr),
    /// Something else than an address, such as `unknown`.
    Nobody,
    /// It is lost in what the client sent in the same field.
    Unreadable,
}

impl Entry {
    fn read(text: &str) -> Self {
        address(text).map_or(Entry::Nobody, Entry::Address)
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

/// The entries of one line, from its end.
fn x_forwarded_for(line: &str) -> Vec<Entry> {
    line.rsplit(',').map(|entry| Entry::read(entry.trim_matches([' ', '\t']))).collect()
}

/// Read from its beginning, for quotes can be told no other way; a line that breaks anywhere is lost.
fn forwarded(line: &str) -> Vec<Entry> {
    let Some(elements) = elements(line) else { return vec![Entry::Unreadable] };
    let node = |element: Vec<(&str, &str)>| {
        let mut nodes = element.into_iter().filter(|(name, _)| name.eq_ignore_ascii_case("for"));
        match (nodes.next(), nodes.next()) {
            (Some((_, node)), None) => Entry::read(node),
            _ => Entry::Nobody,
        }
    };
    elements.into_iter().rev().map(node).collect()
}
