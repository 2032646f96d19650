//! ML-DSA public keys ([FIPS 204](https://doi.org/10.6028/NIST.FIPS.204)), and JWKs of type AKP, which hold them
//! ([RFC 9964 §3](https://www.rfc-editor.org/rfc/rfc9964#section-3)).

use aws_lc_rs::signature::{self, ParsedPublicKey, PqdsaVerificationAlgorithm};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use super::jwk::{octets, optional_text};
use super::material::{KeyMaterial, thumbprint};
use super::verify::PublicKey;
use crate::algorithm::Algorithm;

impl KeyMaterial {
    /// The key of a JWK of type AKP, whose `alg` is part of the key.
    ///
    /// # Errors
    /// What is wrong with it, as text for the operator.
    pub(super) fn from_akp(
        members: &Map<String, Value>,
        alg: Option<Algorithm>,
    ) -> Result<Self, &'static str> {
        let algorithm = alg.ok_or("has no alg, which kty AKP requires (RFC 9964 §3)")?;
        let public = optional_text(members, "pub", "has a pub that is not a string")?
            .ok_or("has no pub, which kty AKP requires (RFC 9964 §3)")?;
        KeyMaterial::ml_dsa(algorithm, &octets(public)?)
    }

    /// A key of the parameter set that the algorithm names, as FIPS 204 §7.2 encodes it.
    ///
    /// # Errors
    /// What is wrong with it, as text for the operator.
    pub(super) fn ml_dsa(algorithm: Algorithm, public: &[u8]) -> Result<Self, &'static str> {
        let (verification, length): (&'static PqdsaVerificationAlgorithm, usize) = match algorithm {
            Algorithm::MlDsa44 => (&signature::ML_DSA_44, 1312),
            Algorithm::MlDsa65 => (&signature::ML_DSA_65, 1952),
            Algorithm::MlDsa87 => (&signature::ML_DSA_87, 2592),
            _ => return Err("has an alg that is not one of kty AKP"),
        };
        if public.len() != length {
            return Err("has an ML-DSA key that is not as long as its alg asks (RFC 9964 §5)");
        }
        // Behind the 32 octets of the seed of the matrix stands the vector that only the private key explains.
        if public.iter().skip(32).all(|octet| *octet == 0) {
            return Err("is an ML-DSA key of zeros, under which anybody can sign");
        }
        let canonical =
            format!(r#"{{"alg":"{algorithm}","kty":"AKP","pub":"{}"}}"#, URL_SAFE_NO_PAD.encode(public));
        let parsed = ParsedPublicKey::new(verification, public).map_err(|_| "is not an ML-DSA key")?;
        let public = PublicKey::Fixed { algorithm, parsed };
        Ok(KeyMaterial { public, thumbprint: thumbprint(&canonical) })
    }
}
