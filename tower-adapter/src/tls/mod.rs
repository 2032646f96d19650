//! TLS by rustls, with the client's certificates on each request. Needs the feature `rustls`.
//!
//! [`TlsListener`] accepts connections for axum and for bare hyper; [`accept()`] is the handshake alone, for whoever has
//! a loop of their own. The configuration is [`countersign::tls::server_config`]'s: it asks each client for a
//! certificate, takes any, and makes sure that the client holds its key.

mod accept;
#[cfg(feature = "axum")]
mod axum;
mod handshakes;
mod listener;
mod peer;

pub use tokio_rustls::server::TlsStream;
pub use tokio_rustls::{TlsAcceptor, rustls};

pub use self::accept::accept;
pub use self::listener::TlsListener;
pub use self::peer::{TlsPeer, WithPeer};
