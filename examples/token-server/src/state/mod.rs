//! What this server itself must remember beside its clients: signing keys, codes, pushed requests, grants, what was
//! revoked, tokens for registration.
//!
//! It lies where the registered clients lie, so that every node on one registry knows the same, and a restart forgets
//! nothing that the registry does not forget.

mod database;
mod expiring;
mod kind;
mod quota;
#[cfg(test)]
mod tests;

use aws_lc_rs::digest;
use countersign::store::StoreError;

use self::database::{Database, Entry};
use self::expiring::Expiring;
pub(crate) use self::kind::Kind;
pub(crate) use self::quota::Quota;
use crate::config::problem::Problem;
use crate::jose::base64url;
use crate::log::Log;
use crate::registry::RegistryAt;
use crate::stores;

/// Entries that end by themselves, each of a kind and with a name.
pub(crate) struct State {
    place: Place,
    log: Log,
}

enum Place {
    Memory(Box<Memory>),
    Database(Database),
}

/// A table for each kind, so that none takes the room of another.
struct Memory {
    signing_keys: Table,
    codes: Table,
    pushed_requests: Table,
    grants: Table,
    revoked_grants: Table,
    revoked_tokens: Table,
    initial_access_tokens: Table,
}

type Table = Expiring<Vec<u8>>;

/// Nobody can say now. The log has why.
#[derive(Debug)]
pub(crate) struct Unanswered;

impl State {
    /// Beside the clients of this registry, which is open by now.
    pub(crate) fn open(registry: &RegistryAt, log: Log) -> Result<Self, Problem> {
        let failed = |error: StoreError| Problem::new(format!("registry: {error}"));
        let place = match registry {
            RegistryAt::Memory => Place::Memory(Box::new(Memory::new())),
            RegistryAt::Sqlite(file) => {
                Place::Database(stores::block_on(Database::open(file))?.map_err(failed)?)
            }
            RegistryAt::Postgres(url) => {
                let connected = stores::block_on(Database::connect(url.with_password()))?;
                Place::Database(connected.map_err(|error| stores::unreachable("registry", url, &error))?)
            }
        };
        Ok(State { place, log })
    }

    #[cfg(test)]
    pub(crate) fn in_memory() -> Self {
        State { place: Place::Memory(Box::new(Memory::new())), log: std::sync::Arc::new(|_| ()) }
    }

    /// Does it end with this process?
    pub(crate) fn is_of_this_process(&self) -> bool {
        matches!(self.place, Place::Memory(_))
    }

    /// Adds an entry, until this time. False, and nothing is written, when a live one has its name.
    pub(crate) async fn insert(
        &self,
        kind: Kind,
        name: &str,
        value: Vec<u8>,
        expires: u64,
        now: u64,
    ) -> Result<bool, Unanswered> {
        let key = key(kind, name);
        match &self.place {
            Place::Memory(memory) => {
                memory.of(kind).insert(key, value, expires, now).map_err(|_| self.full(kind))
            }
            Place::Database(database) => {
                self.said(database.insert(Entry { kind, key, value, expires }, now).await)
            }
        }
    }

    /// Makes sure that there is an entry of this name, without a value, at least until this time.
    pub(crate) async fn keep(
        &self,
        kind: Kind,
        name: &str,
        expires: u64,
        now: u64,
    ) -> Result<(), Unanswered> {
        let key = key(kind, name);
        match &self.place {
            Place::Memory(memory) => memory.of(kind).keep(key, expires, now).map_err(|_| self.full(kind)),
            Place::Database(database) => {
                self.said(database.keep(Entry { kind, key, value: Vec::new(), expires }, now).await)
            }
        }
    }

    /// The live entry of this name.
    pub(crate) async fn find(&self, kind: Kind, name: &str, now: u64) -> Result<Option<Vec<u8>>, Unanswered> {
        let key = key(kind, name);
        match &self.place {
            Place::Memory(memory) => Ok(memory.of(kind).with(&key, now, |value| value.clone())),
            Place::Database(database) => self.said(database.find(key, now).await),
        }
    }

    /// Removes an entry; of several callers at once one alone gets it.
    pub(crate) async fn take(&self, kind: Kind, name: &str, now: u64) -> Result<Option<Vec<u8>>, Unanswered> {
        let key = key(kind, name);
        match &self.place {
            Place::Memory(memory) => Ok(memory.of(kind).take(&key, now)),
            Place::Database(database) => self.said(database.take(key, now).await),
        }
    }

    /// Puts `new` in the place of `old`. False when that is not there any more: of several callers one alone does it.
    pub(crate) async fn replace(
        &self,
        kind: Kind,
        name: &str,
        old: Vec<u8>,
        new: Vec<u8>,
        now: u64,
    ) -> Result<bool, Unanswered> {
        let key = key(kind, name);
        match &self.place {
            Place::Memory(memory) => {
                let replaced = memory.of(kind).with(&key, now, |value| {
                    let is_same = *value == old;
                    if is_same {
                        *value = new;
                    }
                    is_same
                });
                Ok(replaced.unwrap_or_default())
            }
            Place::Database(database) => self.said(database.replace(key, old, new, now).await),
        }
    }

    fn full(&self, kind: Kind) -> Unanswered {
        (self.log)(&format!("state: {}", kind.full()));
        Unanswered
    }

    fn said<T>(&self, answer: Result<T, StoreError>) -> Result<T, Unanswered> {
        answer.map_err(|error| {
            (self.log)(&format!("state: {error}"));
            Unanswered
        })
    }
}

/// Names are what somebody holds: codes, tokens. Only their SHA-256 is kept, so that whoever reads the table can use
/// none.
fn key(kind: Kind, name: &str) -> String {
    let digest = digest::digest(&digest::SHA256, name.as_bytes());
    format!("{}:{}", kind.as_str(), base64url(digest.as_ref()))
}

impl Memory {
    fn new() -> Self {
        let table = |kind: Kind| Expiring::new(kind.most());
        Memory {
            signing_keys: table(Kind::SigningKey),
            codes: table(Kind::Code),
            pushed_requests: table(Kind::PushedRequest),
            grants: table(Kind::Grant),
            revoked_grants: table(Kind::RevokedGrant),
            revoked_tokens: table(Kind::RevokedToken),
            initial_access_tokens: table(Kind::InitialAccessToken),
        }
    }

    fn of(&self, kind: Kind) -> &Table {
        match kind {
            Kind::SigningKey => &self.signing_keys,
            Kind::Code => &self.codes,
            Kind::PushedRequest => &self.pushed_requests,
            Kind::Grant => &self.grants,
            Kind::RevokedGrant => &self.revoked_grants,
            Kind::RevokedToken => &self.revoked_tokens,
            Kind::InitialAccessToken => &self.initial_access_tokens,
        }
    }
}

/// Until when an entry lives that does not end.
pub(crate) const FOR_EVER: u64 = i64::MAX as u64;

/// By how much the clocks of two nodes may differ, in seconds: a fast one removes nothing that lives for a slow one.
pub(crate) const CLOCKS_DIFFER_SECONDS: u64 = 300;
