//! What a request shows of itself, for the checks that apply to it and for the lines that say what was seen.

use super::rehearsal::Told;
use super::request::HttpRequest;
use crate::authenticated::AuthenticatedClient;
use crate::decision::Inner;
use crate::form::Form;
use crate::policy::JtiRule;
use crate::presented::{Credential, Presented};
use crate::refusal::Refusal;

/// The credential of a request, as far as it can be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Basic,
    Post,
    /// A signature.
    Signed,
    /// A MAC.
    Keyed,
    /// `client_id` alone, and a certificate or none.
    Named,
    /// A certificate that nothing names a client for.
    Certificate,
    /// None, or one of another crate's method.
    Other,
}

/// The facts about one request.
pub(super) struct Facts {
    pub(super) kind: Kind,
    pub(super) verb: String,
    pub(super) body_bytes: usize,
    pub(super) parameters: Option<usize>,
    pub(super) client_id: Option<String>,
    pub(super) method: Option<String>,
    pub(super) assertion: Option<AssertionFacts>,
    pub(super) secret_label: Option<String>,
    pub(super) jwks_uri: Option<String>,
    /// The `x5t#S256` of the certificate that was shown.
    pub(super) certificate: Option<String>,
    pub(super) jti_required: bool,
    pub(super) fenced: bool,
}

/// The facts about a client assertion whose header and claims could be read.
pub(super) struct AssertionFacts {
    pub(super) typed: bool,
    pub(super) algorithm: String,
    pub(super) key: String,
    pub(super) issuer: String,
    pub(super) subject: String,
    pub(super) audiences: String,
    pub(super) expires_at: f64,
    pub(super) issued_at: Option<f64>,
    pub(super) has_jwt_id: bool,
}

impl Facts {
    pub(super) async fn of(
        server: &Inner,
        seen: &Told,
        request: &HttpRequest,
        outcome: &Result<AuthenticatedClient, Refusal>,
    ) -> Self {
        let auth_request = request.as_auth_request();
        let form = server.read_form(&auth_request).ok();
        let empty = Form::default();
        let form_or_none = form.as_ref().unwrap_or(&empty);
        let presented =
            Presented::read(&auth_request, form_or_none, &server.policy, server.trusted_proxy.as_ref()).ok();
        let assertion = presented.as_ref().and_then(AssertionFacts::of);
        let client_id =
            presented.as_ref().and_then(|presented| presented.spoken_client_id().map(str::to_owned));
        Facts {
            kind: match &presented {
                Some(presented) => kind(presented),
                None => likely_kind(request, form.as_ref()),
            },
            verb: request.verb.clone(),
            body_bytes: request.body.len(),
            parameters: form.as_ref().map(|form| form.iter().count()),
            jwks_uri: jwks_uri(server, client_id.as_deref()).await,
            client_id,
            method: seen.method.clone(),
            assertion,
            certificate: presented
                .as_ref()
                .and_then(|presented| Some(presented.certificates().ok()??.thumbprint().to_owned())),
            secret_label: outcome.as_ref().ok().and_then(|client| client.secret_label().map(str::to_owned)),
            jti_required: server.policy.jti == JtiRule::Required,
            fenced: server.replay.as_ref().is_some_and(|replay| replay.memory_lost_at().is_some()),
        }
    }
}

impl AssertionFacts {
    fn of(presented: &Presented<'_>) -> Option<Self> {
        let Credential::Assertion(assertion) = presented.credential() else { return None };
        let audiences: Vec<&str> = assertion.audiences().collect();
        Some(AssertionFacts {
            typed: assertion.is_typed(),
            algorithm: assertion.algorithm().to_string(),
            key: assertion.key_hint().to_string(),
            issuer: assertion.issuer().to_owned(),
            subject: assertion.subject().to_owned(),
            audiences: audiences.join(", "),
            expires_at: assertion.claims().expires_at,
            issued_at: assertion.claims().issued_at,
            has_jwt_id: assertion.jwt_id().is_some(),
        })
    }
}

/// Where the keys of this client are, if it publishes them.
async fn jwks_uri(server: &Inner, client_id: Option<&str>) -> Option<String> {
    let client = server.clients.find(client_id?).await.ok()??;
    client.jwks_uri().map(ToString::to_string)
}

fn kind(presented: &Presented<'_>) -> Kind {
    match presented.credential() {
        Credential::Basic(_) => Kind::Basic,
        Credential::Post(_) => Kind::Post,
        Credential::Assertion(assertion) if assertion.algorithm().is_symmetric() => Kind::Keyed,
        Credential::Assertion(_) => Kind::Signed,
        Credential::None if presented.client_id().is_some() => Kind::Named,
        Credential::None if !matches!(presented.certificates(), Ok(None)) => Kind::Certificate,
        _ => Kind::Other,
    }
}

/// By what is there, where it could not be read.
fn likely_kind(request: &HttpRequest, form: Option<&Form>) -> Kind {
    let has = |name: &str| form.is_some_and(|form| form.contains(name));
    if request.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("authorization")) {
        Kind::Basic
    } else if has("client_assertion") || has("client_assertion_type") {
        Kind::Signed
    } else if has("client_secret") {
        Kind::Post
    } else {
        Kind::Other
    }
}
