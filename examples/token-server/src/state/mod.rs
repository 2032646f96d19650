//! What this server itself must remember beside its clients: signing keys, codes, pushed requests, grants, what was
//! revoked, tokens for registration.
//!
//! It lies where the registered clients lie, so that every node on one registry knows the same, and a restart forgets
//! nothing that the registry does not forget.

mod database;
mod expiring;
mod quota;

use aws_lc_rs::digest;
use countersign::store::StoreError;

use self::database::Database;
use self::expiring::Expiring;
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
struct Memory([Expiring<Vec<u8>>; Kind::ALL.len()]);

/// What an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    SigningKey,
    Code,
    PushedRequest,
    Grant,
    RevokedGrant,
    /// Of one access token alone.
    RevokedToken,
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
            Place::Database(database) => self.said(database.insert(kind, key, value, expires, now).await),
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
            Place::Database(database) => self.said(database.keep(kind, key, expires, now).await),
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
        Memory(Kind::ALL.map(|kind| Expiring::new(kind.most())))
    }

    fn of(&self, kind: Kind) -> &Expiring<Vec<u8>> {
        let [
            signing_keys,
            codes,
            pushed_requests,
            grants,
            revoked_grants,
            revoked_tokens,
            initial_access_tokens,
        ] = &self.0;
        match kind {
            Kind::SigningKey => signing_keys,
            Kind::Code => codes,
            Kind::PushedRequest => pushed_requests,
            Kind::Grant => grants,
            Kind::RevokedGrant => revoked_grants,
            Kind::RevokedToken => revoked_tokens,
            Kind::InitialAccessToken => initial_access_tokens,
        }
    }
}

impl Kind {
    /// In the order of [`Memory::of`].
    const ALL: [Kind; 7] = [
        Kind::SigningKey,
        Kind::Code,
        Kind::PushedRequest,
        Kind::Grant,
        Kind::RevokedGrant,
        Kind::RevokedToken,
        Kind::InitialAccessToken,
    ];

    /// Room for so many entries. One more is refused; none that lives is ever dropped. What any client can write by
    /// itself has a room of its own, and of that each client has a [`Quota`]: no log-in and no revocation of a grant waits
    /// for it.
    const fn most(self) -> usize {
        match self {
            Kind::SigningKey => 1_000,
            Kind::Code => 50_000,
            Kind::PushedRequest => 20_000,
            Kind::Grant | Kind::RevokedGrant => 200_000,
            Kind::RevokedToken => 100_000,
            Kind::InitialAccessToken => 10_000,
        }
    }

    fn full(self) -> String {
        format!("there is room for {} entries of the kind {}", self.most(), self.as_str())
    }

    const fn as_str(self) -> &'static str {
        match self {
            Kind::SigningKey => "signing_key",
            Kind::Code => "code",
            Kind::PushedRequest => "pushed_request",
            Kind::Grant => "grant",
            Kind::RevokedGrant => "revoked",
            Kind::RevokedToken => "revoked_token",
            Kind::InitialAccessToken => "initial_access_token",
        }
    }
}

/// Until when an entry lives that does not end.
pub(crate) const FOR_EVER: u64 = i64::MAX as u64;

