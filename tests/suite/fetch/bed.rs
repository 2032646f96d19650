//! A server with one client, whose keys lie behind a `jwks_uri`.

use std::error::Error as _;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use countersign::fetch::{Counters, FailureKind, FetchError, KeySetFetcher};
use countersign::key::KeySet;
use countersign::key_source::{KeySource, KeySourceError};
use countersign::replay::MemoryReplayStore;
use countersign::store::Clients;
use countersign::{
    AuthMethod, AuthRequest, AuthenticatedClient, Authenticator, Client, Endpoint, Reason, Refusal,
};
use countersign_tests::assertion::Assertion;
use countersign_tests::drivers::SetClock;
use countersign_tests::fixtures::fixtures;
use countersign_tests::patience::PATIENCE;
use countersign_tests::request::Request;
use countersign_tests::row::{Endpoint as RowEndpoint, HttpRequest, ISSUER, NOW};
use serde_json::{Value, json};

/// The client of every test.
pub(crate) const CLIENT: &str = "c-pkjwt-es256";

/// A server, its clock, and its fetcher, which goes to loopback addresses too.
pub(crate) struct Bed {
    pub(crate) clock: SetClock,
    pub(crate) fetcher: Arc<KeySetFetcher>,
    pub(crate) auth: Authenticator,
    pub(crate) url: String,
}

impl Bed {
    pub(crate) fn new(url: impl Into<String>) -> Self {
        Bed::with(url, |fetcher| fetcher)
    }

    /// The same with other settings of the fetcher.
    pub(crate) fn with(
        url: impl Into<String>,
        settings: impl FnOnce(KeySetFetcher) -> KeySetFetcher,
    ) -> Self {
        let (url, clock) = (url.into(), SetClock::new(NOW));
        let fetcher = KeySetFetcher::new().danger_allow_loopback(true).clock(clock.clone());
        let fetcher = Arc::new(settings(fetcher));
        let client = Client::new(CLIENT).with_method(AuthMethod::PRIVATE_KEY_JWT).with_jwks_uri(url.as_str());
        let auth = Authenticator::builder()
            .issuer(ISSUER)
            .endpoint(Endpoint::Token, RowEndpoint::Token.url())
            .clients(Clients::new([client]).unwrap())
            .replay(MemoryReplayStore::with_clock(clock.clone()))
            .key_source(Arc::clone(&fetcher))
            .clock(clock.clone())
            .build()
            .unwrap();
        Bed { clock, fetcher, auth, url }
    }

    /// A request of the client, valid now.
    pub(crate) fn request(&self) -> HttpRequest {
        self.request_by(|assertion| assertion)
    }

    /// A request of the client by an assertion that was changed.
    pub(crate) fn request_by(&self, change: impl FnOnce(Assertion) -> Assertion) -> HttpRequest {
        let now = NOW + i64::try_from(self.now().as_secs()).unwrap();
        let assertion = Assertion::of(CLIENT).claim("iat", now).claim("exp", now + 60);
        Request::token().assertion(change(assertion).mint()).build()
    }

    pub(crate) async fn send(&self, request: &HttpRequest) -> Result<AuthenticatedClient, Refusal> {
        let headers = request.headers.as_slice();
        let body = Bytes::from(request.body.clone());
        self.auth.authenticate(AuthRequest::new(Endpoint::Token, &request.verb, &headers, body)).await
    }

    /// The client authenticates.
    #[track_caller]
    pub(crate) fn accepted(&self) -> impl Future<Output = ()> {
        let (request, place) = (self.request(), std::panic::Location::caller());
        async move {
            let sent = self.send(&request).await;
            let client = sent.unwrap_or_else(|refusal| panic!("{place}: {refusal:?} {:?}", refusal.got()));
            assert_eq!(client.client_id(), CLIENT);
        }
    }

    /// The client is refused; the caller is told nothing but that.
    pub(crate) async fn refused(&self, request: &HttpRequest, reason: Reason) {
        let refusal = self.send(request).await.unwrap_err();
        assert_eq!((refusal.reason(), refusal.status()), (reason, 400), "{refusal:?}");
        let body: Value = serde_json::from_slice(refusal.body()).unwrap();
        assert_eq!(body["error"], "invalid_client");
    }

    /// The keys cannot be had: 503 for the caller, the URL and the failure for the operator.
    pub(crate) async fn unavailable(&self, kind: FailureKind) {
        let sent = self.send(&self.request()).await;
        self.is_unavailable(&sent.unwrap_err(), kind);
    }

    /// The refusal says so.
    pub(crate) fn is_unavailable(&self, refusal: &Refusal, kind: FailureKind) {
        assert_eq!((refusal.reason(), refusal.status()), (Reason::JwksUnavailable, 503), "{refusal:?}");
        assert!(refusal.headers().any(|header| header == ("retry-after", "1")));
        let body: Value = serde_json::from_slice(refusal.body()).unwrap();
        assert_eq!(body, json!({"error": "temporarily_unavailable", "error_description": "try again later"}));
        assert_eq!(refusal.expected(), Some(self.url.as_str()));
        let got = refusal.got().unwrap();
        assert!(got.contains(&format!(": {}: ", kind.code())), "{got}, and not {kind:?}");
        assert!(self.counters().failures(kind) > 0);
    }

    pub(crate) async fn keys(&self) -> Result<Arc<KeySet>, KeySourceError> {
        KeySource::keys(&self.fetcher, &self.url).await
    }

    pub(crate) async fn refreshed(&self, stale: &Arc<KeySet>) -> Result<Arc<KeySet>, KeySourceError> {
        KeySource::refreshed(&self.fetcher, &self.url, stale).await
    }

    pub(crate) fn counters(&self) -> Counters {
        self.fetcher.counters()
    }

    /// Lets fetches in the background get this far.
    pub(crate) async fn until(&self, what: &str, done: impl Fn() -> bool) {
        let waited = async {
            while !done() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        let waited = tokio::time::timeout(PATIENCE, waited).await;
        waited.unwrap_or_else(|_| panic!("waited in vain for {what}: {:?}", self.counters()));
    }

    fn now(&self) -> Duration {
        countersign::clock::Clock::monotonic(&self.clock)
    }
}

/// Of what kind a failure is.
#[track_caller]
pub(crate) fn kind(outcome: Result<Arc<KeySet>, KeySourceError>) -> FailureKind {
    let error = outcome.expect_err("a failure");
    error.source().and_then(|source| source.downcast_ref::<FetchError>()).expect("a fetch error").kind()
}

/// The client's public key.
pub(crate) fn key() -> Value {
    fixtures().key_of(CLIENT).public()
}

/// The public key of another client, by which this one's assertions do not verify.
pub(crate) fn other_key() -> Value {
    fixtures().key_of("c-pkjwt-es256b").public()
}

/// Runs a test.
pub(crate) fn on_tokio<T>(test: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(test)
}
