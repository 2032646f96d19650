//! What this server registers: what its authenticator serves, and no more than it was told.

use super::Registration;
use crate::algorithm::Algorithm;
use crate::auth_method::AuthMethod;
use crate::authenticator::Authenticator;
use crate::client::Client;
use crate::endpoint::Endpoint;
use crate::jwks_uri;
use crate::metadata::{ClientMetadata, MetadataError};

/// Writes out what RFC 7591 §2 says of members that are absent, so that nobody has to know it who reads the registration.
/// `response_types` follow the grant types: a client that never sends a user to the authorization endpoint has none.
pub(super) fn write_out_defaults(metadata: &mut ClientMetadata) {
    if metadata.token_endpoint_auth_method.is_none()
        && metadata.auth_methods.is_empty()
        && !metadata.any_secret_method
    {
        metadata.token_endpoint_auth_method = Some(AuthMethod::CLIENT_SECRET_BASIC);
    }
    write_out_grant_types(metadata);
    write_out_response_types(metadata);
}

/// Part of [`write_out_defaults`].
pub(super) fn write_out_grant_types(metadata: &mut ClientMetadata) {
    metadata.grant_types.get_or_insert_with(|| vec![AUTHORIZATION_CODE.to_owned()]);
}

/// Part of [`write_out_defaults`], after the grant types.
pub(super) fn write_out_response_types(metadata: &mut ClientMetadata) {
    let grant_types = metadata.grant_types.as_deref();
    let has_code =
        grant_types.is_none_or(|grant_types| grant_types.iter().any(|grant| grant == AUTHORIZATION_CODE));
    metadata.response_types.get_or_insert_with(|| has_code.then(|| "code".to_owned()).into_iter().collect());
}

/// Is everything about authentication served here? For clients and operators alike: what is not served would fail at the
/// client's first request instead of here.
///
/// # Errors
/// [`MetadataError`] with what is served instead.
pub(super) fn check_served(auth: &Authenticator, metadata: &ClientMetadata) -> Result<(), MetadataError> {
    unserved(auth, metadata).into_iter().next().map_or(Ok(()), Err)
}

/// Everything that is not served here, with what is served instead.
pub(super) fn unserved(auth: &Authenticator, metadata: &ClientMetadata) -> Vec<MetadataError> {
    const FIELD: &str = "token_endpoint_auth_method";
    let served: Vec<&AuthMethod> = auth.methods(Endpoint::Token).collect();
    let mut problems = Vec::new();
    for grant in metadata.grants() {
        let method = grant.method();
        if served.contains(&method) {
            continue;
        }
        let names: Vec<&str> = served.iter().map(|method| method.as_str()).collect();
        let problem = format!("{:?} is not served here", method.as_str());
        problems.push(MetadataError::new(FIELD, problem, format!("use {}", names.join(", "))));
    }
    if let Some(name) = &metadata.token_endpoint_auth_signing_alg
        && !auth.signing_algorithms().any(|served| served.as_str() == name)
    {
        let names: Vec<&str> = auth.signing_algorithms().map(Algorithm::as_str).collect();
        problems.push(MetadataError::new(
            "token_endpoint_auth_signing_alg",
            format!("{name:?} is not served here"),
            if names.is_empty() { "leave it out".to_owned() } else { format!("use {}", names.join(", ")) },
        ));
    }
    if metadata.jwks_uri.is_some() && !auth.fetches_keys() {
        problems.push(MetadataError::new(
            "jwks_uri",
            "is not served here: this server fetches no key sets",
            "register the keys themselves, as jwks",
        ));
    }
    problems
}

/// Can one of the client's own keys sign what this server takes?
///
/// # Errors
/// [`MetadataError`] for `private_key_jwt` with keys none of which can.
pub(super) fn check_keys(
    auth: &Authenticator,
    metadata: &ClientMetadata,
    client: &Client,
) -> Result<(), MetadataError> {
    let signs = client.grants().iter().any(|grant| *grant.method() == AuthMethod::PRIVATE_KEY_JWT);
    if !signs || metadata.jwks_uri.is_some() {
        return Ok(());
    }
    let mut taken = auth
        .signing_algorithms()
        .filter(|served| client.signing_algorithm().is_none_or(|own| own == *served));
    if taken.any(|algorithm| client.keys().keys().any(|key| key.fits(algorithm))) {
        return Ok(());
    }
    let problem = match client.keys().problems().first() {
        Some(problem) => format!("holds no key that can sign here: {problem}"),
        None => "holds no key that can sign here".to_owned(),
    };
    let names: Vec<&str> = auth.signing_algorithms().map(Algorithm::as_str).collect();
    Err(MetadataError::new("jwks", problem, format!("add a public key for one of {}", names.join(", "))))
}

