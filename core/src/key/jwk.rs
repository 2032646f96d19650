//! From one member of a JWK Set to a key that is ready to verify.

use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::{
    AlgorithmParameters, EllipticCurve, EllipticCurveKeyParameters, OctetKeyPairParameters, RSAKeyParameters,
};
use serde_json::{Map, Value};

use super::VerificationKey;
use super::material::{Curve, KeyMaterial};
use crate::algorithm::Algorithm;

/// Why a key of a set is not used. It disables that key alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyProblem {
    /// The position of the key in the set, from 0.
    pub position: usize,
    /// The `kid`, where it could be read.
    pub key_id: Option<String>,
    /// What is wrong.
    pub problem: &'static str,
}

impl fmt::Display for KeyProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "key {} ", self.position)?;
        if let Some(key_id) = &self.key_id {
            write!(f, "(kid {key_id:?}) ")?;
        }
        f.write_str(self.problem)
    }
}

impl VerificationKey {
    /// Reads a public JWK.
    ///
    /// # Errors
    /// What is wrong with it, as text for the operator.
    pub(super) fn from_jwk(members: &Map<String, Value>) -> Result<Self, &'static str> {
        let key_id = optional_text(members, "kid", "has a kid that is not a string")?;
        let is_akp = members.get("kty").is_some_and(|kty| kty == "AKP");
        if is_akp && cfg!(not(feature = "ml-dsa")) {
            return Err("has kty AKP, which needs the feature ml-dsa of countersign");
        }
        // A member whose text is not that of a known algorithm leaves the key with nothing to verify.
        let algorithm = match optional_text(members, "alg", "has an alg that is not a string")? {
            None => None,
            Some(name) => {
                Some(name.parse::<Algorithm>().map_err(|_| "has an alg that is not a signing algorithm")?)
            }
        };
        #[cfg(feature = "ml-dsa")]
        let material =
            if is_akp { KeyMaterial::from_akp(members, algorithm)? } else { key_of_rfc7518(members)? };
        #[cfg(not(feature = "ml-dsa"))]
        let material = key_of_rfc7518(members)?;
        let key = VerificationKey {
            key_id: key_id.map(Arc::from),
            algorithm,
            usable: is_for_verifying(members)?,
            x5t: thumbprint_member(members, "x5t")?,
            x5t_s256: thumbprint_member(members, "x5t#S256")?,
            certificate: None,
            material,
        };
        #[cfg(feature = "x509")]
        let key = key.certified_by_x5c(members)?;
        Ok(key)
    }
}

/// A key of the types of RFC 7518 §6 and RFC 8037.
fn key_of_rfc7518(members: &Map<String, Value>) -> Result<KeyMaterial, &'static str> {
    let parameters: AlgorithmParameters = serde_json::from_value(Value::Object(members.clone()))
        .map_err(|_| "has members of the wrong type")?;
    match &parameters {
        AlgorithmParameters::RSA(rsa) => rsa_key(rsa),
        AlgorithmParameters::EllipticCurve(ec) => ec_key(ec),
        AlgorithmParameters::OctetKeyPair(okp) => okp_key(okp),
        _ => Err("has a kty or crv that this server does not support, or lacks a member"),
    }
}

/// RFC 7517 §4.2, §4.3: a key that says what it is for says so truly.
fn is_for_verifying(members: &Map<String, Value>) -> Result<bool, &'static str> {
    let for_signatures =
        optional_text(members, "use", "has a use that is not a string")?.is_none_or(|value| value == "sig");
    let may_verify = match members.get("key_ops") {
        None => true,
        Some(Value::Array(operations)) => operations.iter().any(|operation| operation == "verify"),
        Some(_) => return Err("has key_ops that are not an array"),
    };
    Ok(for_signatures && may_verify)
}

/// A certificate thumbprint. Some libraries pad it; comparison ignores that.
fn thumbprint_member(members: &Map<String, Value>, name: &str) -> Result<Option<Box<str>>, &'static str> {
    let text = optional_text(members, name, "has a certificate thumbprint that is not a string")?;
    Ok(text.map(|text| Box::from(text.trim_end_matches('='))))
}

pub(super) fn optional_text<'m>(
    members: &'m Map<String, Value>,
    name: &str,
    problem: &'static str,
) -> Result<Option<&'m str>, &'static str> {
    members.get(name).map(|value| value.as_str().ok_or(problem)).transpose()
}

fn rsa_key(rsa: &RSAKeyParameters) -> Result<KeyMaterial, &'static str> {
    KeyMaterial::rsa(&octets(&rsa.n)?, &octets(&rsa.e)?)
}

fn ec_key(ec: &EllipticCurveKeyParameters) -> Result<KeyMaterial, &'static str> {
    let curve = match ec.curve {
        EllipticCurve::P256 => Curve::P256,
        EllipticCurve::P384 => Curve::P384,
        EllipticCurve::P521 => Curve::P521,
        _ => return Err("has a curve that does not belong to kty EC"),
    };
    KeyMaterial::ec(curve, &octets(&ec.x)?, &octets(&ec.y)?)
}

