//! What this server itself must remember beside its clients: signing keys, codes, pushed requests, grants, what was
//! revoked, tokens for registration.
//!
//! It lies where the registered clients lie, so that every node on one registry knows the same, and a restart forgets
//! nothing that the registry does not forget.

mod database;
mod expiring;

use aws_lc_rs::digest;
use countersign::store::StoreError;

use self::database::Database;
use self::expiring::Expiring;
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
    Memory(Expiring<Vec<u8>>),
    Database(Database),
}

/// What an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    SigningKey,
    Code,
    PushedRequest,
    Grant,
    Revoked,
    InitialAccessToken,
}

/// Nobody can say now. The log has why.
#[derive(Debug)]
pub(crate) struct Unanswered;

impl State {
    /// Beside the clients of this registry, which is open by now.
    pub(crate) fn open(registry: &RegistryAt, log: Log) -> Result<Self, Problem> {
        let failed = |error: StoreError| Problem::new(format!("registry: {error}"));
        let place = match registry {
            RegistryAt::Memory => Place::Memory(Expiring::new(MOST)),
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
        State { place: Place::Memory(Expiring::new(MOST)), log: std::sync::Arc::new(|_| ()) }
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
            Place::Memory(table) => table.insert(key, value, expires, now).map_err(|_| self.full()),
            Place::Database(database) => self.said(database.insert(key, value, expires, now).await),
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
            Place::Memory(table) => table.keep(key, expires, now).map_err(|_| self.full()),
            Place::Database(database) => self.said(database.keep(key, expires, now).await),
        }
    }

    /// The live entry of this name.
    pub(crate) async fn find(&self, kind: Kind, name: &str, now: u64) -> Result<Option<Vec<u8>>, Unanswered> {
        let key = key(kind, name);
        match &self.place {
            Place::Memory(table) => Ok(table.with(&key, now, |value| value.clone())),
            Place::Database(database) => self.said(database.find(key, now).await),
        }
    }

    /// Removes an entry; of several callers at once one alone gets it.
    pub(crate) async fn take(&self, kind: Kind, name: &str, now: u64) -> Result<Option<Vec<u8>>, Unanswered> {
        let key = key(kind, name);
        match &self.place {
            Place::Memory(table) => Ok(table.take(&key, now)),
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
            Place::Memory(table) => {
                let replaced = table.with(&key, now, |value| {
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

    fn full(&self) -> Unanswered {
        (self.log)(&format!("state: there is room for {MOST} entries"));
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

impl Kind {
    const fn as_str(self) -> &'static str {
        match self {
            Kind::SigningKey => "signing_key",
            Kind::Code => "code",
            Kind::PushedRequest => "pushed_request",
            Kind::Grant => "grant",
            Kind::Revoked => "revoked",
            Kind::InitialAccessToken => "initial_access_token",
        }
    }
}

/// Until when an entry lives that does not end.
pub(crate) const FOR_EVER: u64 = i64::MAX as u64;

/// Room for so many entries. One more is refused; none that lives is ever dropped.
const MOST: usize = 200_000;

#[cfg(test)]
mod tests {
    use super::*;

    /// The same holds of memory and of a file.
    async fn keeps_its_word(state: &State) {
        let insert =
            |name, value: u8, expires, now| state.insert(Kind::Code, name, vec![value], expires, now);
        assert!(insert("a", 1, 100, 50).await.unwrap());
        assert!(!insert("a", 2, 100, 50).await.unwrap(), "the name is taken");
        let found = |kind, now| state.find(kind, "a", now);
        assert_eq!(found(Kind::Code, 99).await.unwrap(), Some(vec![1]));
        assert_eq!(found(Kind::Code, 100).await.unwrap(), None, "it has ended");
        assert_eq!(found(Kind::Grant, 99).await.unwrap(), None, "another kind");
        assert!(!state.replace(Kind::Code, "a", vec![7], vec![8], 99).await.unwrap());
        assert!(state.replace(Kind::Code, "a", vec![1], vec![2], 99).await.unwrap());
        assert!(!state.replace(Kind::Code, "a", vec![2], vec![3], 100).await.unwrap(), "it has ended");
        assert_eq!(state.take(Kind::Code, "a", 99).await.unwrap(), Some(vec![2]));
        assert_eq!(state.take(Kind::Code, "a", 99).await.unwrap(), None);
        assert!(insert("a", 3, 100, 50).await.unwrap());
        assert!(insert("a", 4, 300, 200).await.unwrap(), "the one before has ended");
        let keep = |expires, now| state.keep(Kind::Revoked, "r", expires, now);
        for (expires, now) in [(100, 50), (200, 99), (150, 120)] {
            keep(expires, now).await.unwrap();
        }
        let kept = |now| state.find(Kind::Revoked, "r", now);
        assert!(kept(199).await.unwrap().is_some(), "what is kept longer is not kept shorter again");
        assert!(kept(200).await.unwrap().is_none());
        assert!(insert("key", 5, FOR_EVER, 200).await.unwrap());
        assert_eq!(state.find(Kind::Code, "key", u64::from(u32::MAX)).await.unwrap(), Some(vec![5]));
    }

    #[test]
    fn memory_and_a_file_keep_the_same_word() {
        let folder = std::env::temp_dir().join(format!("token-server-state-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let at = RegistryAt::Sqlite(folder.join("registry.db"));
        let registry = at.open(&Default::default()).unwrap();
        let log: Log = std::sync::Arc::new(|line| panic!("{line}"));
        let state = State::open(&at, log.clone()).unwrap();
        stores::block_on(async {
            keeps_its_word(&State::in_memory()).await;
            keeps_its_word(&state).await;
        })
        .unwrap();
        let again = State::open(&at, log).unwrap();
        let kept = stores::block_on(again.find(Kind::Code, "key", 1)).unwrap();
        assert_eq!(kept.unwrap(), Some(vec![5]));
        drop((registry, state, again));
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
