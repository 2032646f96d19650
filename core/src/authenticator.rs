//! The public face of the decision, and what is told of it.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;

use crate::algorithm::Algorithm;
use crate::assertion::OwnJwtId;
use crate::auth_method::AuthMethod;
use crate::authenticated::{AuthenticatedClient, Facts};
use crate::builder::AuthenticatorBuilder;
use crate::certificate::PeerCertificates;
use crate::client::Client;
use crate::clock::Clock;
use crate::decision::{Inner, Proved, check_head};
use crate::endpoint::Endpoint;
use crate::forwarded::Nearest;
use crate::grant::is_served;
use crate::observer::{Decision, JwtId, Observer};
use crate::policy::Policy;
use crate::presented::{CREDENTIAL_PARAMETERS, Credential, Presented};
use crate::reason::Reason;
use crate::refusal::{Failure, Refusal};
use crate::request::AuthRequest;

/// Decides which registered client sends a request, and whether it can prove that.
///
/// Cheap to clone. Make one and share it: a second one has a second memory of used assertions.
///
/// ```
/// use countersign::{AuthMethod, AuthRequest, Authenticator, Client, Endpoint};
/// use countersign::{secret::ClientSecret, store::Clients};
///
/// # futures_util::FutureExt::now_or_never(async {
/// let client = Client::new("billing")
///     .with_method(AuthMethod::CLIENT_SECRET_BASIC)
///     .with_secret(ClientSecret::generated("wCTKUrZ5rmyUxA6MGMU8gBQRGzgtSBlq"));
/// let auth = Authenticator::builder()
///     .issuer("https://as.example.com")
///     .clients(Clients::new([client])?)
///     .build()?;
///
/// let headers: &[(&str, &str)] = &[
///     ("authorization", "Basic YmlsbGluZzp3Q1RLVXJaNXJteVV4QTZNR01VOGdCUVJHemd0U0JscQ=="),
///     ("content-type", "application/x-www-form-urlencoded"),
/// ];
/// let body = "grant_type=client_credentials".into();
/// let authenticated = auth.authenticate(AuthRequest::new(Endpoint::Token, "POST", &headers, body)).await?;
/// assert_eq!(authenticated.client_id(), "billing");
///
/// let refused = auth.authenticate(AuthRequest::new(Endpoint::Token, "POST", &headers, "a=%zz".into())).await;
/// assert_eq!(refused.unwrap_err().status(), 400);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap().unwrap();
/// ```
#[derive(Clone)]
pub struct Authenticator(Arc<Inner>);

impl Authenticator {
    /// Starts to put one together.
    pub fn builder() -> AuthenticatorBuilder {
        AuthenticatorBuilder::default()
    }

    /// Decides about one request.
    ///
    /// # Errors
    /// A [`Refusal`], which holds the answer for the caller.
    pub async fn authenticate(&self, request: AuthRequest<'_>) -> Result<AuthenticatedClient, Refusal> {
        let arrival = self.arrival(&request);
        // A panic in a user's store must not look like an answer, and must not take the connection with it.
        let decision = self.decide(&request, arrival);
        #[cfg(feature = "tracing")]
        let decision = tracing::Instrument::instrument(decision, self.span(request.endpoint));
        let decided = AssertUnwindSafe(decision).catch_unwind().await;
        decided.unwrap_or_else(|_| {
            let failure = Failure::new(Reason::InternalError).got("a panic");
            Err(self.refuse_observed(&request, &Seen::default(), failure, arrival))
        })
    }

    /// The refusal of a request that did not get as far as [`authenticate`](Authenticator::authenticate): its body
    /// was too large, or broke off. The observer is told.
    ///
    /// `request` has an empty body. What is wrong with its head comes first, so that every adapter answers alike,
    /// however much of the body it read.
    pub fn refuse(&self, request: &AuthRequest<'_>, failure: impl Into<Failure>) -> Refusal {
        let arrival = self.arrival(request);
        let failure = check_head(request, &self.0.policy).err().unwrap_or_else(|| failure.into());
        self.refuse_observed(request, &Seen::default(), failure, arrival)
    }

    /// Most bytes of a body that are read. Adapters stop collecting there.
    pub fn max_body_bytes(&self) -> usize {
        self.0.max_body_bytes
    }

