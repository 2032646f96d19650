//! `self_signed_tls_client_auth`: the very certificate that is registered, or published at the client's `jwks_uri`
//! ([RFC 8705 §2.2](https://www.rfc-editor.org/rfc/rfc8705#section-2.2)).

use super::certificate::Shown;
use crate::auth_method::AuthMethod;
use crate::certificate::PeerCertificates;
use crate::client::Client;
use crate::key::KeySet;
use crate::key_source::KeySourceError;
use crate::method::{Attempt, Context, Method, Proof, Verification};
use crate::presented::Presented;
use crate::reason::Reason;
use crate::refusal::Failure;

/// The method.
pub(crate) struct SelfSignedTlsClientAuth;

impl Method for SelfSignedTlsClientAuth {
    fn name(&self) -> AuthMethod {
        AuthMethod::SELF_SIGNED_TLS_CLIENT_AUTH
    }

    fn is_chosen_by_registration(&self) -> bool {
        true
    }

    fn attempt<'r>(&self, presented: &'r Presented<'r>) -> Option<Box<dyn Attempt + 'r>> {
        Some(Box::new(Registered(Shown::read(presented)?)))
    }
}

struct Registered<'r>(Shown<'r>);

impl Attempt for Registered<'_> {
    fn client_id(&self) -> &str {
        self.0.client_id
    }

    fn verify<'a>(&'a self, client: &'a Client, context: &'a Context<'a>) -> Verification<'a> {
        match client.jwks_uri() {
            None => Verification::done(self.check(client.keys(), context)),
            Some(uri) => Verification::later(self.check_remote(uri, context)),
        }
    }
}

impl Registered<'_> {
    fn check(&self, keys: &KeySet, context: &Context<'_>) -> Result<Proof, Failure> {
        let certificates = self.0.certificates()?;
        let mutual_tls = context.mutual_tls()?;
        // In whole and before anything is read in it: the octets are what was registered, of whatever version.
        if !is_registered(certificates, keys) {
            // The work that the other method does for a client nobody knows; its outcome means nothing here.
            let _ = mutual_tls.validate(certificates, &mutual_tls.anchors(), context.now());
            return Err(Failure::new(Reason::CertificateMismatch)
                .expected(format!("x5t#S256 {}", registered(keys)))
                .got(format!("x5t#S256 {}", certificates.thumbprint())));
        }
        mutual_tls.read(certificates, context.now())?;
        Ok(Proof::default())
    }

    /// An unknown certificate may be a new one: the set is asked for once more, as often as its source allows.
    async fn check_remote(&self, uri: &str, context: &Context<'_>) -> Result<Proof, Failure> {
        let unavailable = |error: KeySourceError| {
            Failure::new(Reason::JwksUnavailable).expected(uri.to_owned()).got(error.to_string())
        };
        // Nobody's keys are asked for without a certificate to compare them with.
        self.0.certificates()?;
        let source = context
            .key_source()
            .ok_or_else(|| unavailable(KeySourceError::new("this server fetches none")))?;
        let keys = source.keys(uri).await.map_err(unavailable)?;
        match self.check(&keys, context) {
            Err(failure) if failure.reason() == Reason::CertificateMismatch => {
                let fresh = source.refreshed(uri, &keys).await.map_err(unavailable)?;
                self.check(&fresh, context)
            }
            result => result,
        }
    }
}

fn is_registered(certificates: &PeerCertificates, keys: &KeySet) -> bool {
    keys.keys().any(|key| key.certificate_thumbprint() == Some(certificates.thumbprint()))
}

fn registered(keys: &KeySet) -> String {
    let thumbprints: Vec<&str> = keys.keys().filter_map(|key| key.certificate_thumbprint()).collect();
    if thumbprints.is_empty() {
        "of a registered certificate, of which there is none".to_owned()
    } else {
        thumbprints.join(" or ")
    }
}
