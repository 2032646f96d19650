//! Client metadata ([RFC 7591 §2](https://www.rfc-editor.org/rfc/rfc7591#section-2)), and the one place that says
//! which combinations make a client.

use std::borrow::Cow;
use std::fmt;
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::algorithm::Algorithm;
use crate::auth_method::AuthMethod;
use crate::client::Client;
use crate::endpoint::Endpoint;
use crate::grant::MethodGrant;
use crate::jwks_uri;
use crate::key::KeySet;
use crate::secret::{ClientSecret, MOST_FOR_ONE_ATTEMPT};

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
    /// Ours: certificates (PEM or base64 DER) and public keys (PEM), beside those of `jwks`; see
    /// [`KeySet`]. Needs the feature `x509`.
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
        warnings
    }

    /// The methods the client may use.
    fn grants(&self) -> Vec<MethodGrant> {
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

    fn secrets(&self) -> Result<Vec<ClientSecret>, MetadataError> {
        let mut secrets = Vec::new();
        if let Some(secret) = &self.client_secret {
            let mut secret = self.secret("client_secret", secret)?;
            if let Some(end) = self.client_secret_expires_at.and_then(Timestamp::unless_zero) {
                secret = secret.expires_at(end);
            }
            secrets.push(secret);
        }
        for entry in &self.client_secrets {
            let mut secret = match (&entry.secret, &entry.secret_hash) {
                (Some(secret), None) => self.secret("client_secrets", secret)?,
                (None, Some(hash)) => ClientSecret::hashed(hash).map_err(|error| {
                    MetadataError::new(
                        "client_secrets",
                        format!("a secret_hash {error}"),
                        "write the hash again",
                    )
                })?,
                _ => {
                    return Err(MetadataError::new(
                        "client_secrets",
                        "an entry has both secret and secret_hash, or neither",
                        "give it one of the two",
                    ));
                }
            };
            if let Some(label) = &entry.label {
                secret = secret.with_label(label.as_str());
            }
            if let Some(start) = entry.not_before.and_then(Timestamp::unless_zero) {
                secret = secret.not_before(start);
            }
            if let Some(end) = entry.expires_at.and_then(Timestamp::unless_zero) {
                secret = secret.expires_at(end);
            }
            secrets.push(secret);
        }
        Ok(secrets)
    }

    /// Kept in the clear only where it is somebody's key.
    fn secret(&self, field: &'static str, secret: &str) -> Result<ClientSecret, MetadataError> {
        if secret.is_empty() {
            return Err(MetadataError::new(
                field,
                "is empty",
                "an empty secret proves nothing; generate one",
            ));
        }
        let is_a_key = self.grants().iter().any(|grant| *grant.method() == AuthMethod::CLIENT_SECRET_JWT)
            || self.id_token_signed_response_alg.as_deref().is_some_and(|alg| alg.starts_with("HS"));
        Ok(if is_a_key { ClientSecret::raw(secret) } else { ClientSecret::generated(secret) })
    }

    fn keys(&self) -> Result<KeySet, MetadataError> {
        if self.jwks.is_some() && self.jwks_uri.is_some() {
            return Err(MetadataError::new(
                "jwks_uri",
                "stands beside jwks (RFC 7591 §2)",
                "keep one of the two",
            ));
        }
        if let Some(uri) = &self.jwks_uri {
            jwks_uri::check(uri)
                .map_err(|problem| MetadataError::new("jwks_uri", problem, "give an https URL"))?;
        }
        let keys = match &self.jwks {
            None => KeySet::default(),
            Some(document) => KeySet::from_jwks(document)
                .map_err(|error| MetadataError::new("jwks", error.to_string(), "correct the key set"))?,
        };
        self.with_public_keys(keys)
    }

    #[cfg(feature = "x509")]
    fn with_public_keys(&self, keys: KeySet) -> Result<KeySet, MetadataError> {
        if !self.public_keys.is_empty() && self.jwks_uri.is_some() {
            return Err(MetadataError::new(
                "public_keys",
                "stands beside jwks_uri, whose keys alone would count",
                "keep one of the two",
            ));
        }
        keys.with_public_keys(&self.public_keys).map_err(|error| {
            MetadataError::new(
                "public_keys",
                error.to_string(),
                "give each certificate or public key an entry of its own, as PEM or as base64 of the certificate",
            )
        })
    }

    #[cfg(not(feature = "x509"))]
    fn with_public_keys(&self, keys: KeySet) -> Result<KeySet, MetadataError> {
        if self.public_keys.is_empty() {
            return Ok(keys);
        }
        Err(MetadataError::new(
            "public_keys",
            "cannot be read without the feature x509 of countersign",
            "build with that feature, or put the keys into jwks",
        ))
    }
}

