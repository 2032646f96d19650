//! The newest decisions, in memory.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::escape::escaped;
use super::event::Event;
use super::{Decision, Observer};

/// Keeps the newest decisions, for a page that shows an operator what happens: bounded in number and in octets.
///
/// Put it into an [`Arc`], give one clone to the builder and keep another. What it keeps was escaped; a page still has
/// to escape it for HTML. Refused requests are cheap to send, so a flood of them drives everything else out: for what
/// must be kept there is the [`AuditLog`](super::AuditLog).
pub struct RingBuffer {
    kept: Mutex<Kept>,
    most_events: usize,
    most_octets: usize,
}

#[derive(Default)]
struct Kept {
    events: VecDeque<Arc<Event>>,
    octets: usize,
}

impl RingBuffer {
    /// Keeps at most this many events, and at most 1 MiB of them, which is enough for about 2,000.
    pub fn new(events: usize) -> Self {
        RingBuffer { kept: Mutex::default(), most_events: events, most_octets: 1024 * 1024 }
    }

    /// At most this many octets. An event takes about 500, and 2,000 when a caller makes it long.
    #[must_use]
    pub fn with_octets(mut self, octets: usize) -> Self {
        self.most_octets = octets;
        self
    }

    /// What is kept, newest first.
    pub fn events(&self) -> Vec<Arc<Event>> {
        self.lock().events.iter().rev().cloned().collect()
    }

    /// What is kept of one client, newest first: of requests that it made, and of others that claimed its id.
    pub fn events_of(&self, client_id: &str) -> Vec<Arc<Event>> {
        let client_id = escaped(client_id);
        let kept = self.lock();
        kept.events
            .iter()
            .rev()
            .filter(|event| event.client_id.as_deref() == Some(&client_id))
            .cloned()
            .collect()
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Observer for RingBuffer {
    fn decided(&self, decision: &Decision<'_>) {
        let event = Arc::new(Event::from(decision));
        let mut kept = self.lock();
        kept.octets += weight(&event);
        kept.events.push_back(event);
        while kept.events.len() > self.most_events || kept.octets > self.most_octets {
            let Some(oldest) = kept.events.pop_front() else { break };
            kept.octets -= weight(&oldest);
        }
    }
}

impl fmt::Debug for RingBuffer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kept = self.lock();
        f.debug_struct("RingBuffer")
            .field("events", &kept.events.len())
            .field("octets", &kept.octets)
            .field("most_events", &self.most_events)
            .field("most_octets", &self.most_octets)
            .finish()
    }
}

/// With the two counts of its `Arc`, and its place in the queue, which doubles when it grows.
fn weight(event: &Event) -> usize {
    event.octets() + 4 * size_of::<usize>()
}
