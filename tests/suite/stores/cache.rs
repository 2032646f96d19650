//! The cache in front of a database, with one that a test can hold up, change and break.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use countersign::store::{ClientStore, ReadThrough};
use countersign_tests::drivers::SetClock;
use countersign_tests::patience::PATIENCE;
use countersign_tests::row::NOW;
use futures_util::future::join_all;
use tokio::time::Instant;

use super::source::Source;
use super::{name_of, until_it_is};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_hundred_requests_at_once_are_one_load() {
    let (source, cache) = Source::held_up();
    source.put("a", "first");
    let finds: Vec<_> = (0..100)
        .map(|_| {
            let cache = cache.clone();
            tokio::spawn(async move { name_of(&cache, "a").await.unwrap() })
        })
        .collect();
    source.began(1).await;
    // Some of them go away, the one that caused the load perhaps among them.
    finds.iter().take(50).for_each(tokio::task::JoinHandle::abort);
    source.gate.add_permits(1);
    for found in join_all(finds).await.into_iter().skip(50) {
        assert_eq!(found.unwrap().as_deref(), Some("first"));
    }
    for _ in 0..100 {
        assert_eq!(name_of(&cache, "a").await.unwrap().as_deref(), Some("first"));
    }
    assert_eq!(source.loads(), 1);
}

#[tokio::test]
async fn a_load_goes_on_without_the_request_that_began_it() {
    let (source, cache) = Source::held_up();
    source.put("a", "first");
    let dropped = tokio::time::timeout(Duration::from_millis(20), cache.find("a")).await;
    assert!(dropped.is_err());
    source.began(1).await;
    let found = tokio::spawn({
        let cache = cache.clone();
        async move { name_of(&cache, "a").await.unwrap() }
    });
    source.gate.add_permits(1);
    assert_eq!(found.await.unwrap().as_deref(), Some("first"));
    assert_eq!(source.loads(), 1);
}

/// Whoever is known is found all the same.
#[tokio::test]
async fn loads_are_bounded() {
    const MOST: usize = 1024;
    let (source, cache) = Source::open();
    source.put("known", "first");
    assert_eq!(name_of(&cache, "known").await.unwrap().as_deref(), Some("first"));
    source.polled_twice().await;
    assert_eq!(name_of(&cache, "known").await.unwrap().as_deref(), Some("first"));
    let before = source.loads();
    source.is_held_up.store(true, Ordering::SeqCst);
    let ids: Vec<_> = (0..MOST).map(|number| format!("invented {number}")).collect();
    let mut finds = join_all(ids.iter().map(|id| cache.find(id)));
    let mut task = std::task::Context::from_waker(std::task::Waker::noop());
    assert!(std::pin::Pin::new(&mut finds).poll(&mut task).is_pending());
    let error = cache.find("one more").await.unwrap_err().to_string();
    assert!(error.contains("too many"), "{error}");
    // One that is under way already takes no more room.
    assert!(tokio::time::timeout(Duration::from_millis(5), cache.find("invented 0")).await.is_err());
    assert_eq!(name_of(&cache, "known").await.unwrap().as_deref(), Some("first"));
    source.began(before + MOST).await;
    source.gate.add_permits(MOST);
    assert!(finds.await.into_iter().all(|found| found.unwrap().is_none()));
    source.gate.add_permits(1);
    assert!(cache.find("one more").await.unwrap().is_none());
}

/// The classic race: the load reads, then comes the change and what it means for the cache, then the load's end.
#[tokio::test]
async fn a_load_that_began_before_a_change_does_not_undo_it() {
    for everything in [false, true] {
        let (source, cache) = Source::held_up();
        source.put("a", "first");
        let before = tokio::spawn({
            let cache = cache.clone();
            async move { name_of(&cache, "a").await.unwrap() }
        });
        source.began(1).await;
        source.put("a", "second");
        if everything {
            cache.clear()
        } else {
            cache.invalidate("a")
        }
        // Whoever comes now does not wait for the old load.
        let after = tokio::spawn({
            let cache = cache.clone();
            async move { name_of(&cache, "a").await.unwrap() }
        });
        source.began(2).await;
        source.gate.add_permits(2);
        assert_eq!(before.await.unwrap().as_deref(), Some("first"));
        assert_eq!(after.await.unwrap().as_deref(), Some("second"));
        for _ in 0..3 {
            assert_eq!(name_of(&cache, "a").await.unwrap().as_deref(), Some("second"));
        }
        assert_eq!(source.loads(), 2);
    }
}

