//! Public keys in ASN.1: `SubjectPublicKeyInfo` ([RFC 5280 §4.1.2.7](https://www.rfc-editor.org/rfc/rfc5280#section-4.1.2.7))
//! and `RSAPublicKey` ([RFC 8017 A.1.1](https://www.rfc-editor.org/rfc/rfc8017#appendix-A.1.1)).

#[cfg(feature = "ml-dsa")]
use x509_parser::der_parser::asn1_rs::oid;
use x509_parser::der_parser::asn1_rs::{Any, Oid, Tag};
use x509_parser::oid_registry::{
    OID_EC_P256, OID_KEY_TYPE_EC_PUBLIC_KEY, OID_NIST_EC_P384, OID_NIST_EC_P521, OID_PKCS1_RSAENCRYPTION,
    OID_PKCS1_RSASSAPSS, OID_SIG_ED25519,
};
use x509_parser::prelude::FromDer as _;
use x509_parser::public_key::RSAPublicKey;
use x509_parser::x509::SubjectPublicKeyInfo;

use super::material::{Curve, KeyMaterial};
#[cfg(feature = "ml-dsa")]
use crate::algorithm::Algorithm;

/// Would the key be taken from a JWK?
#[cfg(feature = "mtls")]
pub(crate) fn is_acceptable(info: &SubjectPublicKeyInfo<'_>) -> bool {
    KeyMaterial::from_spki(info).is_ok()
}

impl KeyMaterial {
    /// Reads a `SubjectPublicKeyInfo`; nothing may follow it.
    ///
    /// # Errors
    /// What is wrong with it, as text for the operator.
    pub(super) fn from_spki_der(der: &[u8]) -> Result<Self, &'static str> {
        match SubjectPublicKeyInfo::from_der(der) {
            Ok(([], info)) => KeyMaterial::from_spki(&info),
            Ok(_) => Err("has octets behind its public key"),
            Err(_) => Err("is not a DER public key"),
        }
    }

    /// The key of a certificate or of a bare `SubjectPublicKeyInfo`
    /// ([RFC 3279 §2.3](https://www.rfc-editor.org/rfc/rfc3279#section-2.3),
    /// [RFC 5480](https://www.rfc-editor.org/rfc/rfc5480), [RFC 8410](https://www.rfc-editor.org/rfc/rfc8410)).
    ///
    /// # Errors
    /// What is wrong with it, as text for the operator.
    pub(super) fn from_spki(info: &SubjectPublicKeyInfo<'_>) -> Result<Self, &'static str> {
        if info.subject_public_key.unused_bits != 0 {
            return Err("has a public key that is not whole octets");
        }
        let key = &*info.subject_public_key.data;
        let (kind, parameters) = (&info.algorithm.algorithm, info.algorithm.parameters.as_ref());
        #[cfg(feature = "ml-dsa")]
        if let Some((_, algorithm)) = ML_DSA.iter().find(|(known, _)| known == kind) {
            return KeyMaterial::ml_dsa(*algorithm, key);
        }
        if *kind == OID_PKCS1_RSAENCRYPTION {
            KeyMaterial::from_pkcs1_der(key)
        } else if *kind == OID_KEY_TYPE_EC_PUBLIC_KEY {
            ec_key(curve(parameters)?, key)
        } else if *kind == OID_SIG_ED25519 {
            KeyMaterial::ed25519(key)
        } else if *kind == OID_PKCS1_RSASSAPSS {
            // Its parameters may narrow it to one hash and salt; a JWK says the same in one word.
            Err("has an RSA key bound to RSASSA-PSS; register it as a JWK with its alg")
        } else {
            Err("has a key that is neither RSA, nor EC, nor Ed25519")
        }
    }

    /// Reads an `RSAPublicKey`; nothing may follow it.
    ///
    /// # Errors
    /// What is wrong with it, as text for the operator.
    pub(super) fn from_pkcs1_der(der: &[u8]) -> Result<Self, &'static str> {
        let Ok(([], rsa)) = RSAPublicKey::from_der(der) else { return Err("is not an RSA key in DER") };
        // INTEGER is signed: without an octet for its sign, a number that begins with a set bit is below zero.
        if [rsa.modulus, rsa.exponent].iter().any(|number| number.first().is_none_or(|first| *first >= 0x80))
        {
            return Err("has a negative RSA modulus or exponent");
        }
        KeyMaterial::rsa(rsa.modulus, rsa.exponent)
    }
}

/// [RFC 9881 §2](https://www.rfc-editor.org/rfc/rfc9881#section-2).
#[cfg(feature = "ml-dsa")]
const ML_DSA: [(Oid<'static>, Algorithm); 3] = [
    (oid!(2.16.840.1.101.3.4.3.17), Algorithm::MlDsa44),
    (oid!(2.16.840.1.101.3.4.3.18), Algorithm::MlDsa65),
    (oid!(2.16.840.1.101.3.4.3.19), Algorithm::MlDsa87),
];

/// RFC 5480 §2.1.1: named curves only. A curve that is written out can be one that its maker can break.
fn curve(parameters: Option<&Any<'_>>) -> Result<Curve, &'static str> {
    let name = parameters
        .filter(|parameters| parameters.tag() == Tag::Oid)
        .and_then(|parameters| Oid::try_from(parameters).ok())
        .ok_or("has an EC key without the name of its curve")?;
    [(OID_EC_P256, Curve::P256), (OID_NIST_EC_P384, Curve::P384), (OID_NIST_EC_P521, Curve::P521)]
        .into_iter()
        .find_map(|(known, curve)| (known == name).then_some(curve))
        .ok_or("has an EC key on a curve other than P-256, P-384 and P-521")
}

/// SEC 1 §2.3.3, both coordinates written out.
fn ec_key(curve: Curve, point: &[u8]) -> Result<KeyMaterial, &'static str> {
    match point.split_first() {
        Some((4, coordinates)) => {
            let (x, y) = coordinates.split_at(coordinates.len() / 2);
            KeyMaterial::ec(curve, x, y)
        }
        _ => Err("has an EC point that is compressed, or none"),
    }
}
