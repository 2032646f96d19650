//! Clients that register themselves: OAuth 2.0 dynamic client registration
//! ([RFC 7591](https://www.rfc-editor.org/rfc/rfc7591)) and its management
//! ([RFC 7592](https://www.rfc-editor.org/rfc/rfc7592)), and an operator's changes to one client.
//!
//! No framework here either: the header fields and the body of a request go in, an [`Answer`] comes out. A route a verb:
//!
//! | request | call |
//! | --- | --- |
//! | `POST /register` | [`Registration::register`] |
//! | `GET /register/{client_id}` | [`Registration::read`] |
//! | `PUT /register/{client_id}` | [`Registration::update`] |
//! | `DELETE /register/{client_id}` | [`Registration::delete`] |
//! | an operator's, behind a door of its own | [`Registration::patch`], [`Registration::rotate_secret`], [`Registration::renew_registration_access_token`] |
//!
//! **What can be registered is what is enforced.** Methods and signing algorithms come from the
//! [`Authenticator`]; a method that it does not serve, an algorithm that it does not take, a
//! `jwks_uri` where it fetches nothing are refused with what is served instead. Grant types and scopes are the
//! application's: a strict list of grant types and no scope at all until
//! [`grant_types`](Registration::grant_types) and [`scopes`](Registration::scopes) say otherwise, and any other rule in
//! [`validated_by`](Registration::validated_by). The rest is the one validator, [`Client::try_from`](crate::Client).
//!
//! **Secrets and tokens** are made here, 256 random bits and more, and shown once. Of a token only the SHA-256 is kept, of
//! a secret too, unless it is the key of a MAC. A member that is the server's or its operator's to set is refused by its
//! name; any other unknown one is ignored (RFC 7591 §2), also `software_statement` and localised names such as
//! `client_name#de`.
//!
//! **What is kept is bounded**: by the size of a request, and of a `jwks` only the members that keys are made of.
//!
//! **Two writers at once** cannot undo each other: a write holds for the revision that was read. Whoever comes second is
//! judged anew against what the first wrote, once; if that fails too, the answer is 503 with `Retry-After`, and nothing
//! has changed.
//!
//! **Strangers are limited**, those who register without an initial access token: each source by
//! [a rate](Registration::limited_by), and all of them together by [a number](Registration::room_for_strangers).

mod access_token;
mod answer;
mod body;
mod event;
mod failure;
mod information;
mod initial_access;
mod key_set;
mod manage;
mod merge_patch;
mod operate;
mod register;
mod requested;
mod rules;
mod secrets;
mod strangers;

use std::fmt;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;

pub use self::access_token::generate_token;
pub use self::answer::Answer;
use self::answer::Done;
pub use self::event::{Event, Operation, Outcome};
use self::failure::Failure;
pub use self::initial_access::InitialAccess;
use self::initial_access::{Admission, FixedTokens};
use self::secrets::SecretDates;
use crate::authenticator::Authenticator;
use crate::client::Client;
use crate::config_error::ConfigError;
use crate::metadata::{ClientMetadata, MetadataError};
use crate::secret::read_sha256;
use crate::store::{ClientRegistry, DynClientRegistry};
use crate::throttle::{FailureLimits, Port, Throttle};

/// Registers clients for an [`Authenticator`], in a [`ClientRegistry`] whose clients that one finds.
///
/// Cheap to clone.
///
/// ```
/// use countersign::registration::Registration;
/// use countersign::store::MemoryRegistry;
/// use countersign::{Authenticator, Endpoint};
///
/// # futures_util::FutureExt::now_or_never(async {
/// let clients = MemoryRegistry::default();
/// let auth = Authenticator::builder()
///     .issuer("https://as.example.com")
///     .endpoint(Endpoint::Token, "https://as.example.com/token")
///     .clients(clients.clone())
///     .build()?;
/// let registration = Registration::new(auth, clients, "https://as.example.com/register")?.open_to_anybody();
///
/// let headers: &[(&str, &str)] = &[("content-type", "application/json")];
/// let source = Some([192, 0, 2, 7].into());
/// let answer = registration.register(&headers, br#"{"grant_types": ["client_credentials"]}"#, source).await;
/// assert_eq!(answer.status(), 201);
///
/// let answer = registration.register(&headers, br#"{"token_endpoint_auth_method": "private_key_jwt"}"#, source).await;
/// assert_eq!(answer.status(), 400); // no replay store, so that method is not served
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap().unwrap();
/// ```
#[derive(Clone)]
#[must_use]
pub struct Registration {
    auth: Authenticator,
    registry: Arc<dyn DynClientRegistry>,
    endpoint: Arc<str>,
    admission: Admission,
    throttle: Arc<Port>,
    most_strangers: usize,
    grant_types: Arc<[String]>,
    scopes: Arc<[String]>,
    secret_overlap: Duration,
    secret_lifetime: Option<Duration>,
    validate: Option<Arc<Validate>>,
}

