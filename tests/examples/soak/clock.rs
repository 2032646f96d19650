//! The clocks of the nodes.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime};

use countersign::clock::{Clock, SystemClock};

/// The system's, whose wall clock is set ahead and back.
#[derive(Clone, Default)]
pub(crate) struct Stepped {
    system: SystemClock,
    milliseconds: Arc<AtomicI64>,
}

impl Stepped {
    /// So far ahead of the system's from now on.
    pub(crate) fn set_ahead(&self, milliseconds: i64) {
        self.milliseconds.store(milliseconds, Ordering::SeqCst);
    }
}

impl Clock for Stepped {
    fn now(&self) -> SystemTime {
        let milliseconds = self.milliseconds.load(Ordering::SeqCst);
        let step = Duration::from_millis(milliseconds.unsigned_abs());
        let now = self.system.now();
        if milliseconds < 0 { now - step } else { now + step }
    }

    fn monotonic(&self) -> Duration {
        self.system.monotonic()
    }
}

/// Ten times as fast, for key sets, whose lifetimes are minutes.
#[derive(Clone, Default)]
pub(crate) struct Hurried(SystemClock);

impl Hurried {
    pub(crate) const FACTOR: u32 = 10;
}

impl Clock for Hurried {
    fn now(&self) -> SystemTime {
        self.0.now()
    }

    fn monotonic(&self) -> Duration {
        self.0.monotonic() * Self::FACTOR
    }
}

/// Unix seconds, by the clock of whoever mints assertions.
pub(crate) fn unix_now() -> i64 {
    let now = SystemClock::default().now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    i64::try_from(now.as_secs()).unwrap()
}
