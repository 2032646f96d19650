//! The database server: its pool of connections, each used within a deadline, and the schema of this version.

use std::fmt;
use std::time::Duration;

use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::{ConnectOptions as _, Connection as _, Error, PgConnection, Postgres, SqlSafeStr as _};
use tokio::time::timeout;

use super::super::StoreError;
use super::super::sql::schema_problem;
use super::hints::Hints;
use crate::deadline::Deadline;

pub(super) struct Server {
    pool: PgPool,
    /// Of one connection, for those who ask what has changed: however many clients are looked up, that is answered.
    polls: PgPool,
    pub(super) hints: Hints,
    /// Of what is asked: an eighth of it for a connection, half of it for the answer.
    pub(super) deadline: Deadline,
    /// Host and database.
    name: String,
}

impl Server {
    /// With a deadline that outlasts the opening: whoever opens it has one for everything that this takes.
    ///
    /// # Errors
    /// [`StoreError`] when it cannot be reached, or its tables are not fit.
    pub(super) async fn connect(url: String) -> Result<Self, StoreError> {
        let unfit = |problem: &dyn fmt::Display| {
            StoreError::new(format!("the URL of the database of clients cannot be read: {problem}"))
        };
        // sqlx takes a URL of any scheme.
        if !["postgres://", "postgresql://"].iter().any(|scheme| url.starts_with(scheme)) {
            return Err(unfit(&"it does not begin with postgres://"));
        }
        let options: PgConnectOptions = url.parse().map_err(|error: Error| unfit(&error))?;
        let options = options.disable_statement_logging();
        let name = format!(
            "PostgreSQL at {}:{}, database {}",
            options.get_host(),
            options.get_port(),
            options.get_database().unwrap_or("(default)"),
        );
        let fault = |error: Error| StoreError::new(format!("{name}: {error}"));
        let mut connection = options.connect().await.map_err(fault)?;
        let migrator = migrator();
        // Of several nodes that do it at once one does it, under a lock of the database, and the others find it done.
        if let Err(error) = migrator.run_direct(None, &mut connection, false).await {
            return Err(StoreError::new(format!("{name}: {}", schema_problem(error, &migrator))));
        }
        connection.close().await.map_err(fault)?;
        let of = |connections| {
            let pool = PgPoolOptions::new().max_connections(connections).acquire_timeout(LONG);
            pool.connect_lazy_with(options.clone())
        };
        let (pool, polls) = (of(CONNECTIONS), of(1));
        Ok(Server { pool, polls, hints: Hints::new(options), deadline: Deadline::new(OPENING), name })
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// A connection, tried before it is given: after a restart of the server the old ones are dead.
    ///
    /// # Errors
    /// [`StoreError`] when there is none in time.
    pub(super) async fn connection(&self) -> Result<PoolConnection<Postgres>, StoreError> {
        self.of(&self.pool).await
    }

    /// The connection that is kept for asking what has changed.
    ///
    /// # Errors
    /// [`StoreError`] when it is not there in time.
    pub(super) async fn connection_for_polls(&self) -> Result<PoolConnection<Postgres>, StoreError> {
        self.of(&self.polls).await
    }

    async fn of(&self, pool: &PgPool) -> Result<PoolConnection<Postgres>, StoreError> {
        let patience = self.deadline.limit() / 8;
        match timeout(patience, pool.acquire()).await {
            Ok(connection) => connection.map_err(|error| self.fault(&error)),
            Err(_) => Err(StoreError::new(format!("{}: no connection within {patience:?}", self.name))),
        }
    }

    /// Waits for an answer on this connection, but not for ever.
    pub(super) async fn within<T>(
        &self,
        connection: PoolConnection<Postgres>,
        ask: impl AsyncFnOnce(&mut PgConnection) -> Result<T, Error>,
    ) -> Result<T, StoreError> {
        let deadline = self.deadline.limit() / 2;
        let mut asked = Asked(None);
        let answer = timeout(deadline, ask(asked.0.insert(connection))).await;
        let Ok(answer) = answer else {
            return Err(StoreError::new(format!("{}: no answer within {deadline:?}", self.name)));
        };
        asked.give_back(deadline);
        answer.map_err(|error| self.fault(&error))
    }

    pub(super) fn fault(&self, error: &Error) -> StoreError {
        StoreError::new(format!("{}: {error}", self.name))
    }
}

/// A connection that was asked something. Dropped before it is given back, it is closed, without a word to the server, who
/// may not listen: also when whoever waited for the answer stopped waiting. The pool would wait for that answer in their
/// place, without a deadline, and connections to a host that has gone silent would stay there until none is left.
struct Asked(Option<PoolConnection<Postgres>>);

impl Asked {
    /// To the pool, if it still answers in time. Dropped, a connection of a pool does the same, but has no deadline.
    fn give_back(mut self, deadline: Duration) {
        if let Some(mut connection) = self.0.take() {
            tokio::spawn(timeout(deadline, connection.return_to_pool()));
        }
    }
}

impl Drop for Asked {
    fn drop(&mut self) {
        drop(self.0.take().map(PoolConnection::detach));
    }
}

/// A schema is never changed once it was released; the next one is added to it.
fn migrator() -> Migrator {
    let migration = |version, name: &'static str, sql: &'static str| {
        Migration::new(version, name.into(), MigrationType::Simple, sql.into_sql_str(), false)
    };
    let mut migrator = Migrator::with_migrations(vec![
        migration(1, "clients", include_str!("1_clients.sql")),
        migration(2, "self registered", include_str!("2_self_registered.sql")),
    ]);
    // Not the name that sqlx would give it: the database can be an application's, with migrations of its own.
    migrator.dangerous_set_table_name("countersign_clients_schema");
    migrator
}

const CONNECTIONS: u32 = 8;
/// Longer than any deadline of ours, which is the one that counts.
const LONG: Duration = Duration::from_secs(24 * 60 * 60);
/// An eighth of it is as long as the opening may take.
const OPENING: Duration = Duration::from_secs(80);
