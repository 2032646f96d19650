//! Sends what does not need the broken part, one after the other, and takes the time.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use countersign::Authenticator;
use tokio::runtime::Handle;
use tokio::time::Instant;

use super::credential::Credential;

/// A thread of its own.
pub(super) struct Prober {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<[Vec<Duration>; 2]>>,
}

#[derive(Default)]
struct Shared {
    is_broken: AtomicBool,
    is_over: AtomicBool,
    wrong_accepts: AtomicU32,
    wrong_rejects: AtomicU32,
}

/// How long it took.
pub(super) struct Times {
    pub(super) whole: Vec<Duration>,
    pub(super) broken: Vec<Duration>,
    pub(super) wrong_accepts: u32,
    pub(super) wrong_rejects: u32,
}

impl Prober {
    pub(super) fn start(auth: Authenticator, credentials: Vec<Credential>) -> Self {
        let shared = Arc::new(Shared::default());
        let (told, runtime) = (Arc::clone(&shared), Handle::current());
        let thread = std::thread::spawn(move || {
            let mut times = [Vec::new(), Vec::new()];
            while !told.is_over.load(Ordering::Relaxed) {
                for credential in &credentials {
                    let is_broken = told.is_broken.load(Ordering::Relaxed);
                    let started = Instant::now();
                    let answer = runtime.block_on(credential.send(&auth));
                    times[usize::from(is_broken)].push(started.elapsed());
                    told.wrong_accepts.fetch_add(answer.is_wrong_accept.into(), Ordering::Relaxed);
                    let is_wrong_reject = credential.is_right() && !answer.is_accepted;
                    told.wrong_rejects.fetch_add(is_wrong_reject.into(), Ordering::Relaxed);
                }
                std::thread::sleep(PAUSE);
            }
            times
        });
        Prober { shared, thread: Some(thread) }
    }

    /// From now on it is broken, or whole.
    pub(super) fn is_broken(&self, is_broken: bool) {
        self.shared.is_broken.store(is_broken, Ordering::Relaxed);
    }

    pub(super) fn stop(mut self) -> Times {
        self.shared.is_over.store(true, Ordering::Relaxed);
        let [whole, broken] = self.thread.take().unwrap().join().unwrap();
        Times {
            whole,
            broken,
            wrong_accepts: self.shared.wrong_accepts.load(Ordering::Relaxed),
            wrong_rejects: self.shared.wrong_rejects.load(Ordering::Relaxed),
        }
    }
}

/// So that it does not take a processor for itself.
const PAUSE: Duration = Duration::from_micros(100);
