//! What was so, and when. A change takes a while: meanwhile both may be.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::time::Duration;

use tokio::time::Instant;

/// One value after the other.
pub(crate) struct History<T>(Mutex<VecDeque<Span<T>>>);

struct Span<T> {
    from: Instant,
    until: Option<Instant>,
    value: T,
}

impl<T: Clone> History<T> {
    pub(crate) fn new(value: T) -> Self {
        History(Mutex::new([Span { from: Instant::now(), until: None, value }].into()))
    }

    /// The change to this begins.
    pub(crate) fn begin(&self, value: T) {
        let now = Instant::now();
        let mut spans = self.0.lock().unwrap();
        spans.retain(|span| span.until.is_none_or(|until| now.duration_since(until) < KEPT));
        spans.push_back(Span { from: now, until: None, value });
    }

    /// It is done.
    pub(crate) fn done(&self) {
        let now = Instant::now();
        let mut spans = self.0.lock().unwrap();
        let before = spans.len() - 1;
        spans
            .iter_mut()
            .take(before)
            .filter(|span| span.until.is_none())
            .for_each(|span| span.until = Some(now));
    }

    /// What it is, or is becoming.
    pub(crate) fn latest(&self) -> T {
        self.0.lock().unwrap().back().unwrap().value.clone()
    }

    /// What it is not any more.
    pub(crate) fn past(&self) -> Vec<T> {
        let spans = self.0.lock().unwrap();
        spans.iter().filter(|span| span.until.is_some()).map(|span| span.value.clone()).collect()
    }

    /// What it was before it began to be what it is.
    pub(crate) fn before(&self) -> Option<T> {
        self.0.lock().unwrap().iter().nth_back(1).map(|span| span.value.clone())
    }

    /// All that it was at some time in between.
    pub(crate) fn over(&self, from: Instant, to: Instant) -> Vec<T> {
        let spans = self.0.lock().unwrap();
        let held = |span: &&Span<T>| span.from <= to && span.until.is_none_or(|until| until >= from);
        spans.iter().filter(held).map(|span| span.value.clone()).collect()
    }
}

/// Longer than anybody looks back.
const KEPT: Duration = Duration::from_secs(120);
