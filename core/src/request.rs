//! What an adapter hands to the core: one HTTP request, in no framework's types.

use std::fmt;
use std::net::IpAddr;

use bytes::Bytes;

use crate::certificate::PeerCertificates;
use crate::endpoint::Endpoint;

/// The header fields of a request, whichever framework holds them.
///
/// Implemented by the adapters for their header maps, and here for a slice of name and value pairs.
pub trait Headers: Sync {
    /// Calls `visit` once for each line of the field `name`, in order. `name` is given in lower case; the
    /// comparison ignores case.
    fn each<'h>(&'h self, name: &str, visit: &mut dyn FnMut(&'h [u8]));
}

impl<N: AsRef<str> + Sync, V: AsRef<[u8]> + Sync> Headers for &[(N, V)] {
    fn each<'h>(&'h self, name: &str, visit: &mut dyn FnMut(&'h [u8])) {
        for (candidate, value) in *self {
            if candidate.as_ref().eq_ignore_ascii_case(name) {
                visit(value.as_ref());
            }
        }
    }
}

/// A request to a covered endpoint, as [`Authenticator::authenticate`](crate::Authenticator::authenticate) takes it.
#[derive(Clone)]
pub struct AuthRequest<'r> {
    pub(crate) endpoint: Endpoint,
    pub(crate) verb: &'r str,
    pub(crate) query: Option<&'r str>,
    pub(crate) headers: &'r dyn Headers,
    pub(crate) body: Option<Bytes>,
    pub(crate) source: Option<IpAddr>,
    pub(crate) certificates: Option<&'r PeerCertificates>,
}

impl<'r> AuthRequest<'r> {
    /// A request with its whole body, in bytes as they came.
    ///
    /// `verb` is the HTTP method, such as `POST`. Whoever collects the body stops at
    /// [`Authenticator::max_body_bytes`](crate::Authenticator::max_body_bytes).
    pub fn new(endpoint: Endpoint, verb: &'r str, headers: &'r dyn Headers, body: Bytes) -> Self {
        AuthRequest {
            endpoint,
            verb,
            query: None,
            headers,
            body: Some(body),
            source: None,
            certificates: None,
        }
    }

    /// A request whose body is not a form and is not looked at, such as a gRPC call: only methods that travel
    /// in header fields or in the TLS handshake can authenticate it.
    pub fn headers_only(endpoint: Endpoint, verb: &'r str, headers: &'r dyn Headers) -> Self {
        AuthRequest { endpoint, verb, query: None, headers, body: None, source: None, certificates: None }
    }

    /// The query string, without its `?`. Credentials in it are refused.
    #[must_use]
    pub fn with_query(mut self, query: Option<&'r str>) -> Self {
        self.query = query;
        self
    }

    /// The address of whoever made the connection, not one out of a header field. For limits on failed attempts
    /// ([`throttle`](crate::throttle)), for the operator's log, and to tell a
    /// [`TrustedProxy`](crate::forwarded::TrustedProxy) from others.
    #[must_use]
    pub fn with_source(mut self, source: Option<IpAddr>) -> Self {
        self.source = source;
        self
    }

    /// The certificates of the TLS connection the request came on.
    #[must_use]
    pub fn with_certificates(mut self, certificates: Option<&'r PeerCertificates>) -> Self {
        self.certificates = certificates;
        self
    }

    /// The endpoint the request was sent to.
    pub fn endpoint(&self) -> Endpoint {
        self.endpoint
    }

    /// The only line of the field `name`, `None` when there is none, and an error when there are several.
    pub(crate) fn single_header(&self, name: &str) -> Result<Option<&'r [u8]>, Repeated> {
        let (mut first, mut count) = (None, 0_usize);
        self.headers.each(name, &mut |value| {
            first.get_or_insert(value);
            count += 1;
        });
        if count > 1 { Err(Repeated(count)) } else { Ok(first) }
    }
}

/// A header field that must stand alone came more than once; how often.
pub(crate) struct Repeated(pub(crate) usize);

/// Shows where the request went, never what it carried.
impl fmt::Debug for AuthRequest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthRequest")
            .field("endpoint", &self.endpoint)
            .field("verb", &self.verb)
            .field("body_bytes", &self.body.as_ref().map(Bytes::len))
            .field("source", &self.source)
            .field("certificates", &self.certificates)
            .finish_non_exhaustive()
    }
}
