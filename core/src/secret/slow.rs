//! Slow password hashes, off the async threads and bounded.
//!
//! The core has no runtime, so it keeps a few threads of its own, started by the first slow hash. A hash takes
//! tens of milliseconds and 19 MiB: without a bound, wrong secrets would be a lever on both.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread;

use argon2::{Argon2, PasswordHash, PasswordVerifier};
use futures_channel::oneshot;
use zeroize::Zeroizing;

use super::HashError;
use crate::reason::Reason;
use crate::refusal::Failure;

/// A bounded pool of threads that compute slow hashes.
pub(crate) struct SlowHashes {
    threads: usize,
    queue: usize,
    pool: OnceLock<SyncSender<Job>>,
    expected: AtomicUsize,
    decoy: OnceLock<Arc<PasswordHash>>,
}

impl SlowHashes {
    /// `threads` hashes at once, and `queue` waiting; more are refused.
    pub(crate) fn new(threads: usize, queue: usize) -> Self {
        SlowHashes {
            threads: threads.max(1),
            // A hand-over without a place to wait fails while a thread is on its way.
            queue: queue.max(1),
            pool: OnceLock::new(),
            expected: AtomicUsize::new(0),
            decoy: OnceLock::new(),
        }
    }

    /// A client has this hash, and so many slow ones in all: from now on every failed attempt costs as many.
    pub(crate) fn expect(&self, hash: &Arc<PasswordHash>, count: usize) {
        self.decoy.get_or_init(|| Arc::clone(hash));
        self.expect_some(count);
    }

    pub(crate) fn expect_some(&self, count: usize) {
        if self.expected() < count {
            self.expected.fetch_max(count.min(MOST_FOR_ONE_ATTEMPT), Ordering::Relaxed);
        }
    }

    /// How many slow hashes a failed attempt costs: the most that any client seen so far has.
    pub(crate) fn expected(&self) -> usize {
        self.expected.load(Ordering::Relaxed)
    }

    /// Does the secret have this hash?
    ///
    /// # Errors
    /// [`Reason::Throttled`] when the queue is full.
    pub(crate) async fn verify(
        &self,
        secret: &Arc<Zeroizing<String>>,
        hash: &Arc<PasswordHash>,
    ) -> Result<bool, Failure> {
        let (answer, result) = oneshot::channel();
        let job = Job { secret: Arc::clone(secret), hash: Arc::clone(hash), answer };
        self.pool().try_send(job).map_err(|error| match error {
            TrySendError::Full(_) => Failure::new(Reason::Throttled).got("the queue of slow hashes is full"),
            TrySendError::Disconnected(_) => {
                Failure::new(Reason::InternalError).got("no hashing thread is left")
            }
        })?;
        result.await.map_err(|_| Failure::new(Reason::InternalError).got("a hashing thread stopped"))
    }

    /// The same work for a secret that has no slow hash to be compared with.
    pub(crate) async fn verify_decoy(&self, secret: &Arc<Zeroizing<String>>) -> Result<(), Failure> {
        let decoy = match self.decoy.get() {
            Some(hash) => Arc::clone(hash),
            None => match PasswordHash::new(DECOY) {
                Ok(hash) => Arc::new(hash),
                Err(_) => {
                    return Err(Failure::new(Reason::InternalError).got("the decoy hash cannot be read"));
                }
            },
        };
        self.verify(secret, &decoy).await.map(|_| ())
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

/// Most slow hashes computed for one attempt; a client with more slow secrets is refused at registration.
pub(crate) const MOST_FOR_ONE_ATTEMPT: usize = 4;

/// The hash of a random password at OWASP's cost (19 MiB, 2 passes), where no other is known yet.
const DECOY: &str = "$argon2id$v=19$m=19456,t=2,p=1$Y291bnRlcnNpZ24tZGVjb3k$\
                     Z2Q3cWZ6d2V4bWtuYjV0cnl1aW9wMTIzNDU2Nzg5MGE";

struct Job {
    secret: Arc<Zeroizing<String>>,
    hash: Arc<PasswordHash>,
    answer: oneshot::Sender<bool>,
}

fn work(jobs: &Mutex<Receiver<Job>>) {
    loop {
        let job = jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(job) = job else { return };
        // Nobody waits for the answer of a request that was dropped.
        if !job.answer.is_canceled() {
            let equal = Argon2::default().verify_password(job.secret.as_bytes(), &*job.hash).is_ok();
            let _ = job.answer.send(equal);
        }
    }
}

/// A stored row is hostile input: its parameters must not cost more than a server can bear.
pub(super) fn check_parameters(hash: &PasswordHash) -> Result<(), HashError> {
    if !matches!(hash.algorithm.as_str(), "argon2id" | "argon2i" | "argon2d") {
        return Err(HashError("is not an Argon2 hash"));
    }
    if hash.hash.is_none() || hash.salt.is_none() {
        return Err(HashError("is an Argon2 hash without its salt or output"));
    }
    let parameters =
        argon2::Params::try_from(hash).map_err(|_| HashError("is an Argon2 hash with unknown parameters"))?;
    if parameters.m_cost() > 256 * 1024 || parameters.t_cost() > 16 || parameters.p_cost() > 16 {
        return Err(HashError("asks for more than 256 MiB, 16 passes or 16 lanes"));
    }
    Ok(())
}
