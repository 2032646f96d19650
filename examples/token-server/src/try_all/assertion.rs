//! Client assertions, right ones and ones with a single thing wrong.

use aws_lc_rs::hmac;
use countersign::Algorithm;
use serde_json::{Value, json};

use crate::jose::algorithm::hmac_of;
use crate::jose::{self, Failed, SigningKey, compact};

/// An assertion before it is signed.
pub(super) struct Assertion {
    header: Value,
    claims: Value,
}

impl Assertion {
    /// One that passes: single use, for a minute, naming the issuer.
    pub(super) fn new(client_id: &str, algorithm: &str, issuer: &str, now: u64) -> Result<Self, Failed> {
        Ok(Assertion {
            header: json!({ "alg": algorithm, "kid": client_id }),
            claims: json!({
                "iss": client_id,
                "sub": client_id,
                "aud": issuer,
                "jti": jose::random(16)?,
                "iat": now,
                "exp": now + 60,
            }),
        })
    }

    /// With this claim instead; `null` leaves it out.
    pub(super) fn claim(mut self, name: &str, value: impl Into<Value>) -> Self {
        set(&mut self.claims, name, value.into());
        self
    }

    /// With this header member instead; `null` leaves it out.
    pub(super) fn header(mut self, name: &str, value: impl Into<Value>) -> Self {
        set(&mut self.header, name, value.into());
        self
    }

    pub(super) fn signed(&self, key: &SigningKey) -> Result<String, Failed> {
        compact::sign(&self.header, &self.claims, |message| key.sign(message))
    }

    /// With a MAC keyed with the secret.
    pub(super) fn keyed(&self, algorithm: Algorithm, secret: &str) -> Result<String, Failed> {
        let key = hmac::Key::new(hmac_of(algorithm).ok_or(Failed)?, secret.as_bytes());
        compact::sign(&self.header, &self.claims, |message| Ok(hmac::sign(&key, message).as_ref().to_vec()))
    }
}

fn set(object: &mut Value, name: &str, value: Value) {
    let Some(members) = object.as_object_mut() else { return };
    if value.is_null() {
        members.remove(name);
    } else {
        members.insert(name.to_owned(), value);
    }
}

/// `client_assertion_type` of a JWT (RFC 7523 §2.2).
pub(super) const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
