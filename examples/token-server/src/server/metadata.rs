//! `GET /.well-known/oauth-authorization-server` ([RFC 8414](https://www.rfc-editor.org/rfc/rfc8414)) and
//! `GET /.well-known/openid-configuration`, one document.
//!
//! What it says about client authentication is read from the [`Authenticator`], so that nothing is advertised
//! that is not enforced; the rest is said here.

use countersign::discovery::AuthorizationServerMetadata;
use countersign::{Algorithm, Authenticator, ConfigError, Endpoint};
use serde_json::json;

use super::routes::{Route, Routes};
use super::{Response, Server};
use crate::log::Log;

impl Server {
    pub(super) fn metadata(&self) -> Response {
        Response::document(self.metadata.clone())
    }
}

pub(super) fn document(
    auth: &Authenticator,
    routes: &Routes,
    grant_types: &[&str],
    sees_certificates: bool,
    log: &Log,
) -> Result<AuthorizationServerMetadata, ConfigError> {
    let mut metadata = AuthorizationServerMetadata::of(auth).or_else(|problem| {
        let metadata = AuthorizationServerMetadata::danger_without_tls(auth)?;
        log(&format!("warning: {problem}"));
        Ok(metadata)
    })?;
    if grant_types.contains(&"authorization_code") {
        metadata = metadata.with("authorization_endpoint", routes.url(Route::Authorize))?;
    } else {
        metadata = metadata.without(Endpoint::PushedAuthorization);
    }
    metadata
        .with("registration_endpoint", routes.url(Route::Register))?
        .with("jwks_uri", routes.url(Route::Jwks))?
        .with("grant_types_supported", json!(grant_types))?
        .with("response_types_supported", json!(["code"]))?
        .with("response_modes_supported", json!(["query"]))?
        .with("authorization_response_iss_parameter_supported", true)?
        .with("request_parameter_supported", false)?
        .with("request_uri_parameter_supported", false)?
        .with("scopes_supported", json!(["openid"]))?
        .with("subject_types_supported", json!(["public"]))?
        .with("id_token_signing_alg_values_supported", json!(TOKEN_ALGORITHMS))?
        // RFC 8705 §3.3: said by every server that sees certificates.
        .with("tls_client_certificate_bound_access_tokens", sees_certificates)
}

/// What `id_token_signed_response_alg` may be.
pub(crate) const TOKEN_ALGORITHMS: [Algorithm; 5] =
    [Algorithm::RS256, Algorithm::ES256, Algorithm::HS256, Algorithm::HS384, Algorithm::HS512];