/// Builds a client, if the metadata makes one.
///
/// # Errors
/// [`MetadataError`], the `invalid_client_metadata` of RFC 7591 §3.2.2, which names the field and the cure.
impl TryFrom<&ClientMetadata> for Client {
    type Error = MetadataError;

    fn try_from(metadata: &ClientMetadata) -> Result<Client, MetadataError> {
        if metadata.client_id.is_empty() || metadata.client_id.chars().any(char::is_control) {
            return Err(MetadataError::new(
                "client_id",
                "is empty or holds control characters",
                "give it visible text",
            ));
        }
        let grants = metadata.grants();
        let (secrets, keys) = (metadata.secrets()?, metadata.keys()?);
        let algorithm = signing_algorithm(metadata, &grants)?;
        if grants.len() > 1 && grants.iter().any(|grant| *grant.method() == AuthMethod::NONE) {
            return Err(MetadataError::new(
                "auth_methods",
                "has none beside another method, so nothing would have to be proved (RFC 6749 §3.2.1)",
                "leave out none, or every other method",
            ));
        }
        if secrets.iter().filter(|secret| secret.is_slow()).count() > MOST_FOR_ONE_ATTEMPT {
            return Err(MetadataError::new(
                "client_secrets",
                "has more than four secrets under slow hashes",
                "remove the oldest; a generated secret needs no slow hash",
            ));
        }
        for grant in &grants {
            check_method(metadata, grant.method(), &secrets, &keys)?;
        }
        let reuse = match metadata.assertion_reuse.as_deref() {
            None => false,
            Some("until_exp") => true,
            Some(_) => {
                return Err(MetadataError::new(
                    "assertion_reuse",
                    "is not \"until_exp\"",
                    "write that, or leave it out",
                ));
            }
        };
        let mut client = Client::new(metadata.client_id.as_str())
            .with_keys(keys)
            .danger_reuse_assertions(reuse)
            .disabled(metadata.disabled);
        for grant in grants {
            client = client.with_grant(grant);
        }
        for secret in secrets {
            client = client.with_secret(secret);
        }
        if let Some(uri) = &metadata.jwks_uri {
            client = client.with_jwks_uri(uri.as_str());
        }
        if let Some(algorithm) = algorithm {
            client = client.with_signing_algorithm(algorithm);
        }
        Ok(client)
    }
}

