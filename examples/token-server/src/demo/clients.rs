//! The clients of the demonstration: one for each method and algorithm.

use countersign::Algorithm;
use serde_json::{Value, json};

use super::certificates::ClientCertificate;
use crate::jose::{self, Failed, SigningKey};

/// A demo client, and how it authenticates.
pub(crate) struct DemoClient {
    pub(crate) id: &'static str,
    pub(crate) credential: Credential,
}

#[derive(Clone, Copy)]
pub(crate) enum Credential {
    Basic,
    Post,
    Public,
    /// An assertion whose MAC of this algorithm is keyed with the secret.
    SecretKey(Algorithm),
    /// An assertion signed by this algorithm.
    PrivateKey(Algorithm),
    /// A certificate of the demonstration's authority, known by this subject.
    Certificate(Subject),
    /// A certificate of its own making.
    SelfSigned,
}

/// The subjects of [RFC 8705 §2.1.2](https://www.rfc-editor.org/rfc/rfc8705#section-2.1.2).
#[derive(Clone, Copy)]
pub(crate) enum Subject {
    Dn,
    Dns,
    Uri,
    Ip,
    Email,
}

impl DemoClient {
    const fn new(id: &'static str, credential: Credential) -> Self {
        DemoClient { id, credential }
    }

    /// The algorithm of its assertions, if it sends any.
    pub(crate) fn algorithm(&self) -> Option<Algorithm> {
        match self.credential {
            Credential::PrivateKey(algorithm) | Credential::SecretKey(algorithm) => Some(algorithm),
            _ => None,
        }
    }

    /// Does it show a certificate?
    pub(crate) fn has_certificate(&self) -> bool {
        matches!(self.credential, Credential::Certificate(_) | Credential::SelfSigned)
    }

    /// The algorithm of its private key, if it has one.
    pub(crate) fn private_key_algorithm(&self) -> Option<Algorithm> {
        self.algorithm().filter(|algorithm| !algorithm.is_symmetric())
    }

    /// Its entry in `clients.json`.
    pub(super) fn metadata(
        &self,
        key: Option<&SigningKey>,
        certificate: Option<&ClientCertificate>,
    ) -> Result<Value, Failed> {
        let mut entry = json!({
            "client_id": self.id,
            "client_name": format!("Demonstration of {}", self.method()),
            "token_endpoint_auth_method": self.method(),
            "redirect_uris": [REDIRECT_URI],
        });
        let mut set = |name: &str, value: Value| {
            if let Some(members) = entry.as_object_mut() {
                members.insert(name.to_owned(), value);
            }
        };
        match self.credential {
            Credential::Basic => set("client_secret", jose::random(32)?.into()),
            Credential::Post => {
                set("client_secret", jose::random(32)?.into());
                set("id_token_signed_response_alg", "HS256".into());
            }
            Credential::Public | Credential::Certificate(_) | Credential::SelfSigned => {}
            Credential::SecretKey(algorithm) => {
                // 64 characters, enough for the longest hash.
                set("client_secret", jose::random(48)?.into());
                set("token_endpoint_auth_signing_alg", algorithm.as_str().into());
            }
            Credential::PrivateKey(algorithm) => {
                set("token_endpoint_auth_signing_alg", algorithm.as_str().into());
                let keys: Vec<Value> = key.iter().map(|key| key.public_jwk(self.id)).collect();
                set("jwks", json!({ "keys": keys }));
                if algorithm == Algorithm::ES256 {
                    set("id_token_signed_response_alg", "ES256".into());
                }
            }
        }
        if let Some(certificate) = certificate {
            set("tls_client_certificate_bound_access_tokens", true.into());
            set(certificate.field, certificate.registered.clone());
        }
        Ok(entry)
    }

    pub(crate) fn method(&self) -> &'static str {
        match self.credential {
            Credential::Basic => "client_secret_basic",
            Credential::Post => "client_secret_post",
            Credential::Public => "none",
            Credential::SecretKey(_) => "client_secret_jwt",
            Credential::PrivateKey(_) => "private_key_jwt",
            Credential::Certificate(_) => "tls_client_auth",
            Credential::SelfSigned => "self_signed_tls_client_auth",
        }
    }
}

/// Nothing listens there: the lines that are printed read the code out of the redirect.
pub(crate) const REDIRECT_URI: &str = "http://127.0.0.1:9999/callback";

pub(crate) const DEMO_CLIENTS: [DemoClient; 23] = [
    DemoClient::new("demo-basic", Credential::Basic),
    DemoClient::new("demo-post", Credential::Post),
    DemoClient::new("demo-public", Credential::Public),
    DemoClient::new("demo-hs256", Credential::SecretKey(Algorithm::HS256)),
    DemoClient::new("demo-hs384", Credential::SecretKey(Algorithm::HS384)),
    DemoClient::new("demo-hs512", Credential::SecretKey(Algorithm::HS512)),
    DemoClient::new("demo-rs256", Credential::PrivateKey(Algorithm::RS256)),
    DemoClient::new("demo-rs384", Credential::PrivateKey(Algorithm::RS384)),
    DemoClient::new("demo-rs512", Credential::PrivateKey(Algorithm::RS512)),
    DemoClient::new("demo-ps256", Credential::PrivateKey(Algorithm::PS256)),
    DemoClient::new("demo-ps384", Credential::PrivateKey(Algorithm::PS384)),
    DemoClient::new("demo-ps512", Credential::PrivateKey(Algorithm::PS512)),
    DemoClient::new("demo-es256", Credential::PrivateKey(Algorithm::ES256)),
    DemoClient::new("demo-es384", Credential::PrivateKey(Algorithm::ES384)),
    DemoClient::new("demo-es512", Credential::PrivateKey(Algorithm::ES512)),
    DemoClient::new("demo-ed25519", Credential::PrivateKey(Algorithm::Ed25519)),
    DemoClient::new("demo-eddsa", Credential::PrivateKey(Algorithm::EdDSA)),
    DemoClient::new("demo-tls-dn", Credential::Certificate(Subject::Dn)),
    DemoClient::new("demo-tls-dns", Credential::Certificate(Subject::Dns)),
    DemoClient::new("demo-tls-uri", Credential::Certificate(Subject::Uri)),
    DemoClient::new("demo-tls-ip", Credential::Certificate(Subject::Ip)),
    DemoClient::new("demo-tls-email", Credential::Certificate(Subject::Email)),
    DemoClient::new("demo-self-signed", Credential::SelfSigned),
];
