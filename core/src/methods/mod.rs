//! The authentication methods of the specifications, one file each.
//!
//! To add one: a file here, and two lines below.

#[cfg(feature = "mtls")]
mod certificate;
mod client_secret_basic;
mod client_secret_jwt;
mod client_secret_post;
mod enabled;
mod none;
mod private_key_jwt;
#[cfg(feature = "mtls")]
mod self_signed_tls_client_auth;
#[cfg(feature = "mtls")]
mod tls_client_auth;

pub(crate) use self::enabled::{Ports, enabled_methods};
use crate::method::Method;

/// The methods this crate knows. Which of them a server takes is the builder's matter.
pub(crate) fn known() -> Vec<Box<dyn Method>> {
    vec![
        Box::new(client_secret_basic::ClientSecretBasic),
        Box::new(client_secret_post::ClientSecretPost),
        Box::new(client_secret_jwt::ClientSecretJwt),
        Box::new(private_key_jwt::PrivateKeyJwt),
        // Those that share the carrier come last, the one that costs most before the others.
        #[cfg(feature = "mtls")]
        Box::new(tls_client_auth::TlsClientAuth),
        #[cfg(feature = "mtls")]
        Box::new(self_signed_tls_client_auth::SelfSignedTlsClientAuth),
        Box::new(none::None),
    ]
}
