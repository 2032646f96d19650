//! The client's half of `private_key_jwt` and `client_secret_jwt`: build a client assertion and sign it
//! ([RFC 7523 §2.2](https://www.rfc-editor.org/rfc/rfc7523#section-2.2)). Shown by the feature `sign`.
//!
//! The defaults are those of rfc7523bis, which every server that follows it or its predecessor takes: typed
//! `client-authentication+jwt`, the issuer identifier as the only audience, one minute of life, a fresh `jti` for
//! each. Everything can be set otherwise, so that a test can make an assertion that a server must refuse.
//!
//! ```
//! use countersign::sign::{ClientAssertion, SigningKey};
//!
//! # let pem = SigningKey::generate(countersign::Algorithm::ES256)?.to_pem()?;
//! let key = SigningKey::from_pem(&pem)?;
//! let assertion = ClientAssertion::for_client("billing").audience("https://as.example.com").sign(&key)?;
//!
//! // Two form parameters, for whichever HTTP client there is.
//! let [(type_name, _), (name, _)] = assertion.form_fields();
//! assert_eq!((type_name, name), ("client_assertion_type", "client_assertion"));
//! # Ok::<(), countersign::sign::SignError>(())
//! ```
//!
//! With reqwest, which this crate does not depend on, as in `examples/reqwest_client.rs`. Its features `form` and `json`
//! are not on by default:
//!
//! ```ignore
//! use std::error::Error;
//! use std::time::Duration;
//!
//! use countersign::sign::{ClientAssertion, SigningKey};
//! use reqwest::redirect;
//!
//! async fn token(issuer: &str, client_id: &str, key: &SigningKey) -> Result<String, Box<dyn Error>> {
//!     // A new assertion for each request, retries included: a server takes each one once.
//!     let assertion = ClientAssertion::for_client(client_id).audience(issuer).sign(key)?;
//!     let mut form = vec![("grant_type", "client_credentials".to_owned())];
//!     form.extend(assertion.form_fields());
//!
//!     // A redirect would carry the assertion to whomever it names.
//!     let client = reqwest::Client::builder().redirect(redirect::Policy::none());
//!     let client = client.timeout(Duration::from_secs(10)).build()?;
//!     let answer = client.post(format!("{issuer}/token")).form(&form).send().await?;
//!     if !answer.status().is_success() {
//!         // After invalid_client, ask the server's operator for the reason: a client is never told.
//!         return Err(format!("{}: {}", answer.status(), answer.text().await?).into());
//!     }
//!     let answer: serde_json::Value = answer.json().await?;
//!     Ok(answer.get("access_token").and_then(|token| token.as_str()).ok_or("no access_token")?.to_owned())
//! }
//! ```
//!
//! The server's half of the same conversation:
//!
//! ```
//! use countersign::sign::{ClientAssertion, SigningKey};
//! use countersign::{Algorithm, AuthMethod, AuthRequest, Authenticator, Client, Endpoint};
//! use countersign::{key::KeySet, replay::MemoryReplayStore, store::Clients};
//!
//! # futures_util::FutureExt::now_or_never(async {
//! let key = SigningKey::generate(Algorithm::Ed25519)?;
//! let jwks = serde_json::json!({ "keys": [key.public_jwk()] });
//! let billing = Client::new("billing")
//!     .with_method(AuthMethod::PRIVATE_KEY_JWT)
//!     .with_keys(KeySet::from_jwks(&jwks)?);
//! let server = Authenticator::builder()
//!     .issuer("https://as.example.com")
//!     .endpoint(Endpoint::Token, "https://as.example.com/token")
//!     .clients(Clients::new([billing])?)
//!     .replay(MemoryReplayStore::new())
//!     .build()?;
//!
//! let assertion = ClientAssertion::for_client("billing").audience(server.issuer()).sign(&key)?;
//! let [(first, urn), (second, jwt)] = assertion.form_fields();
//! let body = format!("{first}={urn}&{second}={jwt}").into_bytes();
//! let headers: &[(&str, &str)] = &[("content-type", "application/x-www-form-urlencoded")];
//! let request = AuthRequest::new(Endpoint::Token, "POST", &headers, body.into());
//! assert_eq!(server.authenticate(request.clone()).await?.client_id(), "billing");
//!
//! // Single use.
//! assert_eq!(server.authenticate(request).await.unwrap_err().reason().code(), "replayed");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # }).unwrap().unwrap();
//! ```

mod client_assertion;
mod der;
mod export;
mod generate;
mod jws;
#[cfg(feature = "ml-dsa")]
mod ml_dsa;
mod pem;
mod private_jwk;
mod sign_error;
mod signed_assertion;
mod signing_key;

pub use self::client_assertion::ClientAssertion;
pub use self::sign_error::SignError;
pub use self::signed_assertion::SignedAssertion;
pub use self::signing_key::SigningKey;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// base64url without padding, as every JOSE document writes octets.
fn base64url(octets: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(octets)
}

#[cfg(test)]
mod tests;
