//! `tls_client_auth`: a certificate from an authority the server trusts, with the subject that is registered
//! ([RFC 8705 §2.1](https://www.rfc-editor.org/rfc/rfc8705#section-2.1)).

use super::certificate::Shown;
use crate::auth_method::AuthMethod;
use crate::client::Client;
use crate::method::{Attempt, Context, Method, Proof, Verification};
use crate::presented::Presented;
use crate::reason::Reason;
use crate::refusal::Failure;

/// The method.
pub(crate) struct TlsClientAuth;

impl Method for TlsClientAuth {
    fn name(&self) -> AuthMethod {
        AuthMethod::TLS_CLIENT_AUTH
    }

    fn is_chosen_by_registration(&self) -> bool {
        true
    }

    fn attempt<'r>(&self, presented: &'r Presented<'r>) -> Option<Box<dyn Attempt + 'r>> {
        Some(Box::new(Named(Shown::read(presented)?)))
    }
}

struct Named<'r>(Shown<'r>);

impl Attempt for Named<'_> {
    fn client_id(&self) -> &str {
        self.0.client_id
    }

    fn verify<'a>(&'a self, client: &'a Client, context: &'a Context<'a>) -> Verification<'a> {
        Verification::done(self.check(client, context))
    }
}

impl Named<'_> {
    fn check(&self, client: &Client, context: &Context<'_>) -> Result<Proof, Failure> {
        let certificates = self.0.certificates()?;
        let mutual_tls = context.mutual_tls()?;
        let anchors = client.trust_anchors().cloned().unwrap_or_else(|| mutual_tls.anchors());
        // The path first, whoever the client is: that is the work, and it depends on the certificate alone.
        let leaf = mutual_tls.validate(certificates, &anchors, context.now())?;
        match client.certificate_subject() {
            Some(subject) if subject.matches(&leaf) => Ok(Proof::default()),
            Some(subject) => Err(Failure::new(Reason::CertificateMismatch)
                .expected(subject.to_string())
                .got(subject.shown_by(&leaf))),
            None => Err(Failure::new(Reason::CertificateMismatch)
                .expected("a registered subject")
                .got("a client that has none")),
        }
    }
}
