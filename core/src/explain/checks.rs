//! Every check in the server's order, in words.

use super::facts::{Facts, Kind};
use super::phase::Phase;
use crate::reason::Reason;

/// A check: the reason under which it refuses, what it is about, and for which requests it is made at all.
pub(crate) struct Row {
    pub(super) phase: Phase,
    pub(crate) reason: Reason,
    pub(crate) name: &'static str,
    pub(super) applies: fn(&Facts) -> bool,
    /// What was seen where it passed. Never a secret, an assertion or a `jti`.
    pub(super) shows: fn(&Facts) -> Option<String>,
}

impl Row {
    const fn new(
        phase: Phase,
        reason: Reason,
        name: &'static str,
        applies: fn(&Facts) -> bool,
        shows: fn(&Facts) -> Option<String>,
    ) -> Self {
        Row { phase, reason, name, applies, shows }
    }
}

/// A reason that is checked at two steps stands twice. The last rows are about the server and not about the request:
/// they are shown when they fail.
pub(crate) const ROWS: &[Row] = &[
    Row::new(Phase::Head, Reason::WrongVerb, "HTTP method", always, |facts| Some(facts.verb.clone())),
    Row::new(Phase::Head, Reason::CredentialsInQuery, "no credentials in the query string", always, nothing),
    Row::new(Phase::Head, Reason::UnsupportedMediaType, "media type of the body", always, nothing),
    Row::new(Phase::Head, Reason::TooLarge, "size of the body", always, |facts| {
        Some(format!("{} bytes", facts.body_bytes))
    }),
    Row::new(Phase::Form, Reason::MalformedForm, "form encoding", always, nothing),
    Row::new(Phase::Form, Reason::TooLarge, "number of parameters", always, |facts| {
        facts.parameters.map(|parameters| parameters.to_string())
    }),
    Row::new(Phase::Form, Reason::DuplicateParameter, "no parameter twice", always, nothing),
    Row::new(Phase::Credential, Reason::MultipleMethods, "one credential and no second", always, |facts| {
        Some(credential(facts.kind).to_owned())
    }),
    Row::new(
        Phase::Credential,
        Reason::AssertionIncomplete,
        "assertion and its type together",
        assertion,
        nothing,
    ),
    Row::new(Phase::Credential, Reason::TooLarge, "size of the Basic credentials", basic, nothing),
    Row::new(Phase::Credential, Reason::MalformedBasic, "Basic credentials readable", basic, nothing),
    Row::new(
        Phase::Credential,
        Reason::AssertionTypeUnsupported,
        "client_assertion_type",
        assertion,
        nothing,
    ),
    Row::new(Phase::Credential, Reason::TooLarge, "size of the assertion", assertion, nothing),
    Row::new(
        Phase::Credential,
        Reason::AssertionMalformed,
        "compact JWS with a readable header",
        assertion,
        nothing,
    ),
    Row::new(Phase::Credential, Reason::CritNotUnderstood, "no critical extensions", assertion, nothing),
    Row::new(Phase::Credential, Reason::TypNotAllowed, "typ", assertion, |facts| {
        let typed = facts.assertion.as_ref()?.typed;
        Some(if typed { "client-authentication+jwt" } else { "JWT, or none" }.to_owned())
    }),
    Row::new(
        Phase::Credential,
        Reason::AlgNotAllowed,
        "algorithm on the server's list",
        assertion,
        algorithm,
    ),
    Row::new(Phase::Claims, Reason::AssertionMalformed, "claims are a JSON object", assertion, nothing),
    Row::new(Phase::Claims, Reason::ClaimWrongType, "types of the claims", assertion, nothing),
    Row::new(Phase::Claims, Reason::ClaimMissing, "iss, sub, aud and exp are there", assertion, nothing),
    Row::new(Phase::Credential, Reason::ClientIdMissing, "client_id beside the secret", post, nothing),
    Row::new(Phase::Method, Reason::NoCredentials, "a credential that this server reads", always, |facts| {
        Some(credential(facts.kind).to_owned())
    }),
    Row::new(
        Phase::Method,
        Reason::ClientIdMissing,
        "client_id beside the certificate",
        |facts| facts.kind == Kind::Certificate,
        nothing,
    ),
    Row::new(Phase::Method, Reason::MethodNotGranted, "method that this server runs", always, method),
    Row::new(Phase::Proof, Reason::ClientIdMismatch, "client_id names the same client", always, client),
    Row::new(Phase::Proof, Reason::UnknownClient, "client is registered", always, client),
    Row::new(Phase::Proof, Reason::ClientDisabled, "client is enabled", always, nothing),
    Row::new(
        Phase::Proof,
        Reason::MethodNotGranted,
        "method is the client's at this endpoint",
        always,
        method,
    ),
    Row::new(Phase::Proof, Reason::MethodGrantExpired, "method is still the client's", always, nothing),
    Row::new(
        Phase::Proof,
        Reason::ForwardedCertificateRefused,
        "header of the proxy",
        by_certificate,
        nothing,
    ),
    Row::new(Phase::Proof, Reason::NoCertificate, "certificate", by_certificate, |facts| {
        facts.certificate.as_ref().map(|thumbprint| format!("x5t#S256 {thumbprint}"))
    }),
    Row::new(Phase::Proof, Reason::CertificateExpired, "validity of the certificate", by_authority, nothing),
    Row::new(Phase::Proof, Reason::CertificateUntrusted, "path to a trust anchor", by_authority, nothing),
    Row::new(Phase::Proof, Reason::CertificateMismatch, "registered subject", by_authority, nothing),
    Row::new(
        Phase::Proof,
        Reason::JwksUnavailable,
        "client's certificates can be had",
        self_signed_remote,
        |facts| facts.jwks_uri.clone(),
    ),
    Row::new(Phase::Proof, Reason::CertificateMismatch, "registered certificate", self_signed, nothing),
    Row::new(Phase::Proof, Reason::CertificateUntrusted, "readable certificate", self_signed, nothing),
    Row::new(Phase::Proof, Reason::CertificateExpired, "validity of the certificate", self_signed, nothing),
    Row::new(Phase::Proof, Reason::SecretMismatch, "secret", secret, |facts| facts.secret_label.clone()),
    Row::new(Phase::Proof, Reason::SecretExpired, "secret has not expired", secret, nothing),
    Row::new(Phase::Proof, Reason::SecretNotYetValid, "secret is valid already", secret, nothing),
    Row::new(Phase::Proof, Reason::AlgNotAllowed, "algorithm is the client's", assertion, algorithm),
    Row::new(Phase::Proof, Reason::IssMismatch, "issuer of the assertion (iss)", assertion, |facts| {
        Some(facts.assertion.as_ref()?.issuer.clone())
    }),
    Row::new(Phase::Proof, Reason::SubMismatch, "subject (sub)", assertion, |facts| {
        Some(facts.assertion.as_ref()?.subject.clone())
    }),
    Row::new(Phase::Proof, Reason::AudMismatch, "audience (aud)", assertion, |facts| {
        Some(facts.assertion.as_ref()?.audiences.clone())
    }),
    Row::new(Phase::Proof, Reason::Expired, "expiry (exp)", assertion, |facts| {
        Some(facts.assertion.as_ref()?.expires_at.to_string())
    }),
    Row::new(Phase::Proof, Reason::NotYetValid, "not from the future (nbf, iat)", assertion, |facts| {
        facts.assertion.as_ref()?.issued_at.map(|time| format!("iat {time}"))
    }),
    Row::new(Phase::Proof, Reason::LifetimeTooLong, "lifetime", assertion, |facts| {
        let assertion = facts.assertion.as_ref()?;
        Some(format!("{} s", assertion.expires_at - assertion.issued_at?))
    }),
    Row::new(Phase::Proof, Reason::JtiMissing, "jti is there", jti_required, nothing),
    Row::new(Phase::Proof, Reason::BeforeRestartFence, "issued after the memory was lost", fenced, nothing),
    Row::new(Phase::Proof, Reason::JwksUnavailable, "client's keys can be had", remote_keys, |facts| {
        facts.jwks_uri.clone()
    }),
    Row::new(Phase::Proof, Reason::KeyNotFound, "key", assertion, |facts| {
        Some(facts.assertion.as_ref()?.key.clone())
    }),
    Row::new(Phase::Proof, Reason::KeyUnfit, "key fits the algorithm", assertion, nothing),
    Row::new(Phase::Proof, Reason::SignatureInvalid, "signature", assertion, algorithm),
    Row::new(Phase::Proof, Reason::SecretExpired, "secret has not expired", keyed, nothing),
    Row::new(Phase::Proof, Reason::SecretNotYetValid, "secret is valid already", keyed, nothing),
    Row::new(Phase::Proof, Reason::Replayed, "single use (jti)", single_use, nothing),
    Row::new(Phase::Server, Reason::BodyUnreadable, "body arrived whole", never, nothing),
    Row::new(Phase::Server, Reason::Throttled, "limits on failures and on slow work", never, nothing),
    Row::new(Phase::Server, Reason::StoreUnavailable, "stores answer", never, nothing),
    Row::new(Phase::Server, Reason::ReplayStoreFull, "room to remember the assertion", never, nothing),
    Row::new(Phase::Server, Reason::InternalError, "no panic", never, nothing),
];

