//! Slow work, off the async threads and bounded.
//!
//! The core has no runtime, so it keeps a few threads of its own, started by the first slow hash. A hash takes
//! tens of milliseconds and 19 MiB: without a bound, wrong secrets would be a lever on both.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread;
use std::time::Duration;

use futures_channel::oneshot;

use super::hash_memory::HashMemory;
use crate::reason::Reason;
use crate::refusal::Failure;

/// A bounded pool of threads that compute slow hashes.
pub(crate) struct SlowHashes {
    threads: usize,
    queue: usize,
    pool: OnceLock<SyncSender<Job>>,
}

/// The work, with everything it needs: a request that was dropped takes nothing of it away.
type Job = Box<dyn FnOnce(&mut HashMemory) + Send>;

impl SlowHashes {
    /// `threads` hashes at once, and `queue` waiting; more are refused.
    pub(crate) fn new(threads: usize, queue: usize) -> Self {
        SlowHashes {
            threads: threads.max(1),
            // A hand-over without a place to wait fails while a thread is on its way.
            queue: queue.max(1),
            pool: OnceLock::new(),
        }
    }

    /// Does the work on one of the threads.
    ///
    /// # Errors
    /// [`Reason::Throttled`] when the queue is full, [`Reason::InternalError`] when the work panicked.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut HashMemory) -> T + Send + 'static,
    ) -> Result<T, Failure> {
        let (answer, result) = oneshot::channel();
        let job = move |memory: &mut HashMemory| {
            // Nobody waits for the answer of a request that was dropped.
            if !answer.is_canceled() {
                let _ = answer.send(work(memory));
            }
        };
        self.pool().try_send(Box::new(job)).map_err(|error| match error {
            TrySendError::Full(_) => Failure::new(Reason::Throttled).got("the queue of slow hashes is full"),
            TrySendError::Disconnected(_) => {
                Failure::new(Reason::InternalError).got("no hashing thread is left")
            }
        })?;
        result.await.map_err(|_| Failure::new(Reason::InternalError).got("a panic in a slow hash"))
    }

    fn pool(&self) -> &SyncSender<Job> {
        self.pool.get_or_init(|| {
            let (sender, receiver) = sync_channel(self.queue);
            let receiver = Arc::new(Mutex::new(receiver));
            for number in 0..self.threads {
                let receiver = Arc::clone(&receiver);
                // Where no thread can be started the queue fills up, and attempts are refused.
                let _ = thread::Builder::new()
                    .name(format!("countersign-hash-{number}"))
                    .spawn(move || work(&receiver));
            }
            sender
        })
    }
}

fn work(jobs: &Mutex<Receiver<Job>>) {
    let mut memory = HashMemory::default();
    loop {
        let next = {
            let jobs = jobs.lock().unwrap_or_else(PoisonError::into_inner);
            if memory.is_empty() {
                jobs.recv().map_err(RecvTimeoutError::from)
            } else {
                jobs.recv_timeout(KEEPS_MEMORY)
            }
        };
        match next {
            // What a hostile hash does to one request must not cost the others a thread.
            Ok(job) => drop(catch_unwind(AssertUnwindSafe(|| job(&mut memory)))),
            Err(RecvTimeoutError::Timeout) => memory.release(),
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}

/// How long a thread without work keeps the memory of the last hash.
const KEEPS_MEMORY: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    #[test]
    fn a_panic_costs_one_answer_and_no_thread() {
        let threads = SlowHashes::new(1, 4);
        for _ in 0..3 {
            let broken = block_on(threads.run(|_| -> bool { panic!("odd data") }));
            assert_eq!(broken.unwrap_err().reason(), Reason::InternalError);
            assert_eq!(block_on(threads.run(|_| 7)).unwrap(), 7);
        }
    }

    /// The core's tests have no executor.
    fn block_on<T>(future: impl Future<Output = T>) -> T {
        let mut future = Box::pin(future);
        loop {
            match (&mut future).now_or_never() {
                Some(value) => return value,
                None => thread::yield_now(),
            }
        }
    }
}
