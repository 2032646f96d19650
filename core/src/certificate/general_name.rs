//! The names of a subjectAltName that a client can be registered by
//! ([RFC 5280 §4.2.1.6](https://www.rfc-editor.org/rfc/rfc5280#section-4.2.1.6)).

use std::fmt;
use std::net::{IpAddr, Ipv4Addr};

use super::NameError;

/// One name, in the form in which it is compared: equal ones name the same subject. Two of different kinds never do,
/// whatever their text.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum GeneralName {
    /// `dNSName`, in lower case.
    Dns(Box<str>),
    /// `uniformResourceIdentifier`, as it is.
    Uri(Box<str>),
    /// `iPAddress`: four octets or sixteen, between which nothing is equal.
    Ip(IpAddr),
    /// `rfc822Name`, with its domain in lower case.
    Email(Box<str>),
}

impl GeneralName {
    /// A host name of letters, digits, hyphens and underscores, such as `c.example.com`.
    ///
    /// # Errors
    /// Anything else: a wildcard, a name that is not in its ASCII form, an address, a dot at the end.
    pub(super) fn dns(name: &str) -> Result<Self, NameError> {
        Ok(GeneralName::Dns(domain(name)?))
    }

    /// A URI, with its scheme.
    ///
    /// # Errors
    /// One without, and characters that no URI has.
    pub(super) fn uri(uri: &str) -> Result<Self, NameError> {
        visible_ascii(uri)?;
        let is_scheme = |scheme: &str| {
            scheme.starts_with(|first: char| first.is_ascii_alphabetic())
                && scheme.bytes().all(|octet| octet.is_ascii_alphanumeric() || b"+-.".contains(&octet))
        };
        match uri.split_once(':') {
            Some((scheme, rest)) if is_scheme(scheme) && !rest.is_empty() => Ok(GeneralName::Uri(uri.into())),
            _ => Err(NameError("is not a URI with a scheme")),
        }
    }

    /// An address in dotted decimal, or in any of the forms of
    /// [RFC 4291 §2.2](https://www.rfc-editor.org/rfc/rfc4291#section-2.2).
    ///
    /// # Errors
    /// Anything else.
    pub(super) fn ip(address: &str) -> Result<Self, NameError> {
        address.parse().map(GeneralName::Ip).map_err(|_| NameError("is not an IPv4 or IPv6 address"))
    }

    /// An address in octets.
    ///
    /// # Errors
    /// As many as no address has; an address with its mask has twice as many.
    pub(super) fn ip_octets(octets: &[u8]) -> Result<Self, NameError> {
        <[u8; 4]>::try_from(octets)
            .map(IpAddr::from)
            .or_else(|_| <[u8; 16]>::try_from(octets).map(IpAddr::from))
            .map(GeneralName::Ip)
            .map_err(|_| NameError("is neither four octets long nor sixteen"))
    }

    /// A mailbox such as `Ops@example.com`.
    ///
    /// # Errors
    /// Anything else: a display name, quotes, a domain that [`dns`](Self::dns) does not take.
    pub(super) fn email(mailbox: &str) -> Result<Self, NameError> {
        visible_ascii(mailbox)?;
        let (local, host) =
            mailbox.split_once('@').ok_or(NameError("is not a mailbox: local-part@domain"))?;
        if local.is_empty() || local.bytes().any(|octet| b"\"(),:;<>[\\]".contains(&octet)) {
            return Err(NameError("has a local part that is empty or needs quotes"));
        }
        Ok(GeneralName::Email(format!("{local}@{}", domain(host)?).into()))
    }
}

impl fmt::Display for GeneralName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            GeneralName::Dns(name) => write!(f, "DNS {name}"),
            GeneralName::Uri(uri) => write!(f, "URI {uri}"),
            GeneralName::Ip(address) => write!(f, "IP {address}"),
            GeneralName::Email(mailbox) => write!(f, "email {mailbox}"),
        }
    }
}

/// RFC 1034 §3.5, with the underscore that service names have.
fn domain(name: &str) -> Result<Box<str>, NameError> {
    visible_ascii(name)?;
    if name.contains('*') {
        return Err(NameError("has a wildcard, which names no one client"));
    }
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|octet| octet.is_ascii_alphanumeric() || b"-_".contains(&octet))
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    if name.len() > 253 || !name.split('.').all(is_label) {
        return Err(NameError("is not a host name"));
    }
    if name.parse::<Ipv4Addr>().is_ok() {
        return Err(NameError("is an IP address"));
    }
    Ok(name.to_ascii_lowercase().into())
}

/// An IA5String could hold more, but a NUL or a space has ended many a comparison too early.
fn visible_ascii(text: &str) -> Result<(), NameError> {
    if text.is_empty() {
        return Err(NameError("is empty"));
    }
    if !text.is_ascii() {
        return Err(NameError(
            "has characters outside ASCII; a certificate has a host in its xn-- form and a URI percent-encoded",
        ));
    }
    if !text.bytes().all(|octet| octet.is_ascii_graphic()) {
        return Err(NameError("has a space, a NUL or another control character"));
    }
    Ok(())
}
