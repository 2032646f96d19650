//! Full TLS handshakes on our listener with our verifier, beside the same rustls server in a plain loop: with webpki's
//! client verifier, and without client authentication. Real sockets, alternating rounds, the best of each.
//!
//! `cargo bench -p countersign-tests --bench handshakes`. Target: at most 1.1 times the time of the plain server that
//! does the same work.
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

const ROUNDS: usize = 30;
const HANDSHAKES: usize = 100;

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
    println!(
        "{:<44} {:>10} {:>10} {:>7}   target",
        "best of rounds, one handshake", "plain", "ours", "ratio"
    );
    let mut over = Vec::new();
    for version in [&TLS13, &TLS12] {
        let with = authority.client(version, true);
        let without = authority.client(version, false);
        for (name, plain, client_config, is_same_work) in [
            ("certificate, webpki", webpki, &with, true),
            ("no certificate, webpki", webpki, &without, true),
            ("no certificate, no client authentication", nobody, &without, false),
        ] {
            let (mut least_plain, mut least_ours) = (Duration::MAX, Duration::MAX);
            for _ in 0..ROUNDS {
                least_plain = least_plain.min(client.block_on(round(plain, client_config)));
                least_ours = least_ours.min(client.block_on(round(ours, client_config)));
            }
            let ratio = least_ours.as_secs_f64() / least_plain.as_secs_f64();
            let name = format!("{:?}, {name}", version.version);
            println!(
                "{name:<44} {:>7} µs {:>7} µs {ratio:>7.3}   {}",
                least_plain.as_micros(),
                least_ours.as_micros(),
                if is_same_work { "1.1" } else { "" },
            );
            if is_same_work && ratio > 1.1 {
                over.push(name);
            }
        }
    }
    assert!(over.is_empty(), "over target: {over:?}");
}

/// One after the other, each until the server has said something: in TLS 1.3 the client is done before that.
async fn round(address: SocketAddr, config: &Arc<ClientConfig>) -> Duration {
    let connector = TlsConnector::from(Arc::clone(config));
    let start = Instant::now();
    for _ in 0..HANDSHAKES {
        let stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        let mut stream = connector.connect(ServerName::try_from("localhost").unwrap(), stream).await.unwrap();
        assert_eq!(stream.read_u8().await.unwrap(), b'.');
    }
    start.elapsed() / u32::try_from(HANDSHAKES).unwrap()
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
