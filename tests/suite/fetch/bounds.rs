//! How much memory a host can make the fetcher take, and what a kept set costs.

use std::hint::black_box;

use countersign::fetch::FailureKind;
use countersign::fetch::limits::MAX_OCTETS;
use countersign::key_source::KeySource;
use serde_json::json;

use super::bed::{Bed, key, kind, on_tokio};
use super::host::{Answer, Host, key_set, ok};

/// The most memory that this thread, on which the fetch runs, held at a time.
fn most_memory(answer: Answer) -> u64 {
    let host = Host::new(answer);
    let bed = Bed::new(host.url());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let seen = allocation_counter::measure(|| {
        let _ = black_box(runtime.block_on(bed.keys()));
    });
    assert_eq!(host.asked(), 1);
    seen.bytes_max
}

#[test]
fn no_answer_takes_a_mebibyte() {
    let full = |unit: &str, open: &str, close: &str| {
        let count = (MAX_OCTETS - open.len() - close.len()) / unit.len();
        ok(format!("{open}{}{close}", unit.repeat(count)), "")
    };
    let names: String = (0..7000).map(|number| format!("\"{number:04}\":0,")).collect();
    let rsa = json!({"kty": "RSA", "e": "AQAB", "n": "_".repeat(600)});
    for (what, answer) in [
        ("an endless body", Answer::Endless("HTTP/1.1 200 OK\r\n\r\n".into())),
        ("an endless head", Answer::Endless("HTTP/1.1 200 OK\r\nX: ".into())),
        ("arrays", full("[],", "{\"keys\":[", "[]]}")),
        ("arrays outside of the keys", full("[],", "{\"keys\":[],\"x\":[", "[]]}")),
        ("arrays in a key", full("[],", "{\"keys\":[{\"x\":[", "[]]}]}")),
        ("objects in a key", full("{\"\":{}},", "{\"keys\":[{\"x\":[", "0]}]}")),
        ("numbers in a key", full("0,", "{\"keys\":[{\"x\":[", "0]}]}")),
        ("members of a key", ok(format!("{{\"keys\":[{{{names}\"\":0}}]}}"), "")),
        ("keys", key_set(vec![rsa; 100], "")),
    ] {
        let most = most_memory(answer);
        println!("{what}: {most} octets");
        assert!(most < 1 << 20, "{what} took {most} octets");
    }
}

/// Full of sets that were fetched just now, it takes no more; later the oldest make place.
#[test]
fn the_cache_has_a_bound() {
    on_tokio(async {
        let host = Host::new(key_set([key()], ""));
        let bed = Bed::with(host.url(), |fetcher| fetcher.cache_octets(10 * 1024));
        let url = |number: usize| format!("{}/{number}", host.url());
        let fetch = async |number| KeySource::keys(&bed.fetcher, &url(number)).await;
        let fits = async {
            let mut fits = 0;
            while fetch(fits).await.is_ok() {
                fits += 1;
            }
            fits
        }
        .await;
        assert!((2..6).contains(&fits), "{fits} sets");
        assert_eq!(kind(fetch(99).await), FailureKind::NoRoom);
        // Those that are kept still serve.
        assert!(fetch(0).await.is_ok());
        let asked = host.asked();
        bed.clock.advance(31);
        assert!(fetch(0).await.is_ok());
        assert!(fetch(100).await.is_ok());
        assert_eq!(host.asked(), asked + 1);
        assert!(fetch(0).await.is_ok(), "it was used last");
        assert_eq!(host.asked(), asked + 1);
    });
}

/// A kept set costs a look into the map. The authenticator adds a box for the future.
#[test]
fn a_kept_set_costs_no_allocation() {
    let host = Host::new(key_set([key()], ""));
    let bed = Bed::new(host.url());
    on_tokio(bed.accepted());
    // The executor itself allocates the first time.
    futures_executor::block_on(async {});
    let seen = allocation_counter::measure(|| {
        black_box(futures_executor::block_on(bed.keys())).unwrap();
    });
    assert_eq!(seen.count_total, 0);
}
