//! One fetch at a time for each URL, whoever causes it and whoever waits for it.

use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use countersign::Reason;
use countersign::fetch::FailureKind;
use countersign::fetch::limits::{FETCH_TIMEOUT, FETCHES_PER_SECOND};
use countersign::key_source::KeySource;
use futures_util::future::join_all;

use super::bed::{Bed, key, kind, on_tokio, other_key};
use super::host::{Answer, Host, key_set, ok, response};

fn late(milliseconds: u64, answer: &Answer) -> Answer {
    let Answer::Octets(octets) = answer else { panic!("an answer in one piece") };
    Answer::Late(Duration::from_millis(milliseconds), octets.clone())
}

#[test]
fn a_thousand_requests_share_one_fetch() {
    on_tokio(async {
        for (answer, fails) in [(key_set([key()], ""), false), (response("500 Oops", "", ""), true)] {
            let host = Host::new(late(1000, &answer));
            let bed = Bed::new(host.url());
            let outcomes = join_all((0..1000).map(|_| bed.keys())).await;
            assert!(outcomes.iter().all(|outcome| outcome.is_err() == fails));
            assert_eq!((host.asked(), bed.counters().joined), (1, 999));
        }
    });
}

/// The request that caused the fetch goes away, at once or later; the fetch goes on.
#[test]
fn a_fetch_outlives_the_request_that_caused_it() {
    on_tokio(async {
        let host = Host::new(late(1000, &key_set([key()], "")));
        let bed = Bed::new(host.url());
        let request = bed.request();
        let mut sending = Box::pin(bed.send(&request));
        assert!(sending.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        let others: Vec<_> = (0..10).map(|_| Box::pin(bed.keys())).collect();
        let mut others: Vec<_> = others
            .into_iter()
            .map(|mut other| {
                assert!(matches!(
                    other.as_mut().poll(&mut Context::from_waker(Waker::noop())),
                    Poll::Pending
                ));
                other
            })
            .collect();
        drop(sending);
        let last = others.pop().unwrap();
        drop(others);
        assert!(last.await.is_ok());
        bed.accepted().await;
        assert_eq!(host.asked(), 1);
    });
}

#[test]
fn a_fetch_that_nobody_waits_for_fills_the_cache() {
    on_tokio(async {
        let host = Host::new(late(1000, &key_set([key()], "")));
        let bed = Bed::new(host.url());
        tokio::time::timeout(Duration::from_millis(5), bed.keys()).await.unwrap_err();
        bed.until("the request", || host.asked() == 1).await;
        let is_there = || bed.fetcher.cached(1).iter().any(|set| set.keys.is_some() && !set.is_fetching);
        bed.until("the set", is_there).await;
        bed.accepted().await;
        assert_eq!((host.asked(), bed.counters().joined), (1, 0));
    });
}

/// A worker of a server may end with its runtime. Who waits on another learns of it and can try again.
#[test]
fn a_fetch_whose_runtime_ends_leaves_nobody_waiting() {
    let host = Host::new(Answer::Silence);
    let bed = Arc::new(Bed::new(host.url()));
    let worker = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    worker.block_on(async {
        tokio::time::timeout(Duration::from_millis(50), bed.keys()).await.unwrap_err();
    });
    let waiting = std::thread::spawn({
        let bed = Arc::clone(&bed);
        move || on_tokio(async { kind(bed.keys().await) })
    });
    on_tokio(bed.until("the other to wait", || bed.counters().joined == 1));
    drop(worker);
    assert_eq!(waiting.join().unwrap(), FailureKind::Interrupted);
    host.set(key_set([key()], ""));
    bed.clock.advance(1);
    on_tokio(bed.accepted());
}

#[test]
fn without_a_runtime_kept_sets_serve_and_fetches_fail() {
    let host = Host::new(key_set([key()], ""));
    let bed = Bed::new(host.url());
    assert_eq!(kind(futures_executor::block_on(bed.keys())), FailureKind::Interrupted);
    bed.clock.advance(1);
    on_tokio(bed.accepted());
    futures_executor::block_on(bed.accepted());
    assert_eq!(host.asked(), 1);
}

/// Signed for one client, each with another `kid`: what a client that went wild, or one whose key was stolen,
/// sends.
#[test]
fn ten_thousand_unknown_kids_cause_one_fetch_in_thirty_seconds() {
    on_tokio(async {
        let host = Host::new(key_set([key()], "max-age=86400"));
        let bed = Bed::new(host.url());
        let mut fetches = 0;
        for (round, count) in [10_000, 100, 100].into_iter().enumerate() {
            let requests: Vec<_> = (0..count)
                .map(|number| {
                    bed.request_by(|assertion| assertion.header("kid", format!("unknown-{round}-{number}")))
                })
                .collect();
            let refusals = join_all(requests.iter().map(|request| bed.send(request))).await;
            // On a machine that has other work, some give up waiting for the one fetch.
            assert!(refusals.iter().all(|refusal| {
                refusal.as_ref().is_err_and(|refusal| {
                    [Reason::KeyNotFound, Reason::JwksUnavailable].contains(&refusal.reason())
                })
            }));
            assert!(refusals.iter().any(|refusal| {
                refusal.as_ref().is_err_and(|refusal| refusal.reason() == Reason::KeyNotFound)
            }));
            fetches += 1;
            assert_eq!(host.asked(), fetches);
            bed.accepted().await;
            bed.clock.advance(29);
            bed.refused(&bed.request_by(|assertion| assertion.header("kid", "unknown")), Reason::KeyNotFound)
                .await;
            assert_eq!(host.asked(), fetches);
            bed.clock.advance(1);
        }
        assert!(bed.counters().joined + bed.counters().cooled_down >= 10_190);
    });
}

/// The cool-down counts from the last attempt, failed or not, and an empty set is as good as any.
#[test]
fn jwks_049_the_cool_down_holds_whatever_was_fetched() {
    on_tokio(async {
        let host = Host::new(key_set([], "max-age=3600"));
        let bed = Bed::new(host.url());
        for _ in 0..100 {
            bed.refused(&bed.request(), Reason::KeyNotFound).await;
        }
        assert_eq!(host.asked(), 1);
        host.set(ok("garbage", ""));
        bed.clock.advance(30);
        for second in 0..30 {
            // Nobody can say whether the key exists: 503, and no fetch.
            bed.unavailable(FailureKind::NotAKeySet).await;
            assert_eq!(host.asked(), 2, "after {second} s");
            bed.clock.advance(1);
        }
        host.set(key_set([key()], ""));
        bed.accepted().await;
        assert_eq!(host.asked(), 3);
    });
}

/// Never more than one in thirty seconds, whatever is asked for and in which order.
#[test]
fn no_order_of_requests_fetches_a_good_url_twice_in_thirty_seconds() {
    on_tokio(async {
        let host = Host::new(key_set([other_key()], "no-store"));
        let bed = Bed::new(host.url());
        let mut asked_at = Vec::new();
        for second in 0..400_u32 {
            let before = host.asked();
            let keys = bed.keys().await.unwrap();
            if !second.is_multiple_of(7) {
                bed.refreshed(&keys).await.unwrap();
            }
            // A renewal in the background is joined by a request for more, or ends here.
            bed.until("quiet", || host.asked() as u64 == bed.counters().fetches).await;
            asked_at.extend((before < host.asked()).then_some(second));
            assert!(host.asked() <= before + 1);
            bed.clock.advance(1);
        }
        assert!(asked_at.windows(2).all(|pair| pair[1] - pair[0] >= 30), "{asked_at:?}");
    });
}

#[test]
fn a_host_is_asked_for_two_sets_at_a_time() {
    on_tokio(async {
        // On a busy machine the last may not have their turn in time.
        for _ in 0..10 {
            let host = Host::new(late(60, &key_set([key()], "")));
            let bed = Bed::new(host.url());
            let urls: Vec<_> = (0..12).map(|client| format!("{}/{client}", host.url())).collect();
            let outcomes = join_all(urls.iter().map(|url| KeySource::keys(&bed.fetcher, url))).await;
            assert_eq!(host.most_at_once(), 2);
            if outcomes.iter().all(Result::is_ok) {
                assert_eq!(host.asked(), 12);
                return;
            }
        }
        panic!("twelve sets were never had in time");
    });
}

/// What does not get its turn in time fails for that, and the host is not blamed for it.
#[test]
fn a_stalling_host_holds_up_its_own_clients_alone() {
    on_tokio(async {
        // On a busy machine a third may have its turn in the moment in which the time of all is over.
        for _ in 0..10 {
            let stalling = Host::at("127.0.0.2:0", Answer::Silence);
            let good = Host::new(key_set([key()], ""));
            let bed = Bed::new(good.url());
            let urls: Vec<_> = (0..6).map(|client| format!("{}/{client}", stalling.url())).collect();
            let others = join_all(urls.iter().map(|url| KeySource::keys(&bed.fetcher, url)));
            let meanwhile = async {
                let started = tokio::time::Instant::now();
                bed.accepted().await;
                // One wait for the other host costs as much.
                assert!(started.elapsed() < FETCH_TIMEOUT);
            };
            let (outcomes, ()) = futures_util::future::join(others, meanwhile).await;
            let kinds: Vec<_> = outcomes.into_iter().map(kind).collect();
            let count = |wanted| kinds.iter().filter(|kind| **kind == wanted).count();
            let (late, busy) = (count(FailureKind::Timeout), count(FailureKind::Busy));
            assert_eq!(late + busy, 6, "{kinds:?}");
            assert!(stalling.most_at_once() <= 2);
            if (late, busy, stalling.asked()) == (2, 4, 2) {
                return;
            }
        }
        panic!("a third had its turn each time");
    });
}

#[test]
fn fifty_fetches_begin_in_a_second() {
    on_tokio(async {
        let answer = key_set([key()], "");
        // A busy machine may look too late, or not have all sets in time.
        for _ in 0..20 {
            let hosts: Vec<_> =
                (1..=60).map(|number| Host::at(&format!("127.0.1.{number}:0"), answer.clone())).collect();
            let bed = Bed::new(hosts[0].url());
            let urls: Vec<_> = hosts.iter().map(Host::url).collect();
            let started = tokio::time::Instant::now();
            let fetches = join_all(urls.iter().map(|url| KeySource::keys(&bed.fetcher, url)));
            let early = async {
                tokio::time::sleep(Duration::from_millis(700)).await;
                let early = hosts.iter().filter(|host| host.asked() > 0).count();
                (early, started.elapsed())
            };
            let (outcomes, (early, looked_after)) = futures_util::future::join(fetches, early).await;
            assert!(started.elapsed() >= Duration::from_secs(1));
            if looked_after < Duration::from_secs(1) {
                assert!(early <= FETCHES_PER_SECOND, "{early} in a second");
                if early > 0 && outcomes.iter().all(Result::is_ok) {
                    return;
                }
            }
        }
        panic!("sixty sets were never had in time");
    });
}

/// What could not begin before its time is over is refused at once and waits for nothing.
#[test]
fn a_flood_of_urls_is_shed() {
    on_tokio(async {
        let urls: Vec<_> = (1..=200).map(|number| format!("http://127.0.2.{number}:1/jwks")).collect();
        let mut seen = Vec::new();
        while seen.len() < 10 {
            let bed = Bed::new("http://127.0.2.1:1/jwks");
            let outcomes = join_all(urls.iter().map(|url| KeySource::keys(&bed.fetcher, url))).await;
            let kinds: Vec<_> = outcomes.into_iter().map(kind).collect();
            let shed = kinds.iter().filter(|kind| **kind == FailureKind::Busy).count();
            // Three times fifty begin within two and a half seconds; on a slow machine some of the rest, later, and of
            // those that were awake too late for their turn, none.
            let begun = bed.counters().fetches;
            if shed >= 1 && begun >= 150 && begun as usize + shed == 200 {
                return;
            }
            seen.push((begun, shed));
        }
        panic!("(begun, shed) of 200: {seen:?}");
    });
}
