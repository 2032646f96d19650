//! A registry in a database, behind its cache.

use std::sync::Arc;
use std::time::Duration;

use super::super::prepare::Preparation;
use super::super::read_through::Keeper;
use super::super::rehash::replace_hash;
use super::super::{ClientRegistry, ClientStore, ReadThrough, RegisteredClient, StoreError};
use super::{Database, Row, Source, can_be_an_id, read};
use crate::client::Client;
use crate::clock::Clock;
use crate::metadata::{ClientMetadata, MetadataError};
use crate::secret::Rehash;

/// Clones are one registry.
pub(in super::super) struct Registry<D> {
    source: Arc<Source<D>>,
    cache: ReadThrough<Source<D>>,
    keeper: Arc<Keeper>,
}

impl<D: Database> Registry<D> {
    /// Opens the database on a thread of its own, within the deadline.
    ///
    /// # Errors
    /// Those of `open`, and [`StoreError`] after the deadline.
    pub(in super::super) async fn open(
        open: impl Future<Output = Result<D, StoreError>> + Send + 'static,
        deadline: Duration,
    ) -> Result<Self, StoreError> {
        let keeper: Arc<Keeper> = Arc::default();
        let open = async {
            let database = open.await?;
            let preparation = Preparation::default();
            let (mut slow_clients, mut last) = (Vec::new(), String::new());
            while slow_clients.len() < MOST_SLOW_KINDS
                && let Some((kind, client_id)) = database.slow_client_after(&last).await?
            {
                last = kind;
                // What is wrong with one will be said when it is asked for.
                if let Ok(Some(row)) = read(&database, &client_id).await
                    && let Ok(client) = row.registered().and_then(|row| preparation.client(&row.metadata))
                {
                    slow_clients.push(client);
                }
            }
            database.set_deadline(ReadThrough::<Source<D>>::DEADLINE);
            let database = Arc::new(database);
            Ok(Arc::new(Source { database, preparation, slow_clients: slow_clients.into() }))
        };
        let late =
            move |_| StoreError::new(format!("the database of clients is not open after {deadline:?}"));
        let source =
            keeper.run(async move { tokio::time::timeout(deadline, open).await.map_err(late)? }).await?;
        let cache = ReadThrough::on(Arc::clone(&keeper), Arc::clone(&source));
        Ok(Registry { source, cache, keeper })
    }

    pub(in super::super) fn prepared_by(
        self,
        prepare: impl Fn(&ClientMetadata, Client) -> Result<Client, MetadataError> + Send + Sync + 'static,
    ) -> Self {
        let source = Arc::new(Source {
            database: Arc::clone(&self.source.database),
            preparation: Preparation::by(prepare),
            slow_clients: Arc::clone(&self.source.slow_clients),
        });
        Registry { cache: self.cache.over(Arc::clone(&source)), source, keeper: self.keeper }
    }

    pub(in super::super) fn with_capacity(self, clients: u32) -> Self {
        Registry { cache: self.cache.with_capacity(clients), ..self }
    }

    pub(in super::super) fn with_lifetime(self, lifetime: Duration) -> Self {
        Registry { cache: self.cache.with_lifetime(lifetime), ..self }
    }

    pub(in super::super) fn with_deadline(self, deadline: Duration) -> Self {
        self.source.database.set_deadline(deadline);
        Registry { cache: self.cache.with_deadline(deadline), ..self }
    }

    pub(in super::super) fn with_clock(self, clock: impl Clock) -> Self {
        Registry { cache: self.cache.with_clock(clock), ..self }
    }

    pub(in super::super) fn cache(&self) -> &ReadThrough<Source<D>> {
        &self.cache
    }

    /// Does a write to its end, and forgets the client: also after an error, since it may have been written.
    async fn write<F>(&self, client_id: &str, write: impl FnOnce(Arc<D>) -> F) -> Result<bool, StoreError>
    where
        F: Future<Output = Result<bool, StoreError>> + Send + 'static,
    {
        let write = write(Arc::clone(&self.source.database));
        let (cache, client_id) = (self.cache.clone(), client_id.to_owned());
        let done = self.keeper.run(async move {
            let written = write.await;
            cache.invalidate(&client_id);
            written
        });
        done.await
    }