impl Registration {
    /// What is asked of a client that registers itself, and not of an operator. What it holds already it may keep, also
    /// what an operator gave it beyond this.
    ///
    /// # Errors
    /// [`MetadataError`] for grant types, response types, scopes and URIs.
    pub(super) fn check_requested(
        &self,
        metadata: &ClientMetadata,
        held: Option<&ClientMetadata>,
    ) -> Result<(), MetadataError> {
        let grant_types = metadata.grant_types.as_deref().unwrap_or_default();
        let held_grants = held.and_then(|held| held.grant_types.as_deref()).unwrap_or_default();
        if let Some(other) =
            grant_types.iter().find(|grant| !self.grant_types.contains(grant) && !held_grants.contains(grant))
        {
            return Err(MetadataError::new(
                "grant_types",
                format!("{other:?} cannot be registered here"),
                format!("use {}", self.grant_types.join(", ")),
            ));
        }
        let held_scope = held.and_then(|held| held.scope.as_deref()).unwrap_or_default();
        let mut scopes = metadata.scope.as_deref().into_iter().flat_map(|scope| scope.split(' '));
        if let Some(other) = scopes.find(|scope| {
            !self.scopes.iter().any(|known| known == scope)
                && !held_scope.split(' ').any(|held| !held.is_empty() && held == *scope)
        }) {
            return Err(MetadataError::new(
                "scope",
                format!("{other:?} cannot be registered here"),
                match self.scopes.is_empty() {
                    true => "leave it out".to_owned(),
                    false => format!("use any of {}, one space between", self.scopes.join(", ")),
                },
            ));
        }
        let public = metadata.token_endpoint_auth_method == Some(AuthMethod::NONE);
        if public && grant_types.iter().any(|grant| grant == "client_credentials") {
            return Err(MetadataError::new(
                "grant_types",
                "has client_credentials, and the method none proves no client (RFC 6749 §4.4)",
                "register another token_endpoint_auth_method, or leave that grant type out",
            ));
        }
        if let Some(name) = &metadata.id_token_signed_response_alg
            && name.parse::<Algorithm>().is_err()
        {
            return Err(MetadataError::new(
                "id_token_signed_response_alg",
                format!("{name:?} is no algorithm that is known here"),
                "use one like RS256",
            ));
        }
        let redirects = grant_types.iter().any(|grant| grant == AUTHORIZATION_CODE || grant == "implicit");
        if redirects && metadata.redirect_uris.as_ref().is_none_or(Vec::is_empty) {
            return Err(MetadataError::new(
                "redirect_uris",
                "is missing, and a grant that leads a user back needs it (RFC 7591 §2)",
                "register every redirect URI, or grant_types without authorization_code and implicit",
            ));
        }
        for (field, uri) in [
            ("jwks_uri", &metadata.jwks_uri),
            ("client_uri", &metadata.client_uri),
            ("logo_uri", &metadata.logo_uri),
            ("tos_uri", &metadata.tos_uri),
            ("policy_uri", &metadata.policy_uri),
        ] {
            if let Some(uri) = uri {
                check_web_page(field, uri)?;
            }
        }
        Ok(())
    }
}

/// A page that users are shown a link to, or a document that the server fetches. A file may name a `jwks_uri` of this
/// machine over `http`; a stranger may not.
fn check_web_page(field: &'static str, uri: &str) -> Result<(), MetadataError> {
    let problem = match jwks_uri::check(uri) {
        Err(problem) => problem,
        Ok(()) if !uri.get(..8).is_some_and(|scheme| scheme.eq_ignore_ascii_case("https://")) => {
            "is not an https URL"
        }
        Ok(()) => return Ok(()),
    };
    Err(MetadataError::new(field, problem, "give an https URL"))
}

const AUTHORIZATION_CODE: &str = "authorization_code";
