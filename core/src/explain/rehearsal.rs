//! The authenticator that decides and leaves nothing behind.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use crate::client::Client;
use crate::clock::Clock;
use crate::decision::Inner;
use crate::observer::{Decision, Observer};
use crate::replay::{Claim, DynReplayStore, ReplayKey, ReplayStore};
use crate::secret::Rehash;
use crate::store::{ClientStore, DynClientStore, StoreError};

impl Inner {
    /// Decides as this one does, at this time or now; tells `seen` alone, and changes no store.
    pub(super) fn rehearsal(&self, seen: Seen, at: Option<SystemTime>) -> Inner {
        let replay = self.replay.as_ref().map(|replay| Arc::new(Forgetful(Arc::clone(replay))) as Arc<_>);
        Inner {
            issuer: Arc::clone(&self.issuer),
            tenant: Arc::clone(&self.tenant),
            endpoints: self.endpoints.clone(),
            mtls_endpoints: self.mtls_endpoints.clone(),
            policy: self.policy.clone(),
            methods: Arc::clone(&self.methods),
            clients: Arc::new(LookedUp(Arc::clone(&self.clients))),
            replay,
            key_source: self.key_source.clone(),
            #[cfg(feature = "mtls")]
            mutual_tls: self.mutual_tls.clone(),
            trusted_proxy: self.trusted_proxy.clone(),
            throttle: None,
            secrets: Arc::clone(&self.secrets),
            clock: Arc::new(TimeOf { at, clock: Arc::clone(&self.clock) }),
            observer: Some(Arc::new(seen)),
            challenge: Arc::clone(&self.challenge),
            decoy: Arc::clone(&self.decoy),
            max_body_bytes: self.max_body_bytes,
        }
    }
}

/// What the operator would have been told of the decision.
#[derive(Clone, Default)]
pub(super) struct Seen(Arc<Mutex<Told>>);

/// The part of it that an explanation needs.
#[derive(Clone, Default)]
pub(super) struct Told {
    /// The method that was tried, if it came to that.
    pub(super) method: Option<String>,
    pub(super) jwt_id_hash: Option<String>,
}

impl Seen {
    pub(super) fn decision(&self) -> Told {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Observer for Seen {
    fn decided(&self, decision: &Decision<'_>) {
        let told =
            Told { method: decision.method.map(ToString::to_string), jwt_id_hash: decision.jwt_id_hash() };
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = told;
    }
}

/// Clients that are found and not changed.
struct LookedUp(Arc<dyn DynClientStore>);

impl ClientStore for LookedUp {
    async fn find(&self, client_id: &str) -> Result<Option<Arc<Client>>, StoreError> {
        self.0.find(client_id).await
    }

    async fn rehash(&self, _: &str, _: &Rehash<'_>) {}
}

/// Takes every assertion for a new one, and has lost its memory when the real store did.
struct Forgetful(Arc<dyn DynReplayStore>);

impl ReplayStore for Forgetful {
    async fn claim(&self, _: &ReplayKey<'_>, _: Duration) -> Result<Claim, StoreError> {
        Ok(Claim::Fresh)
    }

    async fn release(&self, _: &ReplayKey<'_>) -> Result<(), StoreError> {
        Ok(())
    }

    fn memory_lost_at(&self) -> Option<SystemTime> {
        self.0.memory_lost_at()
    }
}

/// The wall clock at the time of the request.
struct TimeOf {
    at: Option<SystemTime>,
    clock: Arc<dyn Clock>,
}

impl Clock for TimeOf {
    fn now(&self) -> SystemTime {
        self.at.unwrap_or_else(|| self.clock.now())
    }

    fn monotonic(&self) -> Duration {
        self.clock.monotonic()
    }
}
