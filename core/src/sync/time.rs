//! Time under the checker: what takes some is over at once or later, and a timeout elapses at any time or never.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;

pub(crate) use tokio::time::{Duration, Instant};

use super::mishaps::Mishaps;
use super::task::{spawn, yield_now};

#[derive(Debug)]
pub(crate) struct Elapsed;

pub(crate) async fn timeout<T>(_: Duration, work: impl Future<Output = T>) -> Result<T, Elapsed> {
    let (mut work, mut is_first, elapsed) = (pin!(work), true, Arc::new(AtomicBool::new(false)));
    poll_fn(|task| {
        if let Poll::Ready(done) = work.as_mut().poll(task) {
            return Poll::Ready(Ok(done));
        }
        if elapsed.load(Ordering::SeqCst) {
            return Poll::Ready(Err(Elapsed));
        }
        if std::mem::take(&mut is_first) && Mishaps::a_timeout() {
            let (elapsed, waker) = (Arc::clone(&elapsed), task.waker().clone());
            // It runs whenever the checker likes.
            drop(spawn(async move {
                elapsed.store(true, Ordering::SeqCst);
                waker.wake();
            }));
        }
        Poll::Pending
    })
    .await
}

pub(crate) async fn timeout_at<T>(_: Instant, work: impl Future<Output = T>) -> Result<T, Elapsed> {
    timeout(Duration::ZERO, work).await
}

pub(crate) async fn sleep(_: Duration) {
    yield_now().await;
}

pub(crate) async fn sleep_until(_: Instant) {
    yield_now().await;
}
