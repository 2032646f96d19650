//! Decisions in a file, a JSON object a line.

mod file;
mod writer;

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;

use self::file::AppendOnly;
use self::writer::{Losses, Message, Writer};
use super::event::Event;
use super::{Decision, Observer};

/// A file of JSON lines, one [`Event`] each, written by a thread of its own.
///
/// ```
/// use countersign::observer::AuditLog;
/// use countersign::{AuthMethod, Authenticator, Client, store::Clients};
///
/// # let path = std::env::temp_dir().join(format!("countersign-doc-audit-{}", std::process::id()));
/// let audit = AuditLog::open(&path)?; // such as "/var/log/my-server/clients.jsonl"
/// let auth = Authenticator::builder()
///     .issuer("https://as.example.com")
///     .clients(Clients::new([Client::new("app").with_method(AuthMethod::NONE)])?)
///     .observer(audit)
///     .build()?;
/// # drop(auth);
/// # std::fs::remove_file(path)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// **Never in the way.** A decision is handed over and not waited for; 4,096 can wait, which is at most 10 MiB. What
/// comes when there is no room, or cannot be written, is lost and counted; as soon as there is room, the file gets the
/// line `{"time": …, "lost": 17}`. A request is not refused for it: [`lost`](AuditLog::lost) is for an alarm.
///
/// **Rotation.** The file is opened for appending alone, made for this user alone (mode 0600), and looked for before
/// each line: when it was moved or deleted, it is made anew. So `logrotate` needs neither `copytruncate` nor a signal,
/// and both do no harm. Each line is one write, so several processes can share a file on a local disk.
///
/// **The end.** When it is dropped, which the last clone of the [`Authenticator`](crate::Authenticator) does to it, it
/// waits until everything is written. A server that ends without that calls [`flush`](AuditLog::flush) on an [`Arc`] of
/// it. Nothing is synced to the disk: what was written survives the end of the process, not a loss of power.
pub struct AuditLog {
    path: PathBuf,
    // Both are there until it is dropped.
    queue: Option<SyncSender<Message>>,
    thread: Option<JoinHandle<()>>,
    losses: Arc<Losses>,
}

impl AuditLog {
    /// Opens the file, or makes it, and starts the thread.
    ///
    /// # Errors
    /// When the file cannot be opened for appending or the thread cannot be started.
    pub fn open(path: impl AsRef<Path>) -> io::Result<Self> {
        let path = path.as_ref().to_owned();
        let file = AppendOnly::open(path.clone())?;
        let losses = Arc::new(Losses::default());
        let (queue, messages) = sync_channel(MOST_WAITING);
        let writer = Writer::new(file, Arc::clone(&losses));
        let thread = std::thread::Builder::new()
            .name("countersign-audit".to_owned())
            .spawn(move || writer.run(&messages))?;
        Ok(AuditLog { path, queue: Some(queue), thread: Some(thread), losses })
    }

    /// How many decisions are not in the file and will not be.
    pub fn lost(&self) -> u64 {
        self.losses.all()
    }

    /// Waits until everything that was told so far is written. Blocks the thread.
    pub fn flush(&self) {
        let (done, wait) = mpsc::channel();
        if let Some(queue) = &self.queue
            && queue.send(Message::Flush(done)).is_ok()
        {
            // An error means that the thread has ended, and with it what it had to write.
            let _ = wait.recv();
        }
    }
}

impl Observer for AuditLog {
    fn decided(&self, decision: &Decision<'_>) {
        let Some(queue) = &self.queue else { return };
        match queue.try_send(Message::Event(Box::new(Event::from(decision)))) {
            Ok(()) => {}
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => self.losses.add(),
        }
    }
}

impl Drop for AuditLog {
    fn drop(&mut self) {
        // The thread ends when nothing more can come.
        self.queue = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl fmt::Debug for AuditLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuditLog")
            .field("path", &self.path)
            .field("lost", &self.lost())
            .finish_non_exhaustive()
    }
}

const MOST_WAITING: usize = 4096;
