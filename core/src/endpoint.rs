//! The endpoints of an authorization server at which a client authenticates.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// An endpoint that authenticates clients.
///
/// The endpoint decides two things: which URL an assertion may name as its receiver
/// (`receiving_endpoint` in [`Policy`](crate::Policy)), and the status of a failed authentication, which at
/// the introspection endpoint is always 401 ([RFC 7662 §2.3](https://www.rfc-editor.org/rfc/rfc7662#section-2.3)).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
#[non_exhaustive]
pub enum Endpoint {
    /// The token endpoint, [RFC 6749 §3.2](https://www.rfc-editor.org/rfc/rfc6749#section-3.2).
    Token,
    /// Token introspection, [RFC 7662](https://www.rfc-editor.org/rfc/rfc7662). Public clients are never let in.
    Introspection,
    /// Token revocation, [RFC 7009](https://www.rfc-editor.org/rfc/rfc7009).
    Revocation,
    /// Pushed authorization requests, [RFC 9126](https://www.rfc-editor.org/rfc/rfc9126).
    PushedAuthorization,
    /// Device authorization, [RFC 8628](https://www.rfc-editor.org/rfc/rfc8628).
    DeviceAuthorization,
    /// Backchannel authentication of OpenID Connect CIBA.
    BackchannelAuthentication,
}

impl Endpoint {
    /// Every endpoint, in declaration order.
    pub const ALL: &'static [Endpoint] = &[
        Endpoint::Token,
        Endpoint::Introspection,
        Endpoint::Revocation,
        Endpoint::PushedAuthorization,
        Endpoint::DeviceAuthorization,
        Endpoint::BackchannelAuthentication,
    ];

    /// The name used in configuration and in log lines, such as `token` or `introspection`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Endpoint::Token => "token",
            Endpoint::Introspection => "introspection",
            Endpoint::Revocation => "revocation",
            Endpoint::PushedAuthorization => "pushed_authorization",
            Endpoint::DeviceAuthorization => "device_authorization",
            Endpoint::BackchannelAuthentication => "backchannel_authentication",
        }
    }

    pub(crate) const fn index(self) -> usize {
        self as usize
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl From<Endpoint> for String {
    fn from(endpoint: Endpoint) -> String {
        endpoint.as_str().to_owned()
    }
}

impl TryFrom<String> for Endpoint {
    type Error = UnknownEndpoint;

    fn try_from(name: String) -> Result<Self, Self::Error> {
        name.parse()
    }
}

/// Reads the name of an endpoint, or the last part of its usual path: `par`, `/introspect`, `bc-authorize`.
impl FromStr for Endpoint {
    type Err = UnknownEndpoint;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Ok(match name.trim_start_matches('/') {
            "token" => Endpoint::Token,
            "introspection" | "introspect" => Endpoint::Introspection,
            "revocation" | "revoke" => Endpoint::Revocation,
            "pushed_authorization" | "pushed_authorization_request" | "par" => Endpoint::PushedAuthorization,
            "device_authorization" | "device" => Endpoint::DeviceAuthorization,
            "backchannel_authentication" | "ciba" | "bc-authorize" => Endpoint::BackchannelAuthentication,
            _ => return Err(UnknownEndpoint(name.to_owned())),
        })
    }
}

/// The text names no endpoint this crate knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownEndpoint(String);

impl fmt::Display for UnknownEndpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "unknown endpoint {:?}, expected one of ", self.0)?;
        for (position, endpoint) in Endpoint::ALL.iter().enumerate() {
            write!(f, "{}{endpoint}", if position == 0 { "" } else { ", " })?;
        }
        Ok(())
    }
}

impl std::error::Error for UnknownEndpoint {}

/// A set of endpoints; a client's grant of a method may be limited to one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EndpointSet(u8);

impl EndpointSet {
    /// Every endpoint, those of later versions included.
    pub const ALL: EndpointSet = EndpointSet(u8::MAX);

    /// Is the endpoint in the set?
    pub const fn contains(self, endpoint: Endpoint) -> bool {
        self.0 & (1 << endpoint.index()) != 0
    }
}

impl FromIterator<Endpoint> for EndpointSet {
    fn from_iter<I: IntoIterator<Item = Endpoint>>(endpoints: I) -> Self {
        EndpointSet(endpoints.into_iter().fold(0, |set, endpoint| set | (1 << endpoint.index())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_read_back() {
        for endpoint in Endpoint::ALL.iter().copied() {
            assert_eq!(endpoint.as_str().parse(), Ok(endpoint));
        }
        assert_eq!("/par".parse(), Ok(Endpoint::PushedAuthorization));
        assert!("tokens".parse::<Endpoint>().is_err());
    }

    #[test]
    fn a_set_holds_what_was_put_in() {
        let set = EndpointSet::from_iter([Endpoint::Token, Endpoint::Revocation]);
        assert!(set.contains(Endpoint::Token) && set.contains(Endpoint::Revocation));
        assert!(!set.contains(Endpoint::Introspection));
        assert!(Endpoint::ALL.iter().copied().all(|endpoint| EndpointSet::ALL.contains(endpoint)));
    }
}
