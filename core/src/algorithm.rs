//! The signing algorithms of client assertions.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A JWS algorithm by its registered name ([RFC 7518 §3.1](https://www.rfc-editor.org/rfc/rfc7518#section-3.1),
/// [RFC 8037](https://www.rfc-editor.org/rfc/rfc8037), [RFC 9864](https://www.rfc-editor.org/rfc/rfc9864),
/// [RFC 9964](https://www.rfc-editor.org/rfc/rfc9964)).
///
/// `none` is not one of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
#[allow(missing_docs, reason = "each variant is its registered name")]
#[non_exhaustive]
pub enum Algorithm {
    RS256,
    RS384,
    RS512,
    PS256,
    PS384,
    PS512,
    ES256,
    ES384,
    ES512,
    Ed25519,
    EdDSA,
    HS256,
    HS384,
    HS512,
    /// `ML-DSA-44`. Shown by the feature `ml-dsa`, as are the two stronger ones.
    #[cfg(feature = "ml-dsa")]
    #[cfg_attr(docsrs, doc(cfg(feature = "ml-dsa")))]
    MlDsa44,
    /// `ML-DSA-65`.
    #[cfg(feature = "ml-dsa")]
    #[cfg_attr(docsrs, doc(cfg(feature = "ml-dsa")))]
    MlDsa65,
    /// `ML-DSA-87`.
    #[cfg(feature = "ml-dsa")]
    #[cfg_attr(docsrs, doc(cfg(feature = "ml-dsa")))]
    MlDsa87,
}

impl Algorithm {
    /// The algorithms of the default policy, in the order in which metadata lists them. No feature adds to them.
    pub const DEFAULT: &'static [Algorithm] = &[
        Algorithm::RS256,
        Algorithm::RS384,
        Algorithm::RS512,
        Algorithm::PS256,
        Algorithm::PS384,
        Algorithm::PS512,
        Algorithm::ES256,
        Algorithm::ES384,
        Algorithm::ES512,
        Algorithm::Ed25519,
        Algorithm::EdDSA,
        Algorithm::HS256,
        Algorithm::HS384,
        Algorithm::HS512,
    ];

    /// The algorithms of [RFC 9964](https://www.rfc-editor.org/rfc/rfc9964), by rising strength. A policy takes them
    /// only where it names them.
    #[cfg(feature = "ml-dsa")]
    #[cfg_attr(docsrs, doc(cfg(feature = "ml-dsa")))]
    pub const ML_DSA: &'static [Algorithm] = &[Algorithm::MlDsa44, Algorithm::MlDsa65, Algorithm::MlDsa87];

    /// Every algorithm that this build knows.
    pub(crate) fn known() -> impl Iterator<Item = Algorithm> {
        let known = Algorithm::DEFAULT.iter();
        #[cfg(feature = "ml-dsa")]
        let known = known.chain(Algorithm::ML_DSA);
        known.copied()
    }

    /// The registered name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Algorithm::RS256 => "RS256",
            Algorithm::RS384 => "RS384",
            Algorithm::RS512 => "RS512",
            Algorithm::PS256 => "PS256",
            Algorithm::PS384 => "PS384",
            Algorithm::PS512 => "PS512",
            Algorithm::ES256 => "ES256",
            Algorithm::ES384 => "ES384",
            Algorithm::ES512 => "ES512",
            Algorithm::Ed25519 => "Ed25519",
            Algorithm::EdDSA => "EdDSA",
            Algorithm::HS256 => "HS256",
            Algorithm::HS384 => "HS384",
            Algorithm::HS512 => "HS512",
            #[cfg(feature = "ml-dsa")]
            Algorithm::MlDsa44 => "ML-DSA-44",
            #[cfg(feature = "ml-dsa")]
            Algorithm::MlDsa65 => "ML-DSA-65",
            #[cfg(feature = "ml-dsa")]
            Algorithm::MlDsa87 => "ML-DSA-87",
        }
    }

    /// Is it a MAC under a shared secret, as `client_secret_jwt` uses?
    pub const fn is_symmetric(self) -> bool {
        matches!(self, Algorithm::HS256 | Algorithm::HS384 | Algorithm::HS512)
    }

    /// Do both names mean the same signature? `EdDSA` with an Ed25519 key is what RFC 9864 calls `Ed25519`;
    /// clients differ by version only.
    pub fn is_same_as(self, other: Algorithm) -> bool {
        self.canonical() == other.canonical()
    }

    fn canonical(self) -> Algorithm {
        if self == Algorithm::EdDSA { Algorithm::Ed25519 } else { self }
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl From<Algorithm> for String {
    fn from(algorithm: Algorithm) -> String {
        algorithm.as_str().to_owned()
    }
}

/// Not the name of an algorithm this crate knows. `none` never is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownAlgorithm(String);

impl fmt::Display for UnknownAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if cfg!(not(feature = "ml-dsa")) && self.0.starts_with("ML-DSA-") {
            return write!(
                f,
                "unknown signing algorithm {:?}: it needs the feature ml-dsa of countersign",
                self.0
            );
        }
        write!(f, "unknown signing algorithm {:?}, expected one of ", self.0)?;
        for (position, algorithm) in Algorithm::known().enumerate() {
            write!(f, "{}{algorithm}", if position == 0 { "" } else { ", " })?;
        }
        Ok(())
    }
}

impl std::error::Error for UnknownAlgorithm {}

impl FromStr for Algorithm {
    type Err = UnknownAlgorithm;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Algorithm::known()
            .find(|algorithm| algorithm.as_str() == name)
            .ok_or_else(|| UnknownAlgorithm(name.to_owned()))
    }
}

impl TryFrom<String> for Algorithm {
    type Error = UnknownAlgorithm;

    fn try_from(name: String) -> Result<Self, Self::Error> {
        name.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_algorithm_is_found_by_its_name() {
        for algorithm in Algorithm::known() {
            assert_eq!(algorithm.as_str().parse(), Ok(algorithm));
        }
        let error = "none".parse::<Algorithm>().unwrap_err().to_string();
        assert!(error.starts_with("unknown signing algorithm \"none\", expected one of RS256, "), "{error}");
    }

    #[test]
    #[cfg(not(feature = "ml-dsa"))]
    fn without_its_feature_ml_dsa_is_unknown_and_the_error_names_the_feature() {
        let error = "ML-DSA-65".parse::<Algorithm>().unwrap_err().to_string();
        assert!(error.contains("needs the feature ml-dsa"), "{error}");
    }

    #[test]
    #[cfg(feature = "ml-dsa")]
    fn the_default_policy_has_no_ml_dsa() {
        assert!(Algorithm::ML_DSA.iter().all(|algorithm| !Algorithm::DEFAULT.contains(algorithm)));
        for preset in crate::Policy::PRESETS {
            let policy = crate::Policy::preset(preset).unwrap();
            assert!(
                policy.algorithms.iter().all(|algorithm| Algorithm::DEFAULT.contains(algorithm)),
                "{preset}"
            );
        }
    }
}