    /// The issuer identifier.
    pub fn issuer(&self) -> &str {
        &self.0.issuer
    }

    /// The URL of an endpoint, where it was given.
    pub fn endpoint_url(&self, endpoint: Endpoint) -> Option<&str> {
        self.0.endpoint_url(endpoint)
    }

    /// The URL of an endpoint at the listener that asks for certificates, where it was given: an entry of
    /// `mtls_endpoint_aliases` ([RFC 8705 §5](https://www.rfc-editor.org/rfc/rfc8705#section-5)).
    pub fn mtls_endpoint_url(&self, endpoint: Endpoint) -> Option<&str> {
        self.0.mtls_endpoint_url(endpoint)
    }

    /// The policy in force.
    pub fn policy(&self) -> &Policy {
        &self.0.policy
    }

    /// The methods in force at an endpoint.
    pub fn methods(&self, endpoint: Endpoint) -> impl Iterator<Item = &AuthMethod> {
        self.0
            .methods
            .iter()
            .filter(move |(_, method)| is_served(method.class(), endpoint))
            .map(|(name, _)| name)
    }

    /// The signing algorithms in force for assertions; none without a method that takes them.
    pub fn signing_algorithms(&self) -> impl Iterator<Item = Algorithm> {
        let runs = |wanted: AuthMethod| self.0.methods.iter().any(|(name, _)| *name == wanted);
        let algorithms = self.0.policy.algorithms.iter().copied();
        algorithms.filter(move |algorithm| runs(AuthMethod::signing_with(*algorithm)))
    }

    /// What keeps secrets of this client from ever matching at this server: a stored hash that cannot be read, or a
    /// pepper that was not given. One sentence each, for an operator; to be asked when clients are loaded.
    pub fn secret_problems(&self, client: &Client) -> Vec<String> {
        let problems = client.secrets().iter().filter_map(|secret| self.0.secrets.problem(secret));
        problems.map(|problem| format!("client {:?}: {problem}", client.id())).collect()
    }

    /// The straight line.
    async fn decide(
        &self,
        request: &AuthRequest<'_>,
        arrival: Arrival,
    ) -> Result<AuthenticatedClient, Refusal> {
        let refuse = |seen: &Seen<'_>, failure| self.refuse_observed(request, seen, failure, arrival);
        let form = self.0.read_form(request).map_err(|failure| refuse(&Seen::default(), failure))?;
        let presented = Presented::read(request, &form, &self.0.policy, self.0.trusted_proxy.as_ref());
        let presented = presented.map_err(|failure| {
            let client_id = form.get("client_id");
            refuse(&Seen { client_id: client_id.as_deref(), ..Seen::default() }, failure)
        })?;
        let mut seen = Seen::of(&presented);
        let attempts = self.0.attempts(&presented).map_err(|failure| refuse(&seen, failure))?;
        seen.method = attempts.single_method();
        let guard = self.0.guard(&attempts, arrival.source);
        if let Some(guard) = &guard {
            guard.check().await.map_err(|failure| refuse(&seen, failure))?;
        }
        let proved = self.0.prove(&presented, &attempts).await;
        if let Some(guard) = &guard {
            guard.decided(&proved).await;
        }
        let Proved { client, method, class, credential_parameters, proof } =
            proved.map_err(|failure| refuse(&seen, failure))?;
        let certificates = presented.certificates().ok().flatten().cloned();
        // Both borrow the form, which now moves on.
        drop(attempts);
        let jwt_id = arrival.started.and_then(|_| presented.into_jwt_id());
        let form = form.without(&CREDENTIAL_PARAMETERS).without(credential_parameters);
        let authenticated = AuthenticatedClient::new(Facts {
            client,
            method,
            class,
            endpoint: request.endpoint,
            proof,
            certificates,
            form,
        });
        if let Some((observer, started)) = self.0.observer.as_ref().zip(arrival.started) {
            let decision = Decision {
                time: self.0.clock.now(),
                endpoint: request.endpoint,
                client_id: Some(authenticated.client_id()),
                method: Some(authenticated.method()),
                algorithm: authenticated.algorithm(),
                key_id: authenticated.key_id(),
                source: arrival.source.map(|source| source.address),
                elapsed: self.0.clock.monotonic().saturating_sub(started),
                outcome: Ok(&authenticated),
                certificates: authenticated.certificates(),
                jwt_id: jwt_id.as_ref().and_then(OwnJwtId::text).map(JwtId),
            };
            // A success that the operator could not be told of is none.
            if !told(observer, &decision) {
                let failure = Failure::new(Reason::InternalError).got("a panic in the observer");
                return Err(self.0.refusal(request, failure));
            }
        }
        Ok(authenticated)
    }

