//! What a failed attempt costs, whoever's it is.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use super::ClientSecret;
use super::slow_hash::SlowHash;

/// The slow hashes that every failed attempt computes: of each cost that any client's hashes have, as many as the
/// client with most of them has. A client that has fewer, or that does not exist, is filled up with decoys.
///
/// It is learnt: a registry that cannot tell what it holds is known by the clients that were found in it, so that until
/// the first client with a hash of some cost was seen, unknown ones do not cost that.
pub(super) struct Decoys {
    needed: AtomicBool,
    rows: RwLock<Arc<[Decoy]>>,
}

/// A hash to compute in vain, and how many there are to be of its cost.
pub(super) struct Decoy {
    pub(super) hash: Arc<SlowHash>,
    pub(super) count: usize,
    /// Stands for hashes that were announced and not seen yet.
    assumed: bool,
}

impl Decoys {
    pub(super) fn new() -> Self {
        Decoys { needed: AtomicBool::new(false), rows: RwLock::new(Arc::new([])) }
    }

    /// Does any failed attempt compute slow hashes?
    pub(super) fn are_needed(&self) -> bool {
        self.needed.load(Ordering::Relaxed)
    }

    /// There are slow hashes of some kind.
    pub(super) fn assume(&self) {
        if let Some(Ok(hash)) = SlowHash::parse(ASSUMED)
            && !self.are_needed()
        {
            self.replace([Decoy { hash: Arc::new(hash), count: 1, assumed: true }].into());
        }
    }

    /// A client has these secrets.
    pub(super) fn note(&self, secrets: &[ClientSecret]) {
        if !secrets.iter().any(ClientSecret::is_slow) {
            return;
        }
        let rows = self.rows();
        let own = || secrets.iter().filter_map(ClientSecret::slow_hash).take(MOST_FOR_ONE_CLIENT);
        let count_of = |hash: &SlowHash| own().filter(|other| other.cost() == hash.cost()).count();
        let known = |hash: &SlowHash| {
            let mut rows = rows.iter().filter(|row| !row.assumed);
            rows.find(|row| row.hash.cost() == hash.cost()).map_or(0, |row| row.count)
        };
        if own().all(|hash| count_of(hash) <= known(hash)) {
            return;
        }
        let mut fresh: Vec<Decoy> = Vec::new();
        for row in rows.iter().filter(|row| !row.assumed) {
            let count = row.count.max(count_of(&row.hash));
            fresh.push(Decoy { hash: Arc::clone(&row.hash), count, assumed: false });
        }
        for hash in own() {
            if !fresh.iter().any(|row| row.hash.cost() == hash.cost()) {
                fresh.push(Decoy { hash: Arc::clone(hash), count: count_of(hash), assumed: false });
            }
        }
        // What was known first stays; of the last as many as there is room for.
        let mut room = MOST_FOR_ONE_ATTEMPT;
        for row in &mut fresh {
            row.count = row.count.min(room);
            room -= row.count;
        }
        fresh.retain(|row| row.count > 0);
        let sum = |rows: &[Decoy]| rows.iter().map(|row| row.count).sum::<usize>();
        if rows.iter().any(|row| row.assumed) || sum(&fresh) > sum(&rows) {
            self.replace(fresh.into());
        }
    }

    /// What a failed attempt computes.
    pub(super) fn rows(&self) -> Arc<[Decoy]> {
        Arc::clone(&self.rows.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn replace(&self, rows: Arc<[Decoy]>) {
        *self.rows.write().unwrap_or_else(PoisonError::into_inner) = rows;
        self.needed.store(true, Ordering::Relaxed);
    }
}

/// Most slow hashes of one client that are compared with; a client with more is refused at registration.
pub(crate) const MOST_FOR_ONE_CLIENT: usize = 4;

/// Most slow hashes computed for one failed attempt, decoys included.
const MOST_FOR_ONE_ATTEMPT: usize = 8;

/// The hash of a random password at OWASP's cost (19 MiB, 2 passes), where no other is known yet.
const ASSUMED: &str = "$argon2id$v=19$m=19456,t=2,p=1$Y291bnRlcnNpZ24tZGVjb3k$\
                       Z2Q3cWZ6d2V4bWtuYjV0cnl1aW9wMTIzNDU2Nzg5MGE";

#[cfg(test)]
mod tests {
    use super::*;

    fn argon2id(memory: u32) -> ClientSecret {
        let stored = ASSUMED.replace("m=19456", &format!("m={memory}"));
        ClientSecret::hashed(&stored).unwrap()
    }

    fn pbkdf2(iterations: u32) -> ClientSecret {
        let stored = format!(
            "$pbkdf2-sha256${iterations}$N2YMIWQsBWBMae09x1jrPQ$1t8iyB2A.WF/Z5JZv.lfCIhXXN33N23OSgQYThBYRfk"
        );
        ClientSecret::hashed(&stored).unwrap()
    }

    fn costs(decoys: &Decoys) -> Vec<(u32, usize)> {
        decoys.rows().iter().map(|row| (row.hash.cost().parameters[0], row.count)).collect()
    }

    #[test]
    fn every_cost_is_paid_as_often_as_by_the_client_with_most() {
        let decoys = Decoys::new();
        decoys.note(&[ClientSecret::generated("quick")]);
        assert!(!decoys.are_needed());
        decoys.note(&[argon2id(64), ClientSecret::generated("quick"), argon2id(64)]);
        decoys.note(&[argon2id(64)]);
        decoys.note(&[argon2id(128), pbkdf2(7)]);
        assert!(decoys.are_needed());
        assert_eq!(costs(&decoys), [(64, 2), (128, 1), (7, 1)]);
    }

    #[test]
    fn what_was_assumed_goes_with_the_first_that_is_seen() {
        let decoys = Decoys::new();
        decoys.assume();
        assert!(decoys.are_needed());
        assert_eq!(costs(&decoys), [(19456, 1)]);
        decoys.note(&[pbkdf2(7)]);
        assert_eq!(costs(&decoys), [(7, 1)]);
        decoys.assume();
        assert_eq!(costs(&decoys), [(7, 1)]);
    }

    #[test]
    fn there_is_a_bound() {
        let decoys = Decoys::new();
        for memory in 64..200 {
            decoys.note(&[argon2id(memory), argon2id(memory), argon2id(memory)]);
        }
        assert_eq!(costs(&decoys), [(64, 3), (65, 3), (66, 2)]);
    }
}
