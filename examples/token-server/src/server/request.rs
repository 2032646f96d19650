//! One HTTP request, in no framework's types.

use std::net::IpAddr;

use bytes::Bytes;
use countersign::AuthenticatedClient;

/// What a front hands to [`Server::handle`](super::Server::handle).
pub(crate) struct Request {
    pub(crate) verb: String,
    /// The path as it was sent, neither decoded nor tidied: nothing may name an endpoint in two ways.
    pub(crate) path: String,
    pub(crate) query: Option<String>,
    /// Names in lower case. Values as they came, since one that is not text is still one.
    pub(crate) headers: Vec<(String, Vec<u8>)>,
    /// Empty at the endpoints that authenticate clients: there the form comes with the client.
    pub(crate) body: Bytes,
    /// Who made the connection; perhaps a proxy.
    pub(crate) peer: Option<IpAddr>,
    /// Set by the authentication layer, at the endpoints it covers.
    pub(crate) client: Option<AuthenticatedClient>,
}

impl Request {
    /// The first value, if it is text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let (_, value) = self.headers.iter().find(|(candidate, _)| candidate == name)?;
        std::str::from_utf8(value).ok()
    }

    /// The value of a cookie ([RFC 6265 §5.4](https://www.rfc-editor.org/rfc/rfc6265#section-5.4)).
    pub(crate) fn cookie(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .filter(|(candidate, _)| candidate == "cookie")
            .filter_map(|(_, value)| std::str::from_utf8(value).ok())
            .flat_map(|value| value.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .find(|(candidate, _)| *candidate == name)
            .map(|(_, value)| value)
    }
}
