//! Which combinations of metadata make a client; the one place that says so.

use super::judge::judge;
use super::{ClientMetadata, MetadataError};
use crate::algorithm::{Algorithm, UnknownAlgorithm};
use crate::auth_method::AuthMethod;
use crate::client::Client;
use crate::grant::MethodGrant;
use crate::key::KeySet;
use crate::secret::{ClientSecret, HashError, MOST_FOR_ONE_CLIENT};

/// Builds a client, if the metadata makes one.
///
/// # Errors
/// [`MetadataError`], the `invalid_client_metadata` of RFC 7591 §3.2.2, which names the field and the cure.
impl TryFrom<&ClientMetadata> for Client {
    type Error = MetadataError;

    fn try_from(metadata: &ClientMetadata) -> Result<Client, MetadataError> {
        let client = Client::build(metadata, ClientSecret::hashed)?;
        match judge(metadata, &client).into_iter().next() {
            None => Ok(client),
            Some(problem) => Err(problem),
        }
    }
}

impl Client {
    /// Builds a client from what a store holds: metadata that was judged when it was registered. As `try_from`, but a
    /// `secret_hash` that cannot be read disables that one secret instead of the client, see [`ClientSecret::stored`];
    /// [`ClientMetadata::warnings`] names it. And what the client's authentication does not need is not judged again:
    /// redirect URIs, grant and response types, keys of ID tokens, keys without a certificate.
    ///
    /// # Errors
    /// [`MetadataError`] for everything else that makes no client.
    pub fn from_stored(metadata: &ClientMetadata) -> Result<Client, MetadataError> {
        Client::build(metadata, |hash| Ok(ClientSecret::stored(hash)))
    }

    /// As [`from_stored`](Client::from_stored), with everything for which `try_from` would refuse it.
    pub(crate) fn with_problems(
        metadata: &ClientMetadata,
    ) -> Result<(Client, Vec<MetadataError>), MetadataError> {
        let client = Client::from_stored(metadata)?;
        let problems = metadata.unreadable_hashes().chain(judge(metadata, &client)).collect();
        Ok((client, problems))
    }

    fn build(
        metadata: &ClientMetadata,
        read_hash: fn(&str) -> Result<ClientSecret, HashError>,
    ) -> Result<Client, MetadataError> {
        if metadata.client_id.is_empty() || metadata.client_id.chars().any(char::is_control) {
            return Err(MetadataError::new(
                "client_id",
                "is empty or holds control characters",
                "give it visible text",
            ));
        }
        let grants = metadata.grants();
        let (secrets, keys) = (metadata.secrets(read_hash)?, metadata.keys()?);
        let algorithm = signing_algorithm(metadata, &grants)?;
        if grants.len() > 1 && grants.iter().any(|grant| *grant.method() == AuthMethod::NONE) {
            return Err(MetadataError::new(
                "auth_methods",
                "has none beside another method, so nothing would have to be proved (RFC 6749 §3.2.1)",
                "leave out none, or every other method",
            ));
        }
        if secrets.iter().filter(|secret| secret.is_slow()).count() > MOST_FOR_ONE_CLIENT {
            return Err(MetadataError::new(
                "client_secrets",
                "has more than four secrets under slow hashes",
                "remove the oldest; a generated secret needs no slow hash",
            ));
        }
        if metadata.any_secret_method {
            check_unpinned(metadata, &secrets)?;
        } else {
            for grant in &grants {
                check_method(metadata, grant.method(), &secrets, &keys)?;
            }
        }
        if let Some((field, _)) = metadata.certificate_subjects().nth(1) {
            return Err(MetadataError::new(
                field,
                "stands beside another tls_client_auth_ name (RFC 8705 §2.1.2)",
                "keep exactly one",
            ));
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
        if metadata.any_secret_method {
            client = client.with_any_secret_method();
        } else {
            for grant in grants {
                client = client.with_grant(grant);
            }
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
        #[cfg(feature = "mtls")]
        if let Some(subject) = metadata.certificate_subject()? {
            client = client.with_certificate_subject(subject);
        }
        #[cfg(feature = "cache")]
        {
            client = client.of_metadata(serde_json::to_vec(metadata).map_or(0, |text| text.len()));
        }
        Ok(client)
    }
}

/// A client that is not pinned has a secret, and no word about its methods.
fn check_unpinned(metadata: &ClientMetadata, secrets: &[ClientSecret]) -> Result<(), MetadataError> {
    if metadata.token_endpoint_auth_method.is_some() || !metadata.auth_methods.is_empty() {
        return Err(MetadataError::new(
            "any_secret_method",
            "stands beside token_endpoint_auth_method or auth_methods, which say the method",
            "leave out any_secret_method, or the others until the client is pinned",
        ));
    }
    if secrets.is_empty() {
        return Err(MetadataError::new(
            "client_secret",
            "is missing, and any_secret_method needs it",
            "add client_secret or client_secrets",
        ));
    }
    Ok(())
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
        "tls_client_auth" if metadata.certificate_subjects().next().is_none() => lacks(
            "tls_client_auth_subject_dn",
            "add one of the five tls_client_auth_ names (RFC 8705 §2.1.2)",
        ),
        "tls_client_auth" => Ok(()),
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

/// OpenID Connect Registration §2: an algorithm of the family of one of the client's methods, never `none`.
fn signing_algorithm(
    metadata: &ClientMetadata,
    grants: &[MethodGrant],
) -> Result<Option<Algorithm>, MetadataError> {
    let Some(name) = &metadata.token_endpoint_auth_signing_alg else { return Ok(None) };
    let field = "token_endpoint_auth_signing_alg";
    let algorithm: Algorithm = name.parse().map_err(|error: UnknownAlgorithm| {
        MetadataError::new(field, format!("is an {error}"), "use one like ES256")
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
