//! What each signature algorithm needs of the cryptographic library
//! ([RFC 7518 §3](https://www.rfc-editor.org/rfc/rfc7518#section-3)).

use aws_lc_rs::hmac;
use aws_lc_rs::signature::{self, EcdsaSigningAlgorithm, RsaEncoding, VerificationAlgorithm};

pub(crate) use countersign::Algorithm;

/// The kind of key an algorithm signs with.
pub(crate) enum Family {
    Rsa(&'static dyn RsaEncoding),
    /// The signing algorithm, the `crv` of its keys and the octets of one coordinate.
    Ec(&'static EcdsaSigningAlgorithm, &'static str, usize),
    Ed25519,
    Hmac(hmac::Algorithm),
}

impl Family {
    pub(crate) fn of(algorithm: Algorithm) -> Option<Self> {
        Some(match algorithm {
            Algorithm::RS256 => Family::Rsa(&signature::RSA_PKCS1_SHA256),
            Algorithm::RS384 => Family::Rsa(&signature::RSA_PKCS1_SHA384),
            Algorithm::RS512 => Family::Rsa(&signature::RSA_PKCS1_SHA512),
            Algorithm::PS256 => Family::Rsa(&signature::RSA_PSS_SHA256),
            Algorithm::PS384 => Family::Rsa(&signature::RSA_PSS_SHA384),
            Algorithm::PS512 => Family::Rsa(&signature::RSA_PSS_SHA512),
            Algorithm::ES256 => Family::Ec(&signature::ECDSA_P256_SHA256_FIXED_SIGNING, "P-256", 32),
            Algorithm::ES384 => Family::Ec(&signature::ECDSA_P384_SHA384_FIXED_SIGNING, "P-384", 48),
            Algorithm::ES512 => Family::Ec(&signature::ECDSA_P521_SHA512_FIXED_SIGNING, "P-521", 66),
            Algorithm::Ed25519 | Algorithm::EdDSA => Family::Ed25519,
            Algorithm::HS256 => Family::Hmac(hmac::HMAC_SHA256),
            Algorithm::HS384 => Family::Hmac(hmac::HMAC_SHA384),
            Algorithm::HS512 => Family::Hmac(hmac::HMAC_SHA512),
            _ => return None,
        })
    }
}

/// How this server checks what it signed with a private key of its own.
pub(crate) fn verification(algorithm: Algorithm) -> Option<&'static dyn VerificationAlgorithm> {
    match algorithm {
        Algorithm::RS256 => Some(&signature::RSA_PKCS1_2048_8192_SHA256),
        Algorithm::ES256 => Some(&signature::ECDSA_P256_SHA256_FIXED),
        _ => None,
    }
}

/// The HMAC of this algorithm, for the three that have one.
pub(crate) fn hmac_of(algorithm: Algorithm) -> Option<hmac::Algorithm> {
    match Family::of(algorithm)? {
        Family::Hmac(hmac) => Some(hmac),
        _ => None,
    }
}
