//! The thread on which a database is asked.
//!
//! A connection lives by the runtime that opened it, and a server has several, which come and go: actix-web has one for
//! each worker. On a thread of its own a connection outlives all of them, and so does what was begun for a request that
//! went away.

use std::future::Future;
use std::sync::OnceLock;

use futures_channel::oneshot;

use super::super::StoreError;
use crate::sync::runtime::Handle;
use crate::sync::task::JoinHandle;

/// A thread with a runtime, started by the first who needs it. It ends with this value, and with it what runs on it.
#[derive(Default)]
pub(crate) struct Keeper {
    thread: OnceLock<Result<Running, String>>,
}

struct Running {
    runtime: Handle,
    /// Dropped, it ends the thread.
    _stop: oneshot::Sender<()>,
}

impl Keeper {
    /// Begins the work. It is done whether somebody waits for it or not.
    ///
    /// # Errors
    /// [`StoreError`] when no thread can be started.
    pub(super) fn spawn<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Result<JoinHandle<T>, StoreError> {
        match self.thread.get_or_init(start) {
            Ok(running) => Ok(running.runtime.spawn(work)),
            Err(problem) => Err(StoreError::new(problem.as_str())),
        }
    }

    /// Does the work to its end, even when whoever waits for it stops waiting.
    ///
    /// # Errors
    /// Those of the work, and [`StoreError`] when it panicked or no thread can be started.
    #[cfg(any(feature = "sqlite", feature = "postgres"))]
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, StoreError>> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.spawn(work)?.await.unwrap_or_else(|error| Err(StoreError::new(error)))
    }
}

#[cfg(not(shuttle))]
fn start() -> Result<Running, String> {
    use crate::sync::runtime::Builder;

    let cannot = |error: std::io::Error| format!("no thread for the database of clients: {error}");
    let runtime = Builder::new_current_thread().enable_all().build().map_err(cannot)?;
    let handle = runtime.handle().clone();
    let (stop, stopped) = oneshot::channel();
    std::thread::Builder::new()
        .name("countersign-clients".to_owned())
        .spawn(move || {
            let _ = runtime.block_on(stopped);
        })
        .map_err(cannot)?;
    Ok(Running { runtime: handle, _stop: stop })
}

/// In a model check what would run on the thread is a task among its others.
#[cfg(shuttle)]
fn start() -> Result<Running, String> {
    let (stop, _) = oneshot::channel();
    Ok(Running { runtime: Handle, _stop: stop })
}
