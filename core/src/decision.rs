//! The straight line: one request in, a proved client or the one reason out.

use std::net::IpAddr;
use std::sync::Arc;

use bytes::Bytes;

use crate::attempts::Attempts;
use crate::auth_method::{AuthMethod, ClientClass};
#[cfg(feature = "mtls")]
use crate::certificate::MutualTls;
use crate::client::Client;
use crate::clock::Clock;
use crate::endpoint::Endpoint;
use crate::form::Form;
use crate::forwarded::{Nearest, TrustedProxy};
use crate::grant::{can_use, may_use};
use crate::json_form;
use crate::key_source::DynKeySource;
use crate::media_type::{self, BodyType};
use crate::method::{Attempt, Context, Method, Proof};
use crate::observer::Observer;
use crate::policy::{Audience, BodyFailureStatus, Policy};
use crate::presented::Presented;
use crate::query;
use crate::reason::{Reason, RefusalKind};
use crate::refusal::{Failure, Refusal};
use crate::replay::DynReplayStore;
use crate::request::{AuthRequest, Headers};
use crate::secret::Secrets;
use crate::store::DynClientStore;
use crate::throttle::{Guard, Port};

/// What an [`Authenticator`](crate::Authenticator) was built from.
pub(crate) struct Inner {
    pub(crate) issuer: Arc<str>,
    pub(crate) tenant: Arc<str>,
    pub(crate) endpoints: [Option<Box<str>>; Endpoint::ALL.len()],
    pub(crate) mtls_endpoints: [Option<Box<str>>; Endpoint::ALL.len()],
    pub(crate) policy: Policy,
    pub(crate) methods: Arc<[RegisteredMethod]>,
    pub(crate) clients: Arc<dyn DynClientStore>,
    pub(crate) replay: Option<Arc<dyn DynReplayStore>>,
    pub(crate) key_source: Option<Arc<dyn DynKeySource>>,
    #[cfg(feature = "mtls")]
    pub(crate) mutual_tls: Option<Arc<MutualTls>>,
    pub(crate) trusted_proxy: Option<TrustedProxy>,
    pub(crate) throttle: Option<Port>,
    pub(crate) secrets: Arc<Secrets>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) observer: Option<Arc<dyn Observer>>,
    pub(crate) challenge: Arc<str>,
    pub(crate) decoy: Arc<Client>,
    pub(crate) max_body_bytes: usize,
}

