//! The runtime of the stores that are reached by a socket.
//!
//! Both frameworks make runtimes of their own, later and for each worker. Connections and background work that begin
//! here are bound to none of them.

use std::future::Future;
use std::sync::OnceLock;
use std::time::Duration;

use countersign::store::StoreError;
use tokio::runtime::{Builder, Runtime};

use crate::config::problem::Problem;
use crate::config::store_url::StoreUrl;

/// Runs this to its end, before there is a framework. What it spawns goes on for as long as the process lives.
pub(crate) fn block_on<F: Future>(future: F) -> Result<F::Output, Problem> {
    Ok(runtime()?.block_on(future))
}

/// Goes on beside whatever else there is.
pub(crate) fn spawn(future: impl Future<Output = ()> + Send + 'static) {
    // Without a runtime no store was opened either.
    if let Ok(runtime) = runtime() {
        runtime.spawn(future);
    }
}

/// Does this there, whichever runtime asks, and where a request that is given up cannot leave a connection in the middle
/// of a statement.
pub(crate) async fn run<T: Send + 'static>(
    deadline: Duration,
    work: impl Future<Output = Result<T, StoreError>> + Send + 'static,
) -> Result<T, StoreError> {
    let runtime = runtime().map_err(StoreError::new)?;
    match runtime.spawn(tokio::time::timeout(deadline, work)).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(_)) => Err(StoreError::new(format!("no answer within {deadline:?}"))),
        Err(error) => Err(StoreError::new(error)),
    }
}

/// What a start that fails says, without the password in the URL.
pub(crate) fn unreachable(key: &str, url: &StoreUrl, error: &StoreError) -> Problem {
    Problem::new(format!("{key} = {:?}: {error}; start that server, or correct the URL", url.to_string()))
}

fn runtime() -> Result<&'static Runtime, Problem> {
    if let Some(runtime) = STORES.get() {
        return Ok(runtime);
    }
    let runtime = Builder::new_multi_thread().worker_threads(1).thread_name("stores").enable_all().build();
    let runtime = runtime.map_err(|error| Problem::new(error.to_string()))?;
    Ok(STORES.get_or_init(|| runtime))
}

/// Never dropped: that would end the connections under whoever is still served.
static STORES: OnceLock<Runtime> = OnceLock::new();
