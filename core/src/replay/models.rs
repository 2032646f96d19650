//! The store in memory and the reservation under every order that the checker draws.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use shuttle::future::block_on;
use shuttle::thread;

use super::{Claim, DynReplayStore, MemoryReplayStore, ReplayKey, ReplayStore, Reservation};
use crate::sync::Arc;
use crate::sync::checker::{SetClock, check};

fn key(client: &'static str, id: &str) -> ReplayKey<'static> {
    ReplayKey::new("", client, id)
}

fn claim(store: &impl ReplayStore, key: &ReplayKey<'_>, seconds: u64) -> Claim {
    block_on(ReplayStore::claim(store, key, Duration::from_secs(seconds))).unwrap()
}

fn all_of(threads: Vec<thread::JoinHandle<()>>) {
    threads.into_iter().for_each(|thread| thread.join().unwrap());
}

/// Counts in std's atomics: what a check counts for itself is no step.
fn count(counter: &AtomicUsize) -> usize {
    counter.load(Ordering::SeqCst)
}

#[test]
fn of_many_claims_of_one_assertion_one_is_accepted() {
    check(|| {
        let clock = SetClock::at(1000);
        let store = Arc::new(MemoryReplayStore::with_clock(clock.clone()));
        let fresh = Arc::new(AtomicUsize::new(0));
        let mut threads: Vec<_> = (0..3)
            .map(|_| {
                let (store, fresh) = (Arc::clone(&store), Arc::clone(&fresh));
                thread::spawn(move || match claim(&*store, &key("app", "1"), 60) {
                    Claim::Fresh => drop(fresh.fetch_add(1, Ordering::SeqCst)),
                    other => assert_eq!(other, Claim::Used),
                })
            })
            .collect();
        // Others, whose claims expire and are swept away meanwhile.
        let (other, swept) = (Arc::clone(&store), Arc::clone(&store));
        threads.push(thread::spawn(move || {
            for id in ["1", "2", "3"] {
                assert_eq!(claim(&*other, &key("neighbour", id), 5), Claim::Fresh);
            }
        }));
        threads.push(thread::spawn(move || {
            clock.advance(20);
            swept.sweep();
            clock.advance(20);
        }));
        all_of(threads);
        assert_eq!(count(&fresh), 1);
        assert_eq!(claim(&*store, &key("app", "1"), 60), Claim::Used);
    });
}

#[test]
fn a_reservation_is_given_back_once() {
    check(|| {
        let store = Arc::new(MemoryReplayStore::with_clock(SetClock::at(1000)));
        assert_eq!(claim(&*store, &key("app", "1"), 60), Claim::Fresh);
        let erased = Arc::clone(&store) as Arc<dyn DynReplayStore>;
        let reservation = Arc::new(Reservation::new(erased, "".into(), &key("app", "1")));
        let fresh = Arc::new(AtomicUsize::new(0));
        let releases = (0..2).map(|_| {
            let reservation = Arc::clone(&reservation);
            thread::spawn(move || block_on(reservation.release("app")).unwrap())
        });
        let claims = (0..3).map(|_| {
            let (store, fresh) = (Arc::clone(&store), Arc::clone(&fresh));
            thread::spawn(move || {
                if claim(&*store, &key("app", "1"), 60) == Claim::Fresh {
                    fresh.fetch_add(1, Ordering::SeqCst);
                }
            })
        });
        all_of(releases.chain(claims).collect());
        if claim(&*store, &key("app", "1"), 60) == Claim::Fresh {
            fresh.fetch_add(1, Ordering::SeqCst);
        }
        assert_eq!(count(&fresh), 1, "released once");
        assert_eq!(store.len(), 1);
    });
}

/// A server with its clock, and an assertion that lives for a minute.
#[derive(Clone)]
struct Server {
    clock: SetClock,
    store: Arc<MemoryReplayStore>,
}

impl Server {
    fn new() -> Self {
        let clock = SetClock::at(1000);
        Server { store: Arc::new(MemoryReplayStore::with_clock(clock.clone())), clock }
    }

    /// As a request uses the store: it reads the clock, claims for as long as the assertion can still pass, and looks
    /// again whether it can.
    fn accepts(&self, margin: u64) -> bool {
        const EXPIRES_AT: u64 = 1060;
        let now = self.clock.wall_seconds();
        now < EXPIRES_AT
            && claim(&*self.store, &key("app", "1"), EXPIRES_AT - now + margin) == Claim::Fresh
            && self.clock.wall_seconds() < EXPIRES_AT
    }

    /// Presents it three times on each of two threads while the clock does something; how often it is accepted.
    fn accepted_while(&self, margin: u64, time: fn(&Server)) -> usize {
        let accepted = Arc::new(AtomicUsize::new(0));
        let presents = (0..2).map(|_| {
            let (server, accepted) = (self.clone(), Arc::clone(&accepted));
            thread::spawn(move || {
                for _ in 0..3 {
                    if server.accepts(margin) {
                        accepted.fetch_add(1, Ordering::SeqCst);
                    }
                }
            })
        });
        let server = self.clone();
        all_of(presents.chain([thread::spawn(move || time(&server))]).collect());
        count(&accepted)
    }

    fn goes_on(&self, seconds: u64) {
        self.clock.advance(seconds);
        self.store.sweep();
    }
}

#[test]
fn an_assertion_is_not_accepted_again_around_its_end() {
    check(|| {
        let accepted = Server::new().accepted_while(0, |server| (0..4).for_each(|_| server.goes_on(20)));
        assert!(accepted <= 1);
    });
}

/// However far.
#[test]
fn a_wall_clock_that_is_set_back_forgets_nothing() {
    check(|| {
        let server = Server::new();
        assert!(server.accepts(0));
        let accepted = server.accepted_while(0, |server| {
            server.clock.set_back(500);
            (0..3).for_each(|_| server.goes_on(100));
        });
        assert_eq!(accepted, 0);
    });
}

/// The one case in which how far matters: between the time by which a request was judged and its claim. What a request
/// has the store remember besides (`remember_for`) is for that.
#[test]
fn a_wall_clock_that_is_set_back_before_the_claim_accepts_nothing_again() {
    check(|| {
        let accepted = Server::new().accepted_while(20, |server| {
            server.clock.advance(40);
            server.clock.set_back(20);
            (0..3).for_each(|_| server.goes_on(19));
        });
        assert!(accepted <= 1);
    });
}

#[test]
fn there_is_never_more_than_there_is_room_for() {
    check(|| {
        let clock = SetClock::at(1000);
        let store = Arc::new(MemoryReplayStore::with_clock(clock.clone()).with_capacity(3, 2));
        let kept = Arc::new([AtomicUsize::new(0), AtomicUsize::new(0)]);
        let mut threads: Vec<_> = ["app", "neighbour"]
            .into_iter()
            .enumerate()
            .flat_map(|(number, client)| {
                let (store, kept) = (Arc::clone(&store), Arc::clone(&kept));
                ["12", "34"].map(move |ids| {
                    let (store, kept) = (Arc::clone(&store), Arc::clone(&kept));
                    thread::spawn(move || {
                        for id in ids.split("").filter(|id| !id.is_empty()) {
                            if claim(&*store, &key(client, id), 60) == Claim::Fresh {
                                kept[number].fetch_add(1, Ordering::SeqCst);
                            }
                            assert!(store.len() <= 3);
                        }
                    })
                })
            })
            .collect();
        let swept = Arc::clone(&store);
        threads.push(thread::spawn(move || {
            clock.advance(10);
            swept.sweep();
        }));
        all_of(threads);
        let [app, neighbour] = &*kept;
        assert!(count(app) <= 2 && count(neighbour) <= 2);
        assert_eq!((count(app) + count(neighbour), store.len()), (3, 3));
    });
}

/// Whoever is being refused meanwhile.
#[test]
fn what_is_given_back_makes_room_at_once() {
    check(|| {
        let store = Arc::new(MemoryReplayStore::with_clock(SetClock::at(1000)).with_capacity(2, 2));
        assert_eq!(claim(&*store, &key("app", "1"), 60), Claim::Fresh);
        assert_eq!(claim(&*store, &key("app", "2"), 60), Claim::Fresh);
        let fresh = Arc::new(AtomicUsize::new(0));
        let try_one = |client: &'static str, releases: bool| {
            let (store, fresh) = (Arc::clone(&store), Arc::clone(&fresh));
            thread::spawn(move || {
                if releases {
                    block_on(ReplayStore::release(&*store, &key("app", "1"))).unwrap();
                }
                if claim(&*store, &key(client, "3"), 60) == Claim::Fresh {
                    fresh.fetch_add(1, Ordering::SeqCst);
                }
            })
        };
        all_of(vec![try_one("app", true), try_one("neighbour", false)]);
        assert_eq!((count(&fresh), store.len()), (1, 2));
    });
}
