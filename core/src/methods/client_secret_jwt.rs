//! `client_secret_jwt`: an assertion whose MAC is keyed with the client secret (OpenID Connect Core §9,
//! [RFC 7523 §2.2](https://www.rfc-editor.org/rfc/rfc7523#section-2.2)).

use crate::assertion::{ClientAssertion, checks};
use crate::auth_method::AuthMethod;
use crate::client::Client;
use crate::method::{Attempt, Context, Method, Proof, Verification};
use crate::presented::{Credential, Presented};
use crate::reason::Reason;
use crate::refusal::Failure;
use crate::secret::{self, ClientSecret, MacKey};

/// The method.
pub(crate) struct ClientSecretJwt;

impl Method for ClientSecretJwt {
    fn name(&self) -> AuthMethod {
        AuthMethod::CLIENT_SECRET_JWT
    }

    fn attempt<'r>(&self, presented: &'r Presented<'r>) -> Option<Box<dyn Attempt + 'r>> {
        match presented.credential() {
            Credential::Assertion(assertion) if assertion.algorithm().is_symmetric() => {
                Some(Box::new(Keyed { assertion }))
            }
            _ => None,
        }
    }
}

struct Keyed<'r> {
    assertion: &'r ClientAssertion<'r>,
}

impl Attempt for Keyed<'_> {
    fn client_id(&self) -> &str {
        self.assertion.subject()
    }

    fn verify<'a>(&'a self, client: &'a Client, context: &'a Context<'a>) -> Verification<'a> {
        Verification::later(async move {
            let client_id = client.id_or_claimed(self.client_id());
            let algorithm = checks::check_algorithm(self.assertion, client);
            let claims = checks::check(self.assertion, client, client_id, context);
            let reaches_the_key = claims.is_ok();
            let proof = algorithm.and(claims).and_then(|()| verify_mac(self.assertion, client, context));
            let proof = proof.inspect_err(|failure| {
                // Where an unknown client's decoy tries a key and this client has none to try, the decoy's is tried: a
                // client that exists costs what an unknown one does.
                let untried = [Reason::AlgNotAllowed, Reason::KeyNotFound, Reason::KeyUnfit];
                if reaches_the_key && untried.contains(&failure.reason()) {
                    let _ = verify_mac(self.assertion, context.decoy(), context);
                }
            })?;
            let claimed = checks::use_up(self.assertion, client, client_id, context).await?;
            Ok(Proof { claimed, ..proof })
        })
    }
}

/// Tries every secret that is kept in the clear, expired ones included, so that the time tells nothing of them.
fn verify_mac(
    assertion: &ClientAssertion<'_>,
    client: &Client,
    context: &Context<'_>,
) -> Result<Proof, Failure> {
    let algorithm = assertion.algorithm();
    let keys = || client.secrets().iter().filter_map(|secret| Some((secret, secret.mac_key()?)));
    if keys().next().is_none() {
        return Err(Failure::new(Reason::KeyNotFound)
            .expected("a secret kept in the clear; a hash cannot be the key of a MAC")
            .got("none"));
    }
    if !keys().any(|(_, key)| key.fits(algorithm)) {
        let least = MacKey::least_octets(algorithm).unwrap_or_default();
        return Err(Failure::new(Reason::KeyUnfit)
            .expected(format!("a secret of at least {least} octets for {algorithm} (RFC 7518 §3.2)"))
            .got("a shorter one"));
    }
    let mut best: Option<Result<Proof, Failure>> = None;
    for (secret, key) in keys() {
        if key.verify(algorithm, assertion.signing_input(), assertion.signature())
            && best.as_ref().is_none_or(Result::is_err)
        {
            best = Some(proved_by(secret, context));
        }
    }
    let proof = best.unwrap_or_else(|| {
        let failure = Failure::new(Reason::SignatureInvalid).expected("a MAC keyed with the client's secret");
        // A text of its own, as the failures have to which a decoy's, which is thrown away, comes besides.
        Err(if client.is_decoy() { failure } else { failure.got(algorithm.as_str().to_owned()) })
    })?;
    Ok(Proof { algorithm: Some(algorithm), ..proof })
}

fn proved_by(secret: &ClientSecret, context: &Context<'_>) -> Result<Proof, Failure> {
    secret::outcome(secret, context.now())
}
