//! How long an answer of a database is waited for.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// A time limit in whole milliseconds, which can be set while the database is open.
pub(crate) struct Deadline(AtomicU64);

impl Deadline {
    pub(crate) fn new(limit: Duration) -> Self {
        let deadline = Deadline(AtomicU64::new(0));
        deadline.set(limit);
        deadline
    }

    /// For what begins after this.
    pub(crate) fn set(&self, limit: Duration) {
        // No limit of 0, which a database takes for none, and none that it cannot be told.
        let milliseconds = limit.as_millis().clamp(1, i32::MAX.unsigned_abs().into());
        self.0.store(u64::try_from(milliseconds).unwrap_or(1), Ordering::Relaxed);
    }

    pub(crate) fn limit(&self) -> Duration {
        Duration::from_millis(self.0.load(Ordering::Relaxed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_one_that_a_database_can_be_told() {
        let deadline = Deadline::new(Duration::from_millis(1500));
        assert_eq!(deadline.limit(), Duration::from_millis(1500));
        for (told, limit) in [
            (Duration::ZERO, 1),
            (Duration::from_nanos(1), 1),
            (Duration::from_millis(2_147_483_647), 2_147_483_647),
            (Duration::MAX, 2_147_483_647),
        ] {
            deadline.set(told);
            assert_eq!(deadline.limit(), Duration::from_millis(limit), "{told:?}");
        }
    }
}
