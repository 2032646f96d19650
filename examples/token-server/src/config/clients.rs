//! `clients.json`: an array of client metadata objects with the names of
//! [RFC 7591](https://www.rfc-editor.org/rfc/rfc7591), and a few of ours.
//!
//! A client that registers no `grant_types` may use every grant, not only `authorization_code` as RFC 7591 §2 has
//! it: so an entry of nothing but an id and a secret can ask for a token. A public client never uses
//! `client_credentials`, whatever it registers.

use std::path::Path;
use std::sync::Arc;

use countersign::certificate::TrustAnchors;
use countersign::metadata::ClientMetadata;
use countersign::{Algorithm, AuthMethod, Client};

use super::json_array::{Entry, entries};
use super::problem::Problem;
use crate::server::{Registration, Registrations, TOKEN_ALGORITHMS};

/// Every client of a file: for the authenticator, and for the endpoints behind it.
pub(crate) struct LoadedClients {
    pub(crate) clients: Vec<Client>,
    pub(crate) registrations: Registrations,
    /// What is legal and will surprise somebody.
    pub(crate) warnings: Vec<String>,
}

pub(crate) fn read(file: &Path) -> Result<LoadedClients, Problem> {
    let text = std::fs::read_to_string(file).map_err(|error| Problem::in_file(file, error))?;
    parse(file, &text)
}

pub(crate) fn parse(file: &Path, text: &str) -> Result<LoadedClients, Problem> {
    let mut loaded =
        LoadedClients { clients: Vec::new(), registrations: Registrations::new(), warnings: Vec::new() };
    for entry in entries(file, text, "client", "client_id")? {
        loaded.add(&entry)?;
    }
    Ok(loaded)
}

impl LoadedClients {
    /// Names each client that shows a certificate where none can come, or where nobody vouches for it.
    pub(crate) fn warn_of_certificates_nobody_sees(&mut self, anchors: Option<&TrustAnchors>) {
        for client in &self.clients {
            let grants = |method: AuthMethod| client.grants().iter().any(|grant| *grant.method() == method);
            let warning = if anchors.is_none_or(TrustAnchors::is_empty) && grants(AuthMethod::TLS_CLIENT_AUTH)
            {
                "tls_client_auth needs client_ca in [tls] or [proxy]"
            } else if anchors.is_none() && grants(AuthMethod::SELF_SIGNED_TLS_CLIENT_AUTH) {
                "self_signed_tls_client_auth needs [tls] or [proxy]"
            } else {
                continue;
            };
            self.warnings.push(format!(
                "client {:?}: {warning} in the configuration; until then it is refused",
                client.id()
            ));
        }
    }

    fn add(&mut self, entry: &Entry<'_>) -> Result<(), Problem> {
        let metadata: ClientMetadata = entry.parse()?;
        let client = Client::from_stored(&metadata).map_err(|error| entry.problem(error.field(), error))?;
        refuse_unserved(entry, &client)?;
        let registration = Arc::new(registration(entry, &metadata, &client)?);
        let twin = self.registrations.insert(metadata.client_id.clone(), Arc::clone(&registration));
        if twin.is_some() {
            return Err(entry.problem("client_id", "another client above has the same client_id"));
        }
        self.warnings.extend(metadata.warnings());
        self.clients.push(client.with_app(registration));
        Ok(())
    }
}

/// A method that nobody serves would let the client fail at its first request instead of here.
fn refuse_unserved(entry: &Entry<'_>, client: &Client) -> Result<(), Problem> {
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
    let served = SERVED.map(|method| method.to_string()).join(", ");
    let message = format!("{} is not in this build; what it has is {served}", grant.method());
    Err(entry.problem("token_endpoint_auth_method", message))
}

