//! PEM text ([RFC 7468](https://www.rfc-editor.org/rfc/rfc7468)) with one private key in it.

use aws_lc_rs::signature::{EcdsaKeyPair, Ed25519KeyPair, RsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use super::SignError;
use super::jws::CURVES;
use super::signing_key::Material;

/// The first private key of the text.
pub(super) fn read(text: &str) -> Result<Material, SignError> {
    if !text.contains(BEGIN) {
        return Err(SignError::new("is not PEM: there is no line that starts with -----BEGIN"));
    }
    let mut passed_over = Vec::new();
    for block in text.split(BEGIN).skip(1) {
        let (label, rest) = block.split_once("-----").unwrap_or((block, ""));
        let body = rest.split("-----END").next().unwrap_or_default();
        let parse = match label {
            "PRIVATE KEY" => pkcs8,
            "RSA PRIVATE KEY" => pkcs1,
            "EC PRIVATE KEY" => sec1,
            "ENCRYPTED PRIVATE KEY" => return Err(encrypted()),
            other => {
                passed_over.push(other);
                continue;
            }
        };
        // The older way to encrypt one, RFC 1421 §4.6.
        if body.contains("ENCRYPTED") {
            return Err(encrypted());
        }
        return parse(&decode(body)?);
    }
    Err(SignError::new(format!("holds no private key, only {}", passed_over.join(", "))))
}

/// One DER value as PEM.
pub(super) fn write(label: &str, der: &[u8]) -> Zeroizing<String> {
    let body = Zeroizing::new(STANDARD.encode(der));
    let mut text = Zeroizing::new(String::with_capacity(body.len() + body.len() / LINE + 80));
    text.push_str(BEGIN);
    text.push_str(label);
    text.push_str("-----\n");
    let mut rest = body.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at(LINE.min(rest.len()));
        text.push_str(line);
        text.push('\n');
        rest = after;
    }
    text.push_str("-----END ");
    text.push_str(label);
    text.push_str("-----\n");
    text
}

const BEGIN: &str = "-----BEGIN ";
const LINE: usize = 64;

fn decode(body: &str) -> Result<Zeroizing<Vec<u8>>, SignError> {
    let mut joined = Zeroizing::new(String::with_capacity(body.len()));
    joined.extend(body.split_ascii_whitespace());
    STANDARD
        .decode(joined.as_bytes())
        .map(Zeroizing::new)
        .map_err(|_| SignError::new("holds a private key that is not base64"))
}

/// RFC 5958, of whatever type.
fn pkcs8(der: &[u8]) -> Result<Material, SignError> {
    if let Ok(pair) = RsaKeyPair::from_pkcs8(der) {
        return Ok(Material::Rsa(Box::new(pair)));
    }
    if let Ok(pair) = Ed25519KeyPair::from_pkcs8(der) {
        return Ok(Material::Ed25519(Box::new(pair)));
    }
    #[cfg(feature = "ml-dsa")]
    if let Some(read) = super::ml_dsa::from_pkcs8(der) {
        return read;
    }
    let curve =
        CURVES.iter().find_map(|curve| Some((EcdsaKeyPair::from_pkcs8(curve.signing, der).ok()?, curve)));
    match curve {
        Some((pair, curve)) => Ok(Material::Ec(Box::new(pair), curve)),
        None => Err(unfit()),
    }
}

/// RFC 8017 Appendix A.1.2.
fn pkcs1(der: &[u8]) -> Result<Material, SignError> {
    RsaKeyPair::from_der(der).map(|pair| Material::Rsa(Box::new(pair))).map_err(|_| unfit())
}

/// RFC 5915.
fn sec1(der: &[u8]) -> Result<Material, SignError> {
    CURVES
        .iter()
        .find_map(|curve| {
            let pair = EcdsaKeyPair::from_private_key_der(curve.signing, der).ok()?;
            Some(Material::Ec(Box::new(pair), curve))
        })
        .ok_or_else(unfit)
}

fn unfit() -> SignError {
    SignError::new(if cfg!(feature = "ml-dsa") {
        "is not a key that signs assertions: RSA of 2048 to 8192 bits, EC on P-256, P-384 or P-521, Ed25519 or ML-DSA"
    } else {
        "is not a key that signs assertions: RSA of 2048 to 8192 bits, EC on P-256, P-384 or P-521, or Ed25519"
    })
}

fn encrypted() -> SignError {
    SignError::new("is encrypted; decrypt it first, with openssl pkey -in FILE")
}
