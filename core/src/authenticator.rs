//! The conductor: the whole decision, top to bottom.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt;

use crate::algorithm::Algorithm;
use crate::assertion::JWT_BEARER;
use crate::auth_method::{AuthMethod, ClientClass};
use crate::authenticated::AuthenticatedClient;
use crate::builder::AuthenticatorBuilder;
use crate::client::Client;
use crate::clock::Clock;
use crate::endpoint::Endpoint;
use crate::form::Form;
use crate::grant::{is_served, may_use};
use crate::json_form;
use crate::key_source::DynKeySource;
use crate::media_type::{self, BodyType};
use crate::method::{Attempt, Context, Method, Proof};
use crate::observer::{Decision, Observer};
use crate::policy::{Audience, BodyFailureStatus, Policy};
use crate::presented::{CREDENTIAL_PARAMETERS, Credential, Presented};
use crate::query;
use crate::reason::{Reason, RefusalKind};
use crate::refusal::{Failure, Refusal};
use crate::replay::DynReplayStore;
use crate::request::AuthRequest;
use crate::secret::Secrets;
use crate::store::DynClientStore;

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

pub(crate) struct Inner {
    pub(crate) issuer: Arc<str>,
    pub(crate) tenant: Arc<str>,
    pub(crate) endpoints: [Option<Box<str>>; Endpoint::ALL.len()],
    pub(crate) policy: Policy,
    pub(crate) methods: Vec<RegisteredMethod>,
    pub(crate) clients: Box<dyn DynClientStore>,
    pub(crate) replay: Option<Arc<dyn DynReplayStore>>,
    pub(crate) key_source: Option<Box<dyn DynKeySource>>,
    pub(crate) secrets: Secrets,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) observer: Option<Arc<dyn Observer>>,
    pub(crate) challenge: Arc<str>,
    pub(crate) decoy: Client,
    pub(crate) max_body_bytes: usize,
}

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
        let started = self.0.observer.as_ref().map(|_| self.0.clock.monotonic());
        // A panic in a user's store must not look like an answer, and must not take the connection with it.
        let decided = AssertUnwindSafe(self.decide(&request, started)).catch_unwind().await;
        decided.unwrap_or_else(|_| {
            let failure = Failure::new(Reason::InternalError).got("a panic");
            Err(self.refuse_observed(&request, &Seen::default(), failure, started))
        })
    }

    /// The refusal of a request that did not get as far as [`authenticate`](Authenticator::authenticate): its body
    /// was too large, or broke off. The observer is told.
    ///
    /// `request` has an empty body. What is wrong with its head comes first, so that every adapter answers alike,
    /// however much of the body it read.
    pub fn refuse(&self, request: &AuthRequest<'_>, failure: impl Into<Failure>) -> Refusal {
        let started = self.0.observer.as_ref().map(|_| self.0.clock.monotonic());
        let failure = check_head(request, &self.0.policy).err().unwrap_or_else(|| failure.into());
        self.refuse_observed(request, &Seen::default(), failure, started)
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
        let has = |wanted: AuthMethod| self.0.methods.iter().any(|(name, _)| *name == wanted);
        let (private_key, secret) = (has(AuthMethod::PRIVATE_KEY_JWT), has(AuthMethod::CLIENT_SECRET_JWT));
        self.0
            .policy
            .algorithms
            .iter()
            .copied()
            .filter(move |algorithm| if algorithm.is_symmetric() { secret } else { private_key })
    }

    /// The straight line.
    async fn decide(
        &self,
        request: &AuthRequest<'_>,
        started: Option<Duration>,
    ) -> Result<AuthenticatedClient, Refusal> {
        let refuse = |seen: &Seen<'_>, failure| self.refuse_observed(request, seen, failure, started);
        let form = self.0.read_form(request).map_err(|failure| refuse(&Seen::default(), failure))?;
        let presented = Presented::read(request, &form, &self.0.policy).map_err(|failure| {
            let client_id = form.get("client_id");
            refuse(&Seen { client_id: client_id.as_deref(), ..Seen::default() }, failure)
        })?;
        let mut seen = Seen::of(&presented);
        let (method, attempt) =
            self.0.single_attempt(&presented).map_err(|failure| refuse(&seen, failure))?;
        seen.method = Some(&method.0);
        let (client, proof) =
            self.0.prove(&presented, method, &*attempt).await.map_err(|failure| refuse(&seen, failure))?;
        let (name, class, credential_parameters) =
            (method.0.clone(), method.1.class(), method.1.credential_parameters());
        // Both borrow the form, which now moves on.
        drop(attempt);
        drop(presented);
        let form = form.without(&CREDENTIAL_PARAMETERS).without(credential_parameters);
        let authenticated = AuthenticatedClient::new(client, name, class, request.endpoint, proof, form);
        if let Some((observer, started)) = self.0.observer.as_ref().zip(started) {
            let decision = Decision {
                endpoint: request.endpoint,
                client_id: Some(authenticated.client_id()),
                method: Some(authenticated.method()),
                algorithm: authenticated.algorithm(),
                key_id: authenticated.key_id(),
                source: request.source,
                elapsed: self.0.clock.monotonic().saturating_sub(started),
                outcome: Ok(&authenticated),
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
        started: Option<Duration>,
    ) -> Refusal {
        let refusal = self.0.refusal(request, failure);
        if let Some((observer, started)) = self.0.observer.as_ref().zip(started) {
            let decision = Decision {
                endpoint: request.endpoint,
                client_id: seen.client_id,
                method: seen.method,
                algorithm: seen.algorithm,
                key_id: seen.key_id,
                source: request.source,
                elapsed: self.0.clock.monotonic().saturating_sub(started),
                outcome: Err(&refusal),
            };
            told(observer, &decision);
        }
        refusal
    }
}

impl Authenticator {
    pub(crate) fn from_inner(inner: Inner) -> Self {
        Authenticator(Arc::new(inner))
    }

    /// For the command that explains a decision.
    #[cfg(feature = "cli")]
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

/// What a refused request showed of itself, for the log.
#[derive(Default)]
struct Seen<'r> {
    client_id: Option<&'r str>,
    method: Option<&'r AuthMethod>,
    algorithm: Option<Algorithm>,
    key_id: Option<&'r str>,
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
        }
    }
}

