//! The listener and the peer in axum's words.

use std::io;
use std::net::SocketAddr;

use ::axum::extract::connect_info::{ConnectInfo, Connected};
use ::axum::serve::{IncomingStream, Listener, TapIo};
use countersign::tls::peer_certificates;
use http::Extensions;
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;

use super::{TlsListener, TlsPeer};

/// Serves a router over TLS. With `ConnectInfo<TlsPeer>` [`ClientAuthLayer`](crate::ClientAuthLayer) sees the client's
/// certificate and address; without it, a client of the certificate methods is refused with `no_certificate`.
///
/// ```
/// use axum::{Router, extract::ConnectInfo, routing::post};
/// use countersign_tower::{ClientAuthLayer, axum::ClientAuth, tls::{TlsListener, TlsPeer}};
///
/// # async fn example(auth: countersign::Authenticator) -> Result<(), Box<dyn std::error::Error>> {
/// let app = Router::new().route("/token", post(token)).layer(ClientAuthLayer::new(auth));
/// let config = countersign::tls::server_config(std::fs::read("server.crt")?, std::fs::read("server.key")?)?;
///
/// let listener = TlsListener::bind("127.0.0.1:8443", config).await?;
/// axum::serve(listener, app.into_make_service_with_connect_info::<TlsPeer>()).await?;
/// # Ok(())
/// # }
///
/// async fn token(client: ClientAuth, ConnectInfo(peer): ConnectInfo<TlsPeer>) -> String {
///     format!("a token for {} at {}", client.client_id(), peer.address())
/// }
/// ```
impl Listener for TlsListener {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        let (stream, peer) = TlsListener::accept(self).await;
        (stream, peer.address())
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        TlsListener::local_addr(self)
    }
}

impl Connected<IncomingStream<'_, TlsListener>> for TlsPeer {
    fn connect_info(stream: IncomingStream<'_, TlsListener>) -> Self {
        connected(stream.io(), *stream.remote_addr())
    }
}

/// Behind [`ListenerExt::tap_io`](::axum::serve::ListenerExt::tap_io) too.
impl<F> Connected<IncomingStream<'_, TapIo<TlsListener, F>>> for TlsPeer
where
    F: FnMut(&mut TlsStream<TcpStream>) + Send + 'static,
{
    fn connect_info(stream: IncomingStream<'_, TapIo<TlsListener, F>>) -> Self {
        connected(stream.io(), *stream.remote_addr())
    }
}

fn connected(stream: &TlsStream<TcpStream>, address: SocketAddr) -> TlsPeer {
    TlsPeer::new(address, peer_certificates(stream.get_ref().1))
}

/// The peer where axum puts it.
pub(super) fn peer(extensions: &Extensions) -> Option<&TlsPeer> {
    extensions.get::<ConnectInfo<TlsPeer>>().map(|ConnectInfo(peer)| peer)
}
