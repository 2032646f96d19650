//! Who is at the other end of a TLS connection.

use std::net::SocketAddr;
use std::task::{Context, Poll};

use countersign::certificate::PeerCertificates;
use http::{Extensions, Request};
use tower_layer::Layer;
use tower_service::Service;

/// The address of a connection's other end, and the certificates that it showed.
///
/// As a layer it puts itself, and the [`PeerCertificates`] if there are any, into the extensions of each request of the
/// connection, the later ones of keep-alive too. [`ClientAuthLayer`](crate::ClientAuthLayer) finds both there, and
/// takes the address as the source of the request unless it was given another.
///
/// Under `axum::serve` it is `ConnectInfo<TlsPeer>`, and no layer is needed.
#[derive(Clone, Debug)]
pub struct TlsPeer {
    address: SocketAddr,
    certificates: Option<PeerCertificates>,
}

impl TlsPeer {
    /// The peer of a connection whose handshake is done.
    pub fn new(address: SocketAddr, certificates: Option<PeerCertificates>) -> Self {
        TlsPeer { address, certificates }
    }

    /// Its address.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The certificates that it showed, `None` when it showed none.
    pub fn certificates(&self) -> Option<&PeerCertificates> {
        self.certificates.as_ref()
    }

    /// The peer that a request came from, where its server says so.
    pub(crate) fn of(extensions: &Extensions) -> Option<&TlsPeer> {
        #[cfg(feature = "axum")]
        if let Some(peer) = super::axum::peer(extensions) {
            return Some(peer);
        }
        extensions.get()
    }
}

impl<S> Layer<S> for TlsPeer {
    type Service = WithPeer<S>;

    fn layer(&self, inner: S) -> WithPeer<S> {
        WithPeer { inner, peer: self.clone() }
    }
}

/// A service whose requests all come from one [`TlsPeer`].
#[derive(Clone, Debug)]
pub struct WithPeer<S> {
    inner: S,
    peer: TlsPeer,
}

impl<S, B> Service<Request<B>> for WithPeer<S>
where
    S: Service<Request<B>>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, task: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(task)
    }

    fn call(&mut self, mut request: Request<B>) -> S::Future {
        if let Some(certificates) = &self.peer.certificates {
            request.extensions_mut().insert(certificates.clone());
        }
        request.extensions_mut().insert(self.peer.clone());
        self.inner.call(request)
    }
}
