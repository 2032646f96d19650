//! What each signature algorithm needs of the cryptographic library
//! ([RFC 7518 §3](https://www.rfc-editor.org/rfc/rfc7518#section-3)).

use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{self, EcdsaSigningAlgorithm, RsaEncoding};

use super::SignError;
use super::signing_key::Material;
use crate::algorithm::Algorithm;

/// A curve, and the one algorithm that belongs to it.
pub(super) struct Curve {
    pub(super) name: &'static str,
    pub(super) algorithm: Algorithm,
    pub(super) signing: &'static EcdsaSigningAlgorithm,
    /// Of one coordinate, and of the private key.
    pub(super) octets: usize,
}

pub(super) static CURVES: [Curve; 3] = [
    Curve {
        name: "P-256",
        algorithm: Algorithm::ES256,
        signing: &signature::ECDSA_P256_SHA256_FIXED_SIGNING,
        octets: 32,
    },
    Curve {
        name: "P-384",
        algorithm: Algorithm::ES384,
        signing: &signature::ECDSA_P384_SHA384_FIXED_SIGNING,
        octets: 48,
    },
    Curve {
        name: "P-521",
        algorithm: Algorithm::ES512,
        signing: &signature::ECDSA_P521_SHA512_FIXED_SIGNING,
        octets: 66,
    },
];

/// The algorithm of a key that does not say which. RS256 is the one every server must know (RFC 7523 §5), and
/// `EdDSA` the name that servers older than RFC 9864 know.
pub(super) fn usual(material: &Material) -> Algorithm {
    match material {
        Material::Rsa(_) => Algorithm::RS256,
        Material::Ec(_, curve) => curve.algorithm,
        Material::Ed25519(_) => Algorithm::EdDSA,
        #[cfg(feature = "ml-dsa")]
        Material::MlDsa(_, set) => set.algorithm,
        Material::Secret(_) => Algorithm::HS256,
    }
}

/// Can the key sign with it?
pub(super) fn takes(material: &Material, algorithm: Algorithm) -> bool {
    match material {
        Material::Rsa(_) => rsa_encoding(algorithm).is_some(),
        Material::Ec(_, curve) => curve.algorithm == algorithm,
        Material::Ed25519(_) => algorithm.is_same_as(Algorithm::Ed25519),
        #[cfg(feature = "ml-dsa")]
        Material::MlDsa(_, set) => set.algorithm == algorithm,
        Material::Secret(_) => hmac_of(algorithm).is_some(),
    }
}

/// The fewest octets of a secret: as many as the hash has (RFC 7518 §3.2).
pub(super) fn secret_octets(algorithm: Algorithm) -> Option<usize> {
    hmac_of(algorithm).map(|hmac| hmac.tag_len())
}

/// The signature in the form of JWS: ECDSA as fixed-width r‖s, RSA-PSS with a salt as long as the hash.
pub(super) fn sign(material: &Material, algorithm: Algorithm, message: &[u8]) -> Result<Vec<u8>, SignError> {
    let mismatch = || SignError::new(format!("the key does not sign with {algorithm}"));
    match material {
        Material::Rsa(pair) => {
            let encoding = rsa_encoding(algorithm).ok_or_else(mismatch)?;
            let mut signature = vec![0; pair.public_modulus_len()];
            pair.sign(encoding, &SystemRandom::new(), message, &mut signature).map_err(SignError::failed)?;
            Ok(signature)
        }
        Material::Ec(pair, _) => {
            let signature = pair.sign(&SystemRandom::new(), message).map_err(SignError::failed)?;
            Ok(signature.as_ref().to_vec())
        }
        Material::Ed25519(pair) => Ok(pair.try_sign(message).map_err(SignError::failed)?.as_ref().to_vec()),
        #[cfg(feature = "ml-dsa")]
        Material::MlDsa(pair, _) => super::ml_dsa::sign(pair, message),
        Material::Secret(secret) => {
            let key = hmac::Key::new(hmac_of(algorithm).ok_or_else(mismatch)?, secret);
            Ok(hmac::sign(&key, message).as_ref().to_vec())
        }
    }
}

fn rsa_encoding(algorithm: Algorithm) -> Option<&'static dyn RsaEncoding> {
    Some(match algorithm {
        Algorithm::RS256 => &signature::RSA_PKCS1_SHA256,
        Algorithm::RS384 => &signature::RSA_PKCS1_SHA384,
        Algorithm::RS512 => &signature::RSA_PKCS1_SHA512,
        Algorithm::PS256 => &signature::RSA_PSS_SHA256,
        Algorithm::PS384 => &signature::RSA_PSS_SHA384,
        Algorithm::PS512 => &signature::RSA_PSS_SHA512,
        _ => return None,
    })
}

fn hmac_of(algorithm: Algorithm) -> Option<hmac::Algorithm> {
    match algorithm {
        Algorithm::HS256 => Some(hmac::HMAC_SHA256),
        Algorithm::HS384 => Some(hmac::HMAC_SHA384),
        Algorithm::HS512 => Some(hmac::HMAC_SHA512),
        _ => None,
    }
}
