//! The thread that writes.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender};
use std::time::SystemTime;

use serde_json::json;

use super::super::event::{Event, timestamp};
use super::file::AppendOnly;

/// What the thread is asked for.
pub(super) enum Message {
    Event(Box<Event>),
    /// Says when everything before it was written.
    Flush(Sender<()>),
}

/// Decisions that did not get into the file.
#[derive(Default)]
pub(super) struct Losses {
    all: AtomicU64,
    untold: AtomicU64,
}

impl Losses {
    pub(super) fn add(&self) {
        self.all.fetch_add(1, Ordering::Relaxed);
        self.untold.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn all(&self) -> u64 {
        self.all.load(Ordering::Relaxed)
    }
}

pub(super) struct Writer {
    file: AppendOnly,
    losses: Arc<Losses>,
    /// Of the last event that came by.
    time: SystemTime,
}

impl Writer {
    pub(super) fn new(file: AppendOnly, losses: Arc<Losses>) -> Self {
        Writer { file, losses, time: SystemTime::UNIX_EPOCH }
    }

    /// Writes until nothing more can come.
    pub(super) fn run(mut self, messages: &Receiver<Message>) {
        while let Ok(message) = messages.recv() {
            match message {
                Message::Event(event) => {
                    self.write(&event);
                    self.tell_losses();
                }
                Message::Flush(done) => {
                    self.tell_losses();
                    // An error means that nobody waits any more.
                    let _ = done.send(());
                }
            }
        }
        self.tell_losses();
    }

    fn write(&mut self, event: &Event) {
        self.time = event.time;
        let written = serde_json::to_vec(event).map_err(Into::into).and_then(|line| self.file.append(&line));
        if written.is_err() {
            self.losses.add();
        }
    }

    fn tell_losses(&mut self) {
        let lost = self.losses.untold.swap(0, Ordering::Relaxed);
        if lost == 0 {
            return;
        }
        let line = json!({"time": timestamp(self.time), "lost": lost}).to_string();
        if self.file.append(line.as_bytes()).is_err() {
            self.losses.untold.fetch_add(lost, Ordering::Relaxed);
        }
    }
}
