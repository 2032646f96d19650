//! What is wrong at the moment and was until just now, and what that excuses.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Mutex;
use std::time::Duration;

use tokio::time::Instant;

use crate::bed::{FURTHEST_STEP, LEEWAY};
use crate::clock::Hurried;

/// What a node asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dependency {
    Registry,
    Replay,
    Keys,
}

impl Dependency {
    /// How long after a fault has ended a node may still say 503.
    fn recovery(self) -> Duration {
        match self {
            // Old connections are given up after a second, and failures remembered for a quarter of one.
            Dependency::Registry => Duration::from_millis(2500),
            // Tried again every second, at least.
            Dependency::Replay => Duration::from_millis(2500),
            // The longest pause between two fetches, by the fetcher's clock, and a fetch, by ours.
            Dependency::Keys => LONGEST_PAUSE / Hurried::FACTOR + FETCH_TIMEOUT + Duration::from_millis(500),
        }
    }
}

/// The record of all faults.
#[derive(Default)]
pub(crate) struct Weather {
    faults: Mutex<VecDeque<Fault>>,
    losses: Mutex<VecDeque<Loss>>,
    counts: Mutex<BTreeMap<String, u64>>,
}

struct Fault {
    /// Of one node, or of both.
    node: Option<usize>,
    /// One, or all.
    dependency: Option<Dependency>,
    from: Instant,
    until: Option<Instant>,
}

/// The memory of used assertions was lost.
struct Loss {
    /// In this second.
    at: i64,
    since: Instant,
    /// When the first assertion was issued that passed at each node after it. Whatever is newer passes there too.
    passed: [Option<i64>; 2],
}

impl Weather {
    pub(crate) fn count(&self, kind: &str) {
        *self.counts.lock().unwrap().entry(kind.to_owned()).or_default() += 1;
    }

    pub(crate) fn counts(&self) -> BTreeMap<String, u64> {
        self.counts.lock().unwrap().clone()
    }

    /// From now on, until [`ends`](Self::ends).
    pub(crate) fn begins(&self, node: Option<usize>, dependency: Dependency) {
        let now = Instant::now();
        let mut faults = self.faults.lock().unwrap();
        faults.retain(|fault| fault.until.is_none_or(|until| now.duration_since(until) < KEPT));
        faults.push_back(Fault { node, dependency: Some(dependency), from: now, until: None });
    }

    pub(crate) fn ends(&self, node: Option<usize>, dependency: Dependency) {
        let now = Instant::now();
        let mut faults = self.faults.lock().unwrap();
        let is_it = |fault: &&mut Fault| {
            fault.until.is_none() && fault.node == node && fault.dependency == Some(dependency)
        };
        faults.iter_mut().filter(is_it).for_each(|fault| fault.until = Some(now));
    }

    /// The machine had no time for us or for a server since then: as good as a fault of everything.
    pub(crate) fn was_late(&self, from: Instant) {
        self.count("the machine was late");
        let mut faults = self.faults.lock().unwrap();
        let until = Some(Instant::now());
        faults.push_back(Fault { node: None, dependency: None, from, until });
    }

    /// For how long in between the machine was late.
    pub(crate) fn lateness(&self, from: Instant, to: Instant) -> Duration {
        let (mut counted, mut sum) = (from, Duration::ZERO);
        // In the order in which they ended. Two may tell of the same time.
        for fault in self.faults.lock().unwrap().iter().filter(|fault| fault.dependency.is_none()) {
            let Some(until) = fault.until.map(|until| until.min(to)).filter(|until| *until > counted) else {
                continue;
            };
            sum += until.saturating_duration_since(fault.from.max(counted));
            counted = until;
        }
        sum
    }

