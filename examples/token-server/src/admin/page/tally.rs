//! How many requests were decided since the start.

use std::sync::atomic::{AtomicU64, Ordering};

use countersign::observer::{Decision, Observer};

#[derive(Default)]
pub(crate) struct Tally {
    authenticated: AtomicU64,
    refused: AtomicU64,
}

impl Tally {
    pub(crate) fn authenticated(&self) -> u64 {
        self.authenticated.load(Ordering::Relaxed)
    }

    pub(crate) fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }
}

impl Observer for Tally {
    fn decided(&self, decision: &Decision<'_>) {
        let count = if decision.outcome.is_ok() { &self.authenticated } else { &self.refused };
        count.fetch_add(1, Ordering::Relaxed);
    }
}
