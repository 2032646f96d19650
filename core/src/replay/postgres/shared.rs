//! What the claims of a store and its upkeep have in common.

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use sqlx::PgConnection;
use tokio::sync::Notify;

use super::super::Claim;
use super::claim::{Claiming, Found, Releasing, Statement};
use super::connections::{Connections, Taken, is_broken};
use super::counts::{Counts, Limits};
use super::schema;
use crate::store::StoreError;

pub(super) struct Shared {
    pub(super) connections: Connections,
    pub(super) counts: Counts,
    /// In seconds since the epoch, as the database says.
    lost_at: AtomicI64,
    /// Was there a claim since the upkeep looked?
    pub(super) was_used: AtomicBool,
    /// That a claim found it full.
    pub(super) is_full: Notify,
}

impl Shared {
    pub(super) fn new(connections: Connections) -> Self {
        Shared {
            connections,
            counts: Counts::default(),
            lost_at: AtomicI64::new(0),
            was_used: AtomicBool::new(true),
            is_full: Notify::new(),
        }
    }

    pub(super) fn place(&self) -> String {
        self.connections.place()
    }

    pub(super) fn lost_at(&self) -> i64 {
        self.lost_at.load(Ordering::SeqCst)
    }

    /// Makes the tables ready.
    pub(super) async fn prepare(&self) -> Result<(), StoreError> {
        let mut connection = self.connections.open().await.map_err(StoreError::new)?;
        self.prepare_on(&mut connection).await
    }

    pub(super) async fn claim(&self, mut claiming: Claiming, limits: Limits) -> Result<Claim, StoreError> {
        let remembers_since = self.lost_at();
        let refusal = self.counts.refusal(claiming.client, limits);
        claiming.has_room = refusal.is_none();
        let (found, mut taken) = self.ask(&claiming, RETRIES).await?;
        let Some(found) = found.filter(|found| found.is_whole) else {
            self.prepare_on(&mut taken.connection).await?;
            return Err(StoreError::new(LOST));
        };
        self.connections.give_back(taken);
        self.check(found.lost_at, remembers_since)?;
        Ok(self.judge(&found, claiming.client, refusal))
    }

    pub(super) async fn release(&self, releasing: Releasing) -> Result<(), StoreError> {
        let ended = self.counts.ended();
        // Never again: if it was done and only the answer was lost, somebody may have claimed the key since.
        let (was_claimed, taken) = self.ask(&releasing, 0).await?;
        self.connections.give_back(taken);
        if was_claimed {
            self.counts.remove(releasing.client, ended);
        }
        Ok(())
    }

    /// Runs a statement, and so often again when the connection broke under it. An error leaves the connection closed.
    async fn ask<S: Statement>(
        &self,
        statement: &S,
        retries: u32,
    ) -> Result<(S::Answer, Taken<'_>), StoreError> {
        let mut tries = 0;
        loop {
            let mut taken = self.connections.take().await?;
            if taken.is_new {
                self.recognise(&mut taken.connection).await?;
            }
            match statement.run(&mut taken.connection).await {
                Ok(answer) => return Ok((answer, taken)),
                Err(error) if is_broken(&error) && tries < retries => {
                    self.connections.close_idle();
                    tries += 1;
                }
                Err(error) if schema::is_missing_table(&error) => {
                    self.prepare_on(&mut taken.connection).await?;
                    return Err(StoreError::new(error));
                }
                Err(error) => return Err(StoreError::new(error)),
            }
        }
    }

    /// Looks whether a new connection is to the tables that are known.
    async fn recognise(&self, connection: &mut PgConnection) -> Result<(), StoreError> {
        let is_known = schema::is_known(connection).await.map_err(StoreError::new)?;
        if is_known { Ok(()) } else { self.prepare_on(connection).await }
    }

    async fn prepare_on(&self, connection: &mut PgConnection) -> Result<(), StoreError> {
        let lost_at = schema::prepare(connection, self.lost_at()).await.map_err(StoreError::new)?;
        self.lost_at.fetch_max(lost_at, Ordering::SeqCst);
        Ok(())
    }

    /// Is what answered the memory that this claim counted on? The fence was asked before it, about the time that was
    /// known then.
    fn check(&self, lost_at: i64, remembers_since: i64) -> Result<(), StoreError> {
        let known = self.lost_at.fetch_max(lost_at, Ordering::SeqCst);
        if lost_at < known {
            return Err(StoreError::new(OLDER));
        }
        if lost_at == remembers_since { Ok(()) } else { Err(StoreError::new(LOST)) }
    }

    fn judge(&self, found: &Found, client: i64, refusal: Option<Claim>) -> Claim {
        self.was_used.store(true, Ordering::Relaxed);
        match (found.claimed, refusal) {
            (Some(is_new), _) => {
                if is_new {
                    self.counts.add(client);
                }
                Claim::Fresh
            }
            (None, Some(refusal)) if !found.is_known => {
                self.is_full.notify_one();
                refusal
            }
            (None, _) => Claim::Used,
        }
    }
}

/// Beyond the first, of a claim whose connection broke: by its nonce it recognises its own row.
const RETRIES: u32 = 2;

const LOST: &str = "the database has lost what it remembered, or another one has taken its place";
const OLDER: &str =
    "this database remembers less than the one before it: an old copy, or a server that was replaced";
