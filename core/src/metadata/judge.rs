//! What is asked of metadata at its registration, and no more of what a store holds already.

use super::{ClientMetadata, MetadataError, redirect_uri};
use crate::algorithm::Algorithm;
use crate::auth_method::AuthMethod;
use crate::client::Client;
use crate::secret::ClientSecret;

/// Judges metadata that makes a client: its redirect URIs, its grant types against its response types, and what its ID
/// tokens and its certificate method need. Returned is everything that is wrong.
pub(super) fn judge(metadata: &ClientMetadata, client: &Client) -> Vec<MetadataError> {
    let redirect_uris = metadata.redirect_uris.as_deref().unwrap_or_default();
    let mut problems: Vec<_> =
        redirect_uris.iter().filter_map(|uri| redirect_uri::check(uri).err()).collect();
    if let (Some(grant_types), Some(response_types)) = (&metadata.grant_types, &metadata.response_types) {
        problems.extend(check_response_types(grant_types, response_types).err());
    }
    problems.extend(check_id_tokens(metadata, client).err());
    #[cfg(feature = "x509")]
    problems.extend(check_certificates(metadata, client).err());
    problems
}

/// [RFC 7591 §2.1](https://www.rfc-editor.org/rfc/rfc7591#section-2.1): `code` goes with `authorization_code`, and what
/// comes from the authorization endpoint itself with `implicit`. A part of a combined type counts by itself.
fn check_response_types(grant_types: &[String], response_types: &[String]) -> Result<(), MetadataError> {
    let parts = || response_types.iter().flat_map(|response_type| response_type.split(' '));
    for (grant_type, wanted, cure) in [
        (
            "authorization_code",
            ["code"].as_slice(),
            "register authorization_code and code together, or neither",
        ),
        (
            "implicit",
            ["token", "id_token"].as_slice(),
            "register implicit and token or id_token together, or neither",
        ),
    ] {
        let granted = grant_types.iter().any(|grant| grant == grant_type);
        let answered = parts().any(|part| wanted.contains(&part));
        if granted != answered {
            let problem = match granted {
                true => format!(
                    "has no {}, and grant_types has {grant_type} (RFC 7591 §2.1)",
                    wanted.join(" or ")
                ),
                false => format!(
                    "has {}, and grant_types has no {grant_type} (RFC 7591 §2.1)",
                    wanted.join(" or ")
                ),
            };
            return Err(MetadataError::new("response_types", problem, cure));
        }
    }
    Ok(())
}

/// OpenID Connect Core §10.1: the secret itself is the key of a MAC, so it must be there, and nobody else may know it.
fn check_id_tokens(metadata: &ClientMetadata, client: &Client) -> Result<(), MetadataError> {
    const FIELD: &str = "id_token_signed_response_alg";
    let Some(name) = metadata.id_token_signed_response_alg.as_deref() else { return Ok(()) };
    if name == "none" {
        return Err(MetadataError::new(FIELD, "is none, which proves nothing", "use one like RS256"));
    }
    let Some(algorithm) = name.parse::<Algorithm>().ok().filter(|algorithm| algorithm.is_symmetric()) else {
        return Ok(());
    };
    if client.grants().iter().any(|grant| *grant.method() == AuthMethod::NONE) {
        return Err(MetadataError::new(
            FIELD,
            format!(
                "is {algorithm}, and a client without a secret has no key for it (OpenID Connect Core §10.1)"
            ),
            "use one like RS256",
        ));
    }
    if !client.secrets().iter().filter_map(ClientSecret::mac_key).any(|key| key.fits(algorithm)) {
        return Err(MetadataError::new(
            FIELD,
            format!(
                "is {algorithm}, and no secret is in the clear and long enough to be its key (RFC 7518 §3.2)"
            ),
            "register a client_secret of at least 32 octets for HS256, 48 for HS384, 64 for HS512, or use one like RS256",
        ));
    }
    Ok(())
}

/// RFC 8705 §2.2.2: the certificate is registered as `x5c` in the key set, or published at `jwks_uri`.
#[cfg(feature = "x509")]
fn check_certificates(metadata: &ClientMetadata, client: &Client) -> Result<(), MetadataError> {
    let method = AuthMethod::SELF_SIGNED_TLS_CLIENT_AUTH;
    let shows_one = client.grants().iter().any(|grant| *grant.method() == method);
    let has_one = || client.keys().keys().any(|key| key.certificate_thumbprint().is_some());
    if !shows_one || metadata.jwks_uri.is_some() || has_one() {
        return Ok(());
    }
    let problem = format!("holds no certificate, and {method} compares with one (RFC 8705 §2.2)");
    Err(MetadataError::new("jwks", problem, "add the certificate to its key as x5c, in base64 of its DER"))
}
