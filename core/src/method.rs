//! What an authentication method is: a name, what it reads from a request, and how it proves a client.
//!
//! A method from outside the crate implements the same two traits as those inside, and is handed to
//! [`AuthenticatorBuilder::method`](crate::AuthenticatorBuilder::method).

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as TaskContext, Poll};
use std::time::{Duration, SystemTime};

use futures_util::future::BoxFuture;

pub use crate::assertion::ClientAssertion;
pub use crate::basic::{BasicCredentials, Reading};
pub use crate::presented::{Credential, Presented};
pub use crate::refusal::Failure;

use crate::algorithm::Algorithm;
use crate::auth_method::{AuthMethod, ClientClass};
#[cfg(feature = "mtls")]
use crate::certificate::MutualTls;
use crate::client::Client;
use crate::decision::Inner;
use crate::endpoint::Endpoint;
use crate::key_source::DynKeySource;
use crate::policy::Policy;
use crate::reason::Reason;
use crate::replay::{Claim, ReplayKey, Reservation};
use crate::secret::{Rehash, WeakHash};

/// An authentication method.
pub trait Method: Send + Sync + 'static {
    /// The method's name.
    fn name(&self) -> AuthMethod;

    /// What a client is that used this method. The default is [`ClientClass::Confidential`].
    fn class(&self) -> ClientClass {
        ClientClass::Confidential
    }

    /// Does the request itself show nothing but the `client_id`, because the TLS handshake proves the rest, or nothing
    /// does? Such a method is tried only where no other reads a credential, and between several of them the client's
    /// registration decides. The default is yes for [`ClientClass::Public`].
    fn is_chosen_by_registration(&self) -> bool {
        self.class() == ClientClass::Public
    }

    /// The form parameters that carry this method's credential, so that the handler's form comes without them.
    fn credential_parameters(&self) -> &'static [&'static str] {
        &[]
    }

    /// This method's credential in the request, or `None` where there is none.
    ///
    /// A credential that is there and cannot be read is still an attempt: its
    /// [`verify`](Attempt::verify) fails.
    fn attempt<'r>(&self, presented: &'r Presented<'r>) -> Option<Box<dyn Attempt + 'r>>;
}

/// One client's attempt to authenticate by one method.
pub trait Attempt: Send + Sync {
    /// The client the credential claims to be of, unproved.
    fn client_id(&self) -> &str;

    /// Does the credential prove that the caller is `client`?
    ///
    /// Called with a decoy when the client is unknown, disabled or not granted the method, and the result then
    /// thrown away: so the work done, and the time it takes, does not tell which client ids exist. An
    /// implementation must not shortcut.
    fn verify<'a>(&'a self, client: &'a Client, context: &'a Context<'a>) -> Verification<'a>;

    /// Another reading of the same credential, naming another client. Tried when the first proves nothing.
    fn second_reading(&self) -> Option<&dyn Attempt> {
        None
    }
}

/// What a successful verification establishes, for the handler and for the log.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Proof {
    /// The signature's algorithm.
    pub algorithm: Option<Algorithm>,
    /// The `kid` of the client's key that verified.
    pub key_id: Option<Arc<str>>,
    /// The JWK thumbprint of that key.
    pub key_thumbprint: Option<Arc<str>>,
    /// The label of the secret that matched.
    pub secret_label: Option<Arc<str>>,
    /// What is weak about the hash that the secret matched.
    pub weak_hash: Option<WeakHash>,
    /// The claim on the assertion's `jti`, from [`Context::claim_once`].
    pub claimed: Option<Claimed>,
}

/// A `jti` that was used up for this request.
#[derive(Debug)]
pub struct Claimed(pub(crate) Reservation);

/// A verification: done already, or under way.
///
/// A future that costs no memory where there is nothing to wait for.
#[must_use = "a verification does nothing unless it is awaited"]
pub struct Verification<'a>(State<'a>);

enum State<'a> {
    Done(Option<Result<Proof, Failure>>),
    UnderWay(BoxFuture<'a, Result<Proof, Failure>>),
}

impl<'a> Verification<'a> {
    /// A verification that is done.
    pub fn done(result: Result<Proof, Failure>) -> Self {
        Verification(State::Done(Some(result)))
    }

    /// A verification that has to wait for something.
    pub fn later(verification: impl Future<Output = Result<Proof, Failure>> + Send + 'a) -> Self {
        Verification(State::UnderWay(Box::pin(verification)))
    }
}

