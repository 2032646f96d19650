//! A runtime under the checker.

use std::convert::Infallible;
use std::future::Future;

use super::mishaps::Mishaps;
use super::task::{JoinHandle, spawn, yield_now};

#[derive(Clone, Copy)]
pub(crate) struct Handle;

impl Handle {
    pub(crate) fn try_current() -> Result<Self, Infallible> {
        Ok(Handle)
    }

    pub(crate) fn spawn<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> JoinHandle<T> {
        let task = spawn(work);
        if Mishaps::a_shutdown() {
            let task = task.abort_handle();
            drop(spawn(async move {
                yield_now().await;
                task.abort();
            }));
        }
        task
    }
}