    fn refuse_observed(
        &self,
        request: &AuthRequest<'_>,
        seen: &Seen<'_>,
        failure: Failure,
        arrival: Arrival,
    ) -> Refusal {
        let refusal = self.0.refusal(request, failure);
        if let Some((observer, started)) = self.0.observer.as_ref().zip(arrival.started) {
            let decision = Decision {
                time: self.0.clock.now(),
                endpoint: request.endpoint,
                client_id: seen.client_id,
                method: refusal.method().or(seen.method),
                algorithm: seen.algorithm,
                key_id: seen.key_id,
                source: arrival.source.map(|source| source.address),
                elapsed: self.0.clock.monotonic().saturating_sub(started),
                outcome: Err(&refusal),
                certificates: seen.certificates,
                jwt_id: seen.jwt_id,
            };
            told(observer, &decision);
        }
        refusal
    }
}

impl Authenticator {
    fn arrival(&self, request: &AuthRequest<'_>) -> Arrival {
        let started = self.0.observer.as_ref().map(|_| self.0.clock.monotonic());
        let wanted = started.is_some() || self.0.throttle.is_some();
        Arrival { started, source: if wanted { self.0.source(request) } else { None } }
    }

    /// The observer's span; none where it panics.
    #[cfg(feature = "tracing")]
    fn span(&self, endpoint: Endpoint) -> tracing::Span {
        let span = || self.0.observer.as_ref().map(|observer| observer.span(endpoint));
        catch_unwind(AssertUnwindSafe(span)).ok().flatten().unwrap_or_else(tracing::Span::none)
    }

    pub(crate) fn from_inner(inner: Inner) -> Self {
        Authenticator(Arc::new(inner))
    }

    /// The clock of its decisions, for registration.
    pub(crate) fn clock(&self) -> &dyn Clock {
        &*self.0.clock
    }

    /// Are key sets fetched for clients with a `jwks_uri`?
    pub(crate) fn fetches_keys(&self) -> bool {
        self.0.key_source.is_some()
    }

    /// For registration and explanations.
    pub(crate) fn inner(&self) -> &Inner {
        &self.0
    }
}

impl fmt::Debug for Authenticator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authenticator")
            .field("issuer", &self.0.issuer)
            .field("methods", &self.0.methods.iter().map(|(name, _)| name).collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

/// Tells the observer; false when it panicked.
fn told(observer: &Arc<dyn Observer>, decision: &Decision<'_>) -> bool {
    catch_unwind(AssertUnwindSafe(|| observer.decided(decision))).is_ok()
}

/// When a request came, if anybody wants to know, and where from.
#[derive(Clone, Copy)]
struct Arrival {
    started: Option<Duration>,
    source: Option<Nearest>,
}

/// What a refused request showed of itself, for the log.
#[derive(Default)]
struct Seen<'r> {
    client_id: Option<&'r str>,
    method: Option<&'r AuthMethod>,
    algorithm: Option<Algorithm>,
    key_id: Option<&'r str>,
    certificates: Option<&'r PeerCertificates>,
    jwt_id: Option<JwtId<'r>>,
}

impl<'r> Seen<'r> {
    fn of(presented: &'r Presented<'_>) -> Self {
        let assertion = match presented.credential() {
            Credential::Assertion(assertion) => Some(assertion),
            _ => None,
        };
        Seen {
            client_id: presented.spoken_client_id(),
            method: None,
            algorithm: assertion.map(|assertion| assertion.algorithm()),
            key_id: assertion.and_then(|assertion| assertion.key_id()),
            certificates: presented.certificates().ok().flatten(),
            jwt_id: assertion.and_then(|assertion| assertion.jwt_id()).map(JwtId),
        }
    }
}