    /// For how long in between no lateness of the machine excused anything.
    pub(crate) fn kept_up(&self, from: Instant, to: Instant) -> Duration {
        let (mut begins, mut sum) = (from, Duration::ZERO);
        // In the order in which they ended, which is when they are noted.
        for fault in self.faults.lock().unwrap().iter().filter(|fault| fault.dependency.is_none()) {
            let Some(until) = fault.until.filter(|until| *until + AFTER_LATENESS > begins) else { continue };
            sum += fault.from.min(to).saturating_duration_since(begins);
            begins = until + AFTER_LATENESS;
        }
        sum + to.saturating_duration_since(begins)
    }

    /// The memory of used assertions is lost, in this second.
    pub(crate) fn loses_memory(&self, unix_now: i64) {
        let mut losses = self.losses.lock().unwrap();
        losses.push_back(Loss { at: unix_now, since: Instant::now(), passed: [None; 2] });
        if losses.len() > 100 {
            losses.pop_front();
        }
    }

    /// Is a 503 of this node right, to a request of this time that needs this?
    pub(crate) fn excuses(
        &self,
        node: usize,
        dependency: Dependency,
        sent: Instant,
        answered: Instant,
    ) -> bool {
        self.is_within(node, dependency, dependency.recovery(), sent, answered)
    }

    /// Was there such a fault so long before the request, or after it?
    pub(crate) fn is_within(
        &self,
        node: usize,
        dependency: Dependency,
        before: Duration,
        sent: Instant,
        answered: Instant,
    ) -> bool {
        self.faults.lock().unwrap().iter().any(|fault| {
            fault.node.is_none_or(|own| own == node)
                && fault.dependency.is_none_or(|own| own == dependency)
                && fault.from <= answered
                && fault.until.is_none_or(|until| {
                    // A late machine breaks no connection.
                    let before = if fault.dependency.is_some() { before } else { before.min(AFTER_LATENESS) };
                    until + before >= sent
                })
        })
    }

    /// An assertion that was issued then passed at this node.
    pub(crate) fn passes(&self, node: usize, issued_at: i64, sent: Instant) {
        let mut losses = self.losses.lock().unwrap();
        for loss in losses.iter_mut().filter(|loss| loss.since < sent) {
            let first = &mut loss.passed[node];
            *first = Some(first.map_or(issued_at, |first| first.min(issued_at)));
        }
    }

    /// Does the fence of this node refuse an assertion that was issued then, by any clock?
    pub(crate) fn fences(&self, node: usize, issued_at: i64) -> bool {
        let losses = self.losses.lock().unwrap();
        losses.iter().any(|loss| {
            let noticed_after = self.notices_by(node, loss.since) - loss.since;
            let noticed_at = loss.at + i64::try_from(noticed_after.as_secs()).unwrap() + 1;
            issued_at <= noticed_at + LEEWAY + FURTHEST_STEP
                && loss.passed[node].is_none_or(|first| issued_at < first)
        })
    }

    /// When a node has seen a loss at the latest: it must get through to Redis for that, and then dates the loss by its
    /// own clock.
    fn notices_by(&self, node: usize, since: Instant) -> Instant {
        let mut by = since + NOTICED_WITHIN;
        // In the order in which they began.
        for fault in self.faults.lock().unwrap().iter() {
            let concerns = fault.node.is_none_or(|own| own == node)
                && fault.dependency.is_none_or(|own| own == Dependency::Replay);
            if concerns && fault.from <= by {
                let ends = fault.until.unwrap_or_else(Instant::now);
                by = by.max(ends + Dependency::Replay.recovery());
            }
        }
        by
    }
}

/// Until a node that can ask has seen a loss.
const NOTICED_WITHIN: Duration = Duration::from_secs(3);

/// How long after the machine was late a dependency may still be taken for down.
const AFTER_LATENESS: Duration = Duration::from_secs(3);

/// Longer than anybody looks back.
const KEPT: Duration = Duration::from_secs(60);

const LONGEST_PAUSE: Duration = countersign::fetch::limits::LONGEST_PAUSE;
const FETCH_TIMEOUT: Duration = countersign::fetch::limits::FETCH_TIMEOUT;
