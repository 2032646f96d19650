//! The thread that writes the file: what waits is written together and synced once.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::thread::sleep;
use std::time::Duration;

use futures_channel::oneshot;
use futures_executor::block_on;
use sqlx::{Connection as _, Error};

use super::super::Claim;
use super::fault::Fault;
use super::file::{self, Opened};
use super::sweep::{self, Schedule};
use super::used::{Task, perform};
use super::{since_epoch, sql_seconds};
use crate::clock::Clock;
use crate::sqlite_file::{is_busy, make_if_missing};

/// A task, and who waits for what comes of it.
pub(super) struct Request {
    pub(super) task: Task,
    pub(super) reply: oneshot::Sender<Result<Claim, Fault>>,
}

/// What was last seen of the file.
#[derive(Default)]
pub(super) struct Seen {
    /// In seconds since the epoch.
    pub(super) made_at: AtomicU64,
    /// The keys in it.
    pub(super) live: AtomicU64,
}

pub(super) struct Writer {
    path: PathBuf,
    clock: Arc<dyn Clock>,
    seen: Arc<Seen>,
    requests: Receiver<Request>,
    /// None after an error, until the next request opens the file anew.
    file: Option<Opened>,
    sweeps: Schedule,
}

impl Writer {
    pub(super) fn new(
        path: PathBuf,
        clock: Arc<dyn Clock>,
        seen: Arc<Seen>,
        requests: Receiver<Request>,
    ) -> Self {
        Writer { path, clock, seen, requests, file: None, sweeps: Schedule::default() }
    }

    /// Until the store is dropped.
    pub(super) fn run(mut self, ready: oneshot::Sender<Result<(), Fault>>) {
        let opened = self.open_first(&ready);
        self.count();
        let failed = opened.is_err();
        if ready.send(opened.map_err(|error| self.fault(error))).is_err() || failed {
            return;
        }
        loop {
            let next = match self.sweeps.patience() {
                Some(patience) => self.requests.recv_timeout(patience),
                None => self.requests.recv().map_err(|_| RecvTimeoutError::Disconnected),
            };
            match next {
                Ok(request) => self.serve(request),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            self.tidy();
            self.count();
            // Another process can only look for the lock from time to time, and would hardly ever find it free here.
            sleep(GAP);
        }
    }

    fn open_first(&mut self, ready: &oneshot::Sender<Result<(), Fault>>) -> Result<(), Error> {
        make_if_missing(&self.path)?;
        let mut tries = 0;
        loop {
            match block_on(self.open()) {
                Err(error) if is_busy(&error) && tries < OPEN_TRIES && !ready.is_canceled() => tries += 1,
                opened => return opened.map(drop),
            }
            sleep(OPEN_PAUSE);
        }
    }

    fn serve(&mut self, request: Request) {
        let mut batch = vec![request];
        loop {
            batch.extend(self.requests.try_iter().take(BATCH.saturating_sub(batch.len())));
            // Whoever gave up was answered with an error, and the key must stay unused.
            batch.retain(|request| !request.reply.is_canceled());
            if batch.is_empty() {
                return;
            }
            match block_on(self.write(&batch)) {
                Err(error) if is_busy(&error) => sleep(LOOK_EVERY),
                Ok(claims) => {
                    for (request, claim) in batch.into_iter().zip(claims) {
                        let _ = request.reply.send(Ok(claim));
                    }
                    break;
                }
                Err(error) => {
                    self.file = None;
                    let fault = self.fault(error);
                    for request in batch {
                        let _ = request.reply.send(Err(fault.clone()));
                    }
                    break;
                }
            }
        }
    }

    /// All of them or none: the answers are good once the transaction is committed.
    async fn write(&mut self, batch: &[Request]) -> Result<Vec<Claim>, Error> {
        let file = self.open().await?;
        let mut transaction = file.connection.begin_with("BEGIN IMMEDIATE").await?;
        let mut claims = Vec::with_capacity(batch.len());
        for request in batch {
            claims.push(perform(&request.task, &mut transaction).await?);
        }
        transaction.commit().await?;
        Ok(claims)
    }

    /// What nobody waits for. An error, if it lasts, will be the next claim's.
    fn tidy(&mut self) {
        let Some(file) = &mut self.file else { return };
        block_on(file.shorten_log(&self.path));
        let monotonic = self.clock.monotonic();
        if !self.sweeps.is_due(monotonic) {
            return;
        }
        let now = sql_seconds(since_epoch(self.clock.now()).as_secs());
        match block_on(sweep::batch(&mut file.connection, now)) {
            Ok(rows) => self.sweeps.swept(rows, monotonic),
            Err(error) if is_busy(&error) => self.sweeps.put_off(monotonic),
            Err(_) => self.file = None,
        }
    }

    /// For whoever wants to know how full it is. An error, if it lasts, will be the next claim's.
    fn count(&mut self) {
        if let Some(file) = &mut self.file
            && let Ok(live) = block_on(file.live())
        {
            self.seen.live.store(live, Ordering::Relaxed);
        }
    }

    /// The open file, opened again when it was closed after an error or is not the one at the path any more.
    async fn open(&mut self) -> Result<&mut Opened, Error> {
        let open = self.file.take().filter(|file| file.is_at(&self.path));
        let file = match open {
            Some(file) => file,
            None => {
                let file = file::open(&self.path, since_epoch(self.clock.now()).as_secs()).await?;
                self.seen.made_at.store(file.made_at, Ordering::Relaxed);
                file
            }
        };
        Ok(self.file.insert(file))
    }

    fn fault(&self, error: Error) -> Fault {
        Fault::new(&self.path, error)
    }
}

/// So many claims are synced together, with the write lock held for a few milliseconds before the sync.
const BATCH: usize = 128;

/// How often to look whether the lock is free, and for how long it is left free after a batch.
const LOOK_EVERY: Duration = Duration::from_micros(200);
const GAP: Duration = Duration::from_micros(300);

/// Together two seconds.
const OPEN_TRIES: u32 = 200;
const OPEN_PAUSE: Duration = Duration::from_millis(10);
