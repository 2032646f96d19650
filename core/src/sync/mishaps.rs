//! What may go wrong while a check runs.

use std::cell::Cell;

use shuttle::rand::{Rng, thread_rng};

/// All threads of a check are one of the system's, so that this is what they share.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Mishaps {
    /// A timeout may elapse at any time.
    pub(crate) timeouts: bool,
    /// A task may be dropped at any time, as when its runtime is shut down.
    pub(crate) shutdowns: bool,
}

thread_local! {
    static POSSIBLE: Cell<Mishaps> = const { Cell::new(Mishaps { timeouts: false, shutdowns: false }) };
}

impl Mishaps {
    /// Those that may happen from now on.
    #[cfg(test)]
    pub(crate) fn allow(self) {
        POSSIBLE.set(self);
    }

    pub(super) fn a_timeout() -> bool {
        POSSIBLE.get().timeouts && by_chance()
    }

    pub(super) fn a_shutdown() -> bool {
        POSSIBLE.get().shutdowns && by_chance()
    }
}

fn by_chance() -> bool {
    thread_rng().gen_range(0..3) == 0
}
