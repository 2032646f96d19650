//! What the clock does not blur: allocations of each decision, memory of each remembered assertion, and the time
//! Countersign adds to a signature as the best of many short alternations.
//!
//! `cargo bench -p countersign-tests --bench counts`. Prints a table, with the target beside each figure, and fails
//! when one is over its target, but for the times.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::cast_precision_loss)]
#![allow(clippy::disallowed_methods, reason = "a benchmark reads the clock")]

mod bed;

use std::hint::black_box;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::{Duration, Instant};

use bytes::Bytes;
use countersign::replay::{Claim, MemoryReplayStore, ReplayKey, ReplayStore};
use countersign::throttle::{Attempted, FailureLimits, Throttle};

fn main() {
    let mut over = Vec::new();
    allocations(&mut over);
    own_time();
    mutual_tls(&mut over);
    replay_memory(&mut over);
    failure_memory(&mut over);
    assert!(over.is_empty(), "over target: {over:?}");
}

const TURNS: usize = 5;

fn allocations(over: &mut Vec<String>) {
    let auth = bed::authenticator();
    println!("{:<28} {:>12} {:>8}   target", "allocations", "count", "bytes");
    let mut row = |name: String, target: u64, decide: &mut dyn FnMut()| {
        decide();
        // The least of some: now and then a table that remembers what was used grows.
        let seen = (0..TURNS).map(|_| allocation_counter::measure(&mut *decide));
        let seen = seen.min_by_key(|seen| seen.count_total).unwrap();
        println!("{name:<28} {:>12} {:>8}   {target}", seen.count_total, seen.bytes_total);
        if seen.count_total > target {
            over.push(name);
        }
    };
    for method in bed::SECRETS {
        let request = bed::by_secret(method);
        let body = Bytes::from(request.body.clone());
        row(method.to_owned(), 5, &mut || {
            black_box(bed::authenticate(&auth, &request, &body));
        });
    }
    for method in bed::SECRETS {
        let mut request = bed::by_secret(method);
        request.peer.address = Some(SOURCE);
        let body = Bytes::from(request.body.clone());
        row(format!("{method}, from an address"), 6, &mut || {
            black_box(bed::authenticate(&auth, &request, &body));
        });
    }
    for (algorithm, client) in bed::SIGNERS {
        let prepared = bed::Prepared::new(client, TURNS + 1);
        row(format!("private_key_jwt {algorithm}"), 8, &mut || {
            let (request, body) = prepared.next();
            black_box(bed::authenticate(&auth, request, body));
        });
    }
}

/// The least of many short rounds: what other work on the machine adds is never negative.
fn own_time() {
    const ROUNDS: usize = 60;
    const CALLS: usize = 50;
    let auth = bed::authenticator();
    println!("\n{:<28} {:>12} {:>12} {:>10}   target", "time (least of rounds)", "bare", "whole", "own");
    for method in bed::SECRETS {
        let request = bed::by_secret(method);
        let body = Bytes::from(request.body.clone());
        let whole = least(ROUNDS, CALLS * 20, || {
            black_box(bed::authenticate(&auth, &request, &body));
        });
        println!("{method:<28} {:>12} {:>9} ns {:>7} ns   1000 ns", "-", whole.as_nanos(), whole.as_nanos());
    }
    for method in bed::SECRETS {
        let mut request = bed::by_secret(method);
        request.peer.address = Some(SOURCE);
        let body = Bytes::from(request.body.clone());
        let whole = least(ROUNDS, CALLS * 20, || {
            black_box(bed::authenticate(&auth, &request, &body));
        });
        let name = format!("{method}, address");
        println!("{name:<28} {:>12} {:>9} ns {:>7} ns   1000 ns", "-", whole.as_nanos(), whole.as_nanos());
    }
    for (algorithm, client) in bed::SIGNERS {
        let prepared = bed::Prepared::new(client, ROUNDS * CALLS);
        let bare = bed::Bare::new(client);
        let (mut least_bare, mut least_whole) = (Duration::MAX, Duration::MAX);
        for _ in 0..ROUNDS {
            // Another signature each time: the time of a verification depends on it.
            let mut signed = (0..CALLS).map(|_| bed::Signed::of(client)).collect::<Vec<_>>().into_iter();
            least_bare = least_bare.min(least(1, CALLS, || bare.verify(black_box(&signed.next().unwrap()))));
            least_whole = least_whole.min(least(1, CALLS, || {
                let (request, body) = prepared.next();
                black_box(bed::authenticate(&auth, request, body));
            }));
        }
        assert_eq!(prepared.left(), 0);
        println!(
            "{:<28} {:>9} ns {:>9} ns {:>7} ns   3000 ns",
            format!("private_key_jwt {algorithm}"),
            least_bare.as_nanos(),
            least_whole.as_nanos(),
            least_whole.as_nanos().saturating_sub(least_bare.as_nanos()),
        );
    }
}