/// The same with a change that the cache hears of from the source.
#[tokio::test]
async fn a_load_that_began_before_a_poll_does_not_undo_it() {
    let (source, cache) = Source::open();
    source.put("b", "");
    until_it_is(&cache, "b", Some("")).await;
    source.polled_twice().await;
    source.put("a", "first");
    source.is_held_up.store(true, Ordering::SeqCst);
    let loads = source.loads();
    let before = tokio::spawn({
        let cache = cache.clone();
        async move { name_of(&cache, "a").await.unwrap() }
    });
    source.began(loads + 1).await;
    source.put("a", "second");
    source.polled_twice().await;
    source.is_held_up.store(false, Ordering::SeqCst);
    source.gate.add_permits(1);
    assert_eq!(before.await.unwrap().as_deref(), Some("first"));
    assert_eq!(name_of(&cache, "a").await.unwrap().as_deref(), Some("second"));
}

#[tokio::test]
async fn invented_ids_push_out_no_client_and_are_remembered_within_bounds() {
    const INVENTED: usize = 12_000;
    let (source, cache) = Source::open();
    // What is not there is remembered for five seconds, which a busy machine takes for that many.
    let cache = cache.with_clock(SetClock::new(NOW));
    for number in 0..10 {
        source.put(&format!("client {number}"), "");
    }
    let find_all = async || {
        for number in 0..10 {
            assert!(cache.find(&format!("client {number}")).await.unwrap().is_some());
        }
    };
    find_all().await;
    source.polled_twice().await;
    find_all().await;
    let invent = async |count: usize| {
        for number in 0..count {
            assert!(cache.find(&format!("invented {number}")).await.unwrap().is_none());
        }
    };
    let before = source.loads();
    invent(INVENTED).await;
    assert_eq!(source.loads() - before, INVENTED);
    let before = source.loads();
    find_all().await;
    assert_eq!(source.loads(), before);
    invent(INVENTED).await;
    let again = source.loads() - before;
    assert!((INVENTED / 4..INVENTED).contains(&again), "{again} of {INVENTED} were not remembered");
}

#[tokio::test]
async fn clients_are_remembered_within_bounds() {
    let (source, cache) = Source::let_through();
    let cache = cache.with_capacity(100);
    let find_all = async || {
        for number in 0..1000 {
            source.put(&format!("{number}"), "");
            assert!(cache.find(&format!("{number}")).await.unwrap().is_some());
        }
    };
    find_all().await;
    assert!(format!("{cache:?}").starts_with("ReadThrough { clients: 100,"), "{cache:?}");
    find_all().await;
    assert!(source.loads() >= 1900 - 100, "{}", source.loads());
}

/// What an application keeps of it grows with the metadata.
#[tokio::test]
async fn a_client_of_much_metadata_counts_as_several() {
    let (source, cache) = Source::let_through();
    let cache = cache.with_capacity(100);
    for number in 0..100 {
        source.put(&format!("{number}"), &"a".repeat(20_000));
        assert!(cache.find(&format!("{number}")).await.unwrap().is_some());
    }
    assert!(format!("{cache:?}").starts_with("ReadThrough { clients: 10,"), "{cache:?}");
}

#[tokio::test]
async fn what_is_not_there_is_asked_for_again_after_a_while() {
    let (source, cache) = Source::open();
    let clock = SetClock::new(NOW);
    let cache = cache.with_clock(clock.clone());
    assert!(cache.find("a").await.unwrap().is_none());
    source.polled_twice().await;
    assert!(cache.find("a").await.unwrap().is_none());
    // Without a word to the log of changes.
    source.clients.lock().unwrap().insert("a".to_owned(), "first".to_owned());
    clock.advance(4);
    assert!(cache.find("a").await.unwrap().is_none());
    clock.advance(1);
    assert_eq!(name_of(&cache, "a").await.unwrap().as_deref(), Some("first"));
}