type Validate = dyn Fn(&ClientMetadata) -> Result<(), MetadataError> + Send + Sync;

/// Most bytes of a body. An adapter collects one more, or stops at `Content-Length`, and hands over what it has: the
/// answer is 413.
pub const MAX_BODY_BYTES: usize = 64 * 1024;

impl Registration {
    /// Registers clients under this URL: that of the registration endpoint, which with `/` and a `client_id` after it is
    /// the one of a client's own registration.
    ///
    /// Nobody may register yet, see [`initial_access_tokens`](Registration::initial_access_tokens),
    /// [`initial_access`](Registration::initial_access) and [`open_to_anybody`](Registration::open_to_anybody).
    ///
    /// # Errors
    /// [`ConfigError`] for what is no URL, or has a query or a fragment.
    pub fn new(
        auth: Authenticator,
        registry: impl ClientRegistry,
        registration_endpoint: impl Into<String>,
    ) -> Result<Self, ConfigError> {
        let endpoint: String = registration_endpoint.into();
        if !endpoint.contains("://") || !endpoint.bytes().all(|octet| octet.is_ascii_graphic()) {
            let cure = "write it whole, as the server's metadata does";
            return Err(ConfigError::new("registration_endpoint", format!("{endpoint:?} is no URL"), cure));
        }
        if endpoint.contains(['?', '#']) {
            let problem = "has a query or a fragment";
            return Err(ConfigError::new("registration_endpoint", problem, "leave it out"));
        }
        let limits = FailureLimits::with_clock(Arc::clone(&auth.inner().clock))
            .at_a_client(60, Duration::from_secs(60));
        Ok(Registration {
            auth,
            registry: Arc::new(registry),
            endpoint: endpoint.trim_end_matches('/').into(),
            admission: Admission::Nobody,
            throttle: Arc::new(Port::new(limits)),
            most_strangers: 10_000,
            grant_types: DEFAULT_GRANT_TYPES.map(str::to_owned).into(),
            scopes: Arc::new([]),
            secret_overlap: Duration::from_secs(24 * 3600),
            secret_lifetime: None,
            validate: None,
        })
    }

    /// Whoever holds one of these tokens may register, as often as they like. They are given as hashes, `sha256:…` in
    /// hexadecimal or base64, as [`secret::sha256`](crate::secret::sha256) writes them; [`generate_token`] makes a token.
    ///
    /// # Errors
    /// [`ConfigError`] for what is no such hash.
    pub fn initial_access_tokens(
        mut self,
        hashes: impl IntoIterator<Item = impl AsRef<str>>,
    ) -> Result<Self, ConfigError> {
        let read = |hash: &str| {
            read_sha256(hash).map_err(|error| {
                let cure = "write the hash of the token, never the token itself";
                ConfigError::new("initial_access_tokens", format!("an entry {error}"), cure)
            })
        };
        let tokens: Result<_, _> = hashes.into_iter().map(|hash| read(hash.as_ref())).collect();
        self.admission = Admission::Bearers(Arc::new(FixedTokens(tokens?)));
        Ok(self)
    }

    /// Whoever this port admits by their initial access token may register.
    pub fn initial_access(mut self, tokens: impl InitialAccess) -> Self {
        self.admission = Admission::Bearers(Arc::new(tokens));
        self
    }

    /// Everybody may register, without any token, at a [limited](Registration::limited_by) rate. For servers whose clients
    /// are strangers; give no client anything that its user did not agree to.
    pub fn open_to_anybody(mut self) -> Self {
        self.admission = Admission::Anybody;
        self
    }

    /// Who limits how often a source registers without an initial access token. The default is [`FailureLimits`] of this
    /// process, of 60 clients at once and then one a minute: a source is what it is there, and loopback is not limited.
    ///
    /// The throttle is asked before the request is read, and told of each registration that is about to be written as of
    /// a failure at the client whose id is empty. Give it one of its own: one that is shared with the
    /// [authenticator](crate::AuthenticatorBuilder::throttle) counts them with that source's failures.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use countersign::{registration::Registration, throttle::FailureLimits};
    /// # fn limited(registration: Registration) -> Registration {
    /// registration.open_to_anybody().limited_by(FailureLimits::new().at_a_client(5, Duration::from_secs(600)))
    /// # }
    /// ```
    pub fn limited_by(mut self, throttle: impl Throttle) -> Self {
        self.throttle = Arc::new(Port::new(throttle));
        self
    }

    /// Whoever has no initial access token is refused once so many clients have registered themselves, 10,000 unless told
    /// otherwise; those that registered with a token count too. Requests that are under way together may go beyond it.
    pub fn room_for_strangers(mut self, clients: usize) -> Self {
        self.most_strangers = clients;
        self
    }

