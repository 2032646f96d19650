//! A private key in a file: PEM, a JWK, or a JWK Set of one.

use std::path::Path;

use serde_json::value::RawValue;
use zeroize::Zeroizing;

use super::files;
use super::problem::Problem;
use crate::sign::SigningKey;

pub(super) fn read(file: &Path) -> Result<SigningKey, Problem> {
    let text = files::read_text(file)?;
    parse(&text).map_err(|problem| Problem::in_file(file, problem))
}

fn parse(text: &str) -> Result<SigningKey, Problem> {
    if text.contains("-----BEGIN") {
        return Ok(SigningKey::from_pem(text)?);
    }
    if !text.trim_start().starts_with('{') {
        return Err(Problem::new("is neither PEM nor a JWK"));
    }
    match serde_json::from_str::<Set<'_>>(text) {
        Ok(Set { keys }) => match keys.as_slice() {
            [key] => Ok(SigningKey::from_jwk(&Zeroizing::new(key.get().to_owned()))?),
            keys => {
                Err(Problem::new(format!("is a JWK Set of {} keys; keep the one that signs", keys.len())))
            }
        },
        Err(_) => Ok(SigningKey::from_jwk(text)?),
    }
}

#[derive(serde::Deserialize)]
struct Set<'t> {
    #[serde(borrow)]
    keys: Vec<&'t RawValue>,
}
