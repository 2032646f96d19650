//! Where time comes from. Nothing in this crate reads a global clock.

use std::time::{Duration, Instant, SystemTime};

/// The time, as a port, so that tests and simulations decide what it is.
pub trait Clock: Send + Sync + 'static {
    /// The wall clock, against which `exp`, `nbf`, `iat` and the dates of secrets and grants are judged.
    fn now(&self) -> SystemTime;

    /// Time since some fixed instant that never goes backwards. What must be remembered *for* a while (a used
    /// `jti` in memory) is measured on it, so that a step of the wall clock forgets nothing.
    fn monotonic(&self) -> Duration;
}

/// The operating system's clocks. The default.
#[derive(Clone, Debug)]
pub struct SystemClock {
    origin: Instant,
}

impl Default for SystemClock {
    #[allow(clippy::disallowed_methods, reason = "this is the port's own implementation")]
    fn default() -> Self {
        SystemClock { origin: Instant::now() }
    }
}

impl Clock for SystemClock {
    #[allow(clippy::disallowed_methods, reason = "this is the port's own implementation")]
    fn now(&self) -> SystemTime {
        SystemTime::now()
    }

    fn monotonic(&self) -> Duration {
        self.origin.elapsed()
    }
}

impl<C: Clock + ?Sized> Clock for std::sync::Arc<C> {
    fn now(&self) -> SystemTime {
        (**self).now()
    }

    fn monotonic(&self) -> Duration {
        (**self).monotonic()
    }
}

/// Seconds since the Unix epoch, as a JWT `NumericDate` counts them. Times before the epoch count as 0.
pub(crate) fn unix_seconds(time: SystemTime) -> f64 {
    time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs_f64()
}
