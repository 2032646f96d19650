//! A rustls server that asks its clients for certificates. Needs the feature `rustls`.
//!
//! Both methods of [RFC 8705](https://www.rfc-editor.org/rfc/rfc8705) and clients without any certificate share one
//! port here. The handshake proves that the client holds the private key of the certificate that it shows, and nothing
//! else: whether the certificate is registered, leads to an anchor and is within its dates is decided at each request,
//! by the method. So a connection that is resumed, or that outlives its certificate, gains nothing by it.
//!
//! ```no_run
//! use countersign::tls;
//!
//! let chain = std::fs::read("server.crt")?;
//! let key = std::fs::read("server.key")?;
//! let config = tls::server_config(&chain, &key)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! `countersign-tower` and `countersign-actix`, each with its feature `rustls`, have what listens with it.

mod any_client_certificate;
mod reloadable_certificate;
mod tls_error;

pub use rustls;

pub use self::any_client_certificate::AnyClientCertificate;
pub use self::reloadable_certificate::ReloadableCertificate;
pub use self::tls_error::TlsError;

use rustls::{ServerConfig, ServerConnection};

use crate::certificate::PeerCertificates;

/// A server that proves itself with this certificate and asks its clients for theirs, as [`AnyClientCertificate`] says.
///
/// `chain` is PEM, the server's own certificate first; `key` is its private key as PEM, in PKCS#8, PKCS#1 or SEC1. Both
/// may be the same text. To exchange them while the server runs, see [`ReloadableCertificate`].
///
/// TLS 1.2 and 1.3 by aws-lc-rs. No early data, which could be replayed. The last sessions, 256 by rustls' default, can
/// be resumed. ALPN names `http/1.1` alone, because every server speaks that; where yours speaks HTTP/2 too, say
/// `config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()]`.
///
/// # Errors
/// [`TlsError`] where there is no certificate or no key, one of them cannot be read, or they do not belong together.
pub fn server_config(chain: impl AsRef<[u8]>, key: impl AsRef<[u8]>) -> Result<ServerConfig, TlsError> {
    ReloadableCertificate::new(chain, key)?.server_config()
}

/// The certificates that the client showed in the handshake of this connection, or in the one that it resumes; `None`
/// when it showed none.
///
/// `None` too while the handshake lasts: rustls names the certificates of a resumed session before the client has
/// proved that the session is its own.
pub fn peer_certificates(connection: &ServerConnection) -> Option<PeerCertificates> {
    if connection.is_handshaking() {
        return None;
    }
    PeerCertificates::from_handshake(
        connection.peer_certificates()?.iter().map(|certificate| certificate.to_vec()),
    )
}
