//! The client that is verified against when there is none to verify against.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::client::Client;
use crate::config_error::ConfigError;
use crate::key::KeySet;
use crate::secret::ClientSecret;

/// A client with one secret and a key of each type. Nobody has the secret, and the private keys were never kept.
pub(crate) fn client() -> Result<Client, ConfigError> {
    let broken = |problem: String| ConfigError::new("decoy", problem, "report this as a bug");
    let mut members = Vec::new();
    for document in KEYS {
        let set: JwkSet = serde_json::from_str(document).map_err(|error| broken(error.to_string()))?;
        members.extend(set.keys);
    }
    let keys = KeySet::from_jwks(&json!({ "keys": members })).map_err(|error| broken(error.to_string()))?;
    // Long enough in hexadecimal for the longest MAC key.
    let mut secret = [0_u8; 32];
    aws_lc_rs::rand::fill(&mut secret)
        .map_err(|_| broken("the operating system gives no random numbers".to_owned()))?;
    let secret: String = secret.iter().map(|octet| format!("{octet:02x}")).collect();
    Ok(Client::decoy(ClientSecret::raw(secret), keys))
}

#[derive(Deserialize)]
struct JwkSet {
    keys: Vec<Value>,
}

const KEYS: &[&str] = &[
    include_str!("decoy_keys.json"),
    #[cfg(feature = "ml-dsa")]
    include_str!("decoy_ml_dsa_keys.json"),
];

#[cfg(test)]
mod tests {
    use crate::algorithm::Algorithm;

    #[test]
    fn there_is_a_key_for_every_asymmetric_algorithm() {
        let decoy = super::client().unwrap();
        assert!(decoy.keys().problems().is_empty());
        for algorithm in Algorithm::known().filter(|algorithm| !algorithm.is_symmetric()) {
            // RSA has one for each usual length: only that of the signature's length is any work.
            let expected = if algorithm.as_str().starts_with(['R', 'P']) { 3 } else { 1 };
            assert_eq!(
                decoy.keys().keys().filter(|key| key.fits(algorithm)).count(),
                expected,
                "{algorithm}"
            );
        }
        for octets in [256, 384, 512] {
            let rsa = decoy.keys().keys().filter(|key| key.fits(Algorithm::RS256));
            assert_eq!(rsa.filter(|key| key.takes_signature_of(octets)).count(), 1);
        }
    }
}
