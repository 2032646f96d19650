//! The names of authentication methods, and what a client is that used one.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};

use crate::algorithm::Algorithm;

/// The name of an authentication method, as in `token_endpoint_auth_method`
/// ([RFC 7591 §2](https://www.rfc-editor.org/rfc/rfc7591#section-2)).
///
/// Any text can be one; the constants are the registered names.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AuthMethod(#[serde(deserialize_with = "name")] Cow<'static, str>);

#[allow(missing_docs, reason = "each constant is its registered name")]
impl AuthMethod {
    pub const NONE: AuthMethod = AuthMethod::from_static("none");
    pub const CLIENT_SECRET_BASIC: AuthMethod = AuthMethod::from_static("client_secret_basic");
    pub const CLIENT_SECRET_POST: AuthMethod = AuthMethod::from_static("client_secret_post");
    pub const CLIENT_SECRET_JWT: AuthMethod = AuthMethod::from_static("client_secret_jwt");
    pub const PRIVATE_KEY_JWT: AuthMethod = AuthMethod::from_static("private_key_jwt");
    pub const TLS_CLIENT_AUTH: AuthMethod = AuthMethod::from_static("tls_client_auth");
    pub const SELF_SIGNED_TLS_CLIENT_AUTH: AuthMethod =
        AuthMethod::from_static("self_signed_tls_client_auth");

    const REGISTERED: [AuthMethod; 7] = [
        AuthMethod::NONE,
        AuthMethod::CLIENT_SECRET_BASIC,
        AuthMethod::CLIENT_SECRET_POST,
        AuthMethod::CLIENT_SECRET_JWT,
        AuthMethod::PRIVATE_KEY_JWT,
        AuthMethod::TLS_CLIENT_AUTH,
        AuthMethod::SELF_SIGNED_TLS_CLIENT_AUTH,
    ];
}

impl AuthMethod {
    /// A name known at compile time.
    pub const fn from_static(name: &'static str) -> Self {
        AuthMethod(Cow::Borrowed(name))
    }

    /// The method whose assertions have this algorithm.
    pub(crate) const fn signing_with(algorithm: Algorithm) -> Self {
        if algorithm.is_symmetric() { AuthMethod::CLIENT_SECRET_JWT } else { AuthMethod::PRIVATE_KEY_JWT }
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A registered name takes no memory of its own.
impl From<String> for AuthMethod {
    fn from(name: String) -> Self {
        let known = AuthMethod::REGISTERED.into_iter().find(|known| known.as_str() == name);
        known.unwrap_or(AuthMethod(Cow::Owned(name)))
    }
}

impl From<AuthMethod> for Cow<'static, str> {
    fn from(method: AuthMethod) -> Self {
        method.0
    }
}

impl fmt::Display for AuthMethod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for AuthMethod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Cow<'static, str>, D::Error> {
    String::deserialize(deserializer).map(|name| AuthMethod::from(name).into())
}

/// How much a handler may conclude from the client's identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ClientClass {
    /// Named, not proved: anyone can send this `client_id` (RFC 6749 §2.1).
    Public,
    /// Proved by a credential.
    Confidential,
    /// Proved by a key that an attester vouches for.
    Attested,
}

impl ClientClass {
    /// The name used in log lines, such as `confidential`.
    pub const fn as_str(self) -> &'static str {
        match self {
            ClientClass::Public => "public",
            ClientClass::Confidential => "confidential",
            ClientClass::Attested => "attested",
        }
    }
}

impl fmt::Display for ClientClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
