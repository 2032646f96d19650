//! A key as a JWK, described as its owner asked.

use serde_json::{Map, Value, json};
use zeroize::Zeroizing;

use super::certificate::Certificate;
use crate::sign::{SignError, SigningKey};

/// The members that say what a key is for.
pub(super) struct Description<'d> {
    pub(super) key_use: &'static str,
    pub(super) algorithm: Option<&'d str>,
    pub(super) key_id: Option<&'d str>,
    pub(super) certificate: Option<&'d Certificate>,
}

/// The private key.
pub(super) fn private(
    key: &SigningKey,
    description: &Description<'_>,
) -> Result<Zeroizing<String>, SignError> {
    let members: Map<String, Value> = serde_json::from_str(&key.to_jwk()?)
        .map_err(|_| SignError::new("the key cannot be written as a JWK"))?;
    // The certificate is public, and the private key alone is what this file is for.
    Ok(described(members, description, None))
}

/// Its public part, empty for a secret.
pub(super) fn public(key: &SigningKey, description: &Description<'_>) -> Zeroizing<String> {
    let members = key.public_jwk().and_then(|jwk| jwk.as_object().cloned()).unwrap_or_default();
    described(members, description, description.certificate)
}

/// A JWK Set of this one key.
pub(super) fn set_of(jwk: &str) -> Zeroizing<String> {
    let indented = jwk.trim_end().replace('\n', "\n    ");
    Zeroizing::new(format!("{{\n  \"keys\": [\n    {indented}\n  ]\n}}\n"))
}

fn described(
    mut members: Map<String, Value>,
    description: &Description<'_>,
    certificate: Option<&Certificate>,
) -> Zeroizing<String> {
    for name in ["use", "alg", "kid"] {
        members.remove(name);
    }
    members.insert("use".to_owned(), description.key_use.into());
    for (name, value) in [("alg", description.algorithm), ("kid", description.key_id)] {
        members.extend(value.map(|value| (name.to_owned(), value.into())));
    }
    if let Some(certificate) = certificate {
        members.insert("x5c".to_owned(), json!([certificate.base64()]));
        members.insert("x5t#S256".to_owned(), certificate.thumbprint().into());
    }
    Zeroizing::new(format!("{:#}\n", Value::Object(members)))
}
