//! The encodings that credentials travel in.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

/// SHA-256.
pub fn sha256(octets: &[u8]) -> Vec<u8> {
    aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, octets).as_ref().to_vec()
}

/// SHA-256, in hexadecimal: how the echo handlers say which body they saw.
pub fn sha256_hex(octets: &[u8]) -> String {
    sha256(octets).iter().map(|octet| format!("{octet:02x}")).collect()
}

/// Form-encodes a name or a value (RFC 6749 Appendix B).
pub fn form_encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'*' | b'-' | b'.' | b'_' => encoded.push(byte.into()),
            b' ' => encoded.push('+'),
            other => encoded.push_str(&format!("%{other:02X}")),
        }
    }
    encoded
}

/// The value of an `Authorization` header with both halves form-encoded, as RFC 6749 §2.3.1 has it.
pub fn basic(client_id: &str, secret: &str) -> String {
    basic_pair(format!("{}:{}", form_encode(client_id), form_encode(secret)))
}

/// The value of an `Authorization` header over exactly this pair.
pub fn basic_pair(pair: impl AsRef<[u8]>) -> String {
    format!("Basic {}", STANDARD.encode(pair))
}

/// base64url without padding, as every part of a JWS.
pub fn base64url(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Decodes base64url without padding.
pub fn from_base64url(text: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(text).unwrap_or_else(|error| panic!("{text:?} is not base64url: {error}"))
}

/// Decodes hexadecimal; `00*64` repeats an octet.
pub fn from_hex(text: &str) -> Vec<u8> {
    let (digits, times) = match text.split_once('*') {
        Some((digits, times)) => (digits, times.parse().expect("a count after *")),
        None => (text, 1),
    };
    let octet = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).expect("hex digits");
    digits.as_bytes().chunks(2).map(octet).collect::<Vec<_>>().repeat(times)
}

/// UTF-16 in little-endian order, without a byte order mark.
pub fn utf16le(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hard_vectors_of_the_requirement_catalogue() {
        assert_eq!(form_encode(" %&+£€"), "+%25%26%2B%C2%A3%E2%82%AC");
        assert_eq!(
            basic("1PpG/Q 1", "z/tZ9VwFZqApmIQ+ZH1I5pLk/uB4ud:X2/8bL+wfFTt1rFw="),
            "Basic MVBwRyUyRlErMTp6JTJGdFo5VndGWnFBcG1JUSUyQlpIMUk1cExrJTJGdUI0dWQlM0FYMiUyRjhiTCUyQndmRlR0MXJGdyUzRA=="
        );
        assert_eq!(from_hex("00*3"), [0, 0, 0]);
        assert_eq!(from_hex("c3a9"), [0xC3, 0xA9]);
    }
}
