//! A certification authority, and servers with certificates of it.

use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, UnixTime};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{DigitallySignedStruct, DistinguishedName, Error, RootCertStore, ServerConfig, SignatureScheme};

pub(crate) struct Authority(CertifiedIssuer<'static, KeyPair>);

/// A certificate with its private key.
pub(crate) struct Issued {
    pub(crate) certificate: String,
    pub(crate) key: String,
    pub(crate) der: CertificateDer<'static>,
    private: PrivateKeyDer<'static>,
}

/// What a server wants of its clients in the handshake.
pub(crate) enum Wants<'a> {
    Nothing,
    /// A certificate of this authority, from everybody.
    CertificateOf(&'a Authority),
    /// Any certificate, and naming another authority as the one it likes.
    AnyCertificate(&'a Authority),
    /// Any certificate of an RSA key.
    RsaCertificate,
}

impl Authority {
    pub(crate) fn new(name: &str) -> Self {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Authority(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    pub(crate) fn pem(&self) -> String {
        self.0.pem()
    }

    pub(crate) fn issue(&self, name: &str, change: impl FnOnce(&mut CertificateParams)) -> Issued {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        change(&mut params);
        Issued::new(params.signed_by(&key, &self.0).unwrap(), &key)
    }
}

impl Issued {
    /// By nobody but itself.
    pub(crate) fn self_signed(name: &str, change: impl FnOnce(&mut CertificateParams)) -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        change(&mut params);
        Issued::new(params.self_signed(&key).unwrap(), &key)
    }

    fn new(certificate: rcgen::Certificate, key: &KeyPair) -> Self {
        Issued {
            certificate: certificate.pem(),
            key: key.serialize_pem(),
            der: certificate.der().clone(),
            private: PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
        }
    }

    /// A server with this certificate.
    pub(crate) fn server(&self, wants: Wants<'_>) -> ServerConfig {
        self.server_of(rustls::ALL_VERSIONS, wants)
    }

    pub(crate) fn server_of(
        &self,
        versions: &[&'static rustls::SupportedProtocolVersion],
        wants: Wants<'_>,
    ) -> ServerConfig {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let roots = |authority: &Authority| {
            let mut roots = RootCertStore::empty();
            roots.add(authority.0.der().clone()).unwrap();
            Arc::new(roots)
        };
        let config = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_protocol_versions(versions)
            .unwrap();
        let config = match wants {
            Wants::Nothing => config.with_no_client_auth(),
            Wants::CertificateOf(authority) => config.with_client_cert_verifier(
                WebPkiClientVerifier::builder_with_provider(roots(authority), provider).build().unwrap(),
            ),
            Wants::AnyCertificate(authority) => {
                let schemes = provider.signature_verification_algorithms.supported_schemes();
                let hints = roots(authority).subjects();
                config.with_client_cert_verifier(Arc::new(Anybody { provider, hints, schemes }))
            }
            Wants::RsaCertificate => {
                let schemes = vec![SignatureScheme::RSA_PSS_SHA256];
                config.with_client_cert_verifier(Arc::new(Anybody { provider, hints: Vec::new(), schemes }))
            }
        };
        config.with_single_cert(vec![self.der.clone()], self.private.clone_key()).unwrap()
    }
}

/// Believes every certificate whose key signs, as a server must that lets `self_signed_tls_client_auth` decide later.
#[derive(Debug)]
struct Anybody {
    provider: Arc<CryptoProvider>,
    hints: Vec<DistinguishedName>,
    schemes: Vec<SignatureScheme>,
}

impl ClientCertVerifier for Anybody {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &self.hints
    }

    fn verify_client_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.schemes.clone()
    }
}
