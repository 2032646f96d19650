//! Signature verification with keys that were parsed once. Only this and `ml_dsa.rs` know aws-lc-rs's signature types.

use std::sync::OnceLock;

use aws_lc_rs::rsa::PublicKeyComponents;
use aws_lc_rs::signature::{self, ParsedPublicKey, RsaParameters, VerificationAlgorithm};

use crate::algorithm::Algorithm;

/// Public key material, ready for use.
#[derive(Clone)]
pub(super) enum PublicKey {
    /// One parsed key for each of the six algorithms an RSA key can serve, made when first needed: a parsed key
    /// is bound to its algorithm.
    Rsa { n: Box<[u8]>, e: Box<[u8]>, parsed: Box<[OnceLock<Option<ParsedPublicKey>>; RSA.len()]> },
    /// The curve fixes the algorithm, or the parameter set of ML-DSA does.
    Fixed { algorithm: Algorithm, parsed: ParsedPublicKey },
}

impl PublicKey {
    /// An RSA key of big-endian modulus and exponent without leading zeros; `None` when they make no key.
    pub(super) fn rsa(n: Vec<u8>, e: Vec<u8>) -> Option<Self> {
        let (first, parameters) = RSA.first()?;
        let key = PublicKeyComponents { n: &n, e: &e }.to_parsed_public_key(parameters).ok()?;
        debug_assert_eq!(*first, Algorithm::RS256);
        let parsed: Box<[OnceLock<_>; RSA.len()]> = Box::default();
        if let Some(cell) = parsed.first() {
            cell.get_or_init(|| Some(key));
        }
        Some(PublicKey::Rsa { n: n.into(), e: e.into(), parsed })
    }

    /// A point of the curve that belongs to `algorithm` (uncompressed SEC 1, or the 32 octets of Ed25519); `None`
    /// when it does not lie on the curve.
    pub(super) fn on_curve(algorithm: Algorithm, point: &[u8]) -> Option<Self> {
        let verification: &'static dyn VerificationAlgorithm = match algorithm {
            Algorithm::ES256 => &signature::ECDSA_P256_SHA256_FIXED,
            Algorithm::ES384 => &signature::ECDSA_P384_SHA384_FIXED,
            Algorithm::ES512 => &signature::ECDSA_P521_SHA512_FIXED,
            Algorithm::Ed25519 => &signature::ED25519,
            _ => return None,
        };
        let parsed = ParsedPublicKey::new(verification, point).ok()?;
        Some(PublicKey::Fixed { algorithm, parsed })
    }

    pub(super) fn supports(&self, algorithm: Algorithm) -> bool {
        match self {
            PublicKey::Rsa { .. } => RSA.iter().any(|(candidate, _)| *candidate == algorithm),
            PublicKey::Fixed { algorithm: own, .. } => own.is_same_as(algorithm),
        }
    }

    /// Could a signature of so many octets be this key's? One that could not is refused without any work.
    pub(super) fn takes_signature_of(&self, octets: usize) -> bool {
        match self {
            PublicKey::Rsa { n, .. } => n.len() == octets,
            PublicKey::Fixed { .. } => true,
        }
    }

    pub(super) fn verify(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> bool {
        match self {
            PublicKey::Fixed { parsed, .. } => parsed.verify_sig(message, signature).is_ok(),
            PublicKey::Rsa { n, e, parsed } => {
                let cells = RSA.iter().zip(parsed.iter());
                let Some(((_, parameters), cell)) = cells.into_iter().find(|((own, _), _)| *own == algorithm)
                else {
                    return false;
                };
                cell.get_or_init(|| {
                    PublicKeyComponents { n: &**n, e: &**e }.to_parsed_public_key(parameters).ok()
                })
                .as_ref()
                .is_some_and(|key| key.verify_sig(message, signature).is_ok())
            }
        }
    }
}

const RSA: [(Algorithm, &RsaParameters); 6] = [
    (Algorithm::RS256, &signature::RSA_PKCS1_2048_8192_SHA256),
    (Algorithm::RS384, &signature::RSA_PKCS1_2048_8192_SHA384),
    (Algorithm::RS512, &signature::RSA_PKCS1_2048_8192_SHA512),
    (Algorithm::PS256, &signature::RSA_PSS_2048_8192_SHA256),
    (Algorithm::PS384, &signature::RSA_PSS_2048_8192_SHA384),
    (Algorithm::PS512, &signature::RSA_PSS_2048_8192_SHA512),
];
