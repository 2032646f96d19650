//! From a host's name to its addresses.

use std::future::Future;
use std::io;
use std::net::{IpAddr, ToSocketAddrs};
use std::sync::Arc;

use futures_util::future::BoxFuture;
use tokio::sync::Semaphore;

use super::limits::RESOLVED_AT_ONCE;

/// Name resolution, as a port. The default is [`SystemResolver`].
///
/// It is asked once for each fetch. Whatever it answers is judged afterwards, and only judged addresses are
/// dialled.
pub trait Resolver: Send + Sync + 'static {
    /// Every address of this name, best first. The name is never an address itself.
    ///
    /// # Errors
    /// Whatever failed, as text for the operator.
    fn resolve(&self, host: &str) -> impl Future<Output = io::Result<Vec<IpAddr>>> + Send;
}

/// The [`Resolver`] with its future boxed.
pub(super) trait DynResolver: Send + Sync {
    fn resolve<'a>(&'a self, host: &'a str) -> BoxFuture<'a, io::Result<Vec<IpAddr>>>;
}

impl<R: Resolver> DynResolver for R {
    fn resolve<'a>(&'a self, host: &'a str) -> BoxFuture<'a, io::Result<Vec<IpAddr>>> {
        Box::pin(Resolver::resolve(self, host))
    }
}

/// The operating system's resolver, on the runtime's threads for blocking work.
///
/// A name server that does not answer holds a thread long after the fetch has given up, so at most
/// [`RESOLVED_AT_ONCE`] threads are used.
#[derive(Clone, Debug)]
pub struct SystemResolver {
    threads: Arc<Semaphore>,
}

impl Default for SystemResolver {
    fn default() -> Self {
        SystemResolver { threads: Arc::new(Semaphore::new(RESOLVED_AT_ONCE)) }
    }
}

impl Resolver for SystemResolver {
    async fn resolve(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        let thread = Arc::clone(&self.threads).acquire_owned().await.map_err(io::Error::other)?;
        let host = host.to_owned();
        let resolving = tokio::task::spawn_blocking(move || {
            // Blocking work is not cancelled with the future that waits for it: the permit goes with the work.
            let _thread = thread;
            let addresses = (host.as_str(), 0).to_socket_addrs()?;
            Ok(addresses.map(|address| address.ip()).collect())
        });
        resolving.await.map_err(io::Error::other)?
    }
}
