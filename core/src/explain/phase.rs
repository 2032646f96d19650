//! How far a request came.
//!
//! Most reasons belong to one step, and some to several: an algorithm is not on the server's list, or not the one that
//! the client registered. Which it was is found by asking the server's own readers again.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::rehearsal::Told;
use super::request::HttpRequest;
use crate::assertion::ClientAssertion;
use crate::authenticated::AuthenticatedClient;
use crate::decision::Inner;
use crate::policy::Policy;
use crate::presented::Presented;
use crate::refusal::Refusal;

/// The steps of a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Phase {
    /// Verb, query string, media type, size.
    Head,
    /// The form. Its checks are made parameter by parameter, so their order among each other says nothing.
    Form,
    /// Counting the credentials, and reading the one.
    Credential,
    /// The claims of an assertion, checked one by one as the form is.
    Claims,
    /// The method that reads the credential.
    Method,
    /// The client and its proof.
    Proof,
    /// Authenticated.
    Done,
    /// No step: what can go wrong with the server at any of them.
    Server,
}

impl Phase {
    /// Are its checks made in the order in which they are listed?
    pub(super) fn is_ordered(self) -> bool {
        !matches!(self, Phase::Form | Phase::Claims)
    }
}

pub(super) fn reached(
    server: &Inner,
    seen: &Told,
    request: &HttpRequest,
    outcome: &Result<AuthenticatedClient, Refusal>,
) -> Phase {
    if outcome.is_ok() {
        return Phase::Done;
    }
    let auth_request = request.as_auth_request();
    let form = match server.read_form(&auth_request) {
        Ok(form) => form,
        Err(_) if server.check_before_form(&auth_request).is_err() => return Phase::Head,
        Err(_) => return Phase::Form,
    };
    if Presented::read(&auth_request, &form, &server.policy, server.trusted_proxy.as_ref()).is_err() {
        let assertion = form.get("client_assertion");
        return match assertion {
            Some(compact) if fails_by_its_claims(&compact, &server.policy) => Phase::Claims,
            _ => Phase::Credential,
        };
    }
    if seen.method.is_none() { Phase::Method } else { Phase::Proof }
}

/// Would the assertion be read if only its claims were others?
fn fails_by_its_claims(compact: &str, policy: &Policy) -> bool {
    let Some((signed, signature)) = compact.rsplit_once('.') else { return false };
    let Some((header, claims)) = signed.split_once('.') else { return false };
    let good = URL_SAFE_NO_PAD.encode(br#"{"iss":"i","sub":"s","aud":"a","exp":1}"#);
    let mended = format!("{header}.{good}.{signature}");
    URL_SAFE_NO_PAD.decode(claims).is_ok()
        && ClientAssertion::parse(mended.into(), policy).is_ok()
        && ClientAssertion::parse(compact.into(), policy).is_err()
}
