//! Mints client assertions, well-formed ones and every kind of bad one.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use aws_lc_rs::digest;
use serde_json::Value;

use crate::encoding::{base64url, from_hex};
use crate::fixtures::fixtures;
use crate::jwk::{PrivateJwk, hmac_sha256};
use crate::members::Members;
use crate::row::{ISSUER, NOW};
use crate::rsa;

/// An assertion before it is signed. Everything that is edited here is covered by the signature.
#[derive(Clone, Debug)]
pub struct Assertion {
    header: Members,
    claims: Members,
    header_text: Option<Vec<u8>>,
    payload: Option<Vec<u8>>,
    key: Arc<PrivateJwk>,
    signing: Signing,
}

/// How the signature is made.
#[derive(Clone, Debug)]
pub enum Signing {
    /// By the key, with this algorithm.
    Key(String),
    /// HMAC with SHA-256 under these octets.
    Hmac(Vec<u8>),
    /// PS256 with another salt length or another mask generation hash.
    Pss {
        /// Octets of salt; 32 is right.
        salt_length: usize,
        /// The hash inside MGF1; SHA-256 is right.
        mask_hash: &'static digest::Algorithm,
    },
    /// RS256 over an encoded message in hexadecimal, in which `{H}` stands for the digest.
    RsaTemplate(String),
}

impl Assertion {
    /// A valid assertion of a fixture client.
    pub fn of(client: &str) -> Self {
        let client = fixtures().client(client);
        Assertion::new(&client.id(), fixtures().key_of(&client.id()), &client.signing_algorithm())
    }

    /// A valid assertion of this client under this key, with a fresh `jti`.
    pub fn new(client_id: &str, key: Arc<PrivateJwk>, algorithm: &str) -> Self {
        let (mut header, mut claims) = (Members::default(), Members::default());
        header.set("alg", algorithm);
        if let Some(kid) = key.kid() {
            header.set("kid", kid);
        }
        for (name, value) in [("iss", client_id), ("sub", client_id), ("aud", ISSUER), ("jti", &fresh_jti())]
        {
            claims.set(name, value);
        }
        claims.set("iat", NOW);
        claims.set("exp", NOW + 60);
        let signing = Signing::Key(algorithm.to_owned());
        Assertion { header, claims, header_text: None, payload: None, key, signing }
    }

    /// Sets a claim.
    #[must_use]
    pub fn claim(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.claims.set(name, value);
        self
    }

    /// Sets a claim to a text that is written as it is.
    #[must_use]
    pub fn raw_claim(mut self, name: &str, text: &str) -> Self {
        self.claims.set_raw(name, text);
        self
    }

    /// Writes a claim once more.
    #[must_use]
    pub fn repeated_claim(mut self, name: &str, text: &str) -> Self {
        self.claims.repeat(name, text);
        self
    }

    /// Drops a claim.
    #[must_use]
    pub fn without_claim(mut self, name: &str) -> Self {
        self.claims.remove(name);
        self
    }

    /// Sets a header member.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.header.set(name, value);
        self
    }

    /// Writes a header member once more.
    #[must_use]
    pub fn repeated_header(mut self, name: &str, text: &str) -> Self {
        self.header.repeat(name, text);
        self
    }

    /// Drops a header member.
    #[must_use]
    pub fn without_header(mut self, name: &str) -> Self {
        self.header.remove(name);
        self
    }

    /// Replaces the whole header by these octets.
    #[must_use]
    pub fn header_text(mut self, octets: impl Into<Vec<u8>>) -> Self {
        self.header_text = Some(octets.into());
        self
    }

    /// Replaces the whole payload by these octets.
    #[must_use]
    pub fn payload(mut self, octets: impl Into<Vec<u8>>) -> Self {
        self.payload = Some(octets.into());
        self
    }

    /// Signs with a fixture key; the header, `kid` included, stays as it is.
    #[must_use]
    pub fn signed_by(self, key: &str) -> Self {
        self.signed_with(fixtures().key(key))
    }

    /// Signs with this key; the header, `kid` included, stays as it is.
    #[must_use]
    pub fn signed_with(mut self, key: Arc<PrivateJwk>) -> Self {
        self.key = key;
        self
    }

    /// Signs with another algorithm and says so in the header.
    #[must_use]
    pub fn algorithm(self, algorithm: &str) -> Self {
        self.header("alg", algorithm).signing(Signing::Key(algorithm.to_owned()))
    }

    /// Signs in another way; the header stays as it is.
    #[must_use]
    pub fn signing(mut self, signing: Signing) -> Self {
        self.signing = signing;
        self
    }

    /// The header's members.
    pub fn header_members(&self) -> &Members {
        &self.header
    }

    /// The claims.
    pub fn claims(&self) -> &Members {
        &self.claims
    }

    /// The key that signs.
    pub fn key(&self) -> &PrivateJwk {
        &self.key
    }

    /// The header's octets.
    pub fn header_octets(&self) -> Vec<u8> {
        self.header_text.clone().unwrap_or_else(|| self.header.to_json().into_bytes())
    }

    /// The payload's octets.
    pub fn payload_octets(&self) -> Vec<u8> {
        self.payload.clone().unwrap_or_else(|| self.claims.to_json().into_bytes())
    }

    /// The signed assertion in compact serialization.
    pub fn mint(&self) -> String {
        self.sign(&base64url(self.header_octets()), &base64url(self.payload_octets()))
    }

    /// Signs two parts as they are, which need not be valid base64url.
    pub fn sign(&self, header: &str, payload: &str) -> String {
        let input = format!("{header}.{payload}");
        format!("{input}.{}", base64url(self.signature_over(&input)))
    }

    fn signature_over(&self, input: &str) -> Vec<u8> {
        match &self.signing {
            Signing::Key(algorithm) => self.key.sign(algorithm, input.as_bytes()),
            Signing::Hmac(octets) => hmac_sha256(octets, input.as_bytes()),
            Signing::Pss { salt_length, mask_hash } => {
                let bits = rsa::modulus_bits(&self.key);
                let encoded = rsa::pss_sha256(input.as_bytes(), bits, *salt_length, mask_hash);
                rsa::private_operation(&self.key, &encoded)
            }
            Signing::RsaTemplate(template) => {
                let digest = digest::digest(&digest::SHA256, input.as_bytes());
                let hex: String = digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
                rsa::private_operation(&self.key, &from_hex(&template.replace("{H}", &hex)))
            }
        }
    }
}

/// A `jti` that no other assertion of this process has.
pub fn fresh_jti() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    format!("jti-{:08}-of-a-test-run", NEXT.fetch_add(1, Ordering::Relaxed))
}

#[cfg(test)]
mod tests;
