//! Runs a check under many schedules.

use std::io::{Write as _, stdout};
use std::time::{Duration, SystemTime};
use std::{env, thread};

use shuttle::scheduler::{PctScheduler, RandomScheduler, ReplayScheduler, Scheduler};
use shuttle::{Config, Runner};

pub(crate) use super::mishaps::Mishaps;
use crate::clock::Clock;
use crate::sync::Arc;
use crate::sync::atomic::{AtomicU64, Ordering};

/// Runs it under schedules that are drawn step by step, and as often under such as keep to one thread and leave it three
/// times, which finds what hides in few switches at odd places.
///
/// So many schedules as `COUNTERSIGN_SCHEDULES` says, or for one and a half seconds; or the one in
/// `COUNTERSIGN_SCHEDULE`, which a failure has printed.
pub(crate) fn check(story: impl Fn() + Send + Sync + Copy + 'static) {
    check_with(Mishaps::default(), story);
}

/// The same, with what may go wrong.
pub(crate) fn check_with(mishaps: Mishaps, story: impl Fn() + Send + Sync + Copy + 'static) {
    let story = move || {
        mishaps.allow();
        story();
    };
    let schedules = if let Ok(schedule) = env::var("COUNTERSIGN_SCHEDULE") {
        run(ReplayScheduler::new_from_encoded(&schedule), None, story)
    } else {
        let most = env::var("COUNTERSIGN_SCHEDULES").ok().map(|text| text.parse::<usize>().unwrap());
        let half = most.map_or(usize::MAX, |most| most.div_ceil(2));
        run(RandomScheduler::new(half), most, story) + run(PctScheduler::new(3, half), most, story)
    };
    // What `println!` prints is shown only when a test fails.
    let mut out = stdout().lock();
    writeln!(out, "{schedules:>8} {}", thread::current().name().unwrap_or_default()).unwrap();
}

fn run(
    scheduler: impl Scheduler + 'static,
    most: Option<usize>,
    story: impl Fn() + Send + Sync + 'static,
) -> usize {
    let mut config = Config::new();
    // Room for moka and a JSON parser without optimisation.
    config.stack_size = 256 * 1024;
    // It warns of weak memory, which `crate::sync` tells about.
    config.silence_warnings = true;
    if most.is_none() {
        config.max_time = Some(Duration::from_millis(750));
    }
    Runner::new(scheduler, config).run(story)
}

/// A clock that the threads of a check set; reading either side of it is a step.
#[derive(Clone)]
pub(crate) struct SetClock(Arc<Times>);

struct Times {
    wall: AtomicU64,
    monotonic: AtomicU64,
}

impl SetClock {
    /// Both sides at so many seconds.
    pub(crate) fn at(seconds: u64) -> Self {
        SetClock(Arc::new(Times { wall: AtomicU64::new(seconds), monotonic: AtomicU64::new(seconds) }))
    }

    pub(crate) fn advance(&self, seconds: u64) {
        self.0.monotonic.fetch_add(seconds, Ordering::SeqCst);
        self.0.wall.fetch_add(seconds, Ordering::SeqCst);
    }

    /// The wall clock alone.
    pub(crate) fn set_back(&self, seconds: u64) {
        self.0.wall.fetch_sub(seconds, Ordering::SeqCst);
    }

    pub(crate) fn wall_seconds(&self) -> u64 {
        self.0.wall.load(Ordering::SeqCst)
    }
}

impl Clock for SetClock {
    fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(self.wall_seconds())
    }

    fn monotonic(&self) -> Duration {
        Duration::from_secs(self.0.monotonic.load(Ordering::SeqCst))
    }
}
