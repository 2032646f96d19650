//! From client metadata to a client of this server: the one place, for files and for the registry alike.
//!
//! A client that registers no `grant_types` may use every grant, not only `authorization_code` as RFC 7591 §2 has
//! it: so an entry of nothing but an id and a secret can ask for a token. A public client never uses
//! `client_credentials`, whatever it registers.

use std::sync::Arc;

use countersign::metadata::{ClientMetadata, MetadataError};
use countersign::{Algorithm, AuthMethod, Client};

use super::metadata::TOKEN_ALGORITHMS;
use super::registration::Registration;

/// Gives the client this server's own view of it, an `Arc<Registration>`. One that has no `scope` may ask for any of the
/// `ceiling`, and for whatever it likes where there is none.
///
/// # Errors
/// [`MetadataError`] for what makes a client, but none of this server's.
pub(crate) fn prepare(
    metadata: &ClientMetadata,
    client: Client,
    ceiling: Option<Arc<str>>,
) -> Result<Client, MetadataError> {
    refuse_unserved(&client)?;
    let registration = Registration { ceiling, ..registration(metadata, &client)? };
    Ok(client.with_app(Arc::new(registration)))
}

/// A method that nobody serves would let the client fail at its first request instead of here.
fn refuse_unserved(client: &Client) -> Result<(), MetadataError> {
    const SERVED: [AuthMethod; 7] = [
        AuthMethod::NONE,
        AuthMethod::CLIENT_SECRET_BASIC,
        AuthMethod::CLIENT_SECRET_POST,
        AuthMethod::CLIENT_SECRET_JWT,
        AuthMethod::PRIVATE_KEY_JWT,
        AuthMethod::TLS_CLIENT_AUTH,
        AuthMethod::SELF_SIGNED_TLS_CLIENT_AUTH,
    ];
    let Some(grant) = client.grants().iter().find(|grant| !SERVED.contains(grant.method())) else {
        return Ok(());
    };
    Err(MetadataError::new(
        "token_endpoint_auth_method",
        format!("{} is not in this build", grant.method()),
        format!("use one of {}", SERVED.map(|method| method.to_string()).join(", ")),
    ))
}

fn registration(metadata: &ClientMetadata, client: &Client) -> Result<Registration, MetadataError> {
    let redirect_uris = metadata.redirect_uris.clone().unwrap_or_default();
    if let Some(unfit) = redirect_uris.iter().find(|uri| !is_redirect_uri(uri)) {
        return Err(MetadataError::new(
            "redirect_uris",
            format!("holds {unfit:?}, which is not an absolute URI without a fragment"),
            "write one like https://client.example/callback",
        ));
    }
    let rotating = metadata.client_secrets.iter().rev().find_map(|secret| secret.secret.as_ref());
    let secret = metadata.client_secret.as_ref().or(rotating).cloned();
    let token_algorithm = token_algorithm(metadata, secret.as_deref())?;
    Ok(Registration {
        client_id: metadata.client_id.clone(),
        public: client.grants().iter().any(|grant| *grant.method() == AuthMethod::NONE),
        grant_types: metadata.grant_types.clone(),
        redirect_uris,
        scope: metadata.scope.clone(),
        ceiling: None,
        token_algorithm,
        bound_tokens: metadata.tls_client_certificate_bound_access_tokens.unwrap_or_default(),
        secret,
    })
}

/// `id_token_signed_response_alg`, RS256 when it is absent (OpenID Connect Registration §2).
fn token_algorithm(metadata: &ClientMetadata, secret: Option<&str>) -> Result<Algorithm, MetadataError> {
    const KEY: &str = "id_token_signed_response_alg";
    let Some(name) = &metadata.id_token_signed_response_alg else { return Ok(Algorithm::RS256) };
    let algorithm =
        TOKEN_ALGORITHMS.into_iter().find(|algorithm| algorithm.as_str() == name).ok_or_else(|| {
            let known = TOKEN_ALGORITHMS.map(Algorithm::as_str).join(", ");
            MetadataError::new(KEY, format!("is {name:?}"), format!("use one of {known}"))
        })?;
    // RFC 7518 §3.2: a key at least as long as the hash.
    let octets = match algorithm {
        Algorithm::HS256 => 32,
        Algorithm::HS384 => 48,
        Algorithm::HS512 => 64,
        _ => 0,
    };
    if secret.map_or(0, str::len) < octets {
        return Err(MetadataError::new(
            KEY,
            format!("is {name}, which needs a client_secret of {octets} octets, in the clear"),
            "use RS256 or ES256, or such a secret",
        ));
    }
    Ok(algorithm)
}

/// [RFC 6749 §3.1.2](https://www.rfc-editor.org/rfc/rfc6749#section-3.1.2).
fn is_redirect_uri(uri: &str) -> bool {
    let has_scheme = uri.split_once(':').is_some_and(|(scheme, rest)| {
        !rest.is_empty()
            && scheme.starts_with(|first: char| first.is_ascii_alphabetic())
            && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
    });
    has_scheme && uri.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#')
}