fn always(_: &Facts) -> bool {
    true
}

fn never(_: &Facts) -> bool {
    false
}

fn basic(facts: &Facts) -> bool {
    facts.kind == Kind::Basic
}

fn post(facts: &Facts) -> bool {
    facts.kind == Kind::Post
}

fn secret(facts: &Facts) -> bool {
    matches!(facts.kind, Kind::Basic | Kind::Post)
}

fn assertion(facts: &Facts) -> bool {
    matches!(facts.kind, Kind::Signed | Kind::Keyed)
}

fn by_authority(facts: &Facts) -> bool {
    facts.method.as_deref() == Some("tls_client_auth")
}

fn self_signed(facts: &Facts) -> bool {
    facts.method.as_deref() == Some("self_signed_tls_client_auth")
}

fn self_signed_remote(facts: &Facts) -> bool {
    self_signed(facts) && facts.jwks_uri.is_some()
}

fn by_certificate(facts: &Facts) -> bool {
    by_authority(facts) || self_signed(facts)
}

fn keyed(facts: &Facts) -> bool {
    facts.kind == Kind::Keyed
}

fn jti_required(facts: &Facts) -> bool {
    assertion(facts) && facts.jti_required
}

fn remote_keys(facts: &Facts) -> bool {
    facts.kind == Kind::Signed && facts.jwks_uri.is_some()
}

fn fenced(facts: &Facts) -> bool {
    assertion(facts) && facts.fenced
}

fn single_use(facts: &Facts) -> bool {
    assertion(facts) && facts.assertion.as_ref().is_none_or(|assertion| assertion.has_jwt_id)
}

fn nothing(_: &Facts) -> Option<String> {
    None
}

fn client(facts: &Facts) -> Option<String> {
    facts.client_id.clone()
}

fn method(facts: &Facts) -> Option<String> {
    facts.method.clone()
}

fn algorithm(facts: &Facts) -> Option<String> {
    Some(facts.assertion.as_ref()?.algorithm.clone())
}

fn credential(kind: Kind) -> &'static str {
    match kind {
        Kind::Basic => "Authorization: Basic",
        Kind::Post => "client_secret in the form",
        Kind::Signed | Kind::Keyed => "client assertion",
        Kind::Named => "client_id alone",
        Kind::Certificate => "a certificate alone",
        Kind::Other => "none that is known here",
    }
}
