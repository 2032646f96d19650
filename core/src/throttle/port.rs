//! The throttle as a port.

use std::any::Any;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;

use super::attempted::Attempted;
use super::limits::FailureLimits;

/// Limits failed attempts, as a port. [`FailureLimits`] is the one of a single process; several processes that should
/// count together share one behind this trait.
///
/// It is asked before the client is looked for, and told what came of every attempt it let through. A Basic pair that
/// can be read in two ways, as two clients, is two attempts.
///
/// An implementation must
/// - count by source, and never refuse an attempt because of failures from elsewhere;
/// - let an attempt through whose source has recently succeeded as the client;
/// - keep a bounded memory, whatever callers send;
/// - answer within a deadline of its own. One that cannot tell says `Ok`: the credential is judged all the same.
///
/// ```
/// use std::net::IpAddr;
/// use std::time::Duration;
/// use countersign::throttle::{Attempted, RetryAfter, Throttle};
///
/// /// Somebody else keeps the list.
/// struct Blocked(Vec<IpAddr>);
///
/// impl Throttle for Blocked {
///     async fn check(&self, attempt: &Attempted<'_>) -> Result<(), RetryAfter> {
///         match self.0.contains(&attempt.source_prefix(24, 48)) {
///             true => Err(RetryAfter::new(Duration::from_secs(3600), "a blocked network")),
///             false => Ok(()),
///         }
///     }
///     async fn failed(&self, _: &Attempted<'_>) {}
///     async fn succeeded(&self, _: &Attempted<'_>) {}
/// }
/// ```
pub trait Throttle: Send + Sync + 'static {
    /// May this attempt be made now? Counts nothing.
    ///
    /// # Errors
    /// [`RetryAfter`] when there were too many failures. The request is refused with 429.
    fn check(&self, attempt: &Attempted<'_>) -> impl Future<Output = Result<(), RetryAfter>> + Send;

    /// The attempt failed, in a way that could be a guess.
    fn failed(&self, attempt: &Attempted<'_>) -> impl Future<Output = ()> + Send;

    /// The attempt proved the client.
    fn succeeded(&self, attempt: &Attempted<'_>) -> impl Future<Output = ()> + Send;
}

impl<T: Throttle> Throttle for Arc<T> {
    async fn check(&self, attempt: &Attempted<'_>) -> Result<(), RetryAfter> {
        T::check(self, attempt).await
    }

    async fn failed(&self, attempt: &Attempted<'_>) {
        T::failed(self, attempt).await;
    }

    async fn succeeded(&self, attempt: &Attempted<'_>) {
        T::succeeded(self, attempt).await;
    }
}

/// No attempt for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryAfter {
    wait: Duration,
    because: &'static str,
}

impl RetryAfter {
    /// For how long, and for the operator why, such as "too many failures from this source".
    pub const fn new(wait: Duration, because: &'static str) -> Self {
        RetryAfter { wait, because }
    }

    /// For how long.
    pub const fn wait(&self) -> Duration {
        self.wait
    }

    /// The value of the header field `Retry-After`: whole seconds, rounded up, at least one.
    pub fn seconds(&self) -> u64 {
        let begun = u64::from(self.wait.subsec_nanos() > 0);
        self.wait.as_secs().saturating_add(begun).max(1)
    }

    /// Why.
    pub const fn because(&self) -> &'static str {
        self.because
    }
}

/// A [`Throttle`] of any type.
pub(crate) struct Port(Box<dyn DynThrottle>);

impl Port {
    pub(crate) fn new(throttle: impl Throttle) -> Self {
        Port(Box::new(throttle))
    }

    pub(crate) async fn check(&self, attempt: &Attempted<'_>) -> Result<(), RetryAfter> {
        match self.in_process() {
            Some(limits) => limits.check_now(attempt),
            None => self.0.check(attempt).await,
        }
    }

    pub(crate) async fn failed(&self, attempt: &Attempted<'_>) {
        match self.in_process() {
            Some(limits) => limits.failed_now(attempt),
            None => self.0.failed(attempt).await,
        }
    }

    pub(crate) async fn succeeded(&self, attempt: &Attempted<'_>) {
        match self.in_process() {
            Some(limits) => limits.succeeded_now(attempt),
            None => self.0.succeeded(attempt).await,
        }
    }

    /// The one that has nothing to wait for: a box for each of its answers would cost more than the answer.
    fn in_process(&self) -> Option<&FailureLimits> {
        let throttle: &dyn Any = &*self.0;
        throttle.downcast_ref()
    }
}

/// The [`Throttle`] with its futures boxed.
trait DynThrottle: Any + Send + Sync {
    fn check<'a>(&'a self, attempt: &'a Attempted<'a>) -> BoxFuture<'a, Result<(), RetryAfter>>;
    fn failed<'a>(&'a self, attempt: &'a Attempted<'a>) -> BoxFuture<'a, ()>;
    fn succeeded<'a>(&'a self, attempt: &'a Attempted<'a>) -> BoxFuture<'a, ()>;
}

impl<T: Throttle> DynThrottle for T {
    fn check<'a>(&'a self, attempt: &'a Attempted<'a>) -> BoxFuture<'a, Result<(), RetryAfter>> {
        Box::pin(Throttle::check(self, attempt))
    }

    fn failed<'a>(&'a self, attempt: &'a Attempted<'a>) -> BoxFuture<'a, ()> {
        Box::pin(Throttle::failed(self, attempt))
    }

    fn succeeded<'a>(&'a self, attempt: &'a Attempted<'a>) -> BoxFuture<'a, ()> {
        Box::pin(Throttle::succeeded(self, attempt))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_are_rounded_up() {
        for (wait, seconds) in [
            (Duration::ZERO, 1),
            (Duration::from_millis(1), 1),
            (Duration::from_secs(1), 1),
            (Duration::from_millis(1001), 2),
            (Duration::from_secs(600), 600),
            (Duration::MAX, u64::MAX),
        ] {
            assert_eq!(RetryAfter::new(wait, "").seconds(), seconds);
        }
    }
}
