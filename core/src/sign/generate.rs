//! New keys.

use aws_lc_rs::rand;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{EcdsaKeyPair, Ed25519KeyPair, RsaKeyPair};
use zeroize::Zeroizing;

use super::jws::{self, CURVES};
use super::signing_key::Material;
use super::{SignError, SigningKey};
use crate::algorithm::Algorithm;

impl SigningKey {
    /// A new key for this algorithm: RSA of 2048 bits, a key on the algorithm's curve or of its parameter set, or a
    /// random secret as long as the hash. The `kid` of a key pair is its JWK thumbprint.
    ///
    /// # Errors
    /// [`SignError`] when the cryptographic library fails.
    pub fn generate(algorithm: Algorithm) -> Result<Self, SignError> {
        if let Some(octets) = jws::secret_octets(algorithm) {
            return SigningKey::generate_secret(octets)?.with_algorithm(algorithm);
        }
        #[cfg(feature = "ml-dsa")]
        if let Some(set) = super::ml_dsa::ParameterSet::of(algorithm) {
            return SigningKey::of(set.generate()?);
        }
        let material = match CURVES.iter().find(|curve| curve.algorithm == algorithm) {
            Some(curve) => {
                let pair = EcdsaKeyPair::generate(curve.signing).map_err(SignError::failed)?;
                Material::Ec(Box::new(pair), curve)
            }
            None if algorithm.is_same_as(Algorithm::Ed25519) => {
                let pair = Ed25519KeyPair::generate().map_err(SignError::failed)?;
                Material::Ed25519(Box::new(pair))
            }
            None => return SigningKey::generate_rsa(2048)?.with_algorithm(algorithm),
        };
        SigningKey::of(material)?.with_algorithm(algorithm)
    }

    /// A new RSA key of 2048, 3072, 4096 or 8192 bits, which signs with RS256.
    ///
    /// # Errors
    /// [`SignError`] for another size.
    pub fn generate_rsa(bits: u32) -> Result<Self, SignError> {
        let size = match bits {
            2048 => KeySize::Rsa2048,
            3072 => KeySize::Rsa3072,
            4096 => KeySize::Rsa4096,
            8192 => KeySize::Rsa8192,
            _ => return Err(SignError::new("an RSA key has 2048, 3072, 4096 or 8192 bits")),
        };
        let pair = RsaKeyPair::generate(size).map_err(SignError::failed)?;
        SigningKey::of(Material::Rsa(Box::new(pair)))
    }

    /// A new random secret of this many octets, which signs with HS256.
    ///
    /// # Errors
    /// [`SignError`] when it is shorter than 32 octets, or the operating system gives no random numbers.
    pub fn generate_secret(octets: usize) -> Result<Self, SignError> {
        let mut secret = Zeroizing::new(vec![0_u8; octets]);
        rand::fill(&mut secret)
            .map_err(|_| SignError::new("the operating system gives no random numbers"))?;
        SigningKey::of(Material::Secret(secret))?.with_algorithm(Algorithm::HS256)
    }
}
