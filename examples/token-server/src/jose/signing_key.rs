//! A private key with the one algorithm it signs for.

use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RsaEncoding, RsaKeyPair};
use serde_json::{Value, json};

use super::algorithm::Family;
use super::{Algorithm, Failed, base64url};

/// An RSA, EC or Ed25519 private key.
pub(crate) struct SigningKey {
    algorithm: Algorithm,
    pair: Pair,
}

enum Pair {
    Rsa(RsaKeyPair, &'static dyn RsaEncoding),
    /// With the `crv` and the octets of one coordinate.
    Ec(EcdsaKeyPair, &'static str, usize),
    Ed25519(Ed25519KeyPair),
}

impl SigningKey {
    /// A fresh key; RSA keys have 2048 bits. An HMAC algorithm has no private key and fails.
    pub(crate) fn generate(algorithm: Algorithm) -> Result<Self, Failed> {
        let pair = match Family::of(algorithm).ok_or(Failed)? {
            Family::Rsa(encoding) => {
                Pair::Rsa(RsaKeyPair::generate(KeySize::Rsa2048).map_err(|_| Failed)?, encoding)
            }
            Family::Ec(signing, curve, octets) => {
                Pair::Ec(EcdsaKeyPair::generate(signing).map_err(|_| Failed)?, curve, octets)
            }
            Family::Ed25519 => Pair::Ed25519(Ed25519KeyPair::generate().map_err(|_| Failed)?),
            Family::Hmac(_) => return Err(Failed),
        };
        Ok(SigningKey { algorithm, pair })
    }

    pub(crate) fn from_pkcs8(algorithm: Algorithm, der: &[u8]) -> Result<Self, Failed> {
        let pair = match Family::of(algorithm).ok_or(Failed)? {
            Family::Rsa(encoding) => Pair::Rsa(RsaKeyPair::from_pkcs8(der).map_err(|_| Failed)?, encoding),
            Family::Ec(signing, curve, octets) => {
                Pair::Ec(EcdsaKeyPair::from_pkcs8(signing, der).map_err(|_| Failed)?, curve, octets)
            }
            Family::Ed25519 => {
                Pair::Ed25519(Ed25519KeyPair::from_pkcs8_maybe_unchecked(der).map_err(|_| Failed)?)
            }
            Family::Hmac(_) => return Err(Failed),
        };
        Ok(SigningKey { algorithm, pair })
    }

    /// PKCS#8 version 1: OpenSSL 3.0 refuses version 2, which adds the public key.
    pub(crate) fn to_pkcs8(&self) -> Result<Vec<u8>, Failed> {
        Ok(match &self.pair {
            Pair::Rsa(pair, _) => pair.as_der().map_err(|_| Failed)?.as_ref().to_vec(),
            Pair::Ec(pair, ..) => pair.to_pkcs8v1().map_err(|_| Failed)?.as_ref().to_vec(),
            Pair::Ed25519(pair) => pair.to_pkcs8v1().map_err(|_| Failed)?.as_ref().to_vec(),
        })
    }

    pub(crate) fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The signature as JWS wants it: ECDSA as fixed-width r‖s.
    pub(crate) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Failed> {
        match &self.pair {
            Pair::Rsa(pair, encoding) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(*encoding, &SystemRandom::new(), message, &mut signature).map_err(|_| Failed)?;
                Ok(signature)
            }
            Pair::Ec(pair, ..) => {
                Ok(pair.sign(&SystemRandom::new(), message).map_err(|_| Failed)?.as_ref().to_vec())
            }
            Pair::Ed25519(pair) => Ok(pair.sign(message).as_ref().to_vec()),
        }
    }

    /// The public key in the form `aws_lc_rs::signature::UnparsedPublicKey` takes.
    pub(crate) fn public_octets(&self) -> &[u8] {
        match &self.pair {
            Pair::Rsa(pair, _) => pair.public_key().as_ref(),
            Pair::Ec(pair, ..) => pair.public_key().as_ref(),
            Pair::Ed25519(pair) => pair.public_key().as_ref(),
        }
    }

    /// The public key as a JWK ([RFC 7517](https://www.rfc-editor.org/rfc/rfc7517)).
    pub(crate) fn public_jwk(&self, key_id: &str) -> Value {
        let mut jwk = match &self.pair {
            Pair::Rsa(pair, _) => json!({
                "kty": "RSA",
                "n": base64url(pair.public_key().modulus().big_endian_without_leading_zero()),
                "e": base64url(pair.public_key().exponent().big_endian_without_leading_zero()),
            }),
            Pair::Ec(pair, curve, octets) => {
                // An uncompressed point: the octet 4, then both coordinates.
                let point = pair.public_key().as_ref().get(1..).unwrap_or_default();
                let (x, y) = point.split_at(point.len().min(*octets));
                json!({ "kty": "EC", "crv": curve, "x": base64url(x), "y": base64url(y) })
            }
            Pair::Ed25519(pair) => json!({
                "kty": "OKP",
                "crv": "Ed25519",
                "x": base64url(pair.public_key().as_ref()),
            }),
        };
        if let Some(members) = jwk.as_object_mut() {
            members.insert("kid".into(), key_id.into());
            members.insert("use".into(), "sig".into());
            members.insert("alg".into(), self.algorithm.as_str().into());
        }
        jwk
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_survives_its_pkcs8_form() {
        for algorithm in [Algorithm::ES256, Algorithm::ES512, Algorithm::Ed25519, Algorithm::RS256] {
            let key = SigningKey::generate(algorithm).unwrap();
            let again = SigningKey::from_pkcs8(algorithm, &key.to_pkcs8().unwrap()).unwrap();
            assert_eq!(key.public_jwk("k"), again.public_jwk("k"));
            assert_eq!(key.sign(b"m").unwrap().len(), again.sign(b"m").unwrap().len());
        }
    }
}
