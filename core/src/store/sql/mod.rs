//! What the registries in SQL databases have in common: everything but the statements.

mod registry;
mod row;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use sqlx::migrate::{MigrateError, Migrator};

pub(super) use self::registry::Registry;
pub(super) use self::row::{Row, unfit};

use super::prepare::Preparation;
use super::{Changes, ClientSource, StoreError};
use crate::client::Client;

/// A database with the tables of a registry, in terms of its rows. Whatever it is asked, it answers within its
/// [deadline](Database::set_deadline), or fails.
pub(super) trait Database: Send + Sync + 'static {
    fn read(&self, client_id: &str) -> impl Future<Output = Result<Option<Row>, StoreError>> + Send;
    fn insert(&self, row: &Row) -> impl Future<Output = Result<bool, StoreError>> + Send;
    fn replace(&self, row: &Row) -> impl Future<Output = Result<bool, StoreError>> + Send;
    fn remove(&self, client_id: &str, revision: i64)
    -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// How many rows have a registration access token, counted up to `most`.
    fn self_registered(&self, most: u32) -> impl Future<Output = Result<u32, StoreError>> + Send;

    /// The rows after this id, in the order of ids; what is no row stands there as the id alone.
    fn page(
        &self,
        after: &str,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<Result<Row, String>>, StoreError>> + Send;

    /// The first kind of slow hashes after this one, and the id of a client that has it. Found by the index, however
    /// many clients there are and whatever the database believes of them.
    fn slow_client_after(
        &self,
        kind: &str,
    ) -> impl Future<Output = Result<Option<(String, String)>, StoreError>> + Send;

    fn changes(
        &self,
        since: Option<Version>,
    ) -> impl Future<Output = Result<Changes<Version>, StoreError>> + Send;

    /// How long what is asked from now on may take.
    fn set_deadline(&self, deadline: Duration);

    fn changed(&self) -> impl Future<Output = ()> + Send {
        std::future::pending()
    }
}

/// Which database it is, and how many changes it has seen. The first two differ where the count means something else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Version {
    /// Which time a file was opened.
    pub(super) opening: u64,
    /// A number that was drawn when the tables were made.
    pub(super) store: i64,
    pub(super) number: i64,
}

impl Version {
    /// What changed after `since`, where `logged` are the clients in the log after it.
    ///
    /// `forgotten` is the last change that is not in the log any more.
    pub(super) fn after(
        self,
        since: Option<Version>,
        forgotten: i64,
        logged: Vec<String>,
    ) -> Changes<Version> {
        let is_covered = since.is_some_and(|since| {
            let is_the_same = Version { number: self.number, ..since } == self;
            is_the_same && forgotten <= since.number && since.number <= self.number
        });
        if is_covered && logged.len() <= MOST_CHANGES {
            Changes::of(logged, self)
        } else {
            Changes::of_any(self)
        }
    }
}

/// More at once are as good as everything.
pub(super) const MOST_CHANGES: usize = 1000;

/// The clients of a database, as its cache loads them.
pub(super) struct Source<D> {
    pub(super) database: Arc<D>,
    pub(super) preparation: Preparation,
    pub(super) slow_clients: Arc<[Arc<Client>]>,
}

impl<D: Database> ClientSource for Source<D> {
    type Version = Version;

    async fn load(&self, client_id: &str) -> Result<Option<Arc<Client>>, StoreError> {
        let Some(row) = read(&*self.database, client_id).await? else { return Ok(None) };
        self.preparation.client(&row.registered()?.metadata).map(Some)
    }

    async fn changes(&self, since: Option<Version>) -> Result<Changes<Version>, StoreError> {
        self.database.changes(since).await
    }

    async fn changed(&self) {
        self.database.changed().await;
    }

    fn slow_clients(&self) -> Vec<Arc<Client>> {
        self.slow_clients.to_vec()
    }
}

/// The row of this client.
async fn read(database: &impl Database, client_id: &str) -> Result<Option<Row>, StoreError> {
    if !can_be_an_id(client_id) {
        return Ok(None);
    }
    database.read(client_id).await
}

/// What cannot is asked of no database: Postgres would call it an error, and not an unknown client.
fn can_be_an_id(client_id: &str) -> bool {
    client_id.len() <= MOST_ID_OCTETS && !client_id.chars().any(char::is_control)
}

/// A longer client_id has no place in an index of Postgres.
const MOST_ID_OCTETS: usize = 1024;

/// Why the tables could not be brought to the schema of this version.
pub(super) fn schema_problem(error: MigrateError, migrator: &Migrator) -> String {
    let known = migrator.iter().map(|migration| migration.version).max().unwrap_or_default();
    match error {
        MigrateError::VersionMissing(version) => format!(
            "a newer version of Countersign made its tables: they have schema {version}, and this one knows none after {known}"
        ),
        MigrateError::VersionMismatch(version) => {
            format!("its tables were made by something else than schema {version} of Countersign")
        }
        MigrateError::Dirty(version) => format!("schema {version} was begun and not finished"),
        other => format!("its tables cannot be made: {other}"),
    }
}
