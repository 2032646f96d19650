//! Edits of the numbers inside a signature.

use aws_lc_rs::digest;
use num_bigint::BigUint;

use crate::assertion::{Assertion, fresh_jti};
use crate::encoding::{base64url, from_hex};
use crate::jwk::PrivateJwk;
use crate::rsa;

/// A P-256 signature of named numbers, such as `r=0,s=n-1`.
pub(crate) fn ecdsa_of(rs: &str) -> Vec<u8> {
    let number = |name: &str| match name.split_once('=').expect("r=…,s=…").1 {
        "n" => p256_order(),
        "n-1" => p256_order() - 1_u8,
        digit => digit.parse().expect("0, 1, n or n-1"),
    };
    let (r, s) = rs.split_once(',').expect("r=…,s=…");
    [number(r), number(s)].iter().flat_map(|number| rsa::left_padded(number, 32)).collect()
}

pub(crate) fn r_plus_n(signature: &[u8]) -> Vec<u8> {
    let (r, s) = halves(signature);
    [rsa::left_padded(&(r + p256_order()), 33), rsa::left_padded(&s, 33)].concat()
}

pub(crate) fn negated_s(signature: &[u8]) -> Vec<u8> {
    let (r, s) = halves(signature);
    [rsa::left_padded(&r, 32), rsa::left_padded(&(p256_order() - s), 32)].concat()
}

pub(crate) fn widened(signature: &[u8]) -> Vec<u8> {
    let (r, s) = signature.split_at(signature.len() / 2);
    [&[0], r, &[0], s].concat()
}

pub(crate) fn swapped(signature: &[u8]) -> Vec<u8> {
    let (r, s) = signature.split_at(signature.len() / 2);
    [s, r].concat()
}

/// `SEQUENCE { INTEGER r, INTEGER s }`. The numbers of a P-256 signature need no long lengths.
pub(crate) fn der(signature: &[u8]) -> Vec<u8> {
    let integer = |number: &BigUint| {
        let mut magnitude = number.to_bytes_be();
        if magnitude[0] & 0x80 != 0 {
            magnitude.insert(0, 0);
        }
        [vec![0x02, u8::try_from(magnitude.len()).unwrap()], magnitude].concat()
    };
    let (r, s) = halves(signature);
    let content = [integer(&r), integer(&s)].concat();
    [vec![0x30, u8::try_from(content.len()).unwrap()], content].concat()
}

/// Ed25519 numbers are little-endian.
pub(crate) fn s_plus_l(signature: &[u8]) -> Vec<u8> {
    let (r, s) = signature.split_at(32);
    let mut moved = rsa::left_padded(&(BigUint::from_bytes_le(s) + ed25519_order()), 32);
    moved.reverse();
    [r.to_vec(), moved].concat()
}

pub(crate) fn s_plus_n(signature: &[u8], key: &PrivateJwk) -> Vec<u8> {
    let sum = BigUint::from_bytes_be(signature) + BigUint::from_bytes_be(&key.octets("n"));
    rsa::left_padded(&sum, signature.len())
}

/// A PS256 signature whose encoded message is wrong in one place: the trailer, or a bit that must be zero.
pub(crate) fn with_bad_pss_encoding(assertion: &Assertion, leading_bit: bool) -> String {
    let modulus = BigUint::from_bytes_be(&assertion.key().octets("n"));
    // With the highest bit set the encoding may pass the modulus; another `jti` gives another encoding.
    loop {
        let assertion = assertion.clone().claim("jti", fresh_jti());
        let input =
            format!("{}.{}", base64url(assertion.header_octets()), base64url(assertion.payload_octets()));
        let bits = rsa::modulus_bits(assertion.key());
        let mut encoded = rsa::pss_sha256(input.as_bytes(), bits, 32, &digest::SHA256);
        if leading_bit {
            encoded[0] |= 0x80;
        } else {
            *encoded.last_mut().unwrap() = !rsa::PSS_TRAILER;
        }
        if BigUint::from_bytes_be(&encoded) < modulus {
            return format!("{input}.{}", base64url(rsa::private_operation(assertion.key(), &encoded)));
        }
    }
}

/// The order of Ed25519's base point.
pub(crate) fn ed25519_order() -> BigUint {
    BigUint::from_bytes_be(&from_hex("1000000000000000000000000000000014def9dea2f79cd65812631a5cf5d3ed"))
}

fn p256_order() -> BigUint {
    BigUint::from_bytes_be(&from_hex("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551"))
}

fn halves(signature: &[u8]) -> (BigUint, BigUint) {
    let (r, s) = signature.split_at(signature.len() / 2);
    (BigUint::from_bytes_be(r), BigUint::from_bytes_be(s))
}
