//! The registry of one machine: an SQLite file that its processes share.

mod file;
mod statements;

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use self::file::File;
use super::sql::Registry;
use super::{ClientRegistry, ClientStore, RegisteredClient, StoreError};
use crate::client::Client;
use crate::clock::Clock;
use crate::metadata::{ClientMetadata, MetadataError};
use crate::secret::Rehash;
use crate::sqlite_file;

/// Registered clients in an SQLite file, for all processes of one machine and across their restarts, behind a
/// [cache](super::ReadThrough). Behind the feature `sqlite`.
///
/// ```no_run
/// # async fn open() -> Result<(), Box<dyn std::error::Error>> {
/// use countersign::Authenticator;
/// use countersign::store::{ClientRegistry, RegisteredClient, SqliteClients};
///
/// let clients = SqliteClients::open("sqlite://registry.db").await?; // or a path
/// let auth = Authenticator::builder()
///     .issuer("https://as.example.com")
///     .clients(clients.clone()) // cheap: all clones are one registry
///     .build()?;
///
/// let metadata = serde_json::from_str(
///     r#"{"client_id": "billing", "client_secret": "wCTKUrZ5rmyUxA6MGMU8gBQRGzgtSBlq"}"#,
/// )?;
/// let is_new = clients.insert(&RegisteredClient { metadata, ..Default::default() }).await?;
/// # Ok(())
/// # }
/// ```
///
/// **Kept.** The file is in WAL mode with `synchronous=FULL`: what was written outlives `kill -9` and a loss of power,
/// as far as the disk keeps what it acknowledged. It must lie on a local disk: no network file system.
///
/// **Seen.** [`find`](ClientStore::find) asks the file once for a client and then remembers it. A change is seen here
/// as soon as the write has returned, and by every other process on the file within two seconds; also one that was made
/// by hand, in the table `clients`. [`read`](ClientRegistry::read) always asks the file.
///
/// **Broken.** A row that cannot be read fails its own client, with an error that names it, and no other. A file that
/// is gone or cannot be read is an error for clients that are not remembered, and for the others once their lifetime
/// ends; when it is back, it is used again. On Unix a file that was replaced is noticed.
///
/// A file has one writer at a time; a write waits up to a second for another one, unless it is
/// [told](Self::with_deadline) otherwise.
#[derive(Clone)]
pub struct SqliteClients {
    registry: Registry<File>,
}

impl SqliteClients {
    /// Opens the file, given as `sqlite://registry.db` or as a path; when there is none, makes it, readable and
    /// writable for this user alone. Its folder must exist.
    ///
    /// # Errors
    /// [`StoreError`] when the file cannot be made, read, written or locked within ten seconds; is no database, is
    /// another program's, or was made by a newer version of this one; lies where WAL does not work.
    pub async fn open(file: impl AsRef<Path>) -> Result<Self, StoreError> {
        let path = sqlite_file::path(file.as_ref()).map_err(StoreError::new)?;
        Ok(SqliteClients { registry: Registry::open(File::open(path), OPEN_DEADLINE).await? })
    }

    /// Every client goes through this as it is built: where the application adds its own data.
    #[must_use]
    pub fn prepared_by(
        self,
        prepare: impl Fn(&ClientMetadata, Client) -> Result<Client, MetadataError> + Send + Sync + 'static,
    ) -> Self {
        SqliteClients { registry: self.registry.prepared_by(prepare) }
    }

    /// How many clients are remembered, 100,000 unless told; one with many keys counts as several.
    #[must_use]
    pub fn with_capacity(self, clients: u32) -> Self {
        SqliteClients { registry: self.registry.with_capacity(clients) }
    }

    /// For how long a client is remembered, 60 seconds unless told: within this time a change is seen whatever happens.
    #[must_use]
    pub fn with_lifetime(self, lifetime: Duration) -> Self {
        SqliteClients { registry: self.registry.with_lifetime(lifetime) }
    }

    /// How long a look-up may take, two seconds unless told: half of it for another process that writes, or for a disk. The
    /// cache begins anew. To be said before it is cloned: what the file is asked for by other clones has this deadline too.
    #[must_use]
    pub fn with_deadline(self, deadline: Duration) -> Self {
        SqliteClients { registry: self.registry.with_deadline(deadline) }
    }

    /// The clock by which that is measured.
    #[must_use]
    pub fn with_clock(self, clock: impl Clock) -> Self {
        SqliteClients { registry: self.registry.with_clock(clock) }
    }
}

impl ClientStore for SqliteClients {
    async fn find(&self, client_id: &str) -> Result<Option<Arc<Client>>, StoreError> {
        self.registry.find(client_id).await
    }

    fn has_slow_hashes(&self) -> bool {
        self.registry.has_slow_hashes()
    }

    fn slow_clients(&self) -> Vec<Arc<Client>> {
        self.registry.slow_clients()
    }

    async fn rehash(&self, client_id: &str, rehash: &Rehash<'_>) {
        self.registry.rehash(client_id, rehash).await;
    }
}

impl ClientRegistry for SqliteClients {
    async fn read(&self, client_id: &str) -> Result<Option<RegisteredClient>, StoreError> {
        self.registry.read(client_id).await
    }

    async fn insert(&self, client: &RegisteredClient) -> Result<bool, StoreError> {
        self.registry.insert(client).await
    }

    async fn replace(&self, client: &RegisteredClient) -> Result<bool, StoreError> {
        self.registry.replace(client).await
    }

    async fn remove(&self, client_id: &str, revision: u64) -> Result<bool, StoreError> {
        self.registry.remove(client_id, revision).await
    }

    async fn self_registered(&self, most: usize) -> Result<usize, StoreError> {
        self.registry.self_registered(most).await
    }

    async fn page(&self, after: &str, limit: usize) -> Result<Vec<RegisteredClient>, StoreError> {
        self.registry.page(after, limit).await
    }
}

impl fmt::Debug for SqliteClients {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let file = &self.registry.cache().source().database;
        f.debug_struct("SqliteClients")
            .field("path", &file.path())
            .field("cache", self.registry.cache())
            .finish()
    }
}

const OPEN_DEADLINE: Duration = Duration::from_secs(10);
