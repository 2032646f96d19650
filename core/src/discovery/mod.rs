//! What a server says of itself ([RFC 8414](https://www.rfc-editor.org/rfc/rfc8414), OpenID Connect Discovery), so far as
//! its [`Authenticator`] decides it. What is read from there cannot differ from what is enforced.

mod derived;
mod document;
mod url;

use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

use crate::authenticator::Authenticator;
use crate::config_error::ConfigError;
use crate::endpoint::Endpoint;

pub use self::document::{Answer, Document};

/// The metadata of an authorization server ([RFC 8414 §2](https://www.rfc-editor.org/rfc/rfc8414#section-2)).
///
/// Read from the [`Authenticator`]: the `issuer`; the URL of each endpoint that the builder was given, and its entry in
/// `mtls_endpoint_aliases`; at the token, introspection and revocation endpoint the methods that run there
/// (`…_auth_methods_supported`) and their algorithms (`…_auth_signing_alg_values_supported`), where the endpoint's URL was
/// given; and `code_challenge_methods_supported`, which [`pkce`](crate::pkce) takes under the policy. The PAR, device and
/// CIBA endpoints have no lists of their own, they use those of the token endpoint.
///
/// Everything else is the application's to say: what it issues, whether it binds tokens to certificates
/// (`tls_client_certificate_bound_access_tokens`), where its keys are.
///
/// ```
/// use countersign::{AuthMethod, Authenticator, Client, Endpoint};
/// use countersign::{discovery::AuthorizationServerMetadata, secret::ClientSecret, store::Clients};
/// use serde_json::json;
///
/// let billing = Client::new("billing")
///     .with_method(AuthMethod::CLIENT_SECRET_BASIC)
///     .with_secret(ClientSecret::generated("wCTKUrZ5rmyUxA6MGMU8gBQRGzgtSBlq"));
/// let auth = Authenticator::builder()
///     .issuer("https://as.example.com")
///     .endpoint(Endpoint::Token, "https://as.example.com/token")
///     .clients(Clients::new([billing])?)
///     .build()?;
///
/// let metadata = AuthorizationServerMetadata::of(&auth)?
///     .with("jwks_uri", "https://as.example.com/jwks")?
///     .with("grant_types_supported", json!(["client_credentials"]))?;
/// assert_eq!(
///     serde_json::to_value(&metadata)?["token_endpoint_auth_methods_supported"],
///     json!(["client_secret_basic", "client_secret_post", "none"]),
/// );
/// let error = metadata.with("token_endpoint_auth_methods_supported", json!(["none"])).unwrap_err();
/// assert!(error.to_string().contains("token_endpoint_auth_methods_supported"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[must_use]
pub struct AuthorizationServerMetadata {
    issuer: String,
    members: Map<String, Value>,
}

impl AuthorizationServerMetadata {
    /// What this authenticator enforces.
    ///
    /// # Errors
    /// [`ConfigError`] when the URL of the token endpoint is not known, which every such document has; and for an issuer
    /// or an endpoint whose URL is neither https nor one of this machine (`http` to `localhost`, `127.0.0.0/8` or `[::1]`):
    /// clients send their secrets there, and refuse such an issuer (RFC 8414 §2).
    pub fn of(auth: &Authenticator) -> Result<Self, ConfigError> {
        Self::read(auth, url::check)
    }

    /// The same for a server that its clients reach without TLS, in a network for tests. Whoever else is in that network
    /// reads their secrets.
    ///
    /// # Errors
    /// As of [`of`](AuthorizationServerMetadata::of), but `http` is let pass.
    pub fn danger_without_tls(auth: &Authenticator) -> Result<Self, ConfigError> {
        Self::read(auth, |url| url::check(url).or_else(|problem| problem.unless_plain_http()))
    }

    fn read(
        auth: &Authenticator,
        check: impl Fn(&str) -> Result<(), url::Problem>,
    ) -> Result<Self, ConfigError> {
        Ok(AuthorizationServerMetadata {
            issuer: auth.issuer().to_owned(),
            members: derived::members(auth, check)?,
        })
    }

    /// Does not name this endpoint, which the authenticator knows and the application does not offer.
    ///
    /// Without the token endpoint the document is no longer one of RFC 8414, unless the application only has the implicit
    /// grant.
    pub fn without(mut self, endpoint: Endpoint) -> Self {
        derived::remove(&mut self.members, endpoint);
        self
    }

    /// Adds a member, or replaces one that was added.
    ///
    /// # Errors
    /// [`ConfigError`] for the name of a member that is read from the authenticator, whether or not it is there; and for
    /// `null` and the empty array, which no such document has (RFC 8414 §3.2).
    pub fn with(mut self, name: impl Into<String>, value: impl Into<Value>) -> Result<Self, ConfigError> {
        let (name, value) = (name.into(), value.into());
        if derived::is_derived(&name) {
            return Err(ConfigError::new(
                "metadata",
                format!("{name} is read from the Authenticator and cannot be set"),
                "change what the Authenticator enforces, on its builder",
            ));
        }
        if value.is_null() || value.as_array().is_some_and(Vec::is_empty) {
            return Err(ConfigError::new("metadata", format!("{name} has no value"), "leave it out"));
        }
        self.members.insert(name, value);
        Ok(self)
    }

    /// The path at which OAuth clients look for the document: the issuer's path comes behind the well-known one
    /// ([RFC 8414 §3.1](https://www.rfc-editor.org/rfc/rfc8414#section-3.1)).
    ///
    /// `/.well-known/oauth-authorization-server`, or `/.well-known/oauth-authorization-server/tenant` for an issuer
    /// `https://as.example.com/tenant`.
    pub fn oauth_authorization_server_path(&self) -> String {
        format!("{OAUTH_AUTHORIZATION_SERVER}{}", url::path(&self.issuer))
    }

    /// The path at which OpenID Connect clients look for the document: the well-known one comes behind the issuer's
    /// ([OpenID Connect Discovery §4](https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderConfig)).
    ///
    /// `/.well-known/openid-configuration`, or `/tenant/.well-known/openid-configuration`.
    pub fn openid_configuration_path(&self) -> String {
        format!("{}{OPENID_CONFIGURATION}", url::path(&self.issuer))
    }

    /// The document in JSON, the same for equal metadata.
    pub fn to_json(&self) -> String {
        Value::Object(self.members.clone()).to_string()
    }

    /// The document, and how it is served. For adapters.
    pub fn document(&self) -> Document {
        Document::new(self.to_json())
    }
}

/// The members of the document.
impl Serialize for AuthorizationServerMetadata {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.members.serialize(serializer)
    }
}

const OAUTH_AUTHORIZATION_SERVER: &str = "/.well-known/oauth-authorization-server";
const OPENID_CONFIGURATION: &str = "/.well-known/openid-configuration";
