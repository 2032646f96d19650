//! `GET /.well-known/oauth-authorization-server` ([RFC 8414](https://www.rfc-editor.org/rfc/rfc8414)) and
//! `GET /.well-known/openid-configuration`, one document.
//!
//! What it says about client authentication is read from the [`Authenticator`], so that nothing is advertised
//! that is not enforced.

use countersign::{Algorithm, AuthMethod, Authenticator, Endpoint};
use serde_json::{Map, Value, json};

use super::routes::{Route, Routes};
use super::{Response, Server};

impl Server {
    pub(super) fn metadata(&self) -> Response {
        Response::document(self.metadata.clone())
    }
}

pub(super) fn document(
    auth: &Authenticator,
    routes: &Routes,
    grant_types: &[&str],
    plain_pkce: bool,
    sees_certificates: bool,
) -> Map<String, Value> {
    let mut document = Map::new();
    let mut say = |name: &str, value: Value| document.insert(name.to_owned(), value);
    say("issuer", json!(auth.issuer()));
    say("token_endpoint", json!(routes.url(Route::Token)));
    say("introspection_endpoint", json!(routes.url(Route::Introspect)));
    say("revocation_endpoint", json!(routes.url(Route::Revoke)));
    say("jwks_uri", json!(routes.url(Route::Jwks)));
    say("grant_types_supported", json!(grant_types));
    say("response_types_supported", json!(["code"]));
    if grant_types.contains(&"authorization_code") {
        say("authorization_endpoint", json!(routes.url(Route::Authorize)));
        say("pushed_authorization_request_endpoint", json!(routes.url(Route::Par)));
    }
    say("response_modes_supported", json!(["query"]));
    say("authorization_response_iss_parameter_supported", json!(true));
    say("request_parameter_supported", json!(false));
    say("request_uri_parameter_supported", json!(false));
    let challenges: &[&str] = if plain_pkce { &["S256", "plain"] } else { &["S256"] };
    say("code_challenge_methods_supported", json!(challenges));
    say("scopes_supported", json!(["openid"]));
    say("subject_types_supported", json!(["public"]));
    say("id_token_signing_alg_values_supported", json!(TOKEN_ALGORITHMS));
    let algorithms: Vec<Algorithm> = auth.signing_algorithms().collect();
    for (endpoint, prefix) in [
        (Endpoint::Token, "token_endpoint"),
        (Endpoint::Introspection, "introspection_endpoint"),
        (Endpoint::Revocation, "revocation_endpoint"),
    ] {
        let methods: Vec<&AuthMethod> = auth.methods(endpoint).collect();
        say(&format!("{prefix}_auth_methods_supported"), json!(methods));
        // RFC 8414 §2: present when a method that signs is listed. §3.2: never an empty list.
        if !algorithms.is_empty() {
            say(&format!("{prefix}_auth_signing_alg_values_supported"), json!(algorithms));
        }
    }
    let aliases: Map<String, Value> = routes
        .mtls_urls()
        .filter_map(|(route, url)| Some((name_of(route)?.to_owned(), url.into())))
        .collect();
    if !aliases.is_empty() {
        say("mtls_endpoint_aliases", Value::Object(aliases));
    }
    // RFC 8705 §3.3: said by every server that sees certificates.
    say("tls_client_certificate_bound_access_tokens", json!(sees_certificates));
    document
}

/// The endpoint's name in the document, for those that authenticate clients.
fn name_of(route: Route) -> Option<&'static str> {
    match route {
        Route::Token => Some("token_endpoint"),
        Route::Introspect => Some("introspection_endpoint"),
        Route::Revoke => Some("revocation_endpoint"),
        Route::Par => Some("pushed_authorization_request_endpoint"),
        _ => None,
    }
}

/// What `id_token_signed_response_alg` may be.
pub(crate) const TOKEN_ALGORITHMS: [Algorithm; 5] =
    [Algorithm::RS256, Algorithm::ES256, Algorithm::HS256, Algorithm::HS384, Algorithm::HS512];