    fn row(&self, client: &RegisteredClient) -> Result<Row, StoreError> {
        Row::new(client, &*self.source.preparation.client(&client.metadata)?)
    }
}

impl<D: Database> ClientStore for Registry<D> {
    async fn find(&self, client_id: &str) -> Result<Option<Arc<Client>>, StoreError> {
        self.cache.find(client_id).await
    }

    fn has_slow_hashes(&self) -> bool {
        self.cache.has_slow_hashes()
    }

    fn slow_clients(&self) -> Vec<Arc<Client>> {
        self.cache.slow_clients()
    }

    async fn rehash(&self, client_id: &str, rehash: &Rehash<'_>) {
        replace_hash(self, client_id, rehash).await;
    }
}

impl<D: Database> ClientRegistry for Registry<D> {
    async fn read(&self, client_id: &str) -> Result<Option<RegisteredClient>, StoreError> {
        let (database, client_id) = (Arc::clone(&self.source.database), client_id.to_owned());
        let row = self.keeper.run(async move { read(&*database, &client_id).await }).await?;
        row.map(|row| row.registered()).transpose()
    }

    async fn insert(&self, client: &RegisteredClient) -> Result<bool, StoreError> {
        let row = self.row(client)?;
        self.write(&client.metadata.client_id, |database| async move { database.insert(&row).await }).await
    }

    async fn replace(&self, client: &RegisteredClient) -> Result<bool, StoreError> {
        let row = self.row(client)?;
        self.write(&client.metadata.client_id, |database| async move { database.replace(&row).await }).await
    }

    async fn remove(&self, client_id: &str, revision: u64) -> Result<bool, StoreError> {
        // No row has a revision that does not fit.
        let revision = i64::try_from(revision).ok().filter(|_| can_be_an_id(client_id));
        let Some(revision) = revision else { return Ok(false) };
        let id = client_id.to_owned();
        self.write(client_id, |database| async move { database.remove(&id, revision).await }).await
    }

    async fn self_registered(&self, most: usize) -> Result<usize, StoreError> {
        let (database, most) = (Arc::clone(&self.source.database), u32::try_from(most).unwrap_or(u32::MAX));
        self.keeper.run(async move { Ok(database.self_registered(most).await? as usize) }).await
    }

    async fn page(&self, after: &str, limit: usize) -> Result<Vec<RegisteredClient>, StoreError> {
        // No id holds a NUL, so those after it are those after what stands before it; Postgres takes none.
        let mut after = after.split('\0').next().unwrap_or_default().to_owned();
        let database = Arc::clone(&self.source.database);
        self.keeper
            .run(async move {
                let mut page = Vec::new();
                while page.len() < limit {
                    let wanted = u32::try_from(limit - page.len()).unwrap_or(u32::MAX).min(MOST_ROWS);
                    let rows = database.page(&after, wanted).await?;
                    let is_last = rows.len() < wanted as usize;
                    if let Some(last) = rows.last() {
                        after = last.as_ref().map_or_else(String::clone, |row| row.client_id.clone());
                    }
                    page.extend(rows.into_iter().flatten().filter_map(|row| row.registered().ok()));
                    if is_last {
                        break;
                    }
                }
                Ok(page)
            })
            .await
    }
}

impl<D> Clone for Registry<D> {
    fn clone(&self) -> Self {
        Registry {
            source: Arc::clone(&self.source),
            cache: self.cache.clone(),
            keeper: Arc::clone(&self.keeper),
        }
    }
}

/// More kinds of slow hashes are learnt as their clients are found.
const MOST_SLOW_KINDS: usize = 16;

/// So many are read at once, within one deadline.
const MOST_ROWS: u32 = 100;
