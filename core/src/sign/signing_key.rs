//! The key a client signs its assertions with.

use std::fmt;

#[cfg(feature = "ml-dsa")]
use aws_lc_rs::signature::PqdsaKeyPair;
use aws_lc_rs::signature::{EcdsaKeyPair, Ed25519KeyPair, RsaKeyPair};
use zeroize::Zeroizing;

use super::SignError;
use super::jws::{self, Curve};
#[cfg(feature = "ml-dsa")]
use super::ml_dsa::ParameterSet;
use crate::algorithm::Algorithm;

/// A private key, or a secret for the HS algorithms, with the algorithm it signs with and the `kid` that names it.
///
/// ```
/// use countersign::{Algorithm, sign::SigningKey};
///
/// # let pem = SigningKey::generate(Algorithm::RS256)?.to_pem()?;
/// let key = SigningKey::from_pem(&pem)?.with_algorithm(Algorithm::PS256)?.with_key_id("2026-11");
/// assert_eq!(key.algorithm(), Algorithm::PS256);
/// assert!(key.with_algorithm(Algorithm::ES256).is_err());
/// # Ok::<(), countersign::sign::SignError>(())
/// ```
///
/// Key pairs are kept by AWS-LC, which wipes what it frees; a secret is wiped when it is dropped.
pub struct SigningKey {
    material: Material,
    algorithm: Algorithm,
    key_id: Option<String>,
}

pub(super) enum Material {
    Rsa(Box<RsaKeyPair>),
    Ec(Box<EcdsaKeyPair>, &'static Curve),
    Ed25519(Box<Ed25519KeyPair>),
    #[cfg(feature = "ml-dsa")]
    MlDsa(Box<PqdsaKeyPair>, &'static ParameterSet),
    Secret(Zeroizing<Vec<u8>>),
}

impl SigningKey {
    /// A private key in PEM: PKCS#8 (`PRIVATE KEY`) of any type, SEC 1 (`EC PRIVATE KEY`), PKCS#1 (`RSA PRIVATE KEY`).
    /// The first of these in the text; other blocks, such as certificates, are passed over.
    ///
    /// It signs with RS256, ES256, ES384, ES512 or EdDSA, by its type, and its `kid` is its JWK thumbprint. An ML-DSA
    /// key (feature `ml-dsa`) signs with its own algorithm, and must hold its seed.
    ///
    /// # Errors
    /// [`SignError`] when there is no private key in it, it is encrypted, or is of a type, curve or size that no
    /// algorithm takes.
    pub fn from_pem(pem: &str) -> Result<Self, SignError> {
        SigningKey::of(super::pem::read(pem)?)
    }

    /// A private JWK ([RFC 7517](https://www.rfc-editor.org/rfc/rfc7517)) of `kty` RSA, EC, OKP or oct, or of AKP with
    /// the feature `ml-dsa`, as JSON.
    ///
    /// Its `alg` and `kid` count; without them the defaults are those of [`from_pem`](SigningKey::from_pem), and
    /// HS256 without a `kid` for `oct`.
    ///
    /// # Errors
    /// [`SignError`] when it is not a JWK, is a public one, or is of a type, curve or size that no algorithm takes.
    pub fn from_jwk(json: &str) -> Result<Self, SignError> {
        let (material, algorithm, key_id) = super::private_jwk::read(json)?;
        let key = SigningKey::of(material)?;
        let algorithm = algorithm.unwrap_or(key.algorithm);
        let key = key.with_algorithm(algorithm)?;
        Ok(match key_id {
            Some(key_id) => key.with_key_id(key_id),
            None => key,
        })
    }

    /// The client's secret, for `client_secret_jwt`: its UTF-8 octets are the key
    /// ([OpenID Connect Core §10.1](https://openid.net/specs/openid-connect-core-1_0.html#Signing)). It signs with
    /// HS256, and no `kid` names it.
    ///
    /// # Errors
    /// [`SignError`] when it is shorter than 32 octets ([RFC 7518 §3.2](https://www.rfc-editor.org/rfc/rfc7518#section-3.2)).
    /// [`with_algorithm`](SigningKey::with_algorithm) asks for 48 and 64.
    pub fn from_secret(secret: &str) -> Result<Self, SignError> {
        SigningKey::danger_from_short_secret(secret, Algorithm::HS256)?.with_algorithm(Algorithm::HS256)
    }

    /// A secret of any length, to see that a server refuses it. A short one can be guessed from one assertion.
    ///
    /// # Errors
    /// [`SignError`] when the algorithm is none of the three that take a secret.
    pub fn danger_from_short_secret(secret: &str, algorithm: Algorithm) -> Result<Self, SignError> {
        let material = Material::Secret(Zeroizing::new(secret.as_bytes().to_vec()));
        if !jws::takes(&material, algorithm) {
            return Err(does_not_take(&material, algorithm));
        }
        Ok(SigningKey { material, algorithm, key_id: None })
    }

    /// Signs with this algorithm.
    ///
    /// # Errors
    /// [`SignError`] when it is not one of the key's type, or a secret is shorter than its hash.
    pub fn with_algorithm(self, algorithm: Algorithm) -> Result<Self, SignError> {
        if !jws::takes(&self.material, algorithm) {
            return Err(does_not_take(&self.material, algorithm));
        }
        if let (Material::Secret(secret), Some(least)) = (&self.material, jws::secret_octets(algorithm))
            && secret.len() < least
        {
            return Err(SignError::new(format!(
                "the secret has {} octets, and {algorithm} needs {least} (RFC 7518 §3.2)",
                secret.len()
            )));
        }
        Ok(SigningKey { algorithm, ..self })
    }

    /// Is named by this `kid`.
    #[must_use]
    pub fn with_key_id(mut self, key_id: impl Into<String>) -> Self {
        self.key_id = Some(key_id.into());
        self
    }

    /// Is named by no `kid`: the server tries the client's keys that fit.
    #[must_use]
    pub fn without_key_id(mut self) -> Self {
        self.key_id = None;
        self
    }

    /// The algorithm it signs with.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The `kid`.
    pub fn key_id(&self) -> Option<&str> {
        self.key_id.as_deref()
    }

    pub(super) fn of(material: Material) -> Result<Self, SignError> {
        let algorithm = jws::usual(&material);
        let mut key = SigningKey { material, algorithm, key_id: None };
        key.key_id = key.thumbprint();
        match (&key.material, &key.key_id) {
            // The core judges the public part as a server would: exponents, curves, sizes.
            (Material::Secret(_), _) | (_, Some(_)) => Ok(key),
            _ => Err(SignError::new(format!("{} is one that servers refuse", kind(&key.material)))),
        }
    }

    pub(super) fn material(&self) -> &Material {
        &self.material
    }

    pub(super) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
        jws::sign(&self.material, self.algorithm, message)
    }
}

/// Shows the algorithm and the `kid`, never the key.
impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey")
            .field("algorithm", &self.algorithm)
            .field("key_id", &self.key_id)
            .finish_non_exhaustive()
    }
}

fn does_not_take(material: &Material, algorithm: Algorithm) -> SignError {
    SignError::new(format!("{} does not sign with {algorithm}", kind(material)))
}

fn kind(material: &Material) -> String {
    match material {
        Material::Rsa(_) => "an RSA key".to_owned(),
        Material::Ec(_, curve) => format!("a key on {}", curve.name),
        Material::Ed25519(_) => "an Ed25519 key".to_owned(),
        #[cfg(feature = "ml-dsa")]
        Material::MlDsa(_, set) => format!("a key for {}", set.algorithm),
        Material::Secret(_) => "a secret".to_owned(),
    }
}
