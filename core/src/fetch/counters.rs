//! What the fetcher did so far.

use std::sync::atomic::{AtomicU64, Ordering};

use super::error::FailureKind;

/// Counts since the fetcher was made, as [`counters`](super::KeySetFetcher::counters) found them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counters {
    /// Fetches that got their turn, whatever came of them.
    pub fetches: u64,
    /// Requests that waited for a fetch which another one had caused.
    pub joined: u64,
    /// Requests that were answered with a set past its lifetime, because its host fails.
    pub served_stale: u64,
    /// Requests that would have caused a fetch, had the last attempt not been so recent.
    pub cooled_down: u64,
    /// Addresses that a host's name resolved to and that were not dialled.
    pub refused_addresses: u64,
    failures: [u64; FailureKind::ALL.len()],
}

impl Counters {
    /// Failed fetches of one kind.
    pub fn failures(&self, kind: FailureKind) -> u64 {
        self.failures.get(kind as usize).copied().unwrap_or_default()
    }

    /// Failed fetches of every kind that occurred.
    pub fn all_failures(&self) -> impl Iterator<Item = (FailureKind, u64)> {
        FailureKind::ALL.into_iter().zip(self.failures).filter(|(_, count)| *count > 0)
    }
}

/// The counts while they grow.
#[derive(Default)]
pub(super) struct Counts {
    pub(super) fetches: Count,
    pub(super) joined: Count,
    pub(super) served_stale: Count,
    pub(super) cooled_down: Count,
    pub(super) refused_addresses: Count,
    failures: [Count; FailureKind::ALL.len()],
}

impl Counts {
    pub(super) fn failed(&self, kind: FailureKind) {
        if let Some(count) = self.failures.get(kind as usize) {
            count.add(1);
        }
    }

    pub(super) fn snapshot(&self) -> Counters {
        Counters {
            fetches: self.fetches.read(),
            joined: self.joined.read(),
            served_stale: self.served_stale.read(),
            cooled_down: self.cooled_down.read(),
            refused_addresses: self.refused_addresses.read(),
            failures: std::array::from_fn(|kind| self.failures.get(kind).map_or(0, Count::read)),
        }
    }
}

/// One count. It orders nothing, so the weakest ordering is enough.
#[derive(Default)]
pub(super) struct Count(AtomicU64);

impl Count {
    pub(super) fn add(&self, more: u64) {
        self.0.fetch_add(more, Ordering::Relaxed);
    }

    fn read(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_a_count_of_its_own() {
        let counts = Counts::default();
        for (position, kind) in FailureKind::ALL.into_iter().enumerate() {
            assert_eq!(kind as usize, position);
            counts.failed(kind);
            assert_eq!(counts.snapshot().failures(kind), 1, "{}", kind.code());
        }
        assert_eq!(counts.snapshot().all_failures().count(), FailureKind::ALL.len());
    }
}
