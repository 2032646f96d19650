//! What kind of key is asked for, and how it is written down.

use std::convert::Infallible;
use std::str::FromStr;

use clap::ValueEnum;

use crate::algorithm::Algorithm;
use crate::cli::problem::Problem;
use crate::clock::{Clock as _, SystemClock, unix_seconds};
use crate::sign::SigningKey;

/// `kty`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum KeyType {
    #[value(name = "RSA")]
    Rsa,
    #[value(name = "EC")]
    Ec,
    #[value(name = "OKP")]
    Okp,
    #[value(name = "AKP")]
    Akp,
    #[value(name = "oct")]
    Oct,
}

/// `use`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum KeyUse {
    Sig,
    Enc,
}

impl KeyUse {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            KeyUse::Sig => "sig",
            KeyUse::Enc => "enc",
        }
    }
}

/// How a key is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    Jwk,
    Jwks,
    Pem,
}

/// How a key is named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum KeyId {
    Thumbprint,
    Timestamp,
    Nothing,
    Value(String),
}

impl FromStr for KeyId {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(match text {
            "thumbprint" => KeyId::Thumbprint,
            "timestamp" => KeyId::Timestamp,
            "none" => KeyId::Nothing,
            value => KeyId::Value(value.to_owned()),
        })
    }
}

impl KeyId {
    /// A secret has no thumbprint that could be shown, and goes without a name unless it is given one.
    pub(super) fn of(&self, key: &SigningKey, key_use: KeyUse) -> Option<String> {
        match self {
            KeyId::Thumbprint => key.thumbprint(),
            KeyId::Timestamp => Some(format!(
                "{}-{:.0}",
                key_use.as_str(),
                unix_seconds(SystemClock::default().now()).floor()
            )),
            KeyId::Nothing => None,
            KeyId::Value(value) => Some(value.clone()),
        }
    }
}

/// The algorithm that a key of this type and curve is for; each of the three may be left open.
pub(super) fn algorithm(
    key_type: Option<KeyType>,
    curve: Option<&str>,
    algorithm: Option<Algorithm>,
) -> Result<Algorithm, Problem> {
    let of_curve = match curve {
        None => None,
        Some("P-256") => Some(Algorithm::ES256),
        Some("P-384") => Some(Algorithm::ES384),
        Some("P-521") => Some(Algorithm::ES512),
        Some("Ed25519") => Some(Algorithm::EdDSA),
        Some(other) => {
            return Err(Problem::new(format!(
                "{other:?} is no curve of these: P-256, P-384, P-521, Ed25519"
            )));
        }
    };
    let usual = match key_type {
        Some(KeyType::Rsa) => Algorithm::RS256,
        Some(KeyType::Okp) => Algorithm::EdDSA,
        Some(KeyType::Akp) => Algorithm::MlDsa65,
        Some(KeyType::Oct) => Algorithm::HS256,
        Some(KeyType::Ec) | None => Algorithm::ES256,
    };
    let chosen = algorithm.or(of_curve).unwrap_or(usual);
    if let Some(own) = of_curve.filter(|own| !own.is_same_as(chosen)) {
        return Err(Problem::new(format!("the curve is that of {own}, not of {chosen}")));
    }
    match key_type {
        Some(wanted) if wanted != self::key_type(chosen) => {
            Err(Problem::new(format!("{chosen} is not for a key of this type")))
        }
        _ => Ok(chosen),
    }
}

/// The type of the keys of this algorithm.
pub(super) fn key_type(algorithm: Algorithm) -> KeyType {
    match algorithm {
        Algorithm::ES256 | Algorithm::ES384 | Algorithm::ES512 => KeyType::Ec,
        Algorithm::Ed25519 | Algorithm::EdDSA => KeyType::Okp,
        Algorithm::MlDsa44 | Algorithm::MlDsa65 | Algorithm::MlDsa87 => KeyType::Akp,
        Algorithm::HS256 | Algorithm::HS384 | Algorithm::HS512 => KeyType::Oct,
        _ => KeyType::Rsa,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_of_the_three_fixes_the_others() {
        assert_eq!(algorithm(None, None, None).unwrap(), Algorithm::ES256);
        assert_eq!(algorithm(None, Some("P-521"), None).unwrap(), Algorithm::ES512);
        assert_eq!(algorithm(None, None, Some(Algorithm::PS384)).unwrap(), Algorithm::PS384);
        assert_eq!(
            algorithm(Some(KeyType::Okp), Some("Ed25519"), Some(Algorithm::Ed25519)).unwrap(),
            Algorithm::Ed25519
        );
        assert_eq!(algorithm(Some(KeyType::Oct), None, None).unwrap(), Algorithm::HS256);
        assert_eq!(algorithm(Some(KeyType::Akp), None, None).unwrap(), Algorithm::MlDsa65);
        assert_eq!(
            algorithm(Some(KeyType::Akp), None, Some(Algorithm::MlDsa87)).unwrap(),
            Algorithm::MlDsa87
        );
        assert!(algorithm(Some(KeyType::Akp), Some("P-256"), None).is_err());
        assert!(algorithm(Some(KeyType::Akp), None, Some(Algorithm::ES256)).is_err());
        assert!(algorithm(Some(KeyType::Rsa), Some("P-256"), None).is_err());
        assert!(algorithm(Some(KeyType::Ec), None, Some(Algorithm::RS256)).is_err());
        assert!(algorithm(None, Some("P-256"), Some(Algorithm::ES384)).is_err());
        assert!(algorithm(None, Some("secp256k1"), None).is_err());
    }
}
