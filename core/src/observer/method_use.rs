//! By which method each client really authenticates, so that an operator can pin it to that.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use super::method_report::{ClientMethods, MethodReport, RefusedMethod, UsedMethod};
use super::uses::Uses;
use super::{Decision, Observer};
use crate::auth_method::AuthMethod;
use crate::client::Client;
use crate::clock::{Clock, SystemClock};
use crate::endpoint::Endpoint;
use crate::metadata::Timestamp;
use crate::reason::Reason;

/// Keeps how often and when last each client authenticated by each method, at each endpoint; and how often it was refused
/// as `method_not_granted` or `method_grant_expired`.
///
/// In memory, and so since it was made: let it run as long as the rarest client needs to come by. Room for 100,000 triples
/// of client, method and endpoint; where there is none left, the report says that it is not complete. Refusals have as
/// much room of their own, so that a stranger who claims the ids of clients drives out nothing that was used.
///
/// ```
/// use std::sync::Arc;
/// use countersign::{Authenticator, Client, observer::MethodUse, secret::ClientSecret, store::Clients};
///
/// let imported = Client::new("billing")
///     .with_any_secret_method()
///     .with_secret(ClientSecret::generated("wCTKUrZ5rmyUxA6MGMU8gBQRGzgtSBlq"));
/// let uses = Arc::new(MethodUse::new());
/// let auth = Authenticator::builder()
///     .issuer("https://as.example.com")
///     .clients(Clients::new([imported.clone()])?)
///     .observer(Arc::clone(&uses))
///     .build()?;
/// // On an operator's page:
/// print!("{}", uses.report([&imported])); // … not pinned; unused
/// # Ok::<(), countersign::ConfigError>(())
/// ```
pub struct MethodUse {
    began_at: SystemTime,
    seen: Mutex<Seen>,
}

struct Seen {
    used: Uses<(AuthMethod, Endpoint)>,
    refused: Uses<(AuthMethod, Endpoint, Reason)>,
}

impl MethodUse {
    /// Begins now, by the system's clock.
    pub fn new() -> Self {
        Self::with_clock(&SystemClock::default())
    }

    /// The same, by the clock that the authenticator has.
    pub fn with_clock(clock: &impl Clock) -> Self {
        MethodUse { began_at: clock.now(), seen: Mutex::new(Seen::with_capacity(MOST)) }
    }

    /// Room for this many triples, and as many refusals. Forgets what it has.
    #[must_use]
    pub fn with_capacity(self, triples: usize) -> Self {
        MethodUse { seen: Mutex::new(Seen::with_capacity(triples)), ..self }
    }

    /// What these clients use, in the order of their ids.
    pub fn report<'c>(&self, clients: impl IntoIterator<Item = &'c Client>) -> MethodReport {
        let seen = self.seen();
        let mut clients: Vec<ClientMethods> = clients.into_iter().map(|client| seen.of(client)).collect();
        clients.sort_by(|one, other| one.client_id.cmp(&other.client_id));
        MethodReport { since: Timestamp(self.began_at), complete: seen.used.is_complete(), clients }
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for MethodUse {
    fn default() -> Self {
        Self::new()
    }
}

impl Observer for MethodUse {
    fn decided(&self, decision: &Decision<'_>) {
        let (at, endpoint) = (decision.time, decision.endpoint);
        let refusal = match decision.outcome {
            Ok(client) => {
                let method = client.method();
                return self.seen().used.note(
                    client.client_id(),
                    at,
                    |(known, place)| known == method && *place == endpoint,
                    || (method.clone(), endpoint),
                );
            }
            Err(refusal) => refusal,
        };
        let reason = refusal.reason();
        let is_of_the_grant = matches!(reason, Reason::MethodNotGranted | Reason::MethodGrantExpired);
        // Of others the id is any text that a stranger chose.
        if let (Some(client_id), Some(method)) = (decision.client_id, decision.method)
            && is_of_the_grant
            && decision.is_of_registered_client()
        {
            self.seen().refused.note(
                client_id,
                at,
                |(known, place, why)| known == method && *place == endpoint && *why == reason,
                || (method.clone(), endpoint, reason),
            );
        }
    }
}

impl Seen {
    fn with_capacity(most: usize) -> Self {
        Seen { used: Uses::with_capacity(most), refused: Uses::with_capacity(most) }
    }

    fn of(&self, client: &Client) -> ClientMethods {
        let used = self.used.of(client.id()).iter().map(|((method, endpoint), uses)| UsedMethod {
            method: method.clone(),
            endpoint: *endpoint,
            times: uses.times,
            last: Timestamp(uses.last),
        });
        let refused =
            self.refused.of(client.id()).iter().map(|((method, endpoint, reason), uses)| RefusedMethod {
                method: method.clone(),
                endpoint: *endpoint,
                reason: *reason,
                times: uses.times,
                last: Timestamp(uses.last),
            });
        ClientMethods::new(client, used.collect(), refused.collect())
    }
}

impl fmt::Debug for MethodUse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seen = self.seen();
        f.debug_struct("MethodUse")
            .field("began_at", &self.began_at)
            .field("used", &seen.used.len())
            .field("refused", &seen.refused.len())
            .finish()
    }
}

const MOST: usize = 100_000;

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn uses_are_counted_and_bounded() {
        let at = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        let mut uses = Uses::with_capacity(2);
        let mut note = |client: &str, key: u8, seconds| uses.note(client, at(seconds), |k| *k == key, || key);
        note("a", 1, 5);
        note("a", 1, 3);
        note("b", 1, 9);
        note("a", 2, 9);
        note("c", 1, 9);
        let of_a: Vec<_> = uses.of("a").iter().map(|(key, uses)| (*key, uses.times, uses.last)).collect();
        assert_eq!(of_a, [(1, 2, at(5))]);
        assert_eq!((uses.of("b").len(), uses.of("c").len(), uses.len()), (1, 0, 2));
        assert!(!uses.is_complete());
    }
}
