//! One handshake.

use std::io;
use std::time::Duration;

use countersign::certificate::PeerCertificates;
use countersign::tls::peer_certificates;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// What a handshake may take.
pub(super) const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);

/// Makes the server's half of a TLS handshake: the encrypted stream, and the certificates that the client showed.
///
/// To each request that comes on the stream the certificates belong; [`TlsPeer`](super::TlsPeer) is the layer that puts
/// them there. Await it in the task of the connection, never in the loop that accepts: a client may take its time.
///
/// # Errors
/// A handshake that fails, or takes longer than 10 s ([`TimedOut`](io::ErrorKind::TimedOut)).
pub async fn accept<IO>(
    acceptor: &TlsAcceptor,
    stream: IO,
) -> io::Result<(TlsStream<IO>, Option<PeerCertificates>)>
where
    IO: AsyncRead + AsyncWrite + Unpin,
{
    accept_within(HANDSHAKE_TIMEOUT, acceptor, stream).await
}

pub(super) async fn accept_within<IO>(
    timeout: Duration,
    acceptor: &TlsAcceptor,
    stream: IO,
) -> io::Result<(TlsStream<IO>, Option<PeerCertificates>)>
where
    IO: AsyncRead + AsyncWrite + Unpin,
{
    let late = |_| io::Error::new(io::ErrorKind::TimedOut, "the TLS handshake took too long");
    let stream = tokio::time::timeout(timeout, acceptor.accept(stream)).await.map_err(late)??;
    let certificates = peer_certificates(stream.get_ref().1);
    Ok((stream, certificates))
}
