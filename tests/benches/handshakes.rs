//! Full TLS handshakes on our listener with our verifier, beside the same rustls server in a plain loop: with webpki's
//! client verifier, and without client authentication. Real sockets, one handshake here and one there in turns, and of
//! each the time that a tenth of them kept under: other work on the machine only adds.
//!
//! `cargo bench -p countersign-tests --bench handshakes`. Target: at most 1.1 times the time of a plain one. Fails
//! above.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::cast_precision_loss)]
#![allow(clippy::disallowed_methods, reason = "a benchmark reads the clock")]

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use countersign::tls;
use countersign_tower::tls::TlsListener;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::rustls::client::Resumption;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::server::danger::ClientCertVerifier;
use tokio_rustls::rustls::version::{TLS12, TLS13};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, ServerConfig, SupportedProtocolVersion};
use tokio_rustls::server::TlsStream;
use tokio_rustls::{TlsAcceptor, TlsConnector};

const HANDSHAKES: usize = 2000;

fn main() {
    let server = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let client = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let authority = Authority::new();
    let (chain, key) = authority.issue("localhost");
    let (webpki, nobody, ours) = server.block_on(async {
        let verifier = WebPkiClientVerifier::builder_with_provider(
            Arc::new(authority.roots()),
            aws_lc_rs::default_provider().into(),
        );
        let verifier = verifier.allow_unauthenticated().build().unwrap();
        let config =
            tls::server_config(pem("CERTIFICATE", &chain), pem("PRIVATE KEY", key.secret_der())).unwrap();
        let plain = |verifier| plain_config(verifier, chain.clone(), key.clone_key());
        (plain_server(plain(Some(verifier))).await, plain_server(plain(None)).await, our_server(config).await)
    });
    println!("{:<44} {:>10} {:>10} {:>7}   target", "a handshake", "plain", "ours", "ratio");
    let mut over = Vec::new();
    for version in [&TLS13, &TLS12] {
        let with = authority.client(version, true);
        let without = authority.client(version, false);
        for (name, plain, client_config) in [
            ("certificate, webpki", webpki, &with),
            ("no certificate, webpki", webpki, &without),
            ("no certificate, no client authentication", nobody, &without),
        ] {
            let (mut of_plain, mut of_ours) = (Vec::new(), Vec::new());
            for _ in 0..HANDSHAKES {
                of_plain.push(client.block_on(handshake(plain, client_config)));
                of_ours.push(client.block_on(handshake(ours, client_config)));
            }
            let (of_plain, of_ours) = (tenth(of_plain), tenth(of_ours));
            let ratio = of_ours.as_secs_f64() / of_plain.as_secs_f64();
            let name = format!("{:?}, {name}", version.version);
            println!(
                "{name:<44} {:>7} µs {:>7} µs {ratio:>7.3}   1.1",
                of_plain.as_micros(),
                of_ours.as_micros(),
            );
            if ratio > 1.1 {
                over.push(name);
            }
        }
    }
    assert!(over.is_empty(), "over target: {over:?}");
}

/// Until the server has said something: in TLS 1.3 the client is done before the server has verified it.
async fn handshake(address: SocketAddr, config: &Arc<ClientConfig>) -> Duration {
    let connector = TlsConnector::from(Arc::clone(config));
    let start = Instant::now();
    let stream = TcpStream::connect(address).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let mut stream = connector.connect(ServerName::try_from("localhost").unwrap(), stream).await.unwrap();
    assert_eq!(stream.read_u8().await.unwrap(), b'.');
    start.elapsed()
}

fn tenth(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 10]
}

async fn our_server(config: ServerConfig) -> SocketAddr {
    let mut listener = TlsListener::bind("127.0.0.1:0", config).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await;
            tokio::spawn(answer(stream));
        }
    });
    address
}

async fn plain_server(config: ServerConfig) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                stream.set_nodelay(true).unwrap();
                answer(acceptor.accept(stream).await.unwrap()).await;
            });
        }
    });
    address
}

async fn answer(mut stream: TlsStream<TcpStream>) {
    stream.write_all(b".").await.unwrap();
    // Until the client hangs up.
    let _ = stream.read_u8().await;
}

fn plain_config(
    verifier: Option<Arc<dyn ClientCertVerifier>>,
    chain: CertificateDer<'static>,
    key: PrivateKeyDer<'static>,
) -> ServerConfig {
    let builder = ServerConfig::builder_with_provider(aws_lc_rs::default_provider().into())
        .with_safe_default_protocol_versions()
        .unwrap();
    let builder = match verifier {
        Some(verifier) => builder.with_client_cert_verifier(verifier),
        None => builder.with_no_client_auth(),
    };
    builder.with_single_cert(vec![chain], key).unwrap()
}

struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Authority(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    fn issue(&self, name: &str) -> (CertificateDer<'static>, PrivateKeyDer<'static>) {
        let key = KeyPair::generate().unwrap();
        let certificate =
            CertificateParams::new(vec![name.to_owned()]).unwrap().signed_by(&key, &self.0).unwrap();
        (certificate.der().clone(), PrivateKeyDer::try_from(key.serialize_der()).unwrap())
    }

    fn roots(&self) -> RootCertStore {
        let mut roots = RootCertStore::empty();
        roots.add(self.0.der().clone()).unwrap();
        roots
    }

    fn client(&self, version: &'static SupportedProtocolVersion, certificate: bool) -> Arc<ClientConfig> {
        let builder = ClientConfig::builder_with_provider(aws_lc_rs::default_provider().into())
            .with_protocol_versions(&[version])
            .unwrap()
            .with_root_certificates(self.roots());
        let mut config = if certificate {
            let (certificate, key) = self.issue("client");
            builder.with_client_auth_cert(vec![certificate], key).unwrap()
        } else {
            builder.with_no_client_auth()
        };
        config.resumption = Resumption::disabled();
        Arc::new(config)
    }
}

fn pem(label: &str, der: &[u8]) -> String {
    use base64::Engine as _;
    let body = base64::engine::general_purpose::STANDARD.encode(der);
    format!("-----BEGIN {label}-----\n{body}\n-----END {label}-----\n")
}
