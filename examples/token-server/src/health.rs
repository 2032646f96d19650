//! Which methods of authentication can be served.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use countersign::observer::{Decision, Observer};
use countersign::{AuthMethod, Authenticator, Endpoint, RefusalKind};
use serde_json::{Value, json};

/// Learns from the decisions themselves which methods have what they depend on: a method whose last request failed because
/// a store could not answer is failing, until one is answered again or nothing was heard for a while. What ails one client
/// alone, such as the host of its `jwks_uri`, does not count: any client could take the node out of rotation.
#[derive(Default)]
pub(crate) struct Health(Mutex<BTreeMap<String, State>>);

#[derive(Clone, Copy, Default)]
struct State {
    failing: Option<(&'static str, SystemTime)>,
}

impl Health {
    /// Every method that the server runs.
    pub(crate) fn watch(&self, auth: &Authenticator) {
        let mut states = self.states();
        for method in auth.methods(Endpoint::Token) {
            states.entry(method.to_string()).or_default();
        }
    }

    /// Can any method be served?
    pub(crate) fn is_ready(&self) -> bool {
        let now = now();
        let states = self.states();
        states.is_empty() || states.values().any(|state| state.failing_now(now).is_none())
    }

    /// Each method with what it fails by.
    pub(crate) fn report(&self) -> Value {
        let now = now();
        let methods: BTreeMap<String, Value> = self
            .states()
            .iter()
            .map(|(method, state)| (method.clone(), json!(state.failing_now(now).unwrap_or("ok"))))
            .collect();
        json!({ "ready": self.is_ready(), "methods": methods })
    }

    fn states(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, State>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, method: &AuthMethod, failing: Option<(&'static str, SystemTime)>) {
        // A name that nobody serves is the caller's invention.
        if let Some(state) = self.states().get_mut(method.as_str()) {
            state.failing = failing;
        }
    }
}

impl State {
    fn failing_now(&self, now: SystemTime) -> Option<&'static str> {
        let (reason, since) = self.failing?;
        (now.duration_since(since).unwrap_or_default() < REMEMBERED).then_some(reason)
    }
}

impl Observer for Health {
    fn decided(&self, decision: &Decision<'_>) {
        let Some(method) = decision.method else { return };
        match decision.refusal() {
            Some(refusal) if refusal.kind() == RefusalKind::DependencyDown && !refusal.is_of_one_client() => {
                self.note(method, Some((refusal.reason().code(), decision.time)));
            }
            // A client's mistake says nothing about the stores: many are found before one is asked.
            Some(_) => {}
            None => self.note(method, None),
        }
    }
}

#[allow(clippy::disallowed_methods, reason = "compared with the times of the server's own clock")]
fn now() -> SystemTime {
    SystemTime::now()
}

/// Without another request nobody knows whether the trouble is over, and a load balancer that sends none would never
/// learn it.
const REMEMBERED: Duration = Duration::from_secs(30);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_tried_for_half_a_minute_counts_as_ok() {
        let failed_at = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000);
        let state = State { failing: Some(("store_unavailable", failed_at)) };
        let after = |seconds| state.failing_now(failed_at + Duration::from_secs(seconds));
        assert_eq!((after(0), after(29)), (Some("store_unavailable"), Some("store_unavailable")));
        assert_eq!(after(30), None);
        assert_eq!(State::default().failing_now(failed_at), None, "nobody has tried it");
    }
}
