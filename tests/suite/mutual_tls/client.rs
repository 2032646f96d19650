//! A client that speaks HTTP/1.1 over TLS and asks who it is.

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::SendRequest;
use hyper_util::rt::TokioIo;
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::client::ResolvesClientCert;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::version::{TLS12, TLS13};
use tokio_rustls::rustls::{ClientConfig, HandshakeKind, RootCertStore, SupportedProtocolVersion};

use super::identity::{Identity, Shows};

pub(super) const VERSIONS: [&SupportedProtocolVersion; 2] = [&TLS12, &TLS13];

/// A client of one version of TLS. All its connections share their sessions.
#[derive(Clone)]
pub(super) struct Client(Arc<ClientConfig>);

impl Client {
    /// One that shows an identity, or none.
    pub(super) fn new(
        version: &'static SupportedProtocolVersion,
        roots: RootCertStore,
        identity: Option<&Identity>,
    ) -> Self {
        match identity {
            Some(identity) => Client::with(version, roots, Shows::new(identity)),
            None => Client(Arc::new(builder(version, roots).with_no_client_auth())),
        }
    }

    pub(super) fn with(
        version: &'static SupportedProtocolVersion,
        roots: RootCertStore,
        shows: Arc<dyn ResolvesClientCert>,
    ) -> Self {
        Client(Arc::new(builder(version, roots).with_client_cert_resolver(shows)))
    }

    pub(super) fn config(&self) -> Arc<ClientConfig> {
        Arc::clone(&self.0)
    }

    /// A new connection. In TLS 1.3 its handshake may still be refused by the server.
    pub(super) async fn connect(&self, address: SocketAddr) -> std::io::Result<Connection> {
        let stream = self.handshake(address).await?;
        let kind = stream.get_ref().1.handshake_kind().unwrap();
        let (sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        Ok(Connection { sender, kind })
    }

    /// The answer to one request on a connection of its own.
    pub(super) async fn ask(&self, address: SocketAddr) -> String {
        self.connect(address).await.unwrap().ask().await
    }

    /// Why a new connection does not come about.
    pub(super) async fn refused(&self, address: SocketAddr) -> String {
        match self.handshake(address).await {
            Ok(mut stream) => match stream.read_u8().await {
                Ok(octet) => panic!("the server said {octet}"),
                Err(error) => format!("{error:?}"),
            },
            Err(error) => format!("{error:?}"),
        }
    }

    async fn handshake(&self, address: SocketAddr) -> std::io::Result<TlsStream<TcpStream>> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        TlsConnector::from(self.config()).connect(ServerName::try_from("localhost").unwrap(), stream).await
    }
}

fn builder(
    version: &'static SupportedProtocolVersion,
    roots: RootCertStore,
) -> tokio_rustls::rustls::ConfigBuilder<ClientConfig, tokio_rustls::rustls::client::WantsClientCert> {
    ClientConfig::builder_with_provider(aws_lc_rs::default_provider().into())
        .with_protocol_versions(&[version])
        .unwrap()
        .with_root_certificates(roots)
}

/// A connection that is kept open.
pub(super) struct Connection {
    sender: SendRequest<Full<Bytes>>,
    kind: HandshakeKind,
}

impl Connection {
    /// The body of the answer, which is 200.
    pub(super) async fn ask(&mut self) -> String {
        let request = Request::post("/token")
            .header("host", "localhost")
            .header("content-type", "application/x-www-form-urlencoded")
            .body(Full::from("client_id=probe"))
            .unwrap();
        self.sender.ready().await.unwrap();
        let response = self.sender.send_request(request).await.unwrap();
        assert_eq!(response.status(), 200);
        let body = response.into_body().collect().await.unwrap().to_bytes();
        String::from_utf8(body.to_vec()).unwrap()
    }

    pub(super) fn is_resumed(&self) -> bool {
        self.kind == HandshakeKind::Resumed
    }
}
