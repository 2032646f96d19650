//! From one member of a JWK Set to a key that is ready to verify.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::{
    AlgorithmParameters, EllipticCurve, EllipticCurveKeyParameters, OctetKeyPairParameters, RSAKeyParameters,
};
use serde_json::{Map, Value};

use super::VerificationKey;
use super::verify::PublicKey;
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
        // A member whose text is not that of a known algorithm leaves the key with nothing to verify.
        let algorithm = match optional_text(members, "alg", "has an alg that is not a string")? {
            None => None,
            Some(name) => {
                Some(name.parse::<Algorithm>().map_err(|_| "has an alg that is not a signing algorithm")?)
            }
        };
        let parameters: AlgorithmParameters = serde_json::from_value(Value::Object(members.clone()))
            .map_err(|_| "has members of the wrong type")?;
        let (public, canonical) = match &parameters {
            AlgorithmParameters::RSA(rsa) => rsa_key(rsa)?,
            AlgorithmParameters::EllipticCurve(ec) => ec_key(ec)?,
            AlgorithmParameters::OctetKeyPair(okp) => okp_key(okp)?,
            _ => return Err("has a kty or crv that this server does not support, or lacks a member"),
        };
        Ok(VerificationKey {
            key_id: key_id.map(Arc::from),
            algorithm,
            usable: is_for_verifying(members)?,
            x5t: thumbprint_member(members, "x5t")?,
            x5t_s256: thumbprint_member(members, "x5t#S256")?,
            thumbprint: thumbprint(&canonical),
            public,
        })
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

fn optional_text<'m>(
    members: &'m Map<String, Value>,
    name: &str,
    problem: &'static str,
) -> Result<Option<&'m str>, &'static str> {
    members.get(name).map(|value| value.as_str().ok_or(problem)).transpose()
}

type Parsed = (PublicKey, String);

fn rsa_key(rsa: &RSAKeyParameters) -> Result<Parsed, &'static str> {
    // Some encoders write the sign octet of their big integers; the value is the same without it.
    let n = trim_zeros(&octets(&rsa.n)?);
    let e = trim_zeros(&octets(&rsa.e)?);
    let bits = n.len() * 8 - n.first().map_or(0, |first| first.leading_zeros() as usize);
    if !(2048..=8192).contains(&bits) {
        return Err("has an RSA modulus outside 2048 to 8192 bits");
    }
    let exponent = e.iter().fold(0_u64, |value, octet| value << 8 | u64::from(*octet));
    if e.len() > 5 || exponent < 3 || exponent % 2 == 0 || exponent > 1 << 33 {
        return Err("has an RSA exponent that is even, below 3 or above 2^33");
    }
    if n.last().is_none_or(|last| last % 2 == 0) {
        return Err("has an even RSA modulus");
    }
    let canonical = format!(
        r#"{{"e":"{}","kty":"RSA","n":"{}"}}"#,
        URL_SAFE_NO_PAD.encode(&e),
        URL_SAFE_NO_PAD.encode(&n)
    );
    let public = PublicKey::rsa(n, e).ok_or("is not an RSA key")?;
    Ok((public, canonical))
}

fn ec_key(ec: &EllipticCurveKeyParameters) -> Result<Parsed, &'static str> {
    let (algorithm, name, length) = match ec.curve {
        EllipticCurve::P256 => (Algorithm::ES256, "P-256", 32),
        EllipticCurve::P384 => (Algorithm::ES384, "P-384", 48),
        EllipticCurve::P521 => (Algorithm::ES512, "P-521", 66),
        _ => return Err("has a curve that does not belong to kty EC"),
    };
    let (x, y) = (octets(&ec.x)?, octets(&ec.y)?);
    if x.len() != length || y.len() != length {
        return Err("has coordinates that are not as long as its curve asks (RFC 7518 §6.2.1.2)");
    }
    let canonical = format!(
        r#"{{"crv":"{name}","kty":"EC","x":"{}","y":"{}"}}"#,
        URL_SAFE_NO_PAD.encode(&x),
        URL_SAFE_NO_PAD.encode(&y)
    );
    let point = [&[UNCOMPRESSED], x.as_slice(), y.as_slice()].concat();
    let public = PublicKey::on_curve(algorithm, &point).ok_or("is not a point on its curve")?;
    Ok((public, canonical))
}

fn okp_key(okp: &OctetKeyPairParameters) -> Result<Parsed, &'static str> {
    if okp.curve != EllipticCurve::Ed25519 {
        return Err("has a curve that does not belong to kty OKP");
    }
    let x = octets(&okp.x)?;
    if x.len() != 32 {
        return Err("has an Ed25519 key that is not 32 octets long");
    }
    if is_small_order(&x) {
        return Err("is an Ed25519 point of small order, under which forged signatures verify");
    }
    let canonical = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{}"}}"#, URL_SAFE_NO_PAD.encode(&x));
    let public = PublicKey::on_curve(Algorithm::Ed25519, &x).ok_or("is not an Ed25519 key")?;
    Ok((public, canonical))
}

/// RFC 7638 §3: SHA-256 of the required members in lexical order. The members were decoded and are encoded
/// again, so that two spellings of one key have one thumbprint.
fn thumbprint(canonical: &str) -> Arc<str> {
    let hash = digest::digest(&digest::SHA256, canonical.as_bytes());
    URL_SAFE_NO_PAD.encode(hash.as_ref()).into()
}

fn octets(text: &str) -> Result<Vec<u8>, &'static str> {
    URL_SAFE_NO_PAD.decode(text).map_err(|_| "has a member that is not base64url without padding")
}

fn trim_zeros(octets: &[u8]) -> Vec<u8> {
    octets.iter().copied().skip_while(|octet| *octet == 0).collect()
}

/// The encodings of the points whose order divides 8, canonical or not, with the sign bit cleared.
fn is_small_order(x: &[u8]) -> bool {
    const ORDER_8: [[u8; 32]; 2] = [
        [
            0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0,
            0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05,
        ],
        [
            0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f,
            0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a,
        ],
    ];
    let Some((last, rest)) = x.split_last() else { return true };
    let last = last & 0x7f;
    let first = rest.first().copied().unwrap_or_default();
    let middle_is = |value: u8| rest.iter().skip(1).all(|octet| *octet == value);
    // 0 and 1, then p - 1, p and p + 1 with p = 2^255 - 19.
    let near_zero = first <= 1 && last == 0 && middle_is(0);
    let near_p = (0xec..=0xee).contains(&first) && last == 0x7f && middle_is(0xff);
    let order_8 = ORDER_8.iter().any(|point| {
        point.split_last().is_some_and(|(point_last, point_rest)| *point_last == last && point_rest == rest)
    });
    near_zero || near_p || order_8
}

/// SEC 1 §2.3.3: the octet that says both coordinates follow.
const UNCOMPRESSED: u8 = 4;

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
}
