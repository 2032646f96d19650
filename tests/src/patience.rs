//! For a machine so busy that what takes a moment takes longer than anybody waits for it.

use std::fmt::Display;
use std::time::Duration;

use tokio::time::{Instant, sleep};

/// How long a test waits for what must come. What takes seconds on a busy machine, such as a count, may be put off by
/// many times that.
pub const PATIENCE: Duration = Duration::from_secs(180);

/// Asks until there is an answer, for what may be asked more than once.
///
/// # Panics
/// With the last error, after [`PATIENCE`].
pub async fn patiently<T, E: Display, F: Future<Output = Result<T, E>>>(ask: impl Fn() -> F) -> T {
    let started = Instant::now();
    loop {
        match ask().await {
            Ok(answer) => return answer,
            Err(_) if started.elapsed() < PATIENCE => sleep(Duration::from_millis(50)).await,
            Err(error) => panic!("no answer within {PATIENCE:?}: {error}"),
        }
    }
}

/// Asks until an answer takes less than this, which is what a busy machine may not do at the first time.
///
/// # Panics
/// After [`PATIENCE`].
pub async fn quickly<T, F: Future<Output = T>>(limit: Duration, ask: impl Fn() -> F) -> T {
    let started = Instant::now();
    loop {
        let asked = Instant::now();
        let answer = ask().await;
        let took = asked.elapsed();
        if took < limit {
            return answer;
        }
        assert!(started.elapsed() < PATIENCE, "it took {took:?}, and never less than {limit:?}");
    }
}

/// Waits until it is so.
///
/// # Panics
/// After [`PATIENCE`].
pub async fn until(is_so: impl AsyncFn() -> bool) {
    let started = Instant::now();
    while !is_so().await {
        assert!(started.elapsed() < PATIENCE, "not so after {PATIENCE:?}");
        sleep(Duration::from_millis(50)).await;
    }
}
