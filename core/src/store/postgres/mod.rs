//! The registry of many nodes: a PostgreSQL database.

mod hints;
mod server;
mod statements;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use self::server::Server;
use super::sql::Registry;
use super::{ClientRegistry, ClientStore, RegisteredClient, StoreError};
use crate::client::Client;
use crate::clock::Clock;
use crate::metadata::{ClientMetadata, MetadataError};
use crate::secret::Rehash;

/// Registered clients in a PostgreSQL database, for many nodes, behind a [cache](super::ReadThrough) on each. Behind
/// the feature `postgres`.
///
/// ```no_run
/// # async fn connect() -> Result<(), Box<dyn std::error::Error>> {
/// use countersign::Authenticator;
/// use countersign::store::{ClientRegistry, PostgresClients, RegisteredClient};
///
/// let url = std::env::var("DATABASE_URL")?; // postgres://user:password@db.example.com/as?sslmode=verify-full
/// let clients = PostgresClients::connect(&url).await?;
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
/// **Tables.** They are made, and brought to the schema of this version, by whichever node connects first; all their
/// names begin with `countersign_`, in the schema that comes first in the role's `search_path`. PostgreSQL 12 or later.
///
/// **Seen.** [`find`](ClientStore::find) asks the database once for a client and then remembers it. A change is seen on
/// this node as soon as the write has returned, and on every other one within two seconds: each asks once a second what
/// has changed, and at once when it hears of a change (`LISTEN`). Also one that was made by hand, in the table
/// `countersign_clients`. [`read`](ClientRegistry::read) always asks the database.
///
/// **Deadlines.** A connection is there within 250 ms, of a pool of eight, and an answer within a second after that,
/// unless it is [told](Self::with_deadline) otherwise; or it is an error. Two more connections hear of changes, however
/// many clients are looked up. While the database is down, clients that are remembered are served until their lifetime
/// ends, and others are an error, which a request sees as 503. When it is back it is used again.
///
/// **Broken.** A row that cannot be read fails its own client, with an error that names it, and no other.
///
/// **TLS** is as `sslmode` in the URL says: `prefer` unless told, which an attacker in between can undo. Over a network
/// say `verify-full`, with `sslrootcert=` for an authority of your own. The password stands in no error and no `Debug`.
#[derive(Clone)]
pub struct PostgresClients {
    registry: Registry<Server>,
}

impl PostgresClients {
    /// Connects to `postgres://user:password@host:port/database`, and makes the tables where they are missing.
    ///
    /// # Errors
    /// [`StoreError`] when the URL cannot be read; the database cannot be reached within ten seconds, refuses the user,
    /// or may not be written; its tables were made by a newer version of this one.
    pub async fn connect(url: &str) -> Result<Self, StoreError> {
        Ok(PostgresClients {
            registry: Registry::open(Server::connect(url.to_owned()), OPEN_DEADLINE).await?,
        })
    }

    /// Every client goes through this as it is built: where the application adds its own data.
    #[must_use]
    pub fn prepared_by(
        self,
        prepare: impl Fn(&ClientMetadata, Client) -> Result<Client, MetadataError> + Send + Sync + 'static,
    ) -> Self {
        PostgresClients { registry: self.registry.prepared_by(prepare) }
    }

    /// How many clients are remembered, 100,000 unless told; one with many keys counts as several.
    #[must_use]
    pub fn with_capacity(self, clients: u32) -> Self {
        PostgresClients { registry: self.registry.with_capacity(clients) }
    }

    /// For how long a client is remembered, 60 seconds unless told: within this time a change is seen whatever happens.
    #[must_use]
    pub fn with_lifetime(self, lifetime: Duration) -> Self {
        PostgresClients { registry: self.registry.with_lifetime(lifetime) }
    }

    /// How long a look-up may take, two seconds unless told: an eighth of it for a connection, half of it for the answer.
    /// A connection to a database that is far away takes several round trips. The cache begins anew. To be said before it
    /// is cloned: what the database is asked for by other clones has this deadline too.
    #[must_use]
    pub fn with_deadline(self, deadline: Duration) -> Self {
        PostgresClients { registry: self.registry.with_deadline(deadline) }
    }

    /// The clock by which that is measured.
    #[must_use]
    pub fn with_clock(self, clock: impl Clock) -> Self {
        PostgresClients { registry: self.registry.with_clock(clock) }
    }
}

impl ClientStore for PostgresClients {
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

impl ClientRegistry for PostgresClients {
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

/// Shows the host and the database, never the user or the password.
impl fmt::Debug for PostgresClients {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let server = &self.registry.cache().source().database;
        f.debug_struct("PostgresClients")
            .field("server", &server.name())
            .field("cache", self.registry.cache())
            .finish()
    }
}

const OPEN_DEADLINE: Duration = Duration::from_secs(10);
