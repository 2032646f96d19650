//! Sets that age, keys that rotate, hosts that go down. The clock stands still until it is moved.

use std::sync::Arc;

use countersign::Reason;
use countersign::fetch::FailureKind;
use countersign::fetch::limits::FETCH_TIMEOUT;

use super::bed::{Bed, key, kind, on_tokio, other_key};
use super::host::{Host, key_set, ok, response};

#[test]
fn jwks_064_a_set_that_must_not_be_kept_is_kept_for_a_minute() {
    on_tokio(async {
        for line in ["max-age=0", "no-store", "no-cache", "max-age=garbage"] {
            let host = Host::new(key_set([key()], line));
            let bed = Bed::new(host.url());
            for _ in 0..100 {
                bed.accepted().await;
            }
            assert_eq!(host.asked(), 1, "{line}");
            bed.clock.advance(60);
            bed.accepted().await;
            assert_eq!(host.asked(), 2, "{line}");
        }
    });
}

#[test]
fn jwks_065_a_set_is_kept_for_a_day_at_most() {
    on_tokio(async {
        let host = Host::new(key_set([key()], "max-age=31536000"));
        let bed = Bed::new(host.url());
        bed.accepted().await;
        bed.clock.advance(24 * 3600 * 7 / 10);
        bed.accepted().await;
        assert_eq!(host.asked(), 1);
        bed.clock.advance(24 * 3600 * 3 / 10);
        bed.accepted().await;
        assert_eq!(host.asked(), 2);
    });
}

#[test]
fn jwks_066_expires_is_not_read() {
    on_tokio(async {
        let document = serde_json::json!({"keys": [key()]}).to_string();
        let host = Host::new(ok(document, "Expires: yesterday\r\nDate: 0\r\nCache-Control: ,,=,max-age\r\n"));
        Bed::new(host.url()).accepted().await;
    });
}

/// Requests go on with the old set, and the next ones have the new.
#[test]
fn a_set_is_renewed_before_it_ages() {
    on_tokio(async {
        let host = Host::new(key_set([other_key()], "max-age=1000"));
        let bed = Bed::new(host.url());
        let old = bed.keys().await.unwrap();
        bed.clock.advance(719);
        assert!(Arc::ptr_eq(&bed.keys().await.unwrap(), &old));
        assert_eq!(host.asked(), 1);
        host.set(key_set([key()], "max-age=1000"));
        bed.clock.advance(81);
        for _ in 0..10 {
            assert!(Arc::ptr_eq(&bed.keys().await.unwrap(), &old));
        }
        bed.until("the renewal", || host.asked() == 2).await;
        while Arc::ptr_eq(&bed.keys().await.unwrap(), &old) {
            tokio::task::yield_now().await;
        }
        bed.accepted().await;
        assert_eq!((host.asked(), bed.counters().joined), (2, 0));
    });
}

/// The client shows a new key and then uses it: not one request is refused.
#[test]
fn a_rotation_with_a_new_kid_is_followed_within_the_same_request() {
    on_tokio(async {
        let host = Host::new(key_set([other_key()], "max-age=3600"));
        let bed = Bed::new(host.url());
        bed.keys().await.unwrap();
        host.set(key_set([other_key(), key()], "max-age=3600"));
        bed.clock.advance(30);
        bed.accepted().await;
        assert_eq!(host.asked(), 2);
        bed.accepted().await;
        assert_eq!((host.asked(), bed.counters().cooled_down), (2, 0));
    });
}

#[test]
fn a_key_that_a_good_fetch_no_longer_brings_is_gone_at_once() {
    on_tokio(async {
        let host = Host::new(key_set([key()], "max-age=60"));
        let bed = Bed::new(host.url());
        bed.accepted().await;
        host.set(key_set([other_key()], "max-age=60"));
        bed.clock.advance(60);
        bed.refused(&bed.request(), Reason::KeyNotFound).await;
        // And stays gone when the host goes down after that.
        host.set(response("500 Oops", "", ""));
        bed.clock.advance(60);
        assert!(bed.keys().await.is_ok());
        bed.unavailable(FailureKind::Status).await;
    });
}

#[test]
fn jwks_045_the_last_good_set_serves_for_an_hour_and_no_longer() {
    on_tokio(async {
        let host = Host::new(key_set([key()], "max-age=600"));
        let bed = Bed::new(host.url());
        bed.accepted().await;
        host.set(response("500 Oops", "", ""));
        bed.clock.advance(600);
        bed.accepted().await;
        for _ in 0..119 {
            bed.clock.advance(30);
            bed.accepted().await;
        }
        assert_eq!(bed.counters().served_stale, 120);
        bed.clock.advance(29);
        bed.accepted().await;
        bed.clock.advance(1);
        bed.unavailable(FailureKind::Status).await;
        // Up again, it serves again, and without a long wait.
        host.set(key_set([key()], "max-age=600"));
        bed.clock.advance(60);
        bed.accepted().await;
    });
}

#[test]
fn how_long_a_set_serves_stale_can_be_set_to_a_day_at_most() {
    on_tokio(async {
        for (wanted, served) in [(0, 0), (100, 100), (7 * 24 * 3600, 24 * 3600)] {
            let host = Host::new(key_set([key()], "max-age=60"));
            let wanted = std::time::Duration::from_secs(wanted);
            let bed = Bed::with(host.url(), |fetcher| fetcher.serve_stale_for(wanted));
            bed.accepted().await;
            host.set(response("500 Oops", "", ""));
            bed.clock.advance(60 + served - 1);
            bed.accepted().await;
            bed.clock.advance(1);
            bed.unavailable(FailureKind::Status).await;
        }
    });
}

/// While the host is known to fail nobody waits for it.
#[test]
fn a_stale_set_is_served_without_waiting() {
    on_tokio(async {
        let host = Host::new(key_set([key()], "max-age=60"));
        let bed = Bed::new(host.url());
        bed.accepted().await;
        host.set(super::host::Answer::Silence);
        bed.clock.advance(60);
        // The first to come finds out.
        bed.accepted().await;
        let started = tokio::time::Instant::now();
        for _ in 0..10 {
            bed.clock.advance(60);
            bed.accepted().await;
        }
        // One wait costs as much.
        assert!(started.elapsed() < FETCH_TIMEOUT);
        assert!(host.asked() <= 3);
    });
}

#[test]
fn a_dead_host_is_asked_once_in_a_pause() {
    on_tokio(async {
        let host = Host::new(response("500 Oops", "", ""));
        let bed = Bed::new(host.url());
        let mut asked = Vec::new();
        for second in 0..300 {
            let before = host.asked();
            for _ in 0..5 {
                assert_eq!(kind(bed.keys().await), FailureKind::Status);
            }
            if host.asked() > before {
                assert_eq!(host.asked(), before + 1);
                asked.push(second);
            }
            bed.clock.advance(1);
        }
        assert_eq!(asked, [0, 1, 3, 7, 15, 31, 63, 123, 183, 243]);
    });
}
