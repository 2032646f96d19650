//! The handshakes that are under way: each in a task of its own, and not too many.

use std::collections::VecDeque;
use std::future::Future;
use std::net::SocketAddr;
use std::task::{Context, Poll};

use tokio::task::{AbortHandle, JoinSet};

/// Tasks that end with a `T`. Dropped, it ends them.
pub(super) struct Handshakes<T> {
    tasks: JoinSet<T>,
    /// The oldest first. Some may have finished.
    started: VecDeque<(SocketAddr, AbortHandle)>,
    most: usize,
}

impl<T: Send + 'static> Handshakes<T> {
    pub(super) fn new(most: usize) -> Self {
        Handshakes { tasks: JoinSet::new(), started: VecDeque::new(), most }
    }

    /// How many are under way, or were not asked for yet.
    pub(super) fn len(&self) -> usize {
        self.tasks.len()
    }

    /// Starts one. Where that is one too many the oldest is given up and not the newest refused: an honest handshake
    /// takes a few round trips, so the oldest is most likely one that stalls, and whoever wants to keep all places
    /// taken must renew them at that pace, not once in a timeout. Returns whose handshake was given up.
    pub(super) fn start(
        &mut self,
        client: SocketAddr,
        handshake: impl Future<Output = T> + Send + 'static,
    ) -> Option<SocketAddr> {
        if self.started.len() >= self.most {
            self.started.retain(|(_, task)| !task.is_finished());
        }
        let oldest = if self.started.len() >= self.most { self.started.pop_front() } else { None };
        self.started.push_back((client, self.tasks.spawn(handshake)));
        oldest.map(|(client, task)| {
            task.abort();
            client
        })
    }

    /// One that has finished. Pending also while there is none at all; then nothing wakes the task.
    pub(super) fn poll_finished(&mut self, task: &mut Context<'_>) -> Poll<T> {
        loop {
            match self.tasks.poll_join_next(task) {
                Poll::Ready(Some(Ok(finished))) => return Poll::Ready(finished),
                // Given up, or panicked: neither is the listener's end.
                Poll::Ready(Some(Err(_))) => {}
                Poll::Ready(None) | Poll::Pending => return Poll::Pending,
            }
        }
    }
}
