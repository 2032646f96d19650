//! What both methods of mutual TLS read: a `client_id`, and the certificates of the connection.

use crate::certificate::PeerCertificates;
use crate::presented::{Credential, Presented};
use crate::reason::Reason;
use crate::refusal::Failure;

/// A request without any other credential that names its client
/// ([RFC 8705 §2](https://www.rfc-editor.org/rfc/rfc8705#section-2)): the client cannot be read from the certificate.
pub(super) struct Shown<'r> {
    pub(super) client_id: &'r str,
    presented: &'r Presented<'r>,
}

impl<'r> Shown<'r> {
    pub(super) fn read(presented: &'r Presented<'r>) -> Option<Self> {
        match presented.credential() {
            Credential::None => Some(Shown { client_id: presented.client_id()?, presented }),
            _ => None,
        }
    }

    pub(super) fn certificates(&self) -> Result<&PeerCertificates, Failure> {
        self.presented.certificates()?.ok_or_else(|| {
            Failure::new(Reason::NoCertificate).expected("a certificate in the TLS handshake").got("none")
        })
    }
}
