//! The two web frameworks. Each puts Countersign's layer over the endpoints that authenticate clients, and hands
//! every request that passes to [`Server::handle`](crate::server::Server::handle), so that nothing an answer says
//! depends on the framework.

mod actix;
mod axum;

use std::future::Future;
use std::io;
use std::net::TcpListener;
use std::time::Duration;

use crate::cli::Framework;
use crate::mutual_tls::TlsSocket;
use crate::setup::Running;

/// Serves until `stop` is done, then finishes what is under way.
pub(crate) fn serve(
    framework: Framework,
    listener: TcpListener,
    tls: Option<TlsSocket>,
    running: Running,
    stop: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    match framework {
        Framework::Axum => axum::serve(listener, tls, running, stop),
        Framework::Actix => actix::serve(listener, tls, running, stop),
    }
}

/// Ctrl-C, or the signal by which a service manager asks a process to end.
pub(crate) async fn interrupted() {
    let interrupt = tokio::signal::ctrl_c();
    #[cfg(unix)]
    let terminate = async {
        use tokio::signal::unix::{SignalKind, signal};
        match signal(SignalKind::terminate()) {
            Ok(mut terminate) => terminate.recv().await,
            Err(_) => std::future::pending().await,
        };
    };
    #[cfg(not(unix))]
    let terminate = std::future::pending::<()>();
    tokio::select! {
        _ = interrupt => {}
        () = terminate => {}
    }
}

/// How long a client may take to send the head of a request.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a request may take, its body included.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// How long requests that are under way may take once the server is asked to stop.
const STOP_TIMEOUT: Duration = Duration::from_secs(10);

/// The log-in form is far smaller. The endpoints that authenticate clients have the layer's own limit.
const MOST_BODY_BYTES: usize = 64 * 1024;