/// By how much the clocks of two nodes may differ, in seconds: a fast one removes nothing that lives for a slow one.
pub(crate) const CLOCKS_DIFFER_SECONDS: u64 = 300;

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
        let keep = |expires, now| state.keep(Kind::RevokedGrant, "r", expires, now);
        for (expires, now) in [(100, 50), (200, 99), (150, 120)] {
            keep(expires, now).await.unwrap();
        }
        let kept = |now| state.find(Kind::RevokedGrant, "r", now);
        assert!(kept(199).await.unwrap().is_some(), "what is kept longer is not kept shorter again");
        assert!(kept(200).await.unwrap().is_none());
        assert!(insert("key", 5, FOR_EVER, 200).await.unwrap());
        assert_eq!(state.find(Kind::Code, "key", u64::from(u32::MAX)).await.unwrap(), Some(vec![5]));
    }

    #[test]
    fn memory_and_a_file_keep_the_same_word() {
        let file = File::new("word");
        let state = file.open();
        stores::block_on(async {
            keeps_its_word(&State::in_memory()).await;
            keeps_its_word(&state).await;
        })
        .unwrap();
        let kept = stores::block_on(file.open().find(Kind::Code, "key", 1)).unwrap();
        assert_eq!(kept.unwrap(), Some(vec![5]));
    }

    #[test]
    fn a_kind_that_is_full_leaves_the_others_their_room() {
        async fn is_full(state: &State) {
            let insert = |kind, name: &'static str| state.insert(kind, name, vec![], 1000, 20);
            assert!(insert(Kind::PushedRequest, "one more").await.is_err());
            for kind in Kind::ALL.into_iter().filter(|kind| *kind != Kind::PushedRequest) {
                assert!(insert(kind, "first").await.unwrap(), "{kind:?}");
                state.keep(kind, "second", 1000, 20).await.unwrap();
            }
        }
        let file = File::new("full");
        file.open();
        // One less, and one that has ended.
        file.execute(
            "WITH RECURSIVE filled(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM filled WHERE n < 20000) \
             INSERT INTO token_server_state SELECT format('pushed_request:%043d', n), x'', min(1, n - 1) * 1000 FROM filled",
        );
        let state = file.open();
        stores::block_on(async {
            let memory = State::in_memory();
            for name in 0..19_999 {
                let name = name.to_string();
                assert!(memory.insert(Kind::PushedRequest, &name, vec![], 1000, 0).await.unwrap());
            }
            for state in [&memory, &state] {
                assert!(state.insert(Kind::PushedRequest, "last", vec![], 1000, 20).await.unwrap());
                is_full(state).await;
            }
        })
        .unwrap();
    }

    #[test]
    fn what_is_not_removed_is_not_handed_out() {
        let file = File::new("removed");
        let state = file.open();
        stores::block_on(state.insert(Kind::Code, "a", vec![1], 100, 0)).unwrap().unwrap();
        // A removal that fails as late as it can: when it is committed.
        file.execute(
            "CREATE TABLE held (name TEXT REFERENCES token_server_state (name) DEFERRABLE INITIALLY DEFERRED)",
        );
        file.execute("INSERT INTO held SELECT name FROM token_server_state");
        assert!(stores::block_on(state.take(Kind::Code, "a", 1)).unwrap().is_err());
        assert_eq!(stores::block_on(state.find(Kind::Code, "a", 1)).unwrap().unwrap(), Some(vec![1]));
    }

    #[test]
    fn a_node_whose_clock_is_ahead_removes_nothing_that_lives() {
        let file = File::new("clocks");
        let (slow, fast) = (file.open(), file.open());
        stores::block_on(async {
            slow.keep(Kind::RevokedGrant, "g", 1000, 900).await.unwrap();
            fast.insert(Kind::Code, "c", vec![], 2000, 1250).await.unwrap();
            assert!(slow.find(Kind::RevokedGrant, "g", 950).await.unwrap().is_some());
            // What is dead on each goes.
            let rows = || file.execute("UPDATE token_server_state SET value = x''");
            assert_eq!(rows(), 2);
            fast.insert(Kind::Code, "d", vec![], 2000, 1300).await.unwrap();
            assert_eq!(rows(), 2);
        })
        .unwrap();
    }

    /// A registry in a file of its own, which goes with this value.
    struct File(std::path::PathBuf);

    impl File {
        fn new(name: &str) -> Self {
            let folder =
                std::env::temp_dir().join(format!("token-server-state-{}-{name}", std::process::id()));
            std::fs::create_dir_all(&folder).unwrap();
            let file = File(folder);
            file.at().open(&Default::default()).unwrap();
            file
        }

        fn at(&self) -> RegistryAt {
            RegistryAt::Sqlite(self.0.join("registry.db"))
        }

        fn open(&self) -> State {
            State::open(&self.at(), std::sync::Arc::new(|_| ())).unwrap()
        }

        /// How many rows it changed.
        fn execute(&self, statement: &'static str) -> u64 {
            use sqlx::Connection as _;
            let file = self.0.join("registry.db");
            let work = async move {
                let options = sqlx::sqlite::SqliteConnectOptions::new().filename(file);
                let mut connection = sqlx::SqliteConnection::connect_with(&options).await.unwrap();
                let done = sqlx::query(statement).execute(&mut connection).await.unwrap();
                connection.close().await.unwrap();
                done.rows_affected()
            };
            std::thread::spawn(|| stores::block_on(work).unwrap()).join().unwrap()
        }
    }

    impl Drop for File {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }
}
