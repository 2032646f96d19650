//! The client's certificates, from the connection to its requests.

use std::any::Any;

use actix_tls::accept::rustls_0_23::TlsStream;
use actix_web::dev::Extensions;
use actix_web::rt::net::TcpStream;
use countersign::tls::peer_certificates;

/// Keeps the certificates that the client showed for all requests of the connection, where the middleware and the
/// extractor find them. A handler has them by `request.conn_data::<PeerCertificates>()`. Needs the feature `rustls`.
///
/// For `HttpServer::on_connect`, **before** `bind_rustls_0_23`, which would not see it afterwards: without it a client
/// of the certificate methods is refused with `no_certificate`. On a connection without TLS it does nothing. Where you
/// have an `on_connect` of your own, call this one in it.
///
/// ```
/// use actix_web::{App, HttpServer, web};
/// use countersign_actix::{ClientAuth, ClientAuthMiddleware};
///
/// # async fn example(auth: countersign::Authenticator) -> Result<(), Box<dyn std::error::Error>> {
/// let config = countersign::tls::server_config(std::fs::read("server.crt")?, std::fs::read("server.key")?)?;
///
/// HttpServer::new(move || {
///     App::new().route("/token", web::post().to(token)).wrap(ClientAuthMiddleware::new(auth.clone()))
/// })
/// .on_connect(countersign_actix::on_connect)
/// .bind_rustls_0_23("127.0.0.1:8443", config)?
/// .run()
/// .await?;
/// # Ok(())
/// # }
///
/// async fn token(client: ClientAuth) -> String {
///     format!("a token for {}", client.client_id())
/// }
/// ```
pub fn on_connect(connection: &dyn Any, data: &mut Extensions) {
    let certificates = connection
        .downcast_ref()
        .and_then(|stream: &TlsStream<TcpStream>| peer_certificates(stream.get_ref().1));
    if let Some(certificates) = certificates {
        data.insert(certificates);
    }
}
