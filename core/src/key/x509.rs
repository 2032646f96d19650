//! X.509 certificates that carry a client's key ([RFC 5280 §4.1](https://www.rfc-editor.org/rfc/rfc5280#section-4.1),
//! [RFC 7517 §4.7](https://www.rfc-editor.org/rfc/rfc7517#section-4.7)).
//!
//! Only two things are taken from a certificate: the key, and the hash of the whole by which it is named. Its
//! dates are kept for operators to see and are not judged; its issuer, signature, key usage and other extensions are
//! not looked at. What makes the key the client's is that it was registered, exactly as with a JWK, which has no dates
//! either; a certificate that expired yesterday does not stop its client today. Whoever wants the key gone takes it out
//! of the registration.

use std::time::{Duration, SystemTime};

use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Map, Value};
use x509_parser::certificate::X509CertificateParser;
use x509_parser::nom::Parser as _;
use x509_parser::time::ASN1Time;

use super::VerificationKey;
use super::material::KeyMaterial;

/// What is kept of a certificate.
pub(super) struct Certificate {
    material: KeyMaterial,
    /// RFC 7515 §4.1.7.
    x5t: Box<str>,
    /// RFC 7515 §4.1.8.
    x5t_s256: Box<str>,
    /// First and last second.
    validity: (SystemTime, SystemTime),
}

impl Certificate {
    /// Reads a certificate of any version; nothing may follow it.
    ///
    /// # Errors
    /// What is wrong with it or its key, as text for the operator.
    pub(super) fn from_der(der: &[u8]) -> Result<Self, &'static str> {
        // The content of the extensions has no say, so it cannot disturb either.
        let (rest, certificate) = X509CertificateParser::new()
            .with_deep_parse_extensions(false)
            .parse(der)
            .map_err(|_| "is not a DER certificate")?;
        if !rest.is_empty() {
            return Err("has octets behind its certificate");
        }
        let thumbprint = |algorithm| URL_SAFE_NO_PAD.encode(digest::digest(algorithm, der)).into_boxed_str();
        Ok(Certificate {
            material: KeyMaterial::from_spki(certificate.public_key())?,
            x5t: thumbprint(&digest::SHA1_FOR_LEGACY_USE_ONLY),
            x5t_s256: thumbprint(&digest::SHA256),
            validity: (time(certificate.validity().not_before), time(certificate.validity().not_after)),
        })
    }

    /// The certificate's key, under no name but the thumbprints.
    pub(super) fn into_key(self) -> VerificationKey {
        VerificationKey {
            x5t: Some(self.x5t),
            x5t_s256: Some(self.x5t_s256),
            certificate: Some(self.validity),
            ..VerificationKey::bare(self.material)
        }
    }
}

impl VerificationKey {
    /// A key about which nothing else is registered.
    pub(super) fn bare(material: KeyMaterial) -> Self {
        VerificationKey {
            key_id: None,
            algorithm: None,
            usable: true,
            x5t: None,
            x5t_s256: None,
            certificate: None,
            material,
        }
    }

    /// Takes the thumbprints of the first certificate of a JWK's `x5c`, if there is one. They replace those that
    /// the JWK states: computed is better than claimed.
    ///
    /// # Errors
    /// RFC 7517 §4.7: that certificate holds the very key of the JWK. One that does not, or cannot be read,
    /// disables the key, since one of the two is not what its owner believes.
    pub(super) fn certified_by_x5c(self, jwk: &Map<String, Value>) -> Result<Self, &'static str> {
        let Some(chain) = jwk.get("x5c") else { return Ok(self) };
        let first = chain
            .as_array()
            .and_then(|chain| chain.first())
            .and_then(Value::as_str)
            .ok_or("has an x5c that is not an array of certificates")?;
        let certificate = base64_der(first)
            .and_then(|der| Certificate::from_der(&der).ok())
            .ok_or("has an x5c whose first certificate cannot be read")?;
        if certificate.material.thumbprint != self.material.thumbprint {
            return Err("has an x5c whose first certificate holds another key (RFC 7517 §4.7)");
        }
        Ok(VerificationKey {
            x5t: Some(certificate.x5t),
            x5t_s256: Some(certificate.x5t_s256),
            certificate: Some(certificate.validity),
            ..self
        })
    }
}

/// A time before 1970 is shown as 1970.
fn time(time: ASN1Time) -> SystemTime {
    let seconds = u64::try_from(time.timestamp()).unwrap_or_default();
    SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds)).unwrap_or(SystemTime::UNIX_EPOCH)
}

/// Base64 (RFC 4648 §4) in one line or in many.
pub(super) fn base64_der(text: &str) -> Option<Vec<u8>> {
    let text: String = text.split_ascii_whitespace().collect();
    STANDARD.decode(text).ok()
}
