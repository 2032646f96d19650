//! Access tokens that only the holder of a certificate can use
//! ([RFC 8705 §3](https://www.rfc-editor.org/rfc/rfc8705#section-3)).

use countersign::AuthenticatedClient;
use serde::{Deserialize, Serialize};

use super::registration::Registration;
use super::{OAuthError, Server};

/// The `cnf` of a token: the certificate that has to come with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Confirmation {
    #[serde(rename = "x5t#S256")]
    thumbprint: String,
}

/// Whom a token is issued to.
pub(crate) struct Recipient<'c> {
    pub(crate) registration: &'c Registration,
    pub(crate) confirmation: Option<Confirmation>,
}

impl Recipient<'_> {
    /// The certificate that a refresh token of this client is bound to. A confidential client's is bound to the
    /// client, which proves itself each time (RFC 8705 §4).
    pub(crate) fn refresh_confirmation(&self) -> Option<Confirmation> {
        self.confirmation.clone().filter(|_| self.registration.public)
    }
}

impl Server {
    /// The client as one that is about to be given a token.
    ///
    /// # Errors
    /// `invalid_request` for a client whose tokens are to be bound and that shows no certificate: an unbound one would
    /// be less than it registered for.
    pub(super) fn recipient<'c>(&self, client: &'c AuthenticatedClient) -> Result<Recipient<'c>, OAuthError> {
        let registration = self.registration(client)?;
        let confirmation = match client.certificate_thumbprint() {
            _ if !registration.bound_tokens => None,
            Some(thumbprint) => Some(Confirmation { thumbprint: thumbprint.to_owned() }),
            None => {
                return Err(OAuthError::invalid_request(
                    "tls_client_certificate_bound_access_tokens is registered, and no certificate came",
                ));
            }
        };
        Ok(Recipient { registration, confirmation })
    }
}
