//! Which methods read what a request presents: one, or those between which the client's registration decides.

use crate::assertion::JWT_BEARER;
use crate::auth_method::AuthMethod;
use crate::decision::{Inner, RegisteredMethod};
use crate::grant::is_served;
use crate::method::Attempt;
use crate::presented::{Credential, Presented};
use crate::reason::Reason;
use crate::refusal::Failure;

/// A method that reads what was presented, and what it read.
pub(crate) struct Candidate<'r> {
    pub(crate) method: &'r RegisteredMethod,
    pub(crate) attempt: Box<dyn Attempt + 'r>,
}

/// The methods that may authenticate one request: one, or several that share what they read.
pub(crate) struct Attempts<'r> {
    pub(crate) first: Candidate<'r>,
    // Empty, and so without memory, for all but certificates.
    pub(crate) others: Vec<Candidate<'r>>,
    pub(crate) shared: bool,
}

impl<'r> Attempts<'r> {
    /// The client that the credential claims to be of, and the one of its second reading.
    pub(crate) fn client_ids(&self) -> (&str, Option<&str>) {
        let first = &self.first.attempt;
        (first.client_id(), first.second_reading().map(Attempt::client_id))
    }

    /// The method, where it does not depend on the client.
    pub(crate) fn single_method(&self) -> Option<&'r AuthMethod> {
        self.others.is_empty().then_some(&self.first.method.0)
    }
}

impl Inner {
    /// The method that reads what was presented, or those between which the client's registration decides.
    pub(crate) fn attempts<'r>(&'r self, presented: &'r Presented<'r>) -> Result<Attempts<'r>, Failure> {
        let mut found: Option<Attempts<'r>> = None;
        for method in self.methods.iter() {
            let shares = method.1.is_chosen_by_registration();
            // A client_id alone names the client of a credential that travels elsewhere, too.
            if shares && found.as_ref().is_some_and(|found| !found.shared) {
                continue;
            }
            let Some(attempt) = method.1.attempt(presented) else { continue };
            let candidate = Candidate { method, attempt };
            match &mut found {
                Some(found) if found.shared && shares => found.others.push(candidate),
                Some(found) if !found.shared => {
                    return Err(Failure::new(Reason::MultipleMethods)
                        .expected("one method")
                        .got(format!("{} and {}", found.first.method.0, method.0)));
                }
                _ => found = Some(Attempts { first: candidate, others: Vec::new(), shared: shares }),
            }
        }
        found.ok_or_else(|| self.nothing_to_try(presented))
    }

    /// No enabled method reads what was presented.
    fn nothing_to_try(&self, presented: &Presented<'_>) -> Failure {
        let served =
            self.methods.iter().filter(|(_, method)| is_served(method.class(), presented.endpoint()));
        let enabled: Vec<&str> = served.map(|(name, _)| name.as_str()).collect();
        let not_enabled = |method: AuthMethod| {
            Failure::new(Reason::MethodNotGranted)
                .expected(enabled.join(" or "))
                .got(format!("{method}, which this server does not run"))
        };
        match presented.credential() {
            Credential::Basic(_) => not_enabled(AuthMethod::CLIENT_SECRET_BASIC),
            Credential::Post(_) => not_enabled(AuthMethod::CLIENT_SECRET_POST),
            Credential::Assertion(assertion) if assertion.algorithm().is_symmetric() => {
                not_enabled(AuthMethod::CLIENT_SECRET_JWT)
            }
            Credential::Assertion(_) => not_enabled(AuthMethod::PRIVATE_KEY_JWT),
            Credential::OtherScheme(scheme) => Failure::new(Reason::NoCredentials)
                .expected("Authorization: Basic, or credentials in the form")
                .got(match std::str::from_utf8(scheme) {
                    Ok(scheme) if scheme.len() <= 40 => format!("the scheme {scheme}"),
                    _ => "another scheme".to_owned(),
                }),
            Credential::OtherAssertion(kind) => {
                // Repeated only if it looks like a type: the two parameters may have been swapped.
                let is_a_type = kind.starts_with("urn:") || kind.starts_with("http");
                let got = if is_a_type {
                    kind.clone().into_owned()
                } else {
                    "something that is no type".to_owned()
                };
                Failure::new(Reason::AssertionTypeUnsupported).expected(JWT_BEARER).got(got)
            }
            Credential::Attestation => {
                Failure::new(Reason::MethodNotGranted).expected(enabled.join(" or ")).got("an attestation")
            }
            Credential::None if presented.client_id().is_some() => not_enabled(AuthMethod::NONE),
            // RFC 8705 §2: the certificate does not say whose it is.
            Credential::None
                if self.reads_certificates() && !matches!(presented.certificates(), Ok(None)) =>
            {
                Failure::new(Reason::ClientIdMissing).expected("client_id").got("a certificate alone")
            }
            Credential::None => {
                Failure::new(Reason::NoCredentials).expected(enabled.join(" or ")).got("nothing")
            }
        }
    }

    fn reads_certificates(&self) -> bool {
        let of_mutual_tls = [AuthMethod::TLS_CLIENT_AUTH, AuthMethod::SELF_SIGNED_TLS_CLIENT_AUTH];
        self.methods.iter().any(|(name, _)| of_mutual_tls.contains(name))
    }
}