fn registration(
    entry: &Entry<'_>,
    metadata: &ClientMetadata,
    client: &Client,
) -> Result<Registration, Problem> {
    let redirect_uris = metadata.redirect_uris.clone().unwrap_or_default();
    if let Some(unfit) = redirect_uris.iter().find(|uri| !is_redirect_uri(uri)) {
        let message = format!("{unfit:?} in redirect_uris is not an absolute URI without a fragment");
        return Err(entry.problem("redirect_uris", message));
    }
    let rotating = metadata.client_secrets.iter().find_map(|secret| secret.secret.as_ref());
    let secret = metadata.client_secret.as_ref().or(rotating).cloned();
    let token_algorithm = token_algorithm(entry, metadata, secret.as_deref())?;
    Ok(Registration {
        client_id: metadata.client_id.clone(),
        public: client.grants().iter().any(|grant| *grant.method() == AuthMethod::NONE),
        grant_types: metadata.grant_types.clone(),
        redirect_uris,
        scope: metadata.scope.clone(),
        token_algorithm,
        bound_tokens: metadata.tls_client_certificate_bound_access_tokens.unwrap_or_default(),
        secret,
    })
}

/// `id_token_signed_response_alg`, RS256 when it is absent (OpenID Connect Registration §2).
fn token_algorithm(
    entry: &Entry<'_>,
    metadata: &ClientMetadata,
    secret: Option<&str>,
) -> Result<Algorithm, Problem> {
    const KEY: &str = "id_token_signed_response_alg";
    let Some(name) = &metadata.id_token_signed_response_alg else { return Ok(Algorithm::RS256) };
    let algorithm =
        TOKEN_ALGORITHMS.into_iter().find(|algorithm| algorithm.as_str() == name).ok_or_else(|| {
            let known = TOKEN_ALGORITHMS.map(Algorithm::as_str).join(", ");
            entry.problem(KEY, format!("{KEY} is {name:?}; this server signs {known}"))
        })?;
    // RFC 7518 §3.2: a key at least as long as the hash.
    let octets = match algorithm {
        Algorithm::HS256 => 32,
        Algorithm::HS384 => 48,
        Algorithm::HS512 => 64,
        _ => 0,
    };
    if secret.map_or(0, str::len) < octets {
        let message =
            format!("{KEY} is {name}, which needs a client_secret of {octets} octets, in the clear");
        return Err(entry.problem(KEY, message));
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

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(text: &str) -> String {
        parse(Path::new("clients.json"), text).err().unwrap().to_string()
    }

    #[test]
    fn a_mistake_is_named_with_its_client_and_line() {
        let text = "[\n  {\n    \"client_id\": \"billing\",\n    \"client_secert\": \"x\"\n  }\n]";
        assert_eq!(
            problem(text),
            r#"clients.json:4: client "billing": unknown key "client_secert", did you mean "client_secret"?"#
        );
        let nested = "[{\"client_id\": \"b\", \"client_secrets\": [\n{\"lable\": \"x\"}]}]";
        assert_eq!(
            problem(nested),
            r#"clients.json:2: client "b": unknown key "lable", did you mean "label"?"#
        );
        let twice =
            "[{\"client_id\":\"a\",\"client_secret\":\"s\"},\n{\"client_id\":\"a\",\"client_secret\":\"s\"}]";
        assert!(problem(twice).starts_with("clients.json:2: client \"a\": another client"));
        assert!(problem("{}").starts_with("clients.json:1: expected a JSON array"));
        assert!(problem("[\n{\"client_id\": 7}]").starts_with("clients.json:2: client 1: "));
    }

    #[test]
    fn metadata_that_cannot_work_is_refused() {
        for (metadata, key) in [
            (r#""token_endpoint_auth_method": "private_key_jwt""#, "jwks"),
            (
                r#""client_secret": "short", "id_token_signed_response_alg": "HS256""#,
                "id_token_signed_response_alg",
            ),
            (r#""client_secret": "s", "redirect_uris": ["/callback"]"#, "redirect_uris"),
            (
                r#""client_secret": "s", "token_endpoint_auth_method": "client_secret_jwt""#,
                "client_secret is too short",
            ),
        ] {
            let problem = problem(&format!("[{{\"client_id\": \"c\", {metadata}}}]"));
            assert!(problem.contains(key), "{problem}");
        }
    }

    #[test]
    fn an_id_and_a_secret_are_enough() {
        let loaded = parse(Path::new("c"), r#"[{"client_id":"a","client_secret":"s"}]"#).unwrap();
        let registration = loaded.registrations.get("a").unwrap();
        assert!(registration.may_use("client_credentials") && !registration.public);
        assert_eq!(loaded.clients.len(), 1);
    }
}
