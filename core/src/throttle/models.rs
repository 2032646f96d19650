//! The throttle of one process under every order that the checker draws.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use shuttle::future::block_on;
use shuttle::thread;

use super::{Attempted, FailureLimits, Guard, Port};
use crate::decision::Proved;
use crate::reason::Reason;
use crate::refusal::Failure;
use crate::sync::Arc;
use crate::sync::checker::{SetClock, check};

const SOURCE: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));

/// One failure is free at a client, then one in a minute; one in all, then one in a second: how long to wait tells how
/// many have been counted.
fn limits(clock: &SetClock) -> FailureLimits {
    FailureLimits::with_clock(clock.clone())
        .at_a_client(1, Duration::from_secs(60))
        .in_all(1, Duration::from_secs(1))
}

fn attempted(client: &str) -> Attempted<'_> {
    Attempted::new("", client, SOURCE)
}

/// How long an attempt has to wait.
fn wait(limits: &FailureLimits, client: &str) -> u64 {
    limits.check_now(&attempted(client)).map_or_else(|refused| refused.wait().as_secs(), |()| 0)
}

fn all_of(threads: impl IntoIterator<Item = thread::JoinHandle<()>>) {
    let threads: Vec<_> = threads.into_iter().collect();
    threads.into_iter().for_each(|thread| thread.join().unwrap());
}

#[test]
fn no_failure_is_lost() {
    check(|| {
        let limits = Arc::new(limits(&SetClock::at(1000)));
        all_of(["app", "a", "b", "c", "app"].map(|client| {
            let limits = Arc::clone(&limits);
            thread::spawn(move || {
                limits.failed_now(&attempted(client));
                assert!(wait(&limits, client) >= 60);
            })
        }));
        assert_eq!((wait(&limits, "app"), wait(&limits, "a")), (120, 60));
        assert_eq!(wait(&limits, "another"), 5, "of all clients together");
    });
}

/// Those of the client that proved itself are given back, and no others, not even for a moment.
#[test]
fn a_success_gives_back_its_own_failures_alone() {
    check(|| {
        let limits = Arc::new(limits(&SetClock::at(1000)));
        limits.failed_now(&attempted("neighbour"));
        let fails = (0..2).map(|_| {
            let limits = Arc::clone(&limits);
            thread::spawn(move || limits.failed_now(&attempted("app")))
        });
        let succeeds = {
            let limits = Arc::clone(&limits);
            thread::spawn(move || limits.succeeded_now(&attempted("app")))
        };
        let scans = {
            let limits = Arc::clone(&limits);
            thread::spawn(move || assert!(wait(&limits, "another") >= 1, "the neighbour's failure is gone"))
        };
        all_of(fails.chain([succeeds, scans]));
        assert_eq!((wait(&limits, "app"), wait(&limits, "neighbour")), (0, 60));
        assert_eq!(wait(&limits, "another"), 1);
    });
}

/// What was let through together counts together, so that a guesser is ahead by what he has under way, and once.
#[test]
fn nobody_guesses_more_than_the_budget_and_what_was_under_way() {
    const GUESSERS: u64 = 3;
    check(|| {
        let clock = SetClock::at(1000);
        let limits = FailureLimits::with_clock(clock.clone())
            .at_a_client(2, Duration::from_secs(10))
            .in_all(100, Duration::from_secs(1));
        let (port, guesses) = (Arc::new(Port::new(limits)), Arc::new(AtomicU64::new(0)));
        let guessers = (0..GUESSERS).map(|_| {
            let (port, guesses) = (Arc::clone(&port), Arc::clone(&guesses));
            thread::spawn(move || {
                block_on(async {
                    for _ in 0..4 {
                        if port.check(&attempted("app")).await.is_ok() {
                            guesses.fetch_add(1, Ordering::SeqCst);
                            port.failed(&attempted("app")).await;
                        }
                    }
                });
            })
        });
        let time = thread::spawn(move || clock.advance(10));
        all_of(guessers.chain([time]));
        let guesses = guesses.load(Ordering::SeqCst);
        assert!((2..=2 + (GUESSERS - 1) + 1).contains(&guesses), "{guesses}");
    });
}

/// Two Basic pairs, each of which can be read as the other's client.
#[test]
fn guards_of_two_attempts_do_not_wait_for_each_other() {
    check(|| {
        let limits = Arc::new(limits(&SetClock::at(1000)));
        let port = Arc::new(Port::new(Arc::clone(&limits)));
        all_of([("app", "neighbour"), ("neighbour", "app")].map(|(first, second)| {
            let port = Arc::clone(&port);
            thread::spawn(move || {
                block_on(async {
                    let guard = Guard::new(&port, "", SOURCE, (first, Some(second)), false);
                    let _ = guard.check().await;
                    let refused: Result<Proved, Failure> = Err(Failure::new(Reason::SecretMismatch));
                    guard.decided(&refused).await;
                });
            })
        }));
        assert_eq!(
            (wait(&limits, "app"), wait(&limits, "neighbour"), wait(&limits, "another")),
            (120, 120, 4)
        );
    });
}

#[test]
fn the_memory_is_bounded_whoever_comes() {
    check(|| {
        let limits = Arc::new(limits(&SetClock::at(1000)).with_capacity(4));
        all_of((0..3_u8).map(|thread| {
            let limits = Arc::clone(&limits);
            thread::spawn(move || {
                for number in 0..3 {
                    let source = IpAddr::V4(Ipv4Addr::new(192, 0, thread, number));
                    limits.failed_now(&Attempted::new("", "app", source));
                    limits.succeeded_now(&Attempted::new("", "neighbour", source));
                }
                // Of four kinds; the shards share the room.
                assert!(limits.len() <= 4 * 4);
            })
        }));
    });
}
