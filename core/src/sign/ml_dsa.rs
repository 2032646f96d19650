//! ML-DSA key pairs ([FIPS 204](https://doi.org/10.6028/NIST.FIPS.204)), which are kept by their seed
//! ([RFC 9964 §4](https://www.rfc-editor.org/rfc/rfc9964#section-4)).

use aws_lc_rs::signature::{self, KeyPair as _, PqdsaKeyPair, PqdsaSigningAlgorithm};
use zeroize::Zeroizing;

use super::signing_key::Material;
use super::{SignError, der};
use crate::algorithm::Algorithm;

/// A parameter set, and the one algorithm that belongs to it.
pub(super) struct ParameterSet {
    pub(super) algorithm: Algorithm,
    signing: &'static PqdsaSigningAlgorithm,
}

static PARAMETER_SETS: [ParameterSet; 3] = [
    ParameterSet { algorithm: Algorithm::MlDsa44, signing: &signature::ML_DSA_44_SIGNING },
    ParameterSet { algorithm: Algorithm::MlDsa65, signing: &signature::ML_DSA_65_SIGNING },
    ParameterSet { algorithm: Algorithm::MlDsa87, signing: &signature::ML_DSA_87_SIGNING },
];

impl ParameterSet {
    /// That of the algorithm, if it is one of ML-DSA.
    pub(super) fn of(algorithm: Algorithm) -> Option<&'static Self> {
        PARAMETER_SETS.iter().find(|set| set.algorithm == algorithm)
    }

    /// A new key pair.
    pub(super) fn generate(&'static self) -> Result<Material, SignError> {
        let pair = PqdsaKeyPair::generate(self.signing).map_err(SignError::failed)?;
        Ok(Material::MlDsa(Box::new(pair), self))
    }

    /// The key pair of this seed, whose public key must be this one: signing with halves that do not belong together
    /// can give the private one away (RFC 9964 §7.4).
    pub(super) fn key_pair(&'static self, seed: &[u8], public: &[u8]) -> Result<Material, SignError> {
        if seed.len() != SEED_OCTETS {
            return Err(SignError::new("has a priv that is not 32 octets long (RFC 9964 §4)"));
        }
        let pair = PqdsaKeyPair::from_seed(self.signing, seed).map_err(SignError::failed)?;
        if pair.public_key().as_ref() != public {
            return Err(SignError::new("has a priv and pub that are not one key"));
        }
        Ok(Material::MlDsa(Box::new(pair), self))
    }
}

/// RFC 9881 §6. `None` when it is no ML-DSA key.
pub(super) fn from_pkcs8(pkcs8: &[u8]) -> Option<Result<Material, SignError>> {
    let (pair, set) = PARAMETER_SETS
        .iter()
        .find_map(|set| Some((PqdsaKeyPair::from_pkcs8(set.signing, pkcs8).ok()?, set)))?;
    Some(match seed(&pair) {
        Ok(_) => Ok(Material::MlDsa(Box::new(pair), set)),
        Err(_) => Err(SignError::new("is an ML-DSA key without its seed, which has no JWK (RFC 9964 §4)")),
    })
}

/// All that is kept of a private key.
pub(super) fn seed(pair: &PqdsaKeyPair) -> Result<Zeroizing<Vec<u8>>, SignError> {
    let pkcs8 = pair.to_pkcs8v1().map_err(SignError::failed)?;
    der::ml_dsa_seed(pkcs8.as_ref()).ok_or_else(|| SignError::failed(()))
}

pub(super) fn sign(pair: &PqdsaKeyPair, message: &[u8]) -> Result<Vec<u8>, SignError> {
    let mut signature = vec![0; pair.algorithm().signature_len()];
    pair.sign(message, &mut signature).map_err(SignError::failed)?;
    Ok(signature)
}

const SEED_OCTETS: usize = 32;
