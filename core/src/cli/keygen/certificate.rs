//! A self-signed certificate, for `self_signed_tls_client_auth`
//! ([RFC 8705 §2.2](https://www.rfc-editor.org/rfc/rfc8705#section-2.2)).

use std::time::Duration;

use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use rcgen::{
    CertificateParams, DnType, ExtendedKeyUsagePurpose, KeyPair, KeyUsagePurpose, SignatureAlgorithm,
};

use crate::algorithm::Algorithm;
use crate::cli::problem::Problem;
use crate::clock::{Clock as _, SystemClock};
use crate::sign::SigningKey;

/// A certificate of a client's key about itself.
pub(super) struct Certificate(rcgen::Certificate);

impl Certificate {
    /// With this common name, valid from an hour ago, since clocks differ.
    pub(super) fn self_signed(key: &SigningKey, common_name: &str, days: u32) -> Result<Self, Problem> {
        let failed = |error: rcgen::Error| Problem::new(format!("the certificate cannot be made: {error}"));
        let signature = signature(key.algorithm()).ok_or_else(|| {
            Problem::new(format!("no certificate is made of a key for {}", key.algorithm()))
        })?;
        let pair = KeyPair::from_pem_and_sign_algo(&key.to_pem()?, signature).map_err(failed)?;
        let mut parameters = CertificateParams::default();
        parameters.distinguished_name.push(DnType::CommonName, common_name);
        parameters.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        let now = SystemClock::default().now();
        let end = now.checked_add(Duration::from_secs(u64::from(days) * 24 * 3600));
        parameters.not_before = (now - Duration::from_secs(3600)).into();
        parameters.not_after = end.ok_or_else(|| Problem::new("--days is too long"))?.into();
        parameters.self_signed(&pair).map(Certificate).map_err(failed)
    }

    pub(super) fn pem(&self) -> String {
        self.0.pem()
    }

    /// For `x5c`: DER in base64, not base64url (RFC 7517 §4.7).
    pub(super) fn base64(&self) -> String {
        STANDARD.encode(self.0.der())
    }

    /// `x5t#S256`.
    pub(super) fn thumbprint(&self) -> String {
        URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, self.0.der()))
    }
}

fn signature(algorithm: Algorithm) -> Option<&'static SignatureAlgorithm> {
    Some(match algorithm {
        Algorithm::ES256 => &rcgen::PKCS_ECDSA_P256_SHA256,
        Algorithm::ES384 => &rcgen::PKCS_ECDSA_P384_SHA384,
        Algorithm::ES512 => &rcgen::PKCS_ECDSA_P521_SHA512,
        Algorithm::Ed25519 | Algorithm::EdDSA => &rcgen::PKCS_ED25519,
        Algorithm::MlDsa44 | Algorithm::MlDsa65 | Algorithm::MlDsa87 => return None,
        _ => &rcgen::PKCS_RSA_SHA256,
    })
}
