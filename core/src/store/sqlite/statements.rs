//! The statements. Each is a transaction of its own, triggers and all.

use std::time::Duration;

use sqlx::sqlite::{SqliteQueryResult, SqliteRow};
use sqlx::{Error, Row as _};

use super::super::sql::{Database, MOST_CHANGES, Row, Version, unfit};
use super::super::{Changes, StoreError};
use super::file::File;

impl Database for File {
    fn set_deadline(&self, deadline: Duration) {
        self.deadline.set(deadline);
    }

    async fn read(&self, client_id: &str) -> Result<Option<Row>, StoreError> {
        let file = self.opened().await?;
        let found = self.within(sqlx::query(READ).bind(client_id).fetch_optional(&file.pool)).await?;
        let Some(found) = found else { return Ok(None) };
        row(&found).map(Some).map_err(|_| unfit(client_id, "its row holds something else than text"))
    }

    async fn insert(&self, row: &Row) -> Result<bool, StoreError> {
        let file = self.opened().await?;
        let insert = async {
            let _turn = self.turn.lock().await;
            sqlx::query(INSERT)
                .bind(&row.client_id)
                .bind(&row.metadata)
                .bind(&row.registration_access_token)
                .bind(&row.slow_hashes)
                .execute(&file.pool)
                .await
        };
        self.within(insert).await.map(is_one)
    }

    async fn replace(&self, row: &Row) -> Result<bool, StoreError> {
        let file = self.opened().await?;
        let replace = async {
            let _turn = self.turn.lock().await;
            sqlx::query(REPLACE)
                .bind(&row.client_id)
                .bind(&row.metadata)
                .bind(&row.registration_access_token)
                .bind(&row.slow_hashes)
                .bind(row.revision)
                .execute(&file.pool)
                .await
        };
        self.within(replace).await.map(is_one)
    }

    async fn remove(&self, client_id: &str, revision: i64) -> Result<bool, StoreError> {
        let file = self.opened().await?;
        let remove = async {
            let _turn = self.turn.lock().await;
            sqlx::query(REMOVE).bind(client_id).bind(revision).execute(&file.pool).await
        };
        self.within(remove).await.map(is_one)
    }

    async fn self_registered(&self, most: u32) -> Result<u32, StoreError> {
        let file = self.opened().await?;
        self.within(sqlx::query_scalar(SELF_REGISTERED).bind(most).fetch_one(&file.pool)).await
    }

    async fn page(&self, after: &str, limit: u32) -> Result<Vec<Result<Row, String>>, StoreError> {
        let file = self.opened().await?;
        let rows = self.within(sqlx::query(PAGE).bind(after).bind(limit).fetch_all(&file.pool)).await?;
        rows.iter()
            .map(|found| match row(found) {
                Ok(row) => Ok(Ok(row)),
                Err(_) => found.try_get("client_id").map(Err).map_err(StoreError::new),
            })
            .collect()
    }

    async fn slow_client_after(&self, kind: &str) -> Result<Option<(String, String)>, StoreError> {
        let file = self.opened().await?;
        self.within(sqlx::query_as(SLOW_CLIENT).bind(kind).fetch_optional(&file.pool)).await
    }

    async fn changes(&self, since: Option<Version>) -> Result<Changes<Version>, StoreError> {
        let file = self.opened().await?;
        let number = since.map_or(i64::MAX, |since| since.number);
        let logged: Vec<(i64, i64, i64, Option<String>)> = self
            .within(sqlx::query_as(CHANGES).bind(number).bind(MOST_CHANGES as i64 + 1).fetch_all(&file.pool))
            .await?;
        let Some((store, number, forgotten, _)) = logged.first() else {
            return Err(StoreError::new("the table registry is empty"));
        };
        let version = Version { opening: file.number, store: *store, number: *number };
        let forgotten = *forgotten;
        Ok(version.after(since, forgotten, logged.into_iter().filter_map(|(.., id)| id).collect()))
    }
}

fn row(found: &SqliteRow) -> Result<Row, Error> {
    Ok(Row {
        client_id: found.try_get("client_id")?,
        metadata: found.try_get("metadata")?,
        registration_access_token: found.try_get("registration_access_token")?,
        slow_hashes: None,
        revision: found.try_get("revision")?,
    })
}

fn is_one(done: SqliteQueryResult) -> bool {
    done.rows_affected() == 1
}

const READ: &str = "
SELECT client_id, metadata, registration_access_token, revision FROM clients WHERE client_id = ?1";

/// A revision is the number of the change: a client that was removed and added again has another one than before.
const INSERT: &str = "
INSERT INTO clients (client_id, metadata, registration_access_token, slow_hashes, revision)
SELECT ?1, ?2, ?3, ?4, version + 1 FROM registry WHERE true
ON CONFLICT (client_id) DO NOTHING";

const REPLACE: &str = "
UPDATE clients
SET metadata = ?2, registration_access_token = ?3, slow_hashes = ?4,
    revision = (SELECT version + 1 FROM registry)
WHERE client_id = ?1 AND revision = ?5";

const REMOVE: &str = "DELETE FROM clients WHERE client_id = ?1 AND revision = ?2";

/// By the index alone, which has no others.
const SELF_REGISTERED: &str = "
SELECT count(*) FROM (SELECT 1 FROM clients WHERE registration_access_token IS NOT NULL LIMIT ?1)";

const PAGE: &str = "
SELECT client_id, metadata, registration_access_token, revision
FROM clients WHERE client_id > ?1 ORDER BY client_id LIMIT ?2";

const SLOW_CLIENT: &str = "
SELECT slow_hashes, client_id FROM clients WHERE slow_hashes > ?1 ORDER BY slow_hashes, client_id LIMIT 1";

/// One statement, so that it sees one state of the file.
const CHANGES: &str = "
SELECT r.store, r.version, r.forgotten, c.client_id
FROM registry AS r LEFT JOIN changes AS c ON c.version > ?1
ORDER BY c.version LIMIT ?2";
