//! Key sets over TLS.

use countersign::fetch::{FailureKind, KeySetFetcher};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::bed::{Bed, key, on_tokio};
use super::host::{Host, key_set};

struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Authority(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    /// What a host needs that has this name.
    fn host(&self, name: &str, change: impl FnOnce(&mut CertificateParams)) -> ServerConfig {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        change(&mut params);
        let certificate = params.signed_by(&key, &self.0).unwrap();
        server_config(vec![certificate.der().clone()], key)
    }
}

fn server_config(chain: Vec<CertificateDer<'static>>, key: KeyPair) -> ServerConfig {
    ServerConfig::builder_with_provider(aws_lc_rs::default_provider().into())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, PrivateKeyDer::try_from(key.serialize_der()).unwrap())
        .unwrap()
}

fn trusting(authority: &Authority) -> impl FnOnce(KeySetFetcher) -> KeySetFetcher {
    |fetcher| fetcher.extra_root_certificate(authority.0.pem()).unwrap()
}

#[test]
fn an_extra_authority_is_trusted() {
    on_tokio(async {
        let authority = Authority::new();
        for name in ["localhost", "127.0.0.1"] {
            let host = Host::secure(authority.host(name, |_| {}), key_set([key()], ""));
            Bed::with(host.url_of(name), trusting(&authority)).accepted().await;
            let by_der = |fetcher: KeySetFetcher| fetcher.extra_root_certificate(authority.0.der()).unwrap();
            Bed::with(host.url_of(name), by_der).accepted().await;
            assert_eq!(host.asked(), 2);
        }
    });
}

#[test]
fn jwks_040_a_certificate_that_is_not_valid_for_the_host_is_refused() {
    on_tokio(async {
        let (authority, other) = (Authority::new(), Authority::new());
        let own = KeyPair::generate().unwrap();
        let self_signed =
            CertificateParams::new(vec!["localhost".to_owned()]).unwrap().self_signed(&own).unwrap();
        for (what, config) in [
            ("of another authority", other.host("localhost", |_| {})),
            ("for another name", authority.host("jwks.client.test", |_| {})),
            ("expired", authority.host("localhost", |params| params.not_after = date_time_ymd(2020, 1, 1))),
            (
                "not yet valid",
                authority.host("localhost", |params| params.not_before = date_time_ymd(3000, 1, 1)),
            ),
            ("self-signed", server_config(vec![self_signed.der().clone()], own)),
        ] {
            let host = Host::secure(config, key_set([key()], ""));
            let bed = Bed::with(host.url_of("localhost"), trusting(&authority));
            bed.unavailable(FailureKind::Tls).await;
            assert_eq!(host.asked(), 0, "{what}");
        }
    });
}

#[test]
fn a_host_that_does_not_speak_tls_is_refused() {
    on_tokio(async {
        let host = Host::rude("HTTP/1.1 400 Bad Request\r\n\r\n");
        let bed = Bed::new(host.url_of("localhost").replace("http:", "https:"));
        bed.unavailable(FailureKind::Tls).await;
        let host = Host::secure(Authority::new().host("localhost", |_| {}), key_set([key()], ""));
        let bed = Bed::new(host.url_of("localhost").replace("https:", "http:"));
        bed.unavailable(FailureKind::Transfer).await;
    });
}

#[test]
fn the_switch_for_loopback_does_not_switch_certificates_off() {
    on_tokio(async {
        let host = Host::secure(Authority::new().host("localhost", |_| {}), key_set([key()], ""));
        Bed::new(host.url_of("localhost")).unavailable(FailureKind::Tls).await;
    });
}
