//! The authentication methods of the specifications, one file each.
//!
//! To add one: a file here, and two lines below.

mod client_secret_basic;
mod client_secret_jwt;
mod client_secret_post;
mod none;
mod private_key_jwt;

use crate::method::Method;

/// The methods this crate knows. Which of them a server takes is the builder's matter.
pub(crate) fn known() -> Vec<Box<dyn Method>> {
    vec![
        Box::new(client_secret_basic::ClientSecretBasic),
        Box::new(client_secret_post::ClientSecretPost),
        Box::new(client_secret_jwt::ClientSecretJwt),
        Box::new(private_key_jwt::PrivateKeyJwt),
        Box::new(none::None),
    ]
}
