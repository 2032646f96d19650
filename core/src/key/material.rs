//! Public key material, whichever encoding it came in: the one place that says which keys are good enough
//! ([RFC 7518 §6](https://www.rfc-editor.org/rfc/rfc7518#section-6)).

use std::sync::Arc;

use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::verify::PublicKey;
use crate::algorithm::Algorithm;

/// A public key that passed every check, and its JWK thumbprint.
#[derive(Clone)]
pub(super) struct KeyMaterial {
    pub(super) public: PublicKey,
    /// [RFC 7638](https://www.rfc-editor.org/rfc/rfc7638). Equal for equal keys, however they were written.
    pub(super) thumbprint: Arc<str>,
}

impl KeyMaterial {
    /// An RSA key of big-endian modulus and exponent.
    ///
    /// # Errors
    /// What is wrong with it, as text for the operator.
    pub(super) fn rsa(n: &[u8], e: &[u8]) -> Result<Self, &'static str> {
        // Some encoders write the sign octet of their big integers; the value is the same without it.
        let (n, e) = (trim_zeros(n), trim_zeros(e));
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
        Ok(KeyMaterial { public, thumbprint: thumbprint(&canonical) })
    }

    /// A point of one of the curves of [RFC 7518 §6.2.1.1](https://www.rfc-editor.org/rfc/rfc7518#section-6.2.1.1).
    ///
    /// # Errors
    /// What is wrong with it, as text for the operator.
    pub(super) fn ec(curve: Curve, x: &[u8], y: &[u8]) -> Result<Self, &'static str> {
        let (algorithm, name, length) = match curve {
            Curve::P256 => (Algorithm::ES256, "P-256", 32),
            Curve::P384 => (Algorithm::ES384, "P-384", 48),
            Curve::P521 => (Algorithm::ES512, "P-521", 66),
        };
        if x.len() != length || y.len() != length {
            return Err("has coordinates that are not as long as its curve asks (RFC 7518 §6.2.1.2)");
        }
        let canonical = format!(
            r#"{{"crv":"{name}","kty":"EC","x":"{}","y":"{}"}}"#,
            URL_SAFE_NO_PAD.encode(x),
            URL_SAFE_NO_PAD.encode(y)
        );
        let public = PublicKey::on_curve(algorithm, &[&[UNCOMPRESSED], x, y].concat())
            .ok_or("is not a point on its curve")?;
        Ok(KeyMaterial { public, thumbprint: thumbprint(&canonical) })
    }

    /// A key of [RFC 8037](https://www.rfc-editor.org/rfc/rfc8037).
    ///
    /// # Errors
    /// What is wrong with it, as text for the operator.
    pub(super) fn ed25519(x: &[u8]) -> Result<Self, &'static str> {
        if x.len() != 32 {
            return Err("has an Ed25519 key that is not 32 octets long");
        }
        if is_small_order(x) {
            return Err("is an Ed25519 point of small order, under which forged signatures verify");
        }
        let canonical = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{}"}}"#, URL_SAFE_NO_PAD.encode(x));
        let public = PublicKey::on_curve(Algorithm::Ed25519, x).ok_or("is not an Ed25519 key")?;
        Ok(KeyMaterial { public, thumbprint: thumbprint(&canonical) })
    }
}

/// The curves of ECDSA that are taken.
#[derive(Clone, Copy)]
pub(super) enum Curve {
    P256,
    P384,
    P521,
}

/// SEC 1 §2.3.3: the octet that says both coordinates follow.
const UNCOMPRESSED: u8 = 4;

/// RFC 7638 §3: SHA-256 of the required members in lexical order. The members were decoded and are encoded
/// again, so that two spellings of one key have one thumbprint.
pub(super) fn thumbprint(canonical: &str) -> Arc<str> {
    let hash = digest::digest(&digest::SHA256, canonical.as_bytes());
    URL_SAFE_NO_PAD.encode(hash.as_ref()).into()
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