/// A client, and what proved it.
pub(crate) struct Proved {
    pub(crate) client: Arc<Client>,
    pub(crate) method: AuthMethod,
    pub(crate) class: ClientClass,
    pub(crate) credential_parameters: &'static [&'static str],
    pub(crate) proof: Proof,
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

    /// The throttle over these attempts; none where it is not known who makes them.
    pub(crate) fn guard<'r>(
        &'r self,
        attempts: &'r Attempts<'r>,
        source: Option<Nearest>,
    ) -> Option<Guard<'r>> {
        let throttle = self.throttle.as_ref()?;
        let source = source?.limited_as?;
        Some(Guard::new(throttle, &self.tenant, source, attempts.client_ids(), attempts.shared))
    }

    /// Tries the credential, and its second reading where the first proves nothing.
    pub(crate) async fn prove(
        &self,
        presented: &Presented<'_>,
        attempts: &Attempts<'_>,
    ) -> Result<Proved, Failure> {
        let first = (attempts.first.method, &*attempts.first.attempt);
        let others = attempts.others.iter().map(|candidate| (candidate.method, &*candidate.attempt));
        let second_reading = attempts.first.attempt.second_reading();
        match (self.prove_reading(presented, first, others).await, second_reading) {
            (Err(failure), Some(second)) if failure.is_about_the_credential() => {
                let second =
                    self.prove_reading(presented, (attempts.first.method, second), std::iter::empty()).await;
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
    async fn prove_reading<'a>(
        &self,
        presented: &Presented<'_>,
        (mut method, mut attempt): (&'a RegisteredMethod, &'a dyn Attempt),
        others: impl Iterator<Item = (&'a RegisteredMethod, &'a dyn Attempt)> + Clone,
    ) -> Result<Proved, Failure> {
        let client_id = attempt.client_id();
        presented.check_client_id(client_id).map_err(|failure| failure.by(&method.0))?;
        let found = self.clients.find(client_id).await.map_err(|error| {
            let failure = Failure::new(Reason::StoreUnavailable).got(error.to_string());
            if error.is_of_one_client() { failure.of_one_client() } else { failure }
        })?;
        // Read after the look-up: what is judged is the present, however long that took.
        let context = Context { inner: self, endpoint: presented.endpoint(), now: self.clock.now() };
        // A store that folds case must not make two ids one.
        let found = found.filter(|client| client.id() == client_id);
        let is_known = found.is_some();
        let client = found.unwrap_or_else(|| Arc::clone(&self.decoy));
        self.secrets.note(client.secrets());
        if !is_known {
            return Err(self.verify_decoy(attempt, &context, unknown(client_id).by(&method.0)).await);
        }
        let (decoyed, first, mut verified) = (attempt, method, None);
        let mut untried = others.clone();
        loop {
            if can_use(&client, &method.0, method.1.class(), context.endpoint, context.now) {
                match attempt.verify(&client, &context).await {
                    Ok(proof) => {
                        let (name, method) = method;
                        return Ok(Proved {
                            client,
                            method: name.clone(),
                            class: method.class(),
                            credential_parameters: method.credential_parameters(),
                            proof,
                        });
                    }
                    Err(failure) => verified = Some(more_telling(verified, failure.by(&method.0))),
                }
            }
            match untried.next() {
                Some(next) => (method, attempt) = next,
                None => break,
            }
        }
        // Why not is asked only where no method could be tried: the answer is a text for each.
        let mut refused = None;
        if verified.is_none() {
            for method in std::iter::once(first).chain(others.map(|(method, _)| method)) {
                let why = may_use(&client, &method.0, method.1.class(), context.endpoint, context.now);
                if let Err(failure) = why {
                    refused = Some(more_telling(refused, failure.by(&method.0)));
                }
            }
        }
        match (verified, refused) {
            (Some(failure), _) => Err(failure.of_registered_client()),
            (None, Some(failure)) => {
                Err(self.verify_decoy(decoyed, &context, failure.of_registered_client()).await)
            }
            (None, None) => Err(Failure::new(Reason::InternalError).got("nothing to try")),
        }
    }

    /// Does the work of a verification for a request that fails already.
    async fn verify_decoy(&self, attempt: &dyn Attempt, context: &Context<'_>, failure: Failure) -> Failure {
        match attempt.verify(&self.decoy, context).await {
            // The work that could not be done is the same trouble for everyone.
            Err(trouble) if !trouble.is_about_the_credential() => trouble,
            _ => failure,
        }
    }

    /// The public answer to a failure.
    pub(crate) fn refusal(&self, request: &AuthRequest<'_>, failure: Failure) -> Refusal {
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

    /// Where a request came from, before any trusted proxy that passed it on.
    pub(crate) fn source(&self, request: &AuthRequest<'_>) -> Option<Nearest> {
        Some(self.nearest(request.headers, request.source?))
    }

    /// The same of whoever made the connection, by what these header fields say.
    pub(crate) fn nearest(&self, headers: &dyn Headers, peer: IpAddr) -> Nearest {
        match &self.trusted_proxy {
            Some(proxy) => proxy.nearest(headers, peer),
            None => Nearest::known(peer),
        }
    }

    pub(crate) fn endpoint_url(&self, endpoint: Endpoint) -> Option<&str> {
        self.endpoints.get(endpoint.index()).and_then(Option::as_deref)
    }

    pub(crate) fn mtls_endpoint_url(&self, endpoint: Endpoint) -> Option<&str> {
        self.mtls_endpoints.get(endpoint.index()).and_then(Option::as_deref)
    }

    /// The values that name this server as an audience, at this endpoint.
    pub(crate) fn audiences(&self, endpoint: Endpoint) -> impl Iterator<Item = &str> + use<'_> {
        let names_token_endpoint = self.policy.audiences.contains(&Audience::TokenEndpoint);
        self.policy.audiences.iter().flat_map(move |audience| {
            let (name, alias) = match audience {
                Audience::Issuer => (Some(&*self.issuer), None),
                Audience::TokenEndpoint => self.urls(Endpoint::Token),
                // Named already.
                Audience::ReceivingEndpoint if endpoint == Endpoint::Token && names_token_endpoint => {
                    (None, None)
                }
                Audience::ReceivingEndpoint => self.urls(endpoint),
                Audience::BaseUrl => (Some(base_url(&self.issuer)), None),
                Audience::Url(url) => (Some(&**url), None),
            };
            name.into_iter().chain(alias)
        })
    }

    /// An endpoint's URL, and its alias for clients that show a certificate.
    fn urls(&self, endpoint: Endpoint) -> (Option<&str>, Option<&str>) {
        (self.endpoint_url(endpoint), self.mtls_endpoint_url(endpoint))
    }
}

/// Of two methods that share what they read: trouble says most, then a grant that has ended, then the later one.
fn more_telling(known: Option<Failure>, later: Failure) -> Failure {
    match known {
        Some(known) if !known.is_about_the_credential() || known.reason() == Reason::MethodGrantExpired => {
            known
        }
        _ => later,
    }
}

/// What can be wrong before the body is looked at.
pub(crate) fn check_head(request: &AuthRequest<'_>, policy: &Policy) -> Result<BodyType, Failure> {
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
