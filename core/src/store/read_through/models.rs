//! The cache under every order that the checker draws: one load, an answer for all, and no change that is lost.

use std::future::pending;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use shuttle::future::{JoinHandle, block_on, spawn, yield_now};
use tokio::sync::Notify;

use super::{Changes, ClientSource, ClientStore, ReadThrough, StoreError};
use crate::client::Client;
use crate::sync::Arc;
use crate::sync::checker::{Mishaps, SetClock, check, check_with};

/// A database with one client. What a check counts for itself is no step, and std's.
#[derive(Default)]
struct Database {
    /// As it was and as it is now.
    versions: Mutex<Vec<Arc<Client>>>,
    loads: AtomicUsize,
    under_way: AtomicUsize,
    most_under_way: AtomicUsize,
    tells_changes: bool,
    hint: Notify,
    told: Notify,
}

impl Database {
    fn new() -> Self {
        let database = Database::default();
        database.change();
        database
    }

    fn telling_changes() -> Self {
        Database { tells_changes: true, ..Database::new() }
    }

    fn change(&self) {
        self.versions.lock().unwrap().push(Arc::new(Client::new("app")));
    }

    fn now(&self) -> (usize, Arc<Client>) {
        let versions = self.versions.lock().unwrap();
        (versions.len(), Arc::clone(versions.last().unwrap()))
    }

    /// Which version this is, from 1 on.
    fn version(&self, client: &Arc<Client>) -> usize {
        1 + self.versions.lock().unwrap().iter().position(|one| Arc::ptr_eq(one, client)).unwrap()
    }
}

/// Counts a load until it ends, however.
struct UnderWay<'a>(&'a Database);

impl<'a> UnderWay<'a> {
    fn new(database: &'a Database) -> Self {
        database.loads.fetch_add(1, Ordering::SeqCst);
        let now = 1 + database.under_way.fetch_add(1, Ordering::SeqCst);
        database.most_under_way.fetch_max(now, Ordering::SeqCst);
        UnderWay(database)
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.under_way.fetch_sub(1, Ordering::SeqCst);
    }
}

impl ClientSource for Database {
    type Version = usize;

    async fn load(&self, client_id: &str) -> Result<Option<Arc<Client>>, StoreError> {
        let _under_way = UnderWay::new(self);
        yield_now().await;
        let (_, client) = self.now();
        // What it has read may be old before it arrives.
        yield_now().await;
        Ok((client_id == "app").then_some(client))
    }

    async fn changes(&self, since: Option<usize>) -> Result<Changes<usize>, StoreError> {
        if !self.tells_changes {
            return pending().await;
        }
        yield_now().await;
        let (version, _) = self.now();
        if since == Some(version) {
            // What was told before has been heard, since it asks for one after the other.
            self.told.notify_one();
        } else {
            // It asks again by itself every second; here it is told to.
            self.hint.notify_one();
        }
        Ok(Changes::of((since.unwrap_or_default() < version).then(|| "app".to_owned()), version))
    }

    async fn changed(&self) {
        self.hint.notified().await;
    }
}

fn cache(database: Database) -> ReadThrough<Database> {
    ReadThrough::new(database).with_clock(SetClock::at(1000))
}

/// A request on a task of its own: which version it was answered with.
fn request(cache: &ReadThrough<Database>) -> JoinHandle<Result<usize, StoreError>> {
    let cache = cache.clone();
    spawn(async move { find(&cache).await })
}

async fn find(cache: &ReadThrough<Database>) -> Result<usize, StoreError> {
    let found = cache.find("app").await?;
    Ok(cache.source.version(&found.expect("it is registered")))
}

fn nothing_is_left_under_way(cache: &ReadThrough<Database>) {
    assert_eq!(cache.source.under_way.load(Ordering::SeqCst), 0);
    assert!(cache.memory.loads_nothing());
}

#[test]
fn requests_for_one_client_share_one_load() {
    check(|| {
        block_on(async {
            let cache = cache(Database::new());
            for request in [request(&cache), request(&cache), request(&cache)] {
                assert_eq!(request.await.unwrap().unwrap(), 1);
            }
            assert_eq!(cache.source.loads.load(Ordering::SeqCst), 1);
            nothing_is_left_under_way(&cache);
        });
    });
}

/// Whoever caused the load.
#[test]
fn a_request_that_goes_away_takes_nothing_along() {
    check(|| {
        block_on(async {
            let cache = cache(Database::new());
            let (leaves, stays, comes) = (request(&cache), request(&cache), request(&cache));
            leaves.abort();
            assert_eq!(stays.await.unwrap().unwrap(), 1);
            assert_eq!(comes.await.unwrap().unwrap(), 1);
            let _ = leaves.await;
            assert_eq!(cache.source.loads.load(Ordering::SeqCst), 1);
            nothing_is_left_under_way(&cache);
        });
    });
}

/// A load that is cut short or late is an error for those who wait for it, and for nobody after the pause.
#[test]
fn nobody_waits_in_vain_when_loads_die_or_are_late() {
    check_with(Mishaps { timeouts: true, shutdowns: true }, || {
        block_on(async {
            let clock = SetClock::at(1000);
            let cache = ReadThrough::new(Database::new()).with_clock(clock.clone());
            for request in [request(&cache), request(&cache), request(&cache)] {
                // The right answer or an error, but one of them.
                assert_eq!(request.await.unwrap().unwrap_or(1), 1);
            }
            while !cache.memory.loads_nothing() {
                yield_now().await;
            }
            Mishaps::default().allow();
            clock.advance(1);
            assert_eq!(find(&cache).await.unwrap(), 1);
        });
    });
}

/// The client changes while it is read, and the cache is told: what is found from then on is new.
async fn changed_while_it_is_read(forget: fn(&ReadThrough<Database>)) -> ReadThrough<Database> {
    let cache = cache(Database::new());
    let readers = [request(&cache), request(&cache)];
    let writer = {
        let cache = cache.clone();
        spawn(async move {
            yield_now().await;
            cache.source.change();
            forget(&cache);
            assert_eq!(find(&cache).await.unwrap(), 2);
        })
    };
    for reader in readers {
        assert!([1, 2].contains(&reader.await.unwrap().unwrap()));
    }
    writer.await.unwrap();
    assert_eq!(find(&cache).await.unwrap(), 2);
    cache
}

#[test]
fn after_an_invalidation_nobody_is_given_what_was_there_before() {
    check(|| {
        block_on(async {
            let cache = changed_while_it_is_read(|cache| cache.invalidate("app")).await;
            assert!(cache.source.most_under_way.load(Ordering::SeqCst) <= 2, "one, and one after the change");
        });
    });
}

#[test]
fn after_everything_was_forgotten_nobody_is_given_what_was_there_before() {
    check(|| {
        block_on(async {
            changed_while_it_is_read(|cache| cache.clear()).await;
        });
    });
}

/// Through the two tasks that ask for changes, which two requests at once begin once.
#[test]
fn a_change_that_the_source_tells_is_seen() {
    check(|| {
        block_on(async {
            let cache = cache(Database::telling_changes());
            let readers = [request(&cache), request(&cache)];
            let database = Arc::clone(&cache.source);
            database.change();
            for reader in readers {
                assert!([1, 2].contains(&reader.await.unwrap().unwrap()));
            }
            database.hint.notify_one();
            database.told.notified().await;
            assert_eq!(find(&cache).await.unwrap(), 2);
        });
    });
}
