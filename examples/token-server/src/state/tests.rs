use super::*;

/// The same holds of memory and of a file.
async fn keeps_its_word(state: &State) {
    let insert = |name, value: u8, expires, now| state.insert(Kind::Code, name, vec![value], expires, now);
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

#[test]
fn what_is_dead_goes_while_others_write() {
    let left = left_while_others_write(&File::new("busy"), &[]);
    assert!(left < 70, "{left}");
}

/// What was written before, by the clock that was ahead, lives by this one.
#[test]
fn what_is_dead_goes_after_the_clock_was_set_back() {
    let left = left_while_others_write(&File::new("back"), &[1_000_000]);
    assert!(left < 70, "{left}");
}

/// Entries that live a second each, written for a quarter of an hour: how many are there then, with those of the times before?
fn left_while_others_write(file: &File, before: &[u64]) -> u64 {
    let state = file.open();
    let times = before.iter().copied().chain((0..200).map(|turn| 1000 + 5 * turn));
    stores::block_on(async {
        for now in times {
            assert!(state.insert(Kind::Code, &now.to_string(), vec![], now + 1, now).await.unwrap());
        }
    })
    .unwrap();
    // Those of the last five minutes, which may live by another clock, and of the time since the last sweep.
    file.execute("UPDATE token_server_state SET value = x''")
}

/// A registry in a file of its own, which goes with this value.
struct File(std::path::PathBuf);

impl File {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("token-server-state-{}-{name}", std::process::id()));
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
