//! What one client may fill of a table.

use super::expiring::Expiring;

/// So many entries of a client from its first one until that one ends, and then anew: twice as many live at the most. What is
/// used up sooner is given back. Each process counts for itself.
pub(crate) struct Quota {
    taken: Expiring<usize>,
    most: usize,
    seconds: u64,
}

impl Quota {
    pub(crate) fn new(most: usize, seconds: u64) -> Self {
        Quota { taken: Expiring::new(MOST_CLIENTS), most, seconds }
    }

    /// May this client write another entry? Then it is counted.
    pub(crate) fn take(&self, client_id: &str, now: u64) -> bool {
        match self.taken.insert(client_id.to_owned(), 1, now.saturating_add(self.seconds), now) {
            Ok(is_first) => {
                is_first || self.taken.with(client_id, now, |taken| self.add(taken)).unwrap_or(false)
            }
            Err(_) => false,
        }
    }

    /// One of the client's entries is gone.
    pub(crate) fn give_back(&self, client_id: &str, now: u64) {
        self.taken.with(client_id, now, |taken| *taken = taken.saturating_sub(1));
    }

    fn add(&self, taken: &mut usize) -> bool {
        let is_room = *taken < self.most;
        *taken += usize::from(is_room);
        is_room
    }
}

/// More than there is room for entries of any kind that has a quota.
const MOST_CLIENTS: usize = 200_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_fills_its_own_part_alone() {
        let quota = Quota::new(2, 10);
        assert!(quota.take("a", 0) && quota.take("a", 5));
        assert!(!quota.take("a", 9));
        assert!(quota.take("b", 9), "another client");
        quota.give_back("a", 9);
        assert!(quota.take("a", 9) && !quota.take("a", 9));
        assert!(quota.take("a", 10), "the first entry has ended, and the count begins anew");
        quota.give_back("nobody", 10);
    }

    #[test]
    fn many_at_once_get_no_more_than_there_is() {
        const THREADS: usize = 8;
        let quota = Quota::new(1_000, 10);
        let given = std::thread::scope(|scope| {
            let takers: Vec<_> = (0..THREADS)
                .map(|_| scope.spawn(|| (0..1_000).filter(|_| quota.take("a", 5)).count()))
                .collect();
            takers.into_iter().map(|taker| taker.join().unwrap()).sum::<usize>()
        });
        assert_eq!(given, 1_000);
        // What comes back at the same time is given out once more, and no more than that.
        let given = std::thread::scope(|scope| {
            let takers: Vec<_> = (0..THREADS)
                .map(|_| {
                    scope.spawn(|| {
                        (0..100).for_each(|_| quota.give_back("a", 5));
                        (0..1_000).filter(|_| quota.take("a", 5)).count()
                    })
                })
                .collect();
            takers.into_iter().map(|taker| taker.join().unwrap()).sum::<usize>()
        });
        assert_eq!(given, THREADS * 100);
    }

    #[test]
    fn what_was_never_taken_is_not_given_back() {
        let quota = Quota::new(2, 10);
        (0..5).for_each(|_| quota.give_back("a", 0));
        assert!(quota.take("a", 0));
        (0..5).for_each(|_| quota.give_back("a", 0));
        assert!(quota.take("a", 0) && quota.take("a", 0) && !quota.take("a", 0));
        // What was taken before the count began anew takes nothing from it.
        (0..5).for_each(|_| quota.give_back("a", 10));
        assert!(quota.take("a", 10) && quota.take("a", 10) && !quota.take("a", 10));
    }
}
