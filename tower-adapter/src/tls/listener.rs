//! A TLS listener whose connections do not wait for one another.

use std::fmt;
use std::future::{Future as _, poll_fn};
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream, ToSocketAddrs};
use tokio::time::Sleep;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::server::TlsStream;

use super::accept::{HANDSHAKE_TIMEOUT, accept_within};
use super::handshakes::Handshakes;
use super::peer::TlsPeer;

/// Accepts TLS connections: for `axum::serve` (feature `axum`), or by [`accept`](Self::accept) for bare hyper.
///
/// Handshakes run beside each other and beside the loop that accepts, each for at most 10 s. With 1024 of them under
/// way, a newcomer takes the place of the oldest. A connection that fails is closed and told to
/// [`on_failure`](Self::on_failure); it never ends the listener. For a tokio runtime with its time and I/O drivers.
///
/// ```
/// use countersign_tower::tls::{TlsListener, TlsStream};
/// use tower_layer::Layer;
///
/// # #[derive(Clone)] struct Service;
/// # async fn serve<S>(stream: TlsStream<tokio::net::TcpStream>, service: S) {}
/// # async fn example(service: Service) -> Result<(), Box<dyn std::error::Error>> {
/// let config = countersign::tls::server_config(std::fs::read("server.crt")?, std::fs::read("server.key")?)?;
/// let mut listener = TlsListener::bind("127.0.0.1:8443", config).await?;
/// loop {
///     let (stream, peer) = listener.accept().await;
///     // `service` has a ClientAuthLayer inside, which finds what `peer` puts into each request.
///     tokio::spawn(serve(stream, peer.layer(service.clone())));
/// }
/// # }
/// ```
pub struct TlsListener {
    tcp: TcpListener,
    acceptor: TlsAcceptor,
    handshakes: Handshakes<Handshake>,
    timeout: Duration,
    /// Until when nothing is accepted: the process was short of something.
    pause: Option<Pin<Box<Sleep>>>,
    on_failure: Option<Box<OnFailure>>,
}

type Handshake = Result<(TlsStream<TcpStream>, TlsPeer), (SocketAddr, io::Error)>;
type OnFailure = dyn Fn(SocketAddr, &io::Error) + Send + Sync;

impl TlsListener {
    /// Listens on this address.
    ///
    /// # Errors
    /// As [`TcpListener::bind`].
    pub async fn bind(address: impl ToSocketAddrs, config: impl Into<Arc<ServerConfig>>) -> io::Result<Self> {
        Ok(TlsListener::new(TcpListener::bind(address).await?, config))
    }

    /// Listens on a socket that is bound.
    pub fn new(tcp: TcpListener, config: impl Into<Arc<ServerConfig>>) -> Self {
        TlsListener {
            tcp,
            acceptor: TlsAcceptor::from(config.into()),
            handshakes: Handshakes::new(MAX_HANDSHAKES),
            timeout: HANDSHAKE_TIMEOUT,
            pause: None,
            on_failure: None,
        }
    }

    /// What a handshake may take. 10 s, unless said otherwise.
    #[must_use]
    pub fn handshake_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// How many handshakes may be under way at once. 1024, unless said otherwise.
    #[must_use]
    pub fn max_handshakes(mut self, most: usize) -> Self {
        self.handshakes = Handshakes::new(most);
        self
    }

    /// Calls `tell` with the address and the error of each handshake that fails, takes too long, or is given up for a
    /// newer one. For the operator's log: such a client never gets as far as a request, so no refusal tells of it.
    #[must_use]
    pub fn on_failure(mut self, tell: impl Fn(SocketAddr, &io::Error) + Send + Sync + 'static) -> Self {
        self.on_failure = Some(Box::new(tell));
        self
    }

    /// The address that it listens on.
    ///
    /// # Errors
    /// As [`TcpListener::local_addr`].
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.tcp.local_addr()
    }

    /// The next connection whose handshake is done, and who is at its other end.
    ///
    /// Cancel safe: handshakes go on between two calls.
    pub async fn accept(&mut self) -> (TlsStream<TcpStream>, TlsPeer) {
        poll_fn(|task| self.poll_accept(task)).await
    }

    fn poll_accept(&mut self, task: &mut Context<'_>) -> Poll<(TlsStream<TcpStream>, TlsPeer)> {
        loop {
            // Before anything new is begun: what is done holds a place and is waited for.
            while let Poll::Ready(handshake) = self.handshakes.poll_finished(task) {
                match handshake {
                    Ok(connection) => return Poll::Ready(connection),
                    Err((address, error)) => self.tell(address, &error),
                }
            }
            if let Some(pause) = &mut self.pause {
                ready!(pause.as_mut().poll(task));
                self.pause = None;
            }
            match ready!(self.tcp.poll_accept(task)) {
                Ok((stream, address)) => self.begin(stream, address),
                Err(error) if is_of_one_connection(&error) => {}
                // Out of file descriptors, for one. Trying again at once would be a busy loop.
                Err(_) => self.pause = Some(Box::pin(tokio::time::sleep(PAUSE))),
            }
        }
    }

    fn begin(&mut self, stream: TcpStream, address: SocketAddr) {
        let (acceptor, timeout) = (self.acceptor.clone(), self.timeout);
        let given_up = self.handshakes.start(address, async move {
            // Session tickets and the first answer are small writes one after the other.
            let _ = stream.set_nodelay(true);
            match accept_within(timeout, &acceptor, stream).await {
                Ok((stream, certificates)) => Ok((stream, TlsPeer::new(address, certificates))),
                Err(error) => Err((address, error)),
            }
        });
        if let Some(address) = given_up {
            let many = "given up for a newer one: too many TLS handshakes at once";
            self.tell(address, &io::Error::new(io::ErrorKind::TimedOut, many));
        }
    }

    fn tell(&self, address: SocketAddr, error: &io::Error) {
        if let Some(tell) = &self.on_failure {
            tell(address, error);
        }
    }
}

impl fmt::Debug for TlsListener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsListener")
            .field("tcp", &self.tcp)
            .field("handshakes", &self.handshakes.len())
            .field("handshake_timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

fn is_of_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionRefused | io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset
    )
}

const MAX_HANDSHAKES: usize = 1024;
const PAUSE: Duration = Duration::from_secs(1);
