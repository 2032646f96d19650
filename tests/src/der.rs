//! As much DER as the tests write: private and public keys here, certificates in [`x509`](crate::x509).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::jwk::PrivateJwk;

/// `RSAPrivateKey` of [RFC 8017 A.1.2](https://www.rfc-editor.org/rfc/rfc8017#appendix-A.1.2).
pub(crate) fn rsa_private_key(key: &PrivateJwk) -> Vec<u8> {
    let mut fields = integer(&[0]);
    for member in ["n", "e", "d", "p", "q", "dp", "dq", "qi"] {
        fields.extend(integer(&key.octets(member)));
    }
    element(SEQUENCE, &fields)
}

/// `SubjectPublicKeyInfo` of the public half.
pub(crate) fn subject_public_key_info(key: &PrivateJwk) -> Vec<u8> {
    let (algorithm, bits) = if key.member("kty") == "RSA" {
        let modulus_and_exponent = [integer(&key.octets("n")), integer(&key.octets("e"))].concat();
        (RSA_ENCRYPTION_AND_NULL, element(SEQUENCE, &modulus_and_exponent))
    } else {
        (EC_PUBLIC_KEY_AND_P256, key.uncompressed_point())
    };
    let bit_string = element(BIT_STRING, &[&[0], bits.as_slice()].concat());
    element(SEQUENCE, &[element(SEQUENCE, algorithm), bit_string].concat())
}

/// The same in PEM, with a final newline.
pub(crate) fn public_key_pem(key: &PrivateJwk) -> String {
    let text = STANDARD.encode(subject_public_key_info(key));
    let lines: Vec<_> = text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
    format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", lines.join("\n"))
}

const INTEGER: u8 = 0x02;
pub(crate) const BIT_STRING: u8 = 0x03;
pub(crate) const SEQUENCE: u8 = 0x30;
const RSA_ENCRYPTION_AND_NULL: &[u8] = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00";
const EC_PUBLIC_KEY_AND_P256: &[u8] =
    b"\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07";

/// An INTEGER is signed and minimal: no leading zero octet but the one that keeps the number positive.
pub(crate) fn integer(magnitude: &[u8]) -> Vec<u8> {
    let significant =
        magnitude.iter().position(|byte| *byte != 0).map_or(&[0][..], |start| &magnitude[start..]);
    let sign: &[u8] = if significant[0] & 0x80 == 0 { &[] } else { &[0] };
    element(INTEGER, &[sign, significant].concat())
}

/// A whole element: its tag, its length in the shortest form, its content.
pub(crate) fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let octets = content.len().to_be_bytes();
    let length = &octets[octets.iter().position(|byte| *byte != 0).unwrap_or(octets.len() - 1)..];
    let mut element = vec![tag];
    if length.len() > 1 || length[0] & 0x80 != 0 {
        element.push(0x80 | u8::try_from(length.len()).unwrap());
    }
    element.extend_from_slice(length);
    element.extend_from_slice(content);
    element
}
