//! How many failures are free, and how fast they are forgiven: the generic cell rate algorithm (GCRA).

use std::time::Duration;

/// So many failures at once, then one in each interval.
///
/// All that is kept of the past is one time, `even_at`: when everything will be forgiven. Each failure puts it off by an
/// interval, and there is room for another while it is not more than the tolerance away. Times are nanoseconds of a
/// clock that never goes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Budget {
    interval: u64,
    tolerance: u64,
    longest_wait: u64,
}

impl Budget {
    /// At least one at once; with an interval of zero everything is forgiven immediately.
    pub(crate) fn new(at_once: u32, then_one_in: Duration) -> Self {
        let interval = nanos(then_one_in);
        Budget {
            interval,
            tolerance: interval.saturating_mul(u64::from(at_once.saturating_sub(1))),
            longest_wait: interval.max(nanos(LONGEST_WAIT)),
        }
    }

    /// How long there is no room for another failure; `None` when there is.
    pub(crate) fn wait(&self, even_at: u64, now: u64) -> Option<Duration> {
        let room_from = even_at.saturating_sub(self.tolerance);
        (room_from > now).then(|| Duration::from_nanos(room_from - now))
    }

    /// After another failure, whether or not there was room: those that were under way together all count, or a guesser
    /// would send a thousand at once for the price of one.
    pub(crate) fn spend(&self, even_at: u64, now: u64) -> u64 {
        let furthest = now.saturating_add(self.tolerance).saturating_add(self.longest_wait);
        even_at.max(now).saturating_add(self.interval).min(furthest)
    }

    /// How many failures are not forgiven yet.
    pub(crate) fn spent(&self, even_at: u64, now: u64) -> u64 {
        even_at.saturating_sub(now).div_ceil(self.interval.max(1))
    }

    /// After so many failures were taken back.
    pub(crate) fn give_back(&self, even_at: u64, failures: u64) -> u64 {
        even_at.saturating_sub(self.interval.saturating_mul(failures))
    }

    /// The interval, the tolerance and the longest wait, for whoever counts elsewhere.
    #[cfg(feature = "redis")]
    pub(super) fn parts(&self) -> [u64; 3] {
        [self.interval, self.tolerance, self.longest_wait]
    }

    /// After so long without a failure nothing is left to remember.
    pub(crate) fn forgives_within(&self) -> u64 {
        self.tolerance.saturating_add(self.longest_wait)
    }
}

pub(crate) fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// Failures that were under way together can go far beyond a budget; whoever mends what was wrong should not have to
/// wait for hours.
const LONGEST_WAIT: Duration = Duration::from_secs(600);

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;

    #[test]
    fn so_many_at_once_and_then_one_in_each_interval() {
        let budget = Budget::new(3, Duration::from_secs(6));
        let (mut even_at, now) = (0, 1000 * SECOND);
        for _ in 0..3 {
            assert_eq!(budget.wait(even_at, now), None);
            even_at = budget.spend(even_at, now);
        }
        assert_eq!(budget.wait(even_at, now), Some(Duration::from_secs(6)));
        assert_eq!(budget.wait(even_at, now + 6 * SECOND - 1), Some(Duration::from_nanos(1)));
        assert_eq!(budget.wait(even_at, now + 6 * SECOND), None);
        assert_eq!((budget.spent(even_at, now), budget.spent(even_at, now + 6 * SECOND)), (3, 2));
        assert_eq!(budget.spent(even_at, now + 7 * SECOND), 2, "half forgiven is not forgiven");
        assert_eq!(budget.give_back(even_at, 3), now);
    }

    #[test]
    fn failures_beyond_the_budget_count_and_no_wait_is_longer_than_the_longest() {
        let budget = Budget::new(3, Duration::from_secs(6));
        let spend = |failures: u32| (0..failures).fold(0, |even_at, _| budget.spend(even_at, 0));
        assert_eq!(budget.wait(spend(13), 0), Some(Duration::from_secs(66)));
        assert_eq!(budget.wait(spend(100_000), 0), Some(LONGEST_WAIT));
        let slow = Budget::new(1, Duration::from_secs(7200));
        assert_eq!(slow.wait(slow.spend(0, 0), 0), Some(Duration::from_secs(7200)));
    }

    #[test]
    fn no_setting_overflows() {
        for budget in [
            Budget::new(0, Duration::ZERO),
            Budget::new(u32::MAX, Duration::MAX),
            Budget::new(1, Duration::MAX),
            Budget::new(u32::MAX, Duration::from_nanos(1)),
        ] {
            let even_at = (0..9).fold(0, |even_at, _| budget.spend(even_at, u64::MAX - 5));
            let (_, spent) = (budget.wait(even_at, 7), budget.spent(even_at, 7));
            let _ = budget.give_back(even_at, spent.saturating_add(u64::MAX / 2));
            let _ = budget.forgives_within();
        }
        let free = Budget::new(0, Duration::ZERO);
        assert_eq!(free.wait(free.spend(free.spend(0, 9), 9), 9), None);
    }
}
