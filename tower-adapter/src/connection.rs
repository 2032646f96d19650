//! What is known of the connection that a request came on.

use std::net::IpAddr;

use countersign::certificate::PeerCertificates;
use http::Extensions;

/// The client's certificates: those of this request where a layer put them, else of its connection.
pub(crate) fn certificates(extensions: &Extensions) -> Option<&PeerCertificates> {
    extensions.get().or_else(|| of_listener::certificates(extensions))
}

/// The address of the connection's other end.
pub(crate) fn source(extensions: &Extensions) -> Option<IpAddr> {
    of_listener::source(extensions)
}

/// From our own listener.
#[cfg(feature = "rustls")]
mod of_listener {
    use super::{Extensions, IpAddr, PeerCertificates};
    use crate::tls::TlsPeer;

    pub(super) fn certificates(extensions: &Extensions) -> Option<&PeerCertificates> {
        TlsPeer::of(extensions)?.certificates()
    }

    pub(super) fn source(extensions: &Extensions) -> Option<IpAddr> {
        TlsPeer::of(extensions).map(|peer| peer.address().ip())
    }
}

#[cfg(not(feature = "rustls"))]
mod of_listener {
    use super::{Extensions, IpAddr, PeerCertificates};

    pub(super) fn certificates(_: &Extensions) -> Option<&PeerCertificates> {
        None
    }

    pub(super) fn source(_: &Extensions) -> Option<IpAddr> {
        None
    }
}
