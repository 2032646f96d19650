//! Secrets under slow hashes that were verified a moment ago.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use aws_lc_rs::hmac;
use aws_lc_rs::rand;

use super::slow_hash::SlowHash;

/// Remembers for a minute that a secret is the one behind a hash, so that a client which authenticates over and over
/// costs one slow hash a minute.
///
/// An entry is a MAC under a key that only this process has, over the client, the stored hash and the secret: a memory
/// image holds nothing that secrets could be tried against without that key, and a client whose hash was changed finds
/// nothing here. What is judged afresh each time is judged outside: is the client there and enabled, the secret within
/// its dates. Wrong secrets are not remembered.
pub(super) struct VerifiedSecrets {
    key: hmac::Key,
    entries: Mutex<HashMap<Entry, Duration>>,
}

/// What an entry is found by.
pub(super) type Entry = [u8; 32];

impl VerifiedSecrets {
    /// `None` when the operating system gives no random numbers.
    pub(super) fn new() -> Option<Self> {
        let mut octets = [0_u8; 32];
        rand::fill(&mut octets).ok()?;
        Some(VerifiedSecrets { key: hmac::Key::new(hmac::HMAC_SHA256, &octets), entries: Mutex::default() })
    }

    /// The entry of this secret, of this client, behind this hash.
    pub(super) fn entry(&self, client_id: &str, hash: &SlowHash, secret: &str) -> Entry {
        let mut context = hmac::Context::with_key(&self.key);
        context.update(&(client_id.len() as u64).to_be_bytes());
        context.update(client_id.as_bytes());
        context.update(&hash.identity().octets());
        context.update(secret.as_bytes());
        let mut entry = Entry::default();
        for (octet, made) in entry.iter_mut().zip(context.sign().as_ref()) {
            *octet = *made;
        }
        entry
    }

    /// Was it verified less than a minute ago, by monotonic time?
    pub(super) fn holds(&self, entry: &Entry, now: Duration) -> bool {
        let entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries.get(entry).is_some_and(|verified| is_recent(*verified, now))
    }

    /// It was verified now.
    pub(super) fn remember(&self, entry: Entry, now: Duration) {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        if entries.len() >= MOST {
            entries.retain(|_, verified| is_recent(*verified, now));
        }
        if entries.len() >= MOST {
            // Beside the slow hash that came before, looking through all of them is nothing.
            let oldest = entries.iter().min_by_key(|(_, verified)| **verified).map(|(entry, _)| *entry);
            oldest.map(|oldest| entries.remove(&oldest));
        }
        entries.insert(entry, now);
    }
}

fn is_recent(verified: Duration, now: Duration) -> bool {
    now.saturating_sub(verified) < LIFETIME
}

const MOST: usize = 1000;
const LIFETIME: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(stored: &str) -> SlowHash {
        SlowHash::parse(stored).unwrap().unwrap()
    }

    const ONE: &str = "$pbkdf2-sha256$7$N2YMIWQsBWBMae09x1jrPQ$1t8iyB2A.WF/Z5JZv.lfCIhXXN33N23OSgQYThBYRfk";

    #[test]
    fn an_entry_is_of_one_client_one_hash_and_one_secret() {
        let (verified, now) = (VerifiedSecrets::new().unwrap(), Duration::from_secs(5));
        let other = hash(&ONE.replace("$7$", "$8$"));
        verified.remember(verified.entry("c", &hash(ONE), "secret"), now);
        assert!(verified.holds(&verified.entry("c", &hash(ONE), "secret"), now));
        for (client_id, hash, secret) in [
            ("d", hash(ONE), "secret"),
            ("c", other, "secret"),
            ("c", hash(ONE), "Secret"),
            ("c", hash(ONE), ""),
            ("cs", hash(ONE), "ecret"),
        ] {
            assert!(!verified.holds(&verified.entry(client_id, &hash, secret), now), "{client_id} {secret}");
        }
        // Another process has another key.
        let elsewhere = VerifiedSecrets::new().unwrap();
        assert_ne!(elsewhere.entry("c", &hash(ONE), "s"), verified.entry("c", &hash(ONE), "s"));
    }

    #[test]
    fn an_entry_lives_for_a_minute() {
        let (verified, began) = (VerifiedSecrets::new().unwrap(), Duration::from_secs(100));
        let entry = verified.entry("c", &hash(ONE), "secret");
        verified.remember(entry, began);
        assert!(verified.holds(&entry, began + LIFETIME - Duration::from_nanos(1)));
        assert!(!verified.holds(&entry, began + LIFETIME));
    }

    #[test]
    fn there_is_a_bound_and_the_oldest_goes() {
        let verified = VerifiedSecrets::new().unwrap();
        let entry = |number: usize| verified.entry(&number.to_string(), &hash(ONE), "secret");
        let at = |number: usize| Duration::from_millis(number as u64);
        for number in 0..MOST + 10 {
            verified.remember(entry(number), at(number));
        }
        assert_eq!(verified.entries.lock().unwrap().len(), MOST);
        assert!(!verified.holds(&entry(9), at(MOST + 10)));
        assert!(verified.holds(&entry(10), at(MOST + 10)));
        // A minute later room is made of everything that has expired.
        verified.remember(entry(0), at(100_000));
        assert_eq!(verified.entries.lock().unwrap().len(), 1);
    }
}