/// From none at all to more than a clock can count. What has more than is usual can take longer than that.
#[tokio::test]
async fn a_load_has_the_time_that_it_is_told() {
    let (source, cache) = Source::held_up();
    source.put("a", "first");
    for deadline in [Duration::ZERO, Duration::from_millis(20)] {
        assert!(cache.clone().with_deadline(deadline).find("a").await.is_err(), "{deadline:?}");
    }
    let patient = cache.with_deadline(Duration::MAX);
    let found = tokio::spawn(async move { name_of(&patient, "a").await.unwrap() });
    tokio::time::sleep(ReadThrough::<Source>::DEADLINE + Duration::from_millis(500)).await;
    // One each for those loads too, which may still be under way where their thread is late.
    source.gate.add_permits(3);
    assert_eq!(found.await.unwrap().as_deref(), Some("first"));
}

#[tokio::test]
async fn a_source_that_is_down_is_an_error_once_a_lifetime_ends() {
    let (source, cache) = Source::open();
    let clock = SetClock::new(NOW);
    let cache = cache.with_clock(clock.clone()).with_lifetime(Duration::from_secs(10));
    source.put("a", "first");
    until_it_is(&cache, "a", Some("first")).await;
    source.polled_twice().await;
    until_it_is(&cache, "a", Some("first")).await;
    source.is_down.store(true, Ordering::SeqCst);
    source.polled_twice().await;
    clock.advance(9);
    assert_eq!(name_of(&cache, "a").await.unwrap().as_deref(), Some("first"));
    let before = source.loads();
    for _ in 0..5 {
        let error = cache.find("b").await.unwrap_err().to_string();
        assert_eq!(error, "the store cannot answer: broken on purpose");
    }
    // It is not asked on every request.
    assert_eq!(source.loads(), before + 1);
    clock.advance(1);
    assert!(cache.find("a").await.is_err());
    source.is_down.store(false, Ordering::SeqCst);
    clock.advance(1);
    assert_eq!(name_of(&cache, "a").await.unwrap().as_deref(), Some("first"));
    assert!(cache.find("b").await.unwrap().is_none());
}

/// A panic in the source is an error of that load, and of nothing else. One in a poll does not end the polls.
#[tokio::test]
async fn a_panic_in_the_source_costs_one_answer() {
    let (source, cache) = Source::open();
    let clock = SetClock::new(NOW);
    let cache = cache.with_clock(clock.clone());
    source.put("a", "first");
    source.panics.store(true, Ordering::SeqCst);
    assert!(cache.find("a").await.is_err());
    source.polled_twice().await;
    source.panics.store(false, Ordering::SeqCst);
    clock.advance(1);
    until_it_is(&cache, "a", Some("first")).await;
    source.put("a", "second");
    until_it_is(&cache, "a", Some("second")).await;
}

/// Hints one after the other: without them, each change would wait for the next poll, almost a second.
#[tokio::test]
async fn a_hint_is_followed_at_once() {
    let (source, cache) = Source::open();
    source.put("a", "");
    until_it_is(&cache, "a", Some("")).await;
    let (mut changes, mut at_once) = (0, 0);
    while changes < 20 || at_once < 14 {
        assert!(changes < 100, "{at_once} of {changes} were seen at once");
        changes += 1;
        source.put("a", &changes.to_string());
        source.hint.notify_one();
        let changed = Instant::now();
        until_it_is(&cache, "a", Some(&changes.to_string())).await;
        at_once += u32::from(changed.elapsed() < Duration::from_millis(500));
    }
}

#[tokio::test]
async fn the_polls_of_a_cache_end_with_it() {
    let (source, cache) = Source::open();
    let _ = cache.find("a").await;
    source.polled_twice().await;
    drop(cache);
    // The cache's share of it, and those of its tasks.
    let gone = async {
        while Arc::strong_count(&source) > 1 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(PATIENCE, gone).await.unwrap();
}

/// Outside of any runtime, and without one.
#[test]
fn what_is_remembered_needs_no_runtime() {
    let (source, cache) = Source::open();
    source.put("a", "first");
    let name = futures_executor::block_on(name_of(&cache, "a")).unwrap();
    assert_eq!(name.as_deref(), Some("first"));
}
