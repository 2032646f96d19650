//! The runtime under a subcommand that uses the network.

use std::future::Future;

use super::problem::Problem;

/// Runs one piece of work to its end. What it leaves behind, such as the resolution of a name that nobody waits for any
/// more, is not waited for.
pub(super) fn block_on<F: Future>(work: F) -> Result<F::Output, Problem> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Problem::new(error.to_string()))?;
    let output = runtime.block_on(work);
    runtime.shutdown_background();
    Ok(output)
}
