//! The members that an authenticator decides.

use serde_json::{Map, Value, json};

use super::url;
use crate::algorithm::Algorithm;
use crate::auth_method::AuthMethod;
use crate::authenticator::Authenticator;
use crate::config_error::ConfigError;
use crate::endpoint::Endpoint;

pub(super) fn members(
    auth: &Authenticator,
    check: impl Fn(&str) -> Result<(), url::Problem>,
) -> Result<Map<String, Value>, ConfigError> {
    check(auth.issuer()).map_err(|problem| problem.of("issuer", auth.issuer()))?;
    if auth.endpoint_url(Endpoint::Token).is_none() {
        return Err(ConfigError::new(
            "endpoint",
            "the URL of the token endpoint is not known, and every metadata document has it (RFC 8414 §2)",
            "call .endpoint(Endpoint::Token, \"https://…/token\") on the builder",
        ));
    }
    let (mut members, mut aliases) = (Map::new(), Map::new());
    members.insert(ISSUER.to_owned(), auth.issuer().into());
    for endpoint in Endpoint::ALL.iter().copied() {
        for (members, url) in [
            (&mut members, auth.endpoint_url(endpoint)),
            // RFC 8705 §5.
            (&mut aliases, auth.mtls_endpoint_url(endpoint)),
        ] {
            if let Some(url) = url {
                check(url).map_err(|problem| problem.of("endpoint", url))?;
                members.insert(url_member(endpoint).to_owned(), url.into());
            }
        }
        if auth.endpoint_url(endpoint).is_some() {
            authentication(auth, endpoint, &mut members);
        }
    }
    if !aliases.is_empty() {
        members.insert(MTLS_ALIASES.to_owned(), aliases.into());
    }
    let challenges: &[&str] = if auth.policy().pkce_plain { &["S256", "plain"] } else { &["S256"] };
    members.insert(CODE_CHALLENGES.to_owned(), json!(challenges));
    Ok(members)
}

/// RFC 8414 §3.2: a list without elements is left out. §2: where a method signs, so is the list of algorithms there.
fn authentication(auth: &Authenticator, endpoint: Endpoint, members: &mut Map<String, Value>) {
    let Some([methods_member, algorithms_member]) = authentication_members(endpoint) else { return };
    let methods: Vec<&AuthMethod> = auth.methods(endpoint).collect();
    let mut algorithms: Vec<Algorithm> = Vec::new();
    for algorithm in auth.signing_algorithms() {
        let method = AuthMethod::signing_with(algorithm);
        if methods.contains(&&method) && !algorithms.contains(&algorithm) {
            algorithms.push(algorithm);
        }
    }
    if !methods.is_empty() {
        members.insert(methods_member.to_owned(), json!(methods));
    }
    if !algorithms.is_empty() {
        members.insert(algorithms_member.to_owned(), json!(algorithms));
    }
}

pub(super) fn remove(members: &mut Map<String, Value>, endpoint: Endpoint) {
    members.remove(url_member(endpoint));
    for member in authentication_members(endpoint).into_iter().flatten() {
        members.remove(member);
    }
    let aliases = members.get_mut(MTLS_ALIASES).and_then(Value::as_object_mut);
    let is_empty = aliases.is_some_and(|aliases| {
        aliases.remove(url_member(endpoint));
        aliases.is_empty()
    });
    if is_empty {
        members.remove(MTLS_ALIASES);
    }
}

/// Is this the authenticator's to say, whether or not it has anything to say of it?
pub(super) fn is_derived(name: &str) -> bool {
    [ISSUER, MTLS_ALIASES, CODE_CHALLENGES].contains(&name)
        || Endpoint::ALL.iter().any(|endpoint| {
            url_member(*endpoint) == name
                || authentication_members(*endpoint).is_some_and(|members| members.contains(&name))
        })
}

const fn url_member(endpoint: Endpoint) -> &'static str {
    match endpoint {
        Endpoint::Token => "token_endpoint",
        Endpoint::Introspection => "introspection_endpoint",
        Endpoint::Revocation => "revocation_endpoint",
        Endpoint::PushedAuthorization => "pushed_authorization_request_endpoint",
        Endpoint::DeviceAuthorization => "device_authorization_endpoint",
        Endpoint::BackchannelAuthentication => "backchannel_authentication_endpoint",
    }
}

/// The lists of methods and of algorithms, for the endpoints that have lists of their own.
const fn authentication_members(endpoint: Endpoint) -> Option<[&'static str; 2]> {
    match endpoint {
        Endpoint::Token => Some([
            "token_endpoint_auth_methods_supported",
            "token_endpoint_auth_signing_alg_values_supported",
        ]),
        Endpoint::Introspection => Some([
            "introspection_endpoint_auth_methods_supported",
            "introspection_endpoint_auth_signing_alg_values_supported",
        ]),
        Endpoint::Revocation => Some([
            "revocation_endpoint_auth_methods_supported",
            "revocation_endpoint_auth_signing_alg_values_supported",
        ]),
        _ => None,
    }
}

const ISSUER: &str = "issuer";
const MTLS_ALIASES: &str = "mtls_endpoint_aliases";
const CODE_CHALLENGES: &str = "code_challenge_methods_supported";
