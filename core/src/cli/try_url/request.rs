//! The request, with its credential.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use super::Arguments;
use crate::auth_method::AuthMethod;
use crate::cli::problem::Problem;
use crate::form_encoding::{encode, encode_text};

/// The methods that can be tried.
pub(super) const METHODS: [AuthMethod; 7] = [
    AuthMethod::NONE,
    AuthMethod::CLIENT_SECRET_BASIC,
    AuthMethod::CLIENT_SECRET_POST,
    AuthMethod::CLIENT_SECRET_JWT,
    AuthMethod::PRIVATE_KEY_JWT,
    AuthMethod::TLS_CLIENT_AUTH,
    AuthMethod::SELF_SIGNED_TLS_CLIENT_AUTH,
];

/// Is the credential of this method a certificate in the handshake?
pub(super) fn is_mutual_tls(method: &AuthMethod) -> bool {
    [AuthMethod::TLS_CLIENT_AUTH, AuthMethod::SELF_SIGNED_TLS_CLIENT_AUTH].contains(method)
}

/// What the request carries.
pub(super) struct Request {
    pub(super) authorization: Option<Zeroizing<String>>,
    pub(super) body: Zeroizing<String>,
}

pub(super) fn make(
    arguments: &Arguments,
    method: &AuthMethod,
    notes: &mut Vec<String>,
) -> Result<Request, Problem> {
    let mut form: Vec<(&str, Zeroizing<String>)> = Vec::new();
    if !arguments.grant_type.is_empty() {
        form.push(("grant_type", Zeroizing::new(arguments.grant_type.clone())));
    }
    for (name, value) in &arguments.data {
        form.push((name, Zeroizing::new(value.clone())));
    }
    let client_id = || ("client_id", Zeroizing::new(arguments.client.clone()));
    let secret = || {
        arguments
            .signature
            .secret()?
            .ok_or_else(|| Problem::new(format!("{method} needs --secret or --secret-file")))
    };
    let mut authorization = None;
    match method.as_str() {
        "none" => form.push(client_id()),
        // RFC 8705 §2: the client_id says whose certificate it is.
        _ if is_mutual_tls(method) => form.push(client_id()),
        "client_secret_basic" => {
            // RFC 6749 §2.3.1: form-encoded, then joined, then base64.
            let pair = format!("{}:{}", encode_text(&arguments.client), encode_text(&secret()?));
            authorization =
                Some(Zeroizing::new(format!("Basic {}", STANDARD.encode(Zeroizing::new(pair).as_bytes()))));
        }
        "client_secret_post" => {
            form.push(client_id());
            form.push(("client_secret", secret()?));
        }
        _ => {
            let is_symmetric = *method == AuthMethod::CLIENT_SECRET_JWT;
            if is_symmetric == arguments.signature.key_file().is_some() {
                let needed = if is_symmetric { "--secret or --secret-file" } else { "--key" };
                return Err(Problem::new(format!("{method} needs {needed}")));
            }
            let key = arguments
                .signature
                .key(notes)?
                .ok_or_else(|| Problem::new(format!("{method} needs a secret")))?;
            let assertion = arguments.signature.unsigned(&arguments.client, false)?.sign(&key)?;
            form.extend(assertion.form_fields().map(|(name, value)| (name, Zeroizing::new(value))));
        }
    }
    let body = encode(form.iter().map(|(name, value)| (*name, value.as_str())));
    Ok(Request { authorization, body: Zeroizing::new(body) })
}
