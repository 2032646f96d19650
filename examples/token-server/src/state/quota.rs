//! What one client may fill of a table.

use super::expiring::Expiring;

/// So many entries of a client from its first one until that one ends, and then anew: twice as many live at the most. What is
/// used up sooner is given back, unless a new count has begun since. Each process counts for itself, and is given back what
/// another one took.
pub(crate) struct Quota {
    counts: Expiring<Count>,
    most: usize,
    seconds: u64,
}

struct Count {
    /// Unix seconds.
    began: u64,
    taken: usize,
}

impl Quota {
    pub(crate) fn new(most: usize, seconds: u64) -> Self {
        Quota { counts: Expiring::new(MOST_CLIENTS), most, seconds }
    }

    /// May this client write another entry? Then it is counted, at this time.
    pub(crate) fn take(&self, client_id: &str, now: u64) -> Option<u64> {
        let first = Count { began: now, taken: 1 };
        match self.counts.insert(client_id.to_owned(), first, now.saturating_add(self.seconds), now) {
            Ok(true) => Some(now),
            Ok(false) => self.counts.with(client_id, now, |count| self.add(count, now)).flatten(),
            Err(_) => None,
        }
    }

    /// The entry of the client that was counted at this time is gone.
    pub(crate) fn give_back(&self, client_id: &str, counted: u64) {
        self.counts.with(client_id, counted, |count| {
            // Else those of the count before would make room for as many in this one, and the next would begin beside more.
            if count.began <= counted {
                count.taken = count.taken.saturating_sub(1);
            }
        });
    }

    fn add(&self, count: &mut Count, now: u64) -> Option<u64> {
        if count.taken >= self.most {
            return None;
        }
        count.taken += 1;
        // By a clock that was set back this would be before the count began.
        Some(now.max(count.began))
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
        let takes = |client, now| quota.take(client, now).is_some();
        assert!(takes("a", 0) && takes("a", 5));
        assert!(!takes("a", 9));
        assert!(takes("b", 9), "another client");
        quota.give_back("a", 5);
        assert!(takes("a", 9) && !takes("a", 9));
        assert!(takes("a", 10), "the first entry has ended, and the count begins anew");
        quota.give_back("nobody", 10);
    }

    #[test]
    fn many_at_once_get_no_more_than_there_is() {
        const THREADS: usize = 8;
        let quota = Quota::new(1_000, 10);
        let given = std::thread::scope(|scope| {
            let takers: Vec<_> = (0..THREADS)
                .map(|_| scope.spawn(|| (0..1_000).filter_map(|_| quota.take("a", 5)).count()))
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
                        (0..1_000).filter_map(|_| quota.take("a", 5)).count()
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
        let takes = |now| quota.take("a", now).is_some();
        (0..5).for_each(|_| quota.give_back("a", 0));
        assert!(takes(0));
        (0..5).for_each(|_| quota.give_back("a", 0));
        assert!(takes(0) && takes(0) && !takes(0));
        // Nor once all of it has ended.
        (0..5).for_each(|_| quota.give_back("a", 10));
        assert!(takes(10) && takes(10) && !takes(10));
    }

    #[test]
    fn what_was_taken_before_the_count_began_anew_makes_no_room_in_it() {
        let quota = Quota::new(2, 10);
        let takes = |now| quota.take("a", now).is_some();
        assert!(takes(0) && takes(9));
        assert!(takes(10) && takes(11) && !takes(11));
        quota.give_back("a", 9);
        assert!(!takes(11), "there would be three of this count, and the two of the next beside them");
        quota.give_back("a", 11);
        assert!(takes(11) && !takes(11));
    }

    #[test]
    fn what_was_taken_after_the_clock_was_set_back_is_given_back() {
        let quota = Quota::new(2, 10);
        assert_eq!(quota.take("a", 3600), Some(3600));
        let counted = quota.take("a", 0).unwrap();
        assert_eq!(quota.take("a", 1), None);
        quota.give_back("a", counted);
        assert!(quota.take("a", 1).is_some() && quota.take("a", 1).is_none());
    }
}
