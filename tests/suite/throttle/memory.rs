//! Whatever callers send, the memory of failures stays within its bound, and forgets the right things.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;
use std::time::Duration;

use countersign::throttle::{Attempted, FailureLimits, Throttle};
use countersign_tests::drivers::SetClock;
use countersign_tests::row::NOW;
use futures_util::FutureExt as _;

const CAPACITY: usize = 1024;

fn limits() -> FailureLimits {
    FailureLimits::with_clock(SetClock::new(NOW)).with_capacity(CAPACITY)
}

fn now<T>(call: impl Future<Output = T>) -> T {
    call.now_or_never().expect("nothing to wait for")
}

fn address(number: u32) -> IpAddr {
    // Not loopback, whatever the number.
    Ipv6Addr::from((0x2001_0db8_u128 << 96) + (u128::from(number) << 64)).into()
}

const HONEST: IpAddr = IpAddr::V4(Ipv4Addr::new(198, 51, 100, 7));

#[test]
fn strangers_cannot_fill_it() {
    let limits = limits();
    for number in 0..50_000 {
        let client_id = number.to_string();
        let attempt = Attempted::new("", &client_id, address(number));
        now(limits.failed(&attempt));
        now(limits.succeeded(&attempt.with_name_alone()));
        assert!(number % 1000 > 0 || limits.len() <= 4 * CAPACITY, "{}", limits.len());
    }
    assert!(limits.len() <= 4 * CAPACITY);
}

/// What was proved is remembered apart from what anybody can cause.
#[test]
fn failures_and_names_do_not_push_a_success_out() {
    let limits = limits();
    let honest = Attempted::new("", "billing", HONEST);
    now(limits.succeeded(&honest));
    for number in 0..50_000 {
        let client_id = number.to_string();
        let attempt = Attempted::new("", &client_id, address(number));
        now(limits.failed(&attempt));
        now(limits.succeeded(&attempt.with_name_alone()));
    }
    (0..200).for_each(|_| now(limits.failed(&honest)));
    assert_eq!(now(limits.check(&honest)), Ok(()));
    let neighbour = Attempted::new("", "another", HONEST);
    (0..200).for_each(|_| now(limits.failed(&neighbour)));
    assert!(now(limits.check(&neighbour)).is_err());
    assert_eq!(now(limits.check(&honest)), Ok(()));
}

/// With room for it, a source that failed is remembered whatever others do.
#[test]
fn a_failure_is_remembered_while_there_is_room() {
    let limits = limits();
    let guesser = Attempted::new("", "billing", HONEST);
    (0..20).for_each(|_| now(limits.failed(&guesser)));
    // Fewer than could fill any of the shards.
    for number in 0..64 {
        let client_id = number.to_string();
        now(limits.failed(&Attempted::new("", &client_id, address(number))));
    }
    assert!(now(limits.check(&guesser)).is_err());
}

#[test]
fn tenants_do_not_share_their_failures() {
    let limits = limits();
    (0..200).for_each(|_| now(limits.failed(&Attempted::new("one", "billing", HONEST))));
    assert!(now(limits.check(&Attempted::new("one", "billing", HONEST))).is_err());
    assert_eq!(now(limits.check(&Attempted::new("other", "billing", HONEST))), Ok(()));
}

#[test]
fn prefixes_are_as_long_as_they_are_set() {
    let limits = limits().with_source_prefixes(24, 48);
    let at = |address: &str| Attempted::new("", "billing", address.parse().unwrap());
    for (failing, inside, outside) in [
        ("198.51.100.7", "198.51.100.255", "198.51.101.7"),
        ("2001:db8:1::1", "2001:db8:1:ffff::1", "2001:db8:2::1"),
    ] {
        (0..20).for_each(|_| now(limits.failed(&at(failing))));
        assert!(now(limits.check(&at(inside))).is_err());
        assert_eq!(now(limits.check(&at(outside))), Ok(()));
    }
}

/// No failure of many threads is lost, and none counts twice.
#[test]
fn failures_of_many_threads_all_count() {
    let limits = Arc::new(limits());
    let threads: Vec<_> = (0..4)
        .map(|_| {
            let limits = Arc::clone(&limits);
            std::thread::spawn(move || {
                (0..10).for_each(|_| now(limits.failed(&Attempted::new("", "billing", HONEST))));
            })
        })
        .collect();
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    let refused = now(limits.check(&Attempted::new("", "billing", HONEST))).unwrap_err();
    assert_eq!(refused.wait(), Duration::from_secs((40 - 20 + 1) * 6));
}
