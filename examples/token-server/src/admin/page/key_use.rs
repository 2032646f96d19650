//! With which key or certificate each client proved itself last.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use countersign::AuthenticatedClient;
use countersign::certificate::LeafCertificate;
use countersign::observer::{Decision, Observer};

/// Keeps the uses of keys and certificates since the start, within bounds: a few of each client, of so many clients.
#[derive(Default)]
pub(crate) struct KeyUse(Mutex<HashMap<Box<str>, Vec<Used>>>);

/// The use of one key or certificate.
#[derive(Clone, Debug)]
pub(crate) struct Used {
    /// `jkt` of a key, `x5t#S256` of a certificate.
    pub(crate) thumbprint: Box<str>,
    /// The last second in which a certificate is valid.
    pub(crate) ends_at: Option<SystemTime>,
    pub(crate) first: SystemTime,
    pub(crate) last: SystemTime,
}

impl KeyUse {
    /// What this client used, newest last.
    pub(crate) fn of(&self, client_id: &str) -> Vec<Used> {
        let mut uses = self.uses().get(client_id).cloned().unwrap_or_default();
        uses.sort_by_key(|used| used.last);
        uses
    }

    fn note(
        &self,
        client_id: &str,
        thumbprint: &str,
        at: SystemTime,
        ends_at: impl FnOnce() -> Option<SystemTime>,
    ) {
        let mut clients = self.uses();
        if !clients.contains_key(client_id) && clients.len() >= MOST_CLIENTS {
            return;
        }
        let uses = clients.entry(client_id.into()).or_default();
        if let Some(known) = uses.iter_mut().find(|used| *used.thumbprint == *thumbprint) {
            known.last = known.last.max(at);
            return;
        }
        if uses.len() >= MOST_OF_ONE_CLIENT
            && let Some(oldest) = (0..uses.len()).min_by_key(|index| uses.get(*index).map(|used| used.last))
        {
            uses.swap_remove(oldest);
        }
        uses.push(Used { thumbprint: thumbprint.into(), ends_at: ends_at(), first: at, last: at });
    }

    fn uses(&self) -> MutexGuard<'_, HashMap<Box<str>, Vec<Used>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Observer for KeyUse {
    fn decided(&self, decision: &Decision<'_>) {
        let Ok(client) = decision.outcome else { return };
        if let Some(thumbprint) = client.key_thumbprint() {
            self.note(client.client_id(), thumbprint, decision.time, || None);
        } else if client.method().as_str().ends_with("tls_client_auth")
            && let Some(thumbprint) = client.certificate_thumbprint()
        {
            self.note(client.client_id(), thumbprint, decision.time, || end_of_certificate(client));
        }
    }
}

fn end_of_certificate(client: &AuthenticatedClient) -> Option<SystemTime> {
    let certificate = LeafCertificate::from_der(client.certificates()?.leaf()).ok()?;
    Some(certificate.not_after())
}

const MOST_CLIENTS: usize = 20_000;
const MOST_OF_ONE_CLIENT: usize = 8;

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_longest_unused_makes_place() {
        let at = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        let uses = KeyUse::default();
        for number in 0..MOST_OF_ONE_CLIENT {
            uses.note("a", &number.to_string(), at(number as u64), || None);
        }
        uses.note("a", "0", at(100), || None);
        uses.note("a", "new", at(101), || Some(at(500)));
        let kept = uses.of("a");
        assert_eq!(kept.len(), MOST_OF_ONE_CLIENT);
        assert!(kept.iter().all(|used| *used.thumbprint != *"1"));
        let last: Vec<_> = kept.iter().rev().take(2).map(|used| (&*used.thumbprint, used.first)).collect();
        assert_eq!(last, [("new", at(101)), ("0", at(0))]);
        assert!(uses.of("b").is_empty());
    }
}
