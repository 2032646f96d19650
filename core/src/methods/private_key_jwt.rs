//! `private_key_jwt`: an assertion signed with a key whose public part is registered
//! ([RFC 7523 §2.2](https://www.rfc-editor.org/rfc/rfc7523#section-2.2), OpenID Connect Core §9).

use std::sync::Arc;

use crate::assertion::{ClientAssertion, checks};
use crate::auth_method::AuthMethod;
use crate::client::Client;
use crate::key::{KeySet, VerificationKey};
use crate::key_source::KeySourceError;
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
            Credential::Assertion(assertion) if !assertion.algorithm().is_symmetric() => {
                Some(Box::new(Signed { assertion }))
            }
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
            let client_id = client.id_or_claimed(self.client_id());
            let algorithm = checks::check_algorithm(self.assertion, client);
            let claims = checks::check(self.assertion, client, client_id, context);
            let reaches_the_key = claims.is_ok();
            let proof = match (algorithm.and(claims), client.jwks_uri()) {
                (Err(failure), _) => Err(failure),
                (Ok(()), None) => verify_signature(self.assertion, client.keys()),
                (Ok(()), Some(uri)) => verify_with_remote_keys(self.assertion, uri, context).await,
            };
            let proof = proof.inspect_err(|failure| {
                // Where an unknown client's decoy tries a key and this client has none to try, the decoy's is tried: a
                // client that exists costs what an unknown one does.
                let untried = [Reason::AlgNotAllowed, Reason::KeyNotFound, Reason::KeyUnfit];
                // RSA keys differ in length, and a signature of another one is refused before any arithmetic.
                let octets = self.assertion.signature().len();
                let was_no_work = failure.reason() == Reason::SignatureInvalid
                    && client.jwks_uri().is_none()
                    && !client
                        .keys()
                        .choose(&self.assertion.key_hint(), self.assertion.algorithm())
                        .is_ok_and(|mut tried| tried.any(|key| key.takes_signature_of(octets)));
                if reaches_the_key && (untried.contains(&failure.reason()) || was_no_work) {
                    let _ = verifying_key(self.assertion, context.decoy().keys());
                }
            })?;
            let claimed = checks::use_up(self.assertion, client, client_id, context).await?;
            Ok(Proof { claimed, ..proof })
        })
    }
}

/// An unknown key may be a new one: the set is asked for once more, as often as its source allows.
async fn verify_with_remote_keys(
    assertion: &ClientAssertion<'_>,
    uri: &str,
    context: &Context<'_>,
) -> Result<Proof, Failure> {
    let unavailable = |error: KeySourceError| {
        Failure::new(Reason::JwksUnavailable).expected(uri.to_owned()).got(error.to_string())
    };
    let Some(source) = context.key_source() else {
        return Err(unavailable(KeySourceError::new("this server fetches none")));
    };
    let keys = source.keys(uri).await.map_err(unavailable)?;
    match verify_signature(assertion, &keys) {
        Err(failure) if failure.reason() == Reason::KeyNotFound => {
            let fresh = source.refreshed(uri, &keys).await.map_err(unavailable)?;
            verify_signature(assertion, &fresh)
        }
        result => result,
    }
}

fn verify_signature(assertion: &ClientAssertion<'_>, keys: &KeySet) -> Result<Proof, Failure> {
    let algorithm = assertion.algorithm();
    let key = verifying_key(assertion, keys)?.ok_or_else(|| {
        Failure::new(Reason::SignatureInvalid)
            .expected("a signature by the client's key")
            .got(format!("{algorithm}, {}", assertion.key_hint()))
    })?;
    Ok(Proof {
        algorithm: Some(algorithm),
        key_id: key.key_id().cloned(),
        key_thumbprint: Some(Arc::clone(key.thumbprint())),
        ..Proof::default()
    })
}

/// The key that the signature is by, if it is by any of those that are tried.
fn verifying_key<'k>(
    assertion: &ClientAssertion<'_>,
    keys: &'k KeySet,
) -> Result<Option<&'k VerificationKey>, Failure> {
    let algorithm = assertion.algorithm();
    let is_by =
        |key: &&VerificationKey| key.verify(algorithm, assertion.signing_input(), assertion.signature());
    Ok(keys.choose(&assertion.key_hint(), algorithm)?.find(is_by))
}
