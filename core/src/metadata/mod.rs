//! Client metadata ([RFC 7591 §2](https://www.rfc-editor.org/rfc/rfc7591#section-2)), and the one place that says
//! which combinations make a client.

mod credentials;
mod entry;
mod error;
mod judge;
mod pin;
mod redirect_uri;
mod timestamp;
mod validate;

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use self::entry::{GrantEntry, SecretEntry};
pub use self::error::MetadataError;
pub use self::timestamp::Timestamp;

use crate::algorithm::Algorithm;
use crate::auth_method::AuthMethod;
use crate::grant::MethodGrant;
use crate::secret::{ClientSecret, MacKey};

/// What is registered about a client: the names of the specifications, and a few of ours.
///
/// Unknown names are refused, so that a misspelt one cannot pass for a setting.
///
/// ```
/// use countersign::{Client, metadata::ClientMetadata};
///
/// let metadata: ClientMetadata = serde_json::from_str(
///     r#"{"client_id": "billing", "client_secret": "wCTKUrZ5rmyUxA6MGMU8gBQRGzgtSBlq"}"#,
/// )?;
/// let client = Client::try_from(&metadata)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
#[allow(missing_docs, reason = "the fields are the registered names")]
pub struct ClientMetadata {
    pub client_id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_secret: Option<String>,
    /// 0 is never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_secret_expires_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id_issued_at: Option<Timestamp>,
    /// Absent means `client_secret_basic`, unless `auth_methods` says otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_endpoint_auth_method: Option<AuthMethod>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_endpoint_auth_signing_alg: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jwks: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jwks_uri: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls_client_auth_subject_dn: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls_client_auth_san_dns: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls_client_auth_san_uri: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls_client_auth_san_ip: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls_client_auth_san_email: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls_client_certificate_bound_access_tokens: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grant_types: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response_types: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redirect_uris: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_uri: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logo_uri: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tos_uri: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy_uri: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contacts: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub software_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub software_version: Option<String>,
    /// OpenID Connect Registration §2: how ID tokens for this client are signed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id_token_signed_response_alg: Option<String>,

    /// Ours: any number of secrets, each with a label and dates, beside `client_secret`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub client_secrets: Vec<SecretEntry>,
    /// Ours: every method the client may use, where and until when. `token_endpoint_auth_method` is granted
    /// besides, unless it is listed here with limits of its own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub auth_methods: Vec<GrantEntry>,
    /// Ours: not pinned to a method yet, in place of `token_endpoint_auth_method` and `auth_methods`. The client may use
    /// whichever proves its secret, see [`Client::with_any_secret_method`](crate::Client::with_any_secret_method).
    /// [`pin`](ClientMetadata::pin) ends that. For an operator to say, never for a client that registers itself.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub any_secret_method: bool,
    /// Ours: certificates (PEM or base64 DER) and public keys (PEM), beside those of `jwks`; see
    /// [`KeySet`](crate::key::KeySet). Needs the feature `x509`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub public_keys: Vec<String>,
    /// Ours: `until_exp` lets an assertion be used again until it expires.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assertion_reuse: Option<String>,
    /// Ours: registered, and refused.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub disabled: bool,
}

impl ClientMetadata {
    /// What is legal here and will surprise somebody.
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        if self.client_id.contains(':')
            && self.grants().iter().any(|grant| *grant.method() == AuthMethod::CLIENT_SECRET_BASIC)
        {
            warnings.push(format!(
                "client {:?}: client_id holds a colon; clients that do not form-encode Basic credentials cannot send it",
                self.client_id
            ));
        }
        for entry in &self.client_secrets {
            if let Some(Err(error)) = entry.secret_hash.as_deref().map(ClientSecret::hashed) {
                warnings.push(format!(
                    "client {:?}: the secret {:?} never matches: its secret_hash {error}",
                    self.client_id,
                    entry.label.as_deref().unwrap_or("(no label)"),
                ));
            }
        }
        if self.any_secret_method {
            warnings.push(format!(
                "client {:?}: any_secret_method: not pinned yet, any method that proves the secret is taken; see which it uses, and pin it",
                self.client_id
            ));
        }
        warnings
    }

    /// The methods the client may use.
    pub(crate) fn grants(&self) -> Vec<MethodGrant> {
        if self.any_secret_method {
            let mac = self.has_key_of_mac().then_some(AuthMethod::CLIENT_SECRET_JWT);
            let methods = [AuthMethod::CLIENT_SECRET_BASIC, AuthMethod::CLIENT_SECRET_POST];
            return methods.into_iter().chain(mac).map(MethodGrant::new).collect();
        }
        let mut grants: Vec<MethodGrant> = self.auth_methods.iter().map(GrantEntry::grant).collect();
        let registered = match &self.token_endpoint_auth_method {
            // RFC 7591 §2.
            None if grants.is_empty() => Some(AuthMethod::CLIENT_SECRET_BASIC),
            None => None,
            Some(method) => Some(method.clone()),
        };
        if let Some(method) = registered
            && !grants.iter().any(|grant| *grant.method() == method)
        {
            grants.push(MethodGrant::new(method));
        }
        grants
    }

    /// Is one of the secrets in the clear, and long enough for the shortest key of a MAC (RFC 7518 §3.2)?
    fn has_key_of_mac(&self) -> bool {
        let least = MacKey::least_octets(Algorithm::HS256).unwrap_or(usize::MAX);
        let listed = self.client_secrets.iter().filter_map(|entry| entry.secret.as_ref());
        self.client_secret.iter().chain(listed).any(|secret| secret.len() >= least)
    }
}

/// Shows the id and the methods, never a secret.
impl fmt::Debug for ClientMetadata {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientMetadata")
            .field("client_id", &self.client_id)
            .field("grants", &self.grants())
            .field("disabled", &self.disabled)
            .finish_non_exhaustive()
    }
}
