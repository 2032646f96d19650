//! What is drawn: the same for the same seed.

use std::sync::atomic::{AtomicU64, Ordering};

/// SplitMix64.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Random(seed)
    }

    /// Another one, for somebody who draws at his own pace.
    pub(crate) fn fork(&mut self) -> Self {
        Random(self.draw())
    }

    pub(crate) fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// From the first on, and less than the second.
    pub(crate) fn between(&mut self, least: i64, end: i64) -> i64 {
        least + i64::try_from(self.draw() % end.abs_diff(least)).unwrap()
    }

    /// So many times in a hundred.
    pub(crate) fn chance(&mut self, percent: u64) -> bool {
        self.draw() % 100 < percent
    }

    pub(crate) fn one<'t, T>(&mut self, of: &'t [T]) -> &'t T {
        let place = usize::try_from(self.draw() % of.len() as u64).unwrap();
        &of[place]
    }
}

/// A number that was not given out before.
pub(crate) fn fresh_number() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}