/// A later request of a connection that showed a certificate, beside one with a secret to the same server.
fn mutual_tls(over: &mut Vec<String>) {
    const ROUNDS: usize = 60;
    let server = bed::certificates::MutualTls::new();
    println!("\n{:<28} {:>12} {:>10} {:>10}   target", "mutual TLS", "allocations", "time", "ratio");
    let mut connections: Vec<_> = bed::certificates::METHODS
        .into_iter()
        .map(|method| {
            let (request, certificates) = server.connection(method);
            let body = Bytes::from(request.body.clone());
            (method, request, body, certificates, Duration::MAX)
        })
        .collect();
    for _ in 0..ROUNDS {
        for (_, request, body, certificates, best) in &mut connections {
            *best = least(1, 1000, || {
                black_box(server.authenticate(request, body, certificates.as_ref()));
            })
            .min(*best);
        }
    }
    let secret = connections[0].4.as_secs_f64();
    for (method, request, body, certificates, best) in &connections {
        let seen = allocation_counter::measure(|| {
            black_box(server.authenticate(request, body, certificates.as_ref()));
        });
        let ratio = best.as_secs_f64() / secret;
        println!("{method:<28} {:>12} {:>7} ns {ratio:>10.2}   1.20", seen.count_total, best.as_nanos());
        if ratio > 1.2 {
            over.push(format!("a request by {method}"));
        }
    }
}

/// Of a flood of failures and successes, each of another client from another source.
fn failure_memory(over: &mut Vec<String>) {
    const ATTEMPTS: u32 = 1_000_000;
    let clock = countersign_tests::drivers::SetClock::new(countersign_tests::row::NOW);
    let limits = FailureLimits::with_clock(clock);
    let ids: Vec<String> = (0..1000).map(|client| format!("client-{client}")).collect();
    let flood = allocation_counter::measure(|| {
        for number in 0..ATTEMPTS {
            let source = Ipv6Addr::from((0x2001_0db8_u128 << 96) + (u128::from(number) << 64));
            let attempt = Attempted::new("", &ids[number as usize % ids.len()], source.into());
            futures_executor::block_on(limits.failed(&attempt));
            let other = Attempted::new("another", attempt.client_id(), source.into());
            futures_executor::block_on(limits.succeeded(&other));
        }
    });
    let (entries, bytes) = (limits.len(), flood.bytes_current as f64);
    let each = bytes / entries as f64;
    println!("\n{:<28} {:>12} {:>12}   target", "failure memory", "entries", "bytes each");
    println!("{:<28} {entries:>12} {each:>10.1} B   64 B", "10^6 failures, successes");
    if entries > 4 * 65_536 || each > 64.0 {
        over.push("failure memory".to_owned());
    }
}

fn least(rounds: usize, calls: usize, mut call: impl FnMut()) -> Duration {
    (0..rounds)
        .map(|_| {
            let start = Instant::now();
            (0..calls).for_each(|_| call());
            start.elapsed() / u32::try_from(calls).unwrap()
        })
        .min()
        .unwrap()
}

fn replay_memory(over: &mut Vec<String>) {
    const ENTRIES: u32 = 1_000_000;
    // As long as the default policy lets an assertion live, and its leeway.
    const LONGEST: Duration = Duration::from_secs(3600 + 31);
    println!("\n{:<28} {:>12} {:>12}   target", "replay memory", "live", "after sweep");
    for clients in [1_u32, 1_000, ENTRIES] {
        let clock = countersign_tests::drivers::SetClock::new(countersign_tests::row::NOW);
        let store = MemoryReplayStore::with_clock(clock.clone()).with_capacity(ENTRIES as usize, ENTRIES);
        let ids: Vec<String> = (0..clients).map(|client| format!("client-{client}")).collect();
        let claimed = allocation_counter::measure(|| {
            for entry in 0..ENTRIES {
                let key = ReplayKey::new("", &ids[(entry % clients) as usize], &entry.to_string());
                futures_executor::block_on(store.claim(&key, LONGEST)).unwrap();
            }
        });
        assert_eq!(store.len(), ENTRIES as usize);
        // It is full, and remembers the first of them.
        let claim = |entry: u32| {
            let key = ReplayKey::new("", &ids[(entry % clients) as usize], &entry.to_string());
            futures_executor::block_on(store.claim(&key, LONGEST)).unwrap()
        };
        assert_eq!(claim(0), Claim::Used);
        assert!(matches!(claim(ENTRIES), Claim::Full | Claim::ClientFull));
        clock.advance(LONGEST.as_secs() as i64 + 1);
        let swept = allocation_counter::measure(|| store.sweep());
        let live = claimed.bytes_current as f64 / f64::from(ENTRIES);
        let left = (claimed.bytes_current + swept.bytes_current) as f64 / f64::from(ENTRIES);
        println!("{:<28} {live:>10.1} B {left:>10.1} B   64 B", format!("10^6 entries, {clients} clients"));
        if live > 64.0 || left > 1.0 {
            over.push(format!("replay memory with {clients} clients"));
        }
    }
}

/// Of requests whose failures would be limited.
const SOURCE: IpAddr = IpAddr::V4(Ipv4Addr::new(198, 51, 100, 7));