fn okp_key(okp: &OctetKeyPairParameters) -> Result<KeyMaterial, &'static str> {
    if okp.curve != EllipticCurve::Ed25519 {
        return Err("has a curve that does not belong to kty OKP");
    }
    KeyMaterial::ed25519(&octets(&okp.x)?)
}

pub(super) fn octets(text: &str) -> Result<Vec<u8>, &'static str> {
    URL_SAFE_NO_PAD.decode(text).map_err(|_| "has a member that is not base64url without padding")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(jwk: Value) -> Result<VerificationKey, &'static str> {
        VerificationKey::from_jwk(jwk.as_object().unwrap())
    }

    /// RFC 7638 §3.1.
    #[test]
    fn the_thumbprint_of_the_specification() {
        let key = read(json!({
            "kty": "RSA", "e": "AQAB", "alg": "RS256", "kid": "2011-04-29",
            "n": "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw"
        }))
        .unwrap();
        assert_eq!(&**key.thumbprint(), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
        assert!(key.fits(Algorithm::RS256) && !key.fits(Algorithm::PS256));
    }

    #[test]
    fn an_ed25519_key_of_small_order_is_refused() {
        for first in [0_u8, 1] {
            let mut x = [0_u8; 32];
            x[0] = first;
            let jwk = json!({"kty": "OKP", "crv": "Ed25519", "x": URL_SAFE_NO_PAD.encode(x)});
            assert!(read(jwk).is_err());
        }
    }

    #[test]
    fn a_key_for_encryption_does_not_verify() {
        let key = read(json!({
            "kty": "OKP", "crv": "Ed25519", "use": "enc",
            "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
        }))
        .unwrap();
        assert!(!key.fits(Algorithm::EdDSA));
    }

    #[test]
    fn what_does_not_fit_the_type_of_a_key_is_refused() {
        let (x, y) = (URL_SAFE_NO_PAD.encode([1; 32]), URL_SAFE_NO_PAD.encode([2; 32]));
        let of = |jwk: Value| read(jwk).unwrap_err();
        let foreign = "curve that does not belong to kty";
        assert!(of(json!({"kty": "EC", "crv": "Ed25519", "x": x, "y": y})).contains(foreign));
        for crv in ["P-256", "P-384", "P-521"] {
            assert!(of(json!({"kty": "OKP", "crv": crv, "x": x})).contains(foreign), "{crv}");
        }
        let ed25519 = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
        for key_ops in [json!("verify"), json!({"verify": true}), Value::Null, json!(1), json!(true)] {
            let jwk = json!({"kty": "OKP", "crv": "Ed25519", "x": ed25519, "key_ops": key_ops});
            assert!(of(jwk).contains("not an array"), "{key_ops}");
        }
        for (key_ops, fits) in
            [(json!([]), false), (json!(["sign"]), false), (json!(["sign", "verify"]), true)]
        {
            let jwk = json!({"kty": "OKP", "crv": "Ed25519", "x": ed25519, "key_ops": key_ops});
            assert_eq!(read(jwk).unwrap().fits(Algorithm::EdDSA), fits, "{key_ops}");
        }
    }

    #[test]
    #[cfg(not(feature = "ml-dsa"))]
    fn a_key_of_type_akp_names_the_feature_that_reads_it() {
        for jwk in [json!({"kty": "AKP", "alg": "ML-DSA-65", "pub": "AA"}), json!({"kty": "AKP"})] {
            assert!(read(jwk).unwrap_err().contains("needs the feature ml-dsa"));
        }
    }

    #[test]
    #[cfg(feature = "ml-dsa")]
    fn a_key_of_type_akp_says_what_it_lacks() {
        let of = |jwk: Value| read(jwk).unwrap_err();
        let octets = |length: usize| URL_SAFE_NO_PAD.encode(vec![1; length]);
        assert!(of(json!({"kty": "AKP", "pub": octets(1952)})).contains("has no alg"));
        assert!(of(json!({"kty": "AKP", "alg": "ML-DSA-65"})).contains("has no pub"));
        assert!(
            of(json!({"kty": "AKP", "alg": "ES256", "pub": octets(1952)})).contains("not one of kty AKP")
        );
        assert!(of(json!({"kty": "AKP", "alg": "ML-DSA-99", "pub": octets(1952)})).contains("has an alg"));
        for (alg, length) in [("ML-DSA-44", 1312), ("ML-DSA-65", 1952), ("ML-DSA-87", 2592)] {
            let jwk = |length: usize| json!({"kty": "AKP", "alg": alg, "pub": octets(length)});
            for wrong in [0, 31, 1312, 1952, 2592, length - 1, length + 1] {
                if wrong != length {
                    assert!(of(jwk(wrong)).contains("not as long as its alg asks"), "{alg} {wrong}");
                }
            }
            let key = read(jwk(length)).unwrap();
            assert!(key.fits(alg.parse().unwrap()) && !key.fits(Algorithm::ES256));
        }
    }
}
