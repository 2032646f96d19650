//! The compact serialization: `header.payload.signature`
//! ([RFC 7515 §7.1](https://www.rfc-editor.org/rfc/rfc7515#section-7.1)).

use serde::Serialize;
use serde_json::Value;

use super::{Failed, base64url, from_base64url};

/// Signs `claims` under `header`.
pub(crate) fn sign(
    header: &impl Serialize,
    claims: &impl Serialize,
    signer: impl FnOnce(&[u8]) -> Result<Vec<u8>, Failed>,
) -> Result<String, Failed> {
    let part = |json: serde_json::Result<Vec<u8>>| json.map(|json| base64url(&json)).map_err(|_| Failed);
    let mut token = format!("{}.{}", part(serde_json::to_vec(header))?, part(serde_json::to_vec(claims))?);
    let signature = signer(token.as_bytes())?;
    token.push('.');
    token.push_str(&base64url(&signature));
    Ok(token)
}

/// A compact JWS taken apart. Nothing is verified yet.
pub(crate) struct Unverified<'t> {
    pub(crate) header: Value,
    pub(crate) payload: Vec<u8>,
    pub(crate) signed: &'t [u8],
    pub(crate) signature: Vec<u8>,
}

impl<'t> Unverified<'t> {
    pub(crate) fn read(token: &'t str) -> Option<Self> {
        let (signed, signature) = token.rsplit_once('.')?;
        let (header, payload) = signed.split_once('.')?;
        Some(Unverified {
            header: serde_json::from_slice(&from_base64url(header)?).ok()?,
            payload: from_base64url(payload)?,
            signed: signed.as_bytes(),
            signature: from_base64url(signature)?,
        })
    }

    pub(crate) fn header_text(&self, name: &str) -> Option<&str> {
        self.header.get(name)?.as_str()
    }
}
