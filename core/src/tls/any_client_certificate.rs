//! The verifier of client certificates: possession is proved, everything else is left to the methods.

use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{
    CryptoProvider, WebPkiSupportedAlgorithms, aws_lc_rs, verify_tls13_signature_with_raw_key,
};
use rustls::pki_types::{CertificateDer, SubjectPublicKeyInfoDer, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, Error, PeerMisbehaved, SignatureScheme,
};
use webpki::RawPublicKeyEntity;
use x509_parser::certificate::X509CertificateParser;
use x509_parser::nom::Parser as _;

/// Asks for a certificate, takes any, and none, and makes sure that the client holds its private key.
///
/// - **No CA is named** in the request: Go and Java would not send a certificate whose issuer is not among the names,
///   so no self-signed one ([RFC 8705 §2.2](https://www.rfc-editor.org/rfc/rfc8705#section-2.2)).
/// - **None is needed**: clients of other methods use the same port.
/// - **The chain is not looked at.** That belongs to `tls_client_auth`, which knows the anchors of each client and asks
///   at each request, not once for a connection.
/// - **The handshake's signature is verified**, in TLS 1.2 and 1.3, with the algorithms of the provider. A client that
///   does not hold the key of the certificate it shows does not get a connection. Also for X.509 v1, which some
///   self-signed certificates are.
///
/// [`server_config`](super::server_config) uses it; take it yourself for a configuration of your own:
///
/// ```
/// use std::sync::Arc;
/// use countersign::tls::{AnyClientCertificate, rustls};
///
/// let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
/// let config = rustls::ServerConfig::builder_with_provider(provider)
///     .with_safe_default_protocol_versions()?
///     .with_client_cert_verifier(Arc::new(AnyClientCertificate::new()));
/// # Ok::<(), rustls::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct AnyClientCertificate {
    algorithms: WebPkiSupportedAlgorithms,
}

impl AnyClientCertificate {
    /// With the algorithms of rustls' aws-lc-rs provider.
    pub fn new() -> Self {
        AnyClientCertificate::with_provider(&aws_lc_rs::default_provider())
    }

    /// With the algorithms of this provider.
    pub fn with_provider(provider: &CryptoProvider) -> Self {
        AnyClientCertificate { algorithms: provider.signature_verification_algorithms }
    }
}

impl Default for AnyClientCertificate {
    fn default() -> Self {
        AnyClientCertificate::new()
    }
}

impl ClientCertVerifier for AnyClientCertificate {
    fn client_auth_mandatory(&self) -> bool {
        false
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let candidates = self
            .algorithms
            .mapping
            .iter()
            .find(|(scheme, _)| *scheme == signed.scheme && is_offered_in_tls12(*scheme))
            .map(|(_, candidates)| *candidates)
            .ok_or(PeerMisbehaved::SignedHandshakeWithUnadvertisedSigScheme)?;
        let public_key = public_key(certificate)?;
        let public_key =
            RawPublicKeyEntity::try_from(&public_key).map_err(|_| CertificateError::BadEncoding)?;
        // A scheme of TLS 1.2 does not name the curve (RFC 8422 §5.1.1), so there is a candidate for each.
        if candidates
            .iter()
            .any(|algorithm| public_key.verify_signature(*algorithm, message, signed.signature()).is_ok())
        {
            Ok(HandshakeSignatureValid::assertion())
        } else {
            Err(CertificateError::BadSignature.into())
        }
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature_with_raw_key(message, &public_key(certificate)?, signed, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

/// The key as webpki reads it, so that it is the one that path validation sees. A certificate that webpki refuses, such
/// as one of version 1, has no path: it is only ever compared in whole.
fn public_key(certificate: &CertificateDer<'_>) -> Result<SubjectPublicKeyInfoDer<'static>, Error> {
    if let Ok(parsed) = ParsedCertificate::try_from(certificate) {
        return Ok(parsed.subject_public_key_info());
    }
    match X509CertificateParser::new().with_deep_parse_extensions(false).parse(certificate) {
        Ok(([], parsed)) => Ok(SubjectPublicKeyInfoDer::from(parsed.public_key().raw.to_vec())),
        _ => Err(CertificateError::BadEncoding.into()),
    }
}

/// rustls offers these in TLS 1.2, and checks the list in its own verifier alone.
fn is_offered_in_tls12(scheme: SignatureScheme) -> bool {
    matches!(
        scheme,
        SignatureScheme::RSA_PKCS1_SHA256
            | SignatureScheme::RSA_PKCS1_SHA384
            | SignatureScheme::RSA_PKCS1_SHA512
            | SignatureScheme::RSA_PSS_SHA256
            | SignatureScheme::RSA_PSS_SHA384
            | SignatureScheme::RSA_PSS_SHA512
            | SignatureScheme::ECDSA_NISTP256_SHA256
            | SignatureScheme::ECDSA_NISTP384_SHA384
            | SignatureScheme::ECDSA_NISTP521_SHA512
            | SignatureScheme::ED25519
    )
}