/// A method and its name.
pub(crate) type RegisteredMethod = (AuthMethod, Box<dyn Method>);

impl Inner {
    /// The form, once the request may have one.
    pub(crate) fn read_form(&self, request: &AuthRequest<'_>) -> Result<Form, Failure> {
        let media_type = self.check_before_form(request)?;
        let Some(body) = &request.body else { return Ok(Form::default()) };
        match media_type {
            BodyType::Form => Form::parse(Bytes::clone(body)),
            BodyType::Json => json_form::parse(body),
        }
    }

    /// What can be wrong before the form is read: the head of the request, and the size of its body.
    pub(crate) fn check_before_form(&self, request: &AuthRequest<'_>) -> Result<BodyType, Failure> {
        let media_type = check_head(request, &self.policy)?;
        match &request.body {
            Some(body) if body.len() > self.max_body_bytes => Err(Failure::new(Reason::TooLarge)
                .expected(format!("at most {} bytes", self.max_body_bytes))
                .got(format!("{} bytes", body.len()))),
            _ => Ok(media_type),
        }
    }

    /// The one method that reads what was presented.
    fn single_attempt<'r>(
        &'r self,
        presented: &'r Presented<'r>,
    ) -> Result<(&'r RegisteredMethod, Box<dyn Attempt + 'r>), Failure> {
        let mut found: Option<(&RegisteredMethod, Box<dyn Attempt + 'r>)> = None;
        for method in &self.methods {
            // A client_id alone names the client of a credential that travels elsewhere, too.
            if found.is_some() && method.1.class() == ClientClass::Public {
                continue;
            }
            if let Some(attempt) = method.1.attempt(presented) {
                if let Some((other, _)) = found {
                    return Err(Failure::new(Reason::MultipleMethods)
                        .expected("one method")
                        .got(format!("{} and {}", other.0, method.0)));
                }
                found = Some((method, attempt));
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
            Credential::None => {
                Failure::new(Reason::NoCredentials).expected(enabled.join(" or ")).got("nothing")
            }
        }
    }

    /// Tries the credential, and its second reading where the first proves nothing.
    async fn prove(
        &self,
        presented: &Presented<'_>,
        method: &RegisteredMethod,
        attempt: &dyn Attempt,
    ) -> Result<(Arc<Client>, Proof), Failure> {
        let first = self.prove_reading(presented, method, attempt).await;
        match (first, attempt.second_reading()) {
            (Err(failure), Some(second)) if failure.is_about_the_credential() => {
                let second = self.prove_reading(presented, method, second).await;
                // Of two failures the one about a client that exists says more; trouble says most.
                second.map_err(|other| match failure.reason() {
                    Reason::UnknownClient | Reason::ClientIdMismatch => other,
                    _ if !other.is_about_the_credential() => other,
                    _ => failure,
                })
            }
            (first, _) => first,
        }
    }

    /// Find the client, see that it may use the method here and today, verify.
    ///
    /// A client that may not is replaced by the decoy, whose verification is done and thrown away: what the caller
    /// can measure is the same.
    async fn prove_reading(
        &self,
        presented: &Presented<'_>,
        (name, method): &RegisteredMethod,
        attempt: &dyn Attempt,
    ) -> Result<(Arc<Client>, Proof), Failure> {
        presented.check_client_id(attempt.client_id())?;
        let found = self
            .clients
            .find(attempt.client_id())
            .await
            .map_err(|error| Failure::new(Reason::StoreUnavailable).got(error.to_string()))?;
        // Read after the look-up: what is judged is the present, however long that took.
        let context = Context { inner: self, endpoint: presented.endpoint(), now: self.clock.now() };
        let usable = match found {
            // A store that folds case must not make two ids one.
            Some(client) if client.id() == attempt.client_id() => {
                self.secrets.note(client.secrets());
                may_use(&client, name, method.class(), context.endpoint, context.now).map(|()| client)
            }
            _ => Err(unknown(attempt.client_id())),
        };
        match usable {
            Ok(client) => {
                let proof = attempt.verify(&client, &context).await?;
                Ok((client, proof))
            }
            Err(failure) => match attempt.verify(&self.decoy, &context).await {
                // The work that could not be done is the same trouble for everyone.
                Err(trouble) if !trouble.is_about_the_credential() => Err(trouble),
                _ => Err(failure),
            },
        }
    }

    /// The public answer to a failure.
    fn refusal(&self, request: &AuthRequest<'_>, failure: Failure) -> Refusal {
        let mut used_authorization = false;
        request.headers.each("authorization", &mut |_| used_authorization = true);
        let status = match failure.reason().kind() {
            RefusalKind::Malformed | RefusalKind::UnsupportedMedia => 400,
            RefusalKind::WrongVerb => 405,
            RefusalKind::TooLarge => 413,
            RefusalKind::NotAuthenticated
                if used_authorization || request.endpoint == Endpoint::Introspection =>
            {
                401
            }
            RefusalKind::NotAuthenticated => match self.policy.body_failure_status {
                BodyFailureStatus::BadRequest => 400,
                BodyFailureStatus::Unauthorized => 401,
            },
            RefusalKind::Throttled => 429,
            RefusalKind::DependencyDown => 503,
            RefusalKind::Bug => 500,
        };
        let challenge = (status == 401).then(|| Arc::clone(&self.challenge));
        Refusal::new(failure, status, challenge)
    }

    pub(crate) fn endpoint_url(&self, endpoint: Endpoint) -> Option<&str> {
        self.endpoints.get(endpoint.index()).and_then(Option::as_deref)
    }

    /// The values that name this server as an audience, at this endpoint.
    pub(crate) fn audiences(&self, endpoint: Endpoint) -> impl Iterator<Item = &str> + use<'_> {
        let names_token_endpoint = self.policy.audiences.contains(&Audience::TokenEndpoint);
        self.policy.audiences.iter().filter_map(move |audience| match audience {
            Audience::Issuer => Some(&*self.issuer),
            Audience::TokenEndpoint => self.endpoint_url(Endpoint::Token),
            // Named already.
            Audience::ReceivingEndpoint if endpoint == Endpoint::Token && names_token_endpoint => None,
            Audience::ReceivingEndpoint => self.endpoint_url(endpoint),
            Audience::BaseUrl => Some(base_url(&self.issuer)),
            Audience::Url(url) => Some(url),
        })
    }
}

/// What can be wrong before the body is looked at.
fn check_head(request: &AuthRequest<'_>, policy: &Policy) -> Result<BodyType, Failure> {
    if request.verb != "POST" {
        return Err(Failure::new(Reason::WrongVerb).expected("POST").got(request.verb.to_owned()));
    }
    query::refuse_credentials(request.query)?;
    match request.body {
        Some(_) => media_type::require(request, policy),
        None => media_type::refuse_form(request).map(|()| BodyType::Form),
    }
}

/// Scheme and authority of a URL.
fn base_url(url: &str) -> &str {
    let authority = url.find("://").map_or(0, |scheme| scheme + 3);
    let end = url.get(authority..).and_then(|rest| rest.find('/')).map_or(url.len(), |path| authority + path);
    url.get(..end).unwrap_or(url)
}

fn unknown(client_id: &str) -> Failure {
    Failure::new(Reason::UnknownClient).expected("a registered client_id").got(client_id.to_owned())
}
