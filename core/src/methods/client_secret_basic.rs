//! `client_secret_basic`: id and secret in an `Authorization: Basic` header
//! ([RFC 6749 §2.3.1](https://www.rfc-editor.org/rfc/rfc6749#section-2.3.1)).

use crate::auth_method::AuthMethod;
use crate::basic::Reading;
use crate::client::Client;
use crate::method::{Attempt, Context, Method, Proof, Verification};
use crate::presented::{Credential, Presented};
use crate::reason::Reason;
use crate::refusal::Failure;

/// The method.
pub(crate) struct ClientSecretBasic;

impl Method for ClientSecretBasic {
    fn name(&self) -> AuthMethod {
        AuthMethod::CLIENT_SECRET_BASIC
    }

    fn attempt<'r>(&self, presented: &'r Presented<'r>) -> Option<Box<dyn Attempt + 'r>> {
        let Credential::Basic(basic) = presented.credential() else { return None };
        let attempt = match basic.second() {
            Some(raw) if raw.client_id() == basic.first().client_id() => {
                Pair { reading: basic.first(), raw_secret: Some(raw.secret()), other: None }
            }
            Some(raw) => Pair {
                reading: basic.first(),
                raw_secret: None,
                other: Some(Box::new(Pair { reading: raw, raw_secret: None, other: None })),
            },
            None => Pair { reading: basic.first(), raw_secret: None, other: None },
        };
        Some(Box::new(attempt))
    }
}

/// The outcome of one attempt with two readings: a success, else trouble, else what says more than "another secret".
fn better(decoded: Result<Proof, Failure>, raw: Result<Proof, Failure>) -> Result<Proof, Failure> {
    match (decoded, raw) {
        (Ok(proof), _) | (_, Ok(proof)) => Ok(proof),
        (Err(decoded), Err(raw)) => {
            let says_more = |failure: &Failure| {
                (!failure.is_about_the_credential(), failure.reason() != Reason::SecretMismatch)
            };
            Err(if says_more(&raw) > says_more(&decoded) { raw } else { decoded })
        }
    }
}

/// A reading of the pair. A raw reading that names the same client is compared along with it; one that names
/// another client is an attempt of its own.
struct Pair<'r> {
    reading: &'r Reading,
    raw_secret: Option<&'r str>,
    other: Option<Box<Pair<'r>>>,
}

impl Attempt for Pair<'_> {
    fn client_id(&self) -> &str {
        self.reading.client_id()
    }

    fn verify<'a>(&'a self, client: &'a Client, context: &'a Context<'a>) -> Verification<'a> {
        let Some(raw) = self.raw_secret else {
            return context.verify_secret(self.reading.secret(), client);
        };
        Verification::later(async move {
            // Both are compared, whichever matches: one attempt, one cost.
            let decoded = context.verify_secret(self.reading.secret(), client).await;
            let raw = context.verify_secret(raw, client).await;
            better(decoded, raw)
        })
    }

    fn second_reading(&self) -> Option<&dyn Attempt> {
        self.other.as_deref().map(|other| other as &dyn Attempt)
    }
}
