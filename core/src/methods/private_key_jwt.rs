//! `private_key_jwt`: an assertion signed with a key whose public part is registered
//! ([RFC 7523 §2.2](https://www.rfc-editor.org/rfc/rfc7523#section-2.2), OpenID Connect Core §9).

use std::sync::Arc;

use crate::assertion::{ClientAssertion, alg_not_allowed, checks};
use crate::auth_method::AuthMethod;
use crate::client::Client;
use crate::key::VerificationKey;
use crate::method::{Attempt, Context, Method, Proof, Verification};
use crate::presented::{Credential, Presented};
use crate::reason::Reason;
use crate::refusal::Failure;

/// The method.
pub(crate) struct PrivateKeyJwt;

impl Method for PrivateKeyJwt {
    fn name(&self) -> AuthMethod {
        AuthMethod::PRIVATE_KEY_JWT
    }

    fn attempt<'r>(&self, presented: &'r Presented<'r>) -> Option<Box<dyn Attempt + 'r>> {
        match presented.credential() {
            Credential::Assertion(assertion) => Some(Box::new(Signed { assertion })),
            _ => None,
        }
    }
}

struct Signed<'r> {
    assertion: &'r ClientAssertion<'r>,
}

impl Attempt for Signed<'_> {
    fn client_id(&self) -> &str {
        self.assertion.subject()
    }

    fn verify<'a>(&'a self, client: &'a Client, context: &'a Context<'a>) -> Verification<'a> {
        Verification::later(async move {
            // A decoy takes the id that was claimed, so that it fails where a real client would.
            let client_id = if client.is_decoy() { self.client_id() } else { client.id() };
            check_algorithm(self.assertion, client)?;
            checks::check(self.assertion, client_id, context)?;
            let key = verify_signature(self.assertion, client)?;
            let proof = Proof {
                algorithm: Some(self.assertion.algorithm()),
                key_id: key.key_id().cloned(),
                key_thumbprint: Some(Arc::clone(key.thumbprint())),
                ..Proof::default()
            };
            if let Some(jwt_id) = self.assertion.jwt_id() {
                let keep_for = checks::remember_for(self.assertion, context);
                context.claim_once(client_id, jwt_id, keep_for).await?;
            }
            Ok(proof)
        })
    }
}

/// The method fixes the family, the registration the algorithm; the header only ever agrees (RFC 8725 §3.1).
fn check_algorithm(assertion: &ClientAssertion<'_>, client: &Client) -> Result<(), Failure> {
    let algorithm = assertion.algorithm();
    match client.signing_algorithm() {
        Some(registered) if !registered.is_same_as(algorithm) => {
            Err(alg_not_allowed(&[registered], algorithm.as_str()))
        }
        _ if algorithm.is_symmetric() => Err(Failure::new(Reason::AlgNotAllowed)
            .expected("an asymmetric algorithm")
            .got(algorithm.as_str())),
        _ => Ok(()),
    }
}

fn verify_signature<'c>(
    assertion: &ClientAssertion<'_>,
    client: &'c Client,
) -> Result<&'c VerificationKey, Failure> {
    let algorithm = assertion.algorithm();
    client
        .keys()
        .choose(&assertion.key_hint(), algorithm)?
        .find(|key| key.verify(algorithm, assertion.signing_input(), assertion.signature()))
        .ok_or_else(|| {
            Failure::new(Reason::SignatureInvalid)
                .expected("a signature by the client's key")
                .got(format!("{algorithm}, {}", assertion.key_hint()))
        })
}