impl Future for Verification<'_> {
    type Output = Result<Proof, Failure>;

    fn poll(mut self: Pin<&mut Self>, task: &mut TaskContext<'_>) -> Poll<Self::Output> {
        match &mut self.0 {
            // Polled after it was ready: a fault of the caller's that must not become a success.
            State::Done(result) => Poll::Ready(result.take().unwrap_or(Err(Reason::InternalError.into()))),
            State::UnderWay(verification) => verification.as_mut().poll(task),
        }
    }
}

/// What a method may know and use while it verifies: the server's identity, its policy and its ports.
pub struct Context<'a> {
    pub(crate) inner: &'a Inner,
    pub(crate) endpoint: Endpoint,
    pub(crate) now: SystemTime,
}

impl<'a> Context<'a> {
    /// The issuer identifier.
    pub fn issuer(&self) -> &'a str {
        &self.inner.issuer
    }

    /// The endpoint the request was sent to.
    pub fn endpoint(&self) -> Endpoint {
        self.endpoint
    }

    /// The values that name this server as an assertion's audience, at this endpoint.
    pub fn audiences(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        self.inner.audiences(self.endpoint)
    }

    /// The time of this decision; the same for every check in it.
    pub fn now(&self) -> SystemTime {
        self.now
    }

    /// The time at this very moment, after whatever was waited for.
    pub(crate) fn clock_now(&self) -> SystemTime {
        self.inner.clock.now()
    }

    /// Time that never goes back.
    pub(crate) fn monotonic(&self) -> Duration {
        self.inner.clock.monotonic()
    }

    /// The decoy, for a verification that could not be done with the client's own key.
    pub(crate) fn decoy(&self) -> &'a Client {
        &self.inner.decoy
    }

    /// The policy.
    pub fn policy(&self) -> &'a Policy {
        &self.inner.policy
    }

    /// When the replay store last lost its memory, if it ever did.
    pub fn replay_memory_lost_at(&self) -> Option<SystemTime> {
        self.inner.replay.as_ref().and_then(|replay| replay.memory_lost_at())
    }

    /// The server's side of mutual TLS.
    #[cfg(feature = "mtls")]
    pub(crate) fn mutual_tls(&self) -> Result<&'a MutualTls, Failure> {
        let configured = self.inner.mutual_tls.as_deref();
        configured.ok_or_else(|| Failure::new(Reason::InternalError).expected("trust anchors").got("none"))
    }

    /// The source of remote key sets.
    pub(crate) fn key_source(&self) -> Option<&'a dyn DynKeySource> {
        self.inner.key_source.as_deref()
    }

    /// Uses up `jwt_id` for this client, in one atomic step. To be called last, after the signature: an id that
    /// is claimed earlier can be burnt by strangers.
    ///
    /// # Errors
    /// [`Reason::Replayed`] when it was used before, [`Reason::ReplayStoreFull`] and
    /// [`Reason::StoreUnavailable`] when that cannot be told.
    pub async fn claim_once(
        &self,
        client_id: &str,
        jwt_id: &str,
        keep_for: Duration,
    ) -> Result<Claimed, Failure> {
        let Some(replay) = &self.inner.replay else {
            return Err(Failure::new(Reason::InternalError).expected("a replay store").got("none"));
        };
        let key = ReplayKey::new(&self.inner.tenant, client_id, jwt_id);
        match replay.claim(&key, keep_for).await {
            Ok(Claim::Fresh) => {
                Ok(Claimed(Reservation::new(Arc::clone(replay), Arc::clone(&self.inner.tenant), &key)))
            }
            Ok(Claim::Used) => {
                Err(Failure::new(Reason::Replayed).expected("a new jti").got("one used before"))
            }
            Ok(Claim::Full) => Err(Failure::new(Reason::ReplayStoreFull).got("the store is full")),
            Ok(Claim::ClientFull) => {
                let full =
                    Failure::new(Reason::ReplayStoreFull).got("this client's part of the store is full");
                Err(full.of_one_client())
            }
            Err(error) => Err(Failure::new(Reason::StoreUnavailable).got(error.to_string())),
        }
    }

    /// Is `secret` one of the client's secrets? Does the same work whether it is or not.
    pub fn verify_secret<'s>(&'s self, secret: &'s str, client: &'s Client) -> Verification<'s> {
        self.inner.secrets.verify(secret, client, self)
    }

    /// Tells the registry that a hash of the client's should be replaced.
    pub(crate) async fn offer_rehash(&self, client: &Client, rehash: &Rehash<'_>) {
        self.inner.clients.rehash(client.id(), rehash).await;
    }
}
