//! Hearing of changes by `LISTEN`. A hint that is lost costs a second, so nothing depends on it.

use std::time::Duration;

use sqlx::Error;
use sqlx::postgres::{PgConnectOptions, PgListener, PgPool, PgPoolOptions};
use tokio::sync::Mutex;
use tokio::time::{sleep, timeout};

pub(super) struct Hints {
    /// Of one connection, beside those that answer.
    pool: PgPool,
    listener: Mutex<Option<PgListener>>,
}

impl Hints {
    pub(super) fn new(options: PgConnectOptions) -> Self {
        let pool = PgPoolOptions::new()
            .max_connections(1)
            .acquire_timeout(DEADLINE)
            .idle_timeout(None)
            .max_lifetime(None)
            .connect_lazy_with(options);
        Hints { pool, listener: Mutex::default() }
    }

    /// Ends at a change, and when it begins to listen: there may have been one before.
    pub(super) async fn next(&self) {
        let mut kept = self.listener.lock().await;
        let Some(mut listener) = kept.take() else {
            match timeout(DEADLINE, self.listen()).await {
                Ok(Ok(listener)) => *kept = Some(listener),
                Ok(Err(_)) | Err(_) => sleep(PAUSE).await,
            }
            return;
        };
        // After any error a new listener begins.
        if matches!(listener.try_recv().await, Ok(Some(_))) {
            *kept = Some(listener);
        }
    }

    async fn listen(&self) -> Result<PgListener, Error> {
        let mut listener = PgListener::connect_with(&self.pool).await?;
        listener.eager_reconnect(false);
        listener.listen("countersign_clients").await?;
        Ok(listener)
    }
}

const DEADLINE: Duration = Duration::from_secs(2);
const PAUSE: Duration = Duration::from_secs(1);
