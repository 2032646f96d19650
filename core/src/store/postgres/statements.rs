//! The statements. Each is a transaction of its own, triggers and all.

use std::time::Duration;

use sqlx::Row as _;
use sqlx::postgres::{PgQueryResult, PgRow};

use super::super::sql::{Database, MOST_CHANGES, Row, Version, unfit};
use super::super::{Changes, StoreError};
use super::server::Server;

impl Database for Server {
    fn set_deadline(&self, deadline: Duration) {
        self.deadline.set(deadline);
    }

    async fn read(&self, client_id: &str) -> Result<Option<Row>, StoreError> {
        let connection = self.connection().await?;
        let found = self
            .within(connection, async |connection| {
                sqlx::query(READ).bind(client_id).fetch_optional(connection).await
            })
            .await?;
        let Some(found) = found else { return Ok(None) };
        row(&found).map(Some).map_err(|error| unfit(client_id, &error.to_string()))
    }

    async fn insert(&self, row: &Row) -> Result<bool, StoreError> {
        let connection = self.connection().await?;
        let insert = sqlx::query(INSERT)
            .bind(&row.client_id)
            .bind(&row.metadata)
            .bind(&row.registration_access_token)
            .bind(&row.slow_hashes);
        self.within(connection, async |connection| insert.execute(connection).await).await.map(is_one)
    }

    async fn replace(&self, row: &Row) -> Result<bool, StoreError> {
        let connection = self.connection().await?;
        let replace = sqlx::query(REPLACE)
            .bind(&row.client_id)
            .bind(&row.metadata)
            .bind(&row.registration_access_token)
            .bind(&row.slow_hashes)
            .bind(row.revision);
        self.within(connection, async |connection| replace.execute(connection).await).await.map(is_one)
    }

    async fn remove(&self, client_id: &str, revision: i64) -> Result<bool, StoreError> {
        let connection = self.connection().await?;
        let remove = sqlx::query(REMOVE).bind(client_id).bind(revision);
        self.within(connection, async |connection| remove.execute(connection).await).await.map(is_one)
    }

    async fn self_registered(&self, most: u32) -> Result<u32, StoreError> {
        let connection = self.connection().await?;
        let counted: i64 = self
            .within(connection, async |connection| {
                sqlx::query_scalar(SELF_REGISTERED).bind(i64::from(most)).fetch_one(connection).await
            })
            .await?;
        u32::try_from(counted).map_err(StoreError::new)
    }

    async fn page(&self, after: &str, limit: u32) -> Result<Vec<Result<Row, String>>, StoreError> {
        let connection = self.connection().await?;
        let rows = self
            .within(connection, async |connection| {
                sqlx::query(PAGE).bind(after).bind(i64::from(limit)).fetch_all(connection).await
            })
            .await?;
        rows.iter()
            .map(|found| match row(found) {
                Ok(row) => Ok(Ok(row)),
                Err(_) => found.try_get("client_id").map(Err).map_err(StoreError::new),
            })
            .collect()
    }

    async fn slow_client_after(&self, kind: &str) -> Result<Option<(String, String)>, StoreError> {
        let connection = self.connection().await?;
        self.within(connection, async |connection| {
            sqlx::query_as(SLOW_CLIENT).bind(kind).fetch_optional(connection).await
        })
        .await
    }

    async fn changes(&self, since: Option<Version>) -> Result<Changes<Version>, StoreError> {
        let number = since.map_or(i64::MAX, |since| since.number);
        let connection = self.connection_for_polls().await?;
        let logged: Vec<(i64, i64, i64, Option<String>)> = self
            .within(connection, async |connection| {
                let query = sqlx::query_as(CHANGES).bind(number).bind(MOST_CHANGES as i64 + 1);
                query.fetch_all(connection).await
            })
            .await?;
        let Some((store, number, forgotten, _)) = logged.first() else {
            return Err(StoreError::new("the table countersign_registry is empty"));
        };
        let version = Version { opening: 0, store: *store, number: *number };
        let forgotten = *forgotten;
        Ok(version.after(since, forgotten, logged.into_iter().filter_map(|(.., id)| id).collect()))
    }

    async fn changed(&self) {
        self.hints.next().await;
    }
}

fn row(found: &PgRow) -> Result<Row, sqlx::Error> {
    Ok(Row {
        client_id: found.try_get("client_id")?,
        metadata: found.try_get("metadata")?,
        registration_access_token: found.try_get("registration_access_token")?,
        slow_hashes: None,
        revision: found.try_get("revision")?,
    })
}

fn is_one(done: PgQueryResult) -> bool {
    done.rows_affected() == 1
}

const READ: &str = "
SELECT client_id, metadata::text AS metadata, registration_access_token, revision
FROM countersign_clients WHERE client_id = $1";

const INSERT: &str = "
INSERT INTO countersign_clients (client_id, metadata, registration_access_token, slow_hashes)
VALUES ($1, $2::text::json, $3, $4)
ON CONFLICT (client_id) DO NOTHING";

const REPLACE: &str = "
UPDATE countersign_clients
SET metadata = $2::text::json, registration_access_token = $3, slow_hashes = $4,
    revision = nextval('countersign_revisions')
WHERE client_id = $1 AND revision = $5";

const REMOVE: &str = "DELETE FROM countersign_clients WHERE client_id = $1 AND revision = $2";

/// By the index, which has no others, or from the table where it has few others.
const SELF_REGISTERED: &str = "
SELECT count(*) FROM (SELECT FROM countersign_clients WHERE registration_access_token IS NOT NULL LIMIT $1) AS few";

const PAGE: &str = "
SELECT client_id, metadata::text AS metadata, registration_access_token, revision
FROM countersign_clients WHERE client_id > $1 ORDER BY client_id LIMIT $2";

const SLOW_CLIENT: &str = "
SELECT slow_hashes, client_id FROM countersign_clients
WHERE slow_hashes > $1 ORDER BY slow_hashes, client_id LIMIT 1";

/// One statement, so that it sees one state of the database.
const CHANGES: &str = "
SELECT r.store, r.version, r.forgotten, c.client_id
FROM countersign_registry AS r LEFT JOIN countersign_changes AS c ON c.version > $1
ORDER BY c.version LIMIT $2";