/// What a method verifies against must be registered with it.
fn check_method(
    metadata: &ClientMetadata,
    method: &AuthMethod,
    secrets: &[ClientSecret],
    keys: &KeySet,
) -> Result<(), MetadataError> {
    let lacks = |field, what: &str| {
        Err(MetadataError::new(field, format!("is missing, and {method} needs it"), what))
    };
    match method.as_str() {
        "client_secret_basic" | "client_secret_post" | "client_secret_jwt" if secrets.is_empty() => {
            lacks("client_secret", "add client_secret or client_secrets")
        }
        "client_secret_jwt" => check_mac_key(metadata, secrets),
        "private_key_jwt" | "self_signed_tls_client_auth"
            if metadata.jwks.is_none() && metadata.jwks_uri.is_none() && metadata.public_keys.is_empty() =>
        {
            lacks("jwks", "add jwks, jwks_uri or public_keys")
        }
        "private_key_jwt" => {
            if let Some(algorithm) = metadata.token_endpoint_auth_signing_alg.as_deref()
                && let Ok(algorithm) = algorithm.parse::<Algorithm>()
                && !algorithm.is_symmetric()
                && keys.keys().next().is_some()
                && !keys.keys().any(|key| key.fits(algorithm))
            {
                return Err(MetadataError::new(
                    "token_endpoint_auth_signing_alg",
                    format!("is {algorithm}, which none of the client's keys can sign"),
                    "register the algorithm of one of the keys",
                ));
            }
            Ok(())
        }
        "tls_client_auth" => match tls_subjects(metadata) {
            1 => Ok(()),
            0 => lacks(
                "tls_client_auth_subject_dn",
                "add one of the five tls_client_auth_ names (RFC 8705 §2.1.2)",
            ),
            _ => Err(MetadataError::new(
                "tls_client_auth_subject_dn",
                "stands beside another tls_client_auth_ name (RFC 8705 §2.1.2)",
                "keep exactly one",
            )),
        },
        "none" | "client_secret_basic" | "client_secret_post" | "self_signed_tls_client_auth" => Ok(()),
        // RFC 7591 §2 allows absolute URIs for methods of one's own.
        own if own.contains(':') => Ok(()),
        unknown => Err(MetadataError::new(
            "token_endpoint_auth_method",
            format!("{unknown:?} is no known method"),
            "use none, client_secret_basic, client_secret_post, client_secret_jwt, private_key_jwt, tls_client_auth or self_signed_tls_client_auth",
        )),
    }
}

/// RFC 7518 §3.2: the key of a MAC is the secret itself, and at least as long as the hash.
fn check_mac_key(metadata: &ClientMetadata, secrets: &[ClientSecret]) -> Result<(), MetadataError> {
    let algorithm = metadata.token_endpoint_auth_signing_alg.as_deref().and_then(|name| name.parse().ok());
    let algorithm =
        algorithm.filter(|algorithm: &Algorithm| algorithm.is_symmetric()).unwrap_or(Algorithm::HS256);
    let mut keys = secrets.iter().filter_map(ClientSecret::mac_key).peekable();
    if keys.peek().is_none() {
        return Err(MetadataError::new(
            "client_secrets",
            "has hashes alone, and client_secret_jwt needs the secret itself as its key",
            "register the secret in the clear, or another method",
        ));
    }
    if !keys.any(|key| key.fits(algorithm)) {
        return Err(MetadataError::new(
            "client_secret",
            format!("is too short to be the key of {algorithm} (RFC 7518 §3.2)"),
            "generate one of at least 32 octets for HS256, 48 for HS384, 64 for HS512",
        ));
    }
    Ok(())
}

fn tls_subjects(metadata: &ClientMetadata) -> usize {
    [
        &metadata.tls_client_auth_subject_dn,
        &metadata.tls_client_auth_san_dns,
        &metadata.tls_client_auth_san_uri,
        &metadata.tls_client_auth_san_ip,
        &metadata.tls_client_auth_san_email,
    ]
    .into_iter()
    .flatten()
    .count()
}

