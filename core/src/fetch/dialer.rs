//! Connecting to public addresses only.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_util::future::BoxFuture;
use hyper::Uri;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};
use tower_service::Service;

use super::address::is_public;
use super::counters::Counts;
use super::error::{FailureKind, FetchError};
use super::limits::{CONNECT_TIMEOUT, MAX_ADDRESSES};
use super::metered::Metered;
use super::resolver::DynResolver;
use super::target::literal_address;

/// Resolves, judges and connects in one step, so that the address that was judged is the address that is
/// connected: a name server that answers differently when it is asked again is never asked again.
#[derive(Clone)]
pub(super) struct Dialer {
    pub(super) resolver: Arc<dyn DynResolver>,
    pub(super) loopback_allowed: bool,
    pub(super) counts: Arc<Counts>,
}

impl Service<Uri> for Dialer {
    type Response = TokioIo<Metered>;
    type Error = FetchError;
    type Future = BoxFuture<'static, Result<Self::Response, FetchError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), FetchError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let dialer = self.clone();
        Box::pin(async move { Ok(TokioIo::new(Metered::new(dialer.dial(&uri).await?))) })
    }
}

impl Dialer {
    async fn dial(&self, uri: &Uri) -> Result<TcpStream, FetchError> {
        let encrypted = uri.scheme_str() == Some("https");
        let port = uri.port_u16().unwrap_or(if encrypted { 443 } else { 80 });
        let addresses = self.judged(self.addresses(uri.host().unwrap_or_default()).await?, encrypted)?;
        connect(&addresses, port).await
    }

    async fn addresses(&self, host: &str) -> Result<Vec<IpAddr>, FetchError> {
        if let Some(address) = literal_address(host) {
            return Ok(vec![address]);
        }
        self.resolver.resolve(host).await.map_err(|error| {
            FetchError::new(FailureKind::NoAddress, format!("the host's name cannot be resolved: {error}"))
        })
    }

    /// Every address of the answer is judged; the bad ones are left out, and none is dialled for their sake.
    fn judged(&self, addresses: Vec<IpAddr>, encrypted: bool) -> Result<Vec<IpAddr>, FetchError> {
        let Some(first) = addresses.first().copied() else {
            return Err(FetchError::new(FailureKind::NoAddress, "the host's name has no address"));
        };
        let (mut good, bad): (Vec<_>, Vec<_>) =
            addresses.into_iter().partition(|address| self.may_dial(*address, encrypted));
        self.counts.refused_addresses.add(bad.len() as u64);
        if good.is_empty() {
            let refused = bad.first().copied().unwrap_or(first);
            return Err(FetchError::new(
                FailureKind::AddressRefused,
                format!("the host's address {refused} is not a public one"),
            ));
        }
        good.truncate(MAX_ADDRESSES);
        Ok(good)
    }

    fn may_dial(&self, address: IpAddr, encrypted: bool) -> bool {
        (encrypted && is_public(address)) || (self.loopback_allowed && address.is_loopback())
    }
}

/// One address after the other. The time is shared between those that are left, so that the first, if it
/// swallows everything, leaves some to the second.
async fn connect(addresses: &[IpAddr], port: u16) -> Result<TcpStream, FetchError> {
    let deadline = Instant::now() + CONNECT_TIMEOUT;
    let mut last = io::Error::from(io::ErrorKind::AddrNotAvailable);
    for (position, address) in addresses.iter().enumerate() {
        let left = u32::try_from(addresses.len() - position).unwrap_or(u32::MAX);
        let now = Instant::now();
        let share = now + deadline.saturating_duration_since(now) / left;
        match timeout_at(share, TcpStream::connect(SocketAddr::new(*address, port))).await {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(error)) => last = error,
            Err(_) => last = io::ErrorKind::TimedOut.into(),
        }
    }
    Err(FetchError::new(FailureKind::Connect, format!("the host cannot be connected to: {last}")))
}