    /// The grant types that a client may register: `authorization_code`, `refresh_token` and `client_credentials` unless
    /// told otherwise.
    pub fn grant_types(mut self, grant_types: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.grant_types = grant_types.into_iter().map(Into::into).collect();
        self
    }

    /// The scopes that a client may register: none unless told otherwise, so that nobody gives themselves one that an
    /// application takes for a permission.
    pub fn scopes(mut self, scopes: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.scopes = scopes.into_iter().map(Into::into).collect();
        self
    }

    /// For how long the old secret of a client is valid beside the new one: a day unless told otherwise, so that a client
    /// of several machines can be moved within a working day, and a leaked secret does not outlive the next.
    pub fn secret_overlap(mut self, overlap: Duration) -> Self {
        self.secret_overlap = overlap;
        self
    }

    /// For how long a new secret is valid: for ever unless told otherwise (`client_secret_expires_at` is 0). A client gets
    /// a new one by an [`update`](Registration::update) after its secret has ended, or when less than the overlap is left.
    pub fn secret_lifetime(mut self, lifetime: Duration) -> Self {
        self.secret_lifetime = Some(lifetime);
        self
    }

    /// The application's own rules for whatever is about to be written, by a client or an operator. An error about
    /// `redirect_uris` becomes `invalid_redirect_uri`, any other `invalid_client_metadata`; its text is for the caller.
    /// An operator's change is refused for an error only where what was registered before does not give the same one.
    ///
    /// ```
    /// # use countersign::{metadata::MetadataError, registration::Registration};
    /// # fn with_rules(registration: Registration) -> Registration {
    /// registration.validated_by(|metadata| match &metadata.client_name {
    ///     Some(_) => Ok(()),
    ///     None => Err(MetadataError::new("client_name", "is missing", "give a name that users can recognise")),
    /// })
    /// # }
    /// ```
    pub fn validated_by(
        mut self,
        validate: impl Fn(&ClientMetadata) -> Result<(), MetadataError> + Send + Sync + 'static,
    ) -> Self {
        self.validate = Some(Arc::new(validate));
        self
    }

    /// The URL of the registration endpoint, `registration_endpoint` of RFC 8414.
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// The `registration_client_uri` of a client.
    pub fn client_uri(&self, client_id: &str) -> String {
        format!("{}/{client_id}", self.endpoint)
    }

    /// The answer to a request whose body is too large to be collected.
    pub fn too_large(&self, operation: Operation) -> Answer {
        Answer::refused(operation, None, Failure::new(Outcome::TooLarge, "the body was not collected"))
    }

    /// Does the metadata make a client, here?
    fn judge(&self, metadata: &ClientMetadata) -> Result<(), MetadataError> {
        let client = Client::try_from(metadata)?;
        rules::check_keys(&self.auth, metadata, &client)?;
        self.validate.as_ref().map_or(Ok(()), |validate| validate(metadata))
    }

    fn secret_dates(&self) -> SecretDates {
        SecretDates {
            now: self.auth.clock().now(),
            overlap: self.secret_overlap,
            lifetime: self.secret_lifetime,
        }
    }

    /// A panic in the application's code must not look like an answer, and must not take the connection with it.
    async fn answer(
        &self,
        operation: Operation,
        client_id: Option<&str>,
        work: impl Future<Output = Result<Done, Failure>>,
    ) -> Answer {
        let result = AssertUnwindSafe(work).catch_unwind().await;
        match result.unwrap_or_else(|_| Err(Failure::new(Outcome::InternalError, "a panic"))) {
            Ok(done) => Answer::done(operation, done),
            Err(failure) => Answer::refused(operation, client_id, failure),
        }
    }
}

impl fmt::Debug for Registration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registration")
            .field("endpoint", &self.endpoint)
            .field("grant_types", &self.grant_types)
            .field("scopes", &self.scopes)
            .finish_non_exhaustive()
    }
}

/// Which members differ, for the operator's log.
fn changed(old: &ClientMetadata, new: &ClientMetadata) -> String {
    let (old, new) = (information::members(old), information::members(new));
    let differs = |name: &&String| old.get(*name) != new.get(*name);
    let mut names: Vec<&str> = old.keys().chain(new.keys()).filter(differs).map(String::as_str).collect();
    names.sort_unstable();
    names.dedup();
    if names.is_empty() { "changed nothing".to_owned() } else { format!("changed {}", names.join(", ")) }
}

fn lost_race() -> Failure {
    Failure::new(Outcome::Conflict, "somebody else changed the client at the same time")
}

/// How often a write is tried whose client has changed meanwhile.
const ATTEMPTS: usize = 2;

/// Without `implicit` and `password`, which OAuth 2.1 has dropped.
const DEFAULT_GRANT_TYPES: [&str; 3] = ["authorization_code", "refresh_token", "client_credentials"];