/// OpenID Connect Registration §2: an algorithm of the family of one of the client's methods, never `none`.
fn signing_algorithm(
    metadata: &ClientMetadata,
    grants: &[MethodGrant],
) -> Result<Option<Algorithm>, MetadataError> {
    let Some(name) = &metadata.token_endpoint_auth_signing_alg else { return Ok(None) };
    let field = "token_endpoint_auth_signing_alg";
    let algorithm: Algorithm = name.parse().map_err(|_| {
        MetadataError::new(field, format!("{name:?} is no known algorithm"), "use one like ES256")
    })?;
    let has = |wanted: AuthMethod| grants.iter().any(|grant| *grant.method() == wanted);
    let fits = if algorithm.is_symmetric() {
        has(AuthMethod::CLIENT_SECRET_JWT) || !has(AuthMethod::PRIVATE_KEY_JWT)
    } else {
        has(AuthMethod::PRIVATE_KEY_JWT) || !has(AuthMethod::CLIENT_SECRET_JWT)
    };
    if fits {
        Ok(Some(algorithm))
    } else {
        Err(MetadataError::new(
            field,
            format!("{algorithm} is not of the family of the client's method"),
            "use HS256, HS384 or HS512 for client_secret_jwt, and any other for private_key_jwt",
        ))
    }
}

/// One of several secrets.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
#[allow(missing_docs, reason = "the fields are the names in the file")]
pub struct SecretEntry {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_hash: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_before: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
}

/// One of several methods.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
#[allow(missing_docs, reason = "the fields are the names in the file")]
pub struct GrantEntry {
    pub method: AuthMethod,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endpoints: Option<Vec<Endpoint>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
}

impl GrantEntry {
    fn grant(&self) -> MethodGrant {
        let mut grant = MethodGrant::new(self.method.clone());
        if let Some(endpoints) = &self.endpoints {
            grant = grant.at(endpoints.iter().copied());
        }
        if let Some(until) = self.until.and_then(Timestamp::unless_zero) {
            grant = grant.until(until);
        }
        grant
    }
}

/// A time, written as Unix seconds or in RFC 3339.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Timestamp(pub SystemTime);

impl Timestamp {
    /// RFC 7591 §3.2.1: 0 is never.
    fn unless_zero(self) -> Option<SystemTime> {
        (self.0 > SystemTime::UNIX_EPOCH).then_some(self.0)
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(self.0.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs())
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TimestampVisitor)
    }
}

struct TimestampVisitor;

impl de::Visitor<'_> for TimestampVisitor {
    type Value = Timestamp;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a time in Unix seconds or RFC 3339, such as 1767225600 or \"2026-01-01T00:00:00Z\"")
    }

    fn visit_u64<E: de::Error>(self, seconds: u64) -> Result<Timestamp, E> {
        SystemTime::UNIX_EPOCH
            .checked_add(Duration::from_secs(seconds))
            .map(Timestamp)
            .ok_or_else(|| E::custom("the time lies too far ahead"))
    }

    fn visit_i64<E: de::Error>(self, seconds: i64) -> Result<Timestamp, E> {
        match u64::try_from(seconds) {
            Ok(seconds) => self.visit_u64(seconds),
            Err(_) => Err(E::custom("the time lies before 1970")),
        }
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Timestamp, E> {
        let time = OffsetDateTime::parse(text, &Rfc3339)
            .map_err(|_| E::invalid_value(de::Unexpected::Str(text), &self))?;
        self.visit_i64(time.unix_timestamp())
    }
}

/// Metadata that does not make a client: which field, what is wrong, and the cure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MetadataError {
    field: &'static str,
    problem: Cow<'static, str>,
    cure: Cow<'static, str>,
}

impl MetadataError {
    fn new(field: &'static str, problem: impl Into<Cow<'static, str>>, cure: impl Into<String>) -> Self {
        MetadataError { field, problem: problem.into(), cure: Cow::Owned(cure.into()) }
    }

    /// The name of the field.
    pub fn field(&self) -> &'static str {
        self.field
    }
}

impl fmt::Display for MetadataError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}; {}", self.field, self.problem, self.cure)
    }
}

impl std::error::Error for MetadataError {}

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

/// Shows the label, never the secret or its hash.
impl fmt::Debug for SecretEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SecretEntry").field("label", &self.label).finish_non_exhaustive()
    }
}
