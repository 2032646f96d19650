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
    thread: Option<JoinHandle<[Vec<Moment>; 2]>>,
}

#[derive(Default)]
struct Shared {
    is_broken: AtomicBool,
    is_over: AtomicBool,
    wrong_accepts: AtomicU32,
    wrong_rejects: AtomicU32,
}

/// How long each took in a fifth of a second.
struct Moment {
    until: Instant,
    times: Vec<Duration>,
}

/// How long it took: the 99th percentile of each moment, and the median of those. What else the machine does for a moment
/// does not show, and what lasts does.
pub(super) struct Times {
    pub(super) whole: Duration,
    pub(super) broken: Duration,
    pub(super) wrong_accepts: u32,
    pub(super) wrong_rejects: u32,
}

impl Prober {
    pub(super) fn start(auth: Authenticator, credentials: Vec<Credential>) -> Self {
        let shared = Arc::new(Shared::default());
        let (told, runtime) = (Arc::clone(&shared), Handle::current());
        let thread = std::thread::spawn(move || {
            let mut moments = [Vec::new(), Vec::new()];
            while !told.is_over.load(Ordering::Relaxed) {
                // The first after a pause pays for a thread that wakes up, and is not timed.
                for (turn, credential) in credentials.iter().chain(&credentials).enumerate() {
                    let is_broken = told.is_broken.load(Ordering::Relaxed);
                    let started = Instant::now();
                    let answer = runtime.block_on(credential.send(&auth));
                    let time = started.elapsed();
                    if turn >= credentials.len() {
                        note(&mut moments[usize::from(is_broken)], started, time);
                    }
                    told.wrong_accepts.fetch_add(answer.is_wrong_accept.into(), Ordering::Relaxed);
                    let is_wrong_reject = credential.is_right() && !answer.is_accepted;
                    told.wrong_rejects.fetch_add(is_wrong_reject.into(), Ordering::Relaxed);
                }
                std::thread::sleep(PAUSE);
            }
            moments
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
            whole: median(whole.into_iter().map(p99).collect()),
            broken: median(broken.into_iter().map(p99).collect()),
            wrong_accepts: self.shared.wrong_accepts.load(Ordering::Relaxed),
            wrong_rejects: self.shared.wrong_rejects.load(Ordering::Relaxed),
        }
    }
}

fn note(moments: &mut Vec<Moment>, started: Instant, time: Duration) {
    match moments.last_mut().filter(|moment| started < moment.until) {
        Some(moment) => moment.times.push(time),
        None => moments.push(Moment { until: started + MOMENT, times: vec![time] }),
    }
}

fn p99(moment: Moment) -> Duration {
    let mut times = moment.times;
    times.sort_unstable();
    times.get(times.len() * 99 / 100).copied().unwrap_or_default()
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

const MOMENT: Duration = Duration::from_millis(200);

/// So that it does not take a processor for itself.
const PAUSE: Duration = Duration::from_micros(100);
