//! What every registry in a database must do besides.

use std::time::Duration;

use countersign::store::{ClientRegistry, ClientStore, RegisteredClient};
use countersign_tests::drivers::SetClock;
use countersign_tests::row::NOW;
use futures_util::future::join_all;
use serde_json::json;
use tokio::time::Instant;

use super::bed::{Bed, first_poll, two_polls};
use super::{name_of, registered, until_it_is};

pub(super) async fn what_was_written_is_there_after_a_restart(bed: &impl Bed) {
    let before = bed.opened().await;
    before.insert(&registered("kept", "kept")).await.unwrap();
    before.insert(&registered("removed", "")).await.unwrap();
    let removed = before.read("removed").await.unwrap().unwrap();
    assert!(before.remove("removed", removed.revision).await.unwrap());
    let read = before.read("kept").await.unwrap().unwrap();
    drop(before);
    let after = bed.opened().await;
    let again = after.read("kept").await.unwrap().unwrap();
    assert_eq!((again.revision, again.registration_access_token), (read.revision, Some([7; 32])));
    assert_eq!(name_of(&after, "kept").await.unwrap().as_deref(), Some("kept"));
    assert!(after.find("removed").await.unwrap().is_none());
    assert!(after.replace(&again).await.unwrap());
}

/// Neither by age nor by luck: nothing that a registry remembers ever ends by its clock here.
pub(super) async fn a_change_is_seen_by_every_other_process(bed: &impl Bed) {
    let (one, other) = (bed.opened().await, bed.opened().await);
    assert!(other.find("seen").await.unwrap().is_none());
    one.insert(&registered("seen", "first")).await.unwrap();
    until_it_is(&other, "seen", Some("first")).await;
    let mut read = other.read("seen").await.unwrap().unwrap();
    read.metadata.client_name = Some("second".to_owned());
    assert!(other.replace(&read).await.unwrap());
    assert_eq!(name_of(&other, "seen").await.unwrap().as_deref(), Some("second"));
    until_it_is(&one, "seen", Some("second")).await;
    let read = one.read("seen").await.unwrap().unwrap();
    assert!(one.remove("seen", read.revision).await.unwrap());
    until_it_is(&other, "seen", None).await;
}

/// One change after the other, each seen by another process. A machine that is busy may be late with some.
pub(super) async fn most_changes_are_seen_within(bed: &impl Bed, limit: Duration, changes: u32) {
    let (one, other) = (bed.opened().await, bed.opened().await);
    one.insert(&registered("changing", "0")).await.unwrap();
    until_it_is(&other, "changing", Some("0")).await;
    let (mut number, mut in_time) = (0, 0);
    while number < changes || in_time * 10 < changes * 7 {
        assert!(number < changes * 10, "{in_time} of {number} were seen within {limit:?}");
        number += 1;
        let mut read = one.read("changing").await.unwrap().unwrap();
        read.metadata.client_name = Some(number.to_string());
        assert!(one.replace(&read).await.unwrap());
        let changed = Instant::now();
        until_it_is(&other, "changing", Some(&number.to_string())).await;
        in_time += u32::from(changed.elapsed() < limit);
    }
}

/// An operator with a shell of the database's own.
pub(super) async fn a_change_by_hand_is_seen(bed: &impl Bed) {
    let registry = bed.opened().await;
    for id in ["changed", "renamed", "removed"] {
        registry.insert(&registered(id, "before")).await.unwrap();
        until_it_is(&registry, id, Some("before")).await;
    }
    let metadata = json!({"client_id": "changed", "client_secret": "s", "client_name": "after"});
    bed.execute(&format!("UPDATE {{}}clients SET metadata = '{metadata}' WHERE client_id = 'changed'")).await;
    until_it_is(&registry, "changed", Some("after")).await;
    let metadata = json!({"client_id": "new", "client_secret": "s", "client_name": "after"});
    let rename = format!("SET client_id = 'new', metadata = '{metadata}' WHERE client_id = 'renamed'");
    bed.execute(&format!("UPDATE {{}}clients {rename}")).await;
    until_it_is(&registry, "new", Some("after")).await;
    until_it_is(&registry, "renamed", None).await;
    bed.execute("DELETE FROM {}clients WHERE client_id = 'removed'").await;
    until_it_is(&registry, "removed", None).await;
}

/// `silence` undoes what logs changes.
pub(super) async fn a_change_that_is_not_logged_is_seen_after_a_lifetime(bed: &impl Bed, silence: &str) {
    let clock = SetClock::new(NOW);
    let registry = bed.opened_with(&clock).await;
    registry.insert(&registered("unlogged", "before")).await.unwrap();
    until_it_is(&registry, "unlogged", Some("before")).await;
    first_poll(bed, &registry).await;
    until_it_is(&registry, "unlogged", Some("before")).await;
    bed.execute(silence).await;
    let metadata = json!({"client_id": "unlogged", "client_secret": "s", "client_name": "after"});
    bed.execute(&format!("UPDATE {{}}clients SET metadata = '{metadata}'")).await;
    clock.advance(59);
    two_polls().await;
    assert_eq!(name_of(&registry, "unlogged").await.unwrap().as_deref(), Some("before"));
    clock.advance(1);
    assert_eq!(name_of(&registry, "unlogged").await.unwrap().as_deref(), Some("after"));
}

/// Who did not look for long cannot know what changed meanwhile.
pub(super) async fn a_log_that_does_not_go_back_far_enough_empties_the_cache(bed: &impl Bed, age: &str) {
    let registry = bed.opened().await;
    for number in 0..50 {
        registry.insert(&registered(&format!("old {number}"), "before")).await.unwrap();
    }
    until_it_is(&registry, "old 0", Some("before")).await;
    first_poll(bed, &registry).await;
    until_it_is(&registry, "old 0", Some("before")).await;
    // One more change, which no registry has looked at before it was forgotten.
    bed.execute(&format!(
        "BEGIN; UPDATE {{}}changes SET at = at - {age}; DELETE FROM {{}}clients WHERE client_id = 'old 0'; \
         DELETE FROM {{}}changes; UPDATE {{}}registry SET forgotten = version; COMMIT"
    ))
    .await;
    until_it_is(&registry, "old 0", None).await;
    // The others are loaded again.
    until_it_is(&registry, "old 1", Some("before")).await;
}

/// `logged` counts what is in the log.
pub(super) async fn the_log_is_pruned_by_age(bed: &impl Bed, age: &str, logged: impl AsyncFn() -> i64) {
    let registry = bed.opened().await;
    for number in 0..50 {
        registry.insert(&registered(&format!("{number}"), "")).await.unwrap();
    }
    assert_eq!(logged().await, 50);
    bed.execute(&format!("UPDATE {{}}changes SET at = at - {age} WHERE version <= 45")).await;
    registry.insert(&registered("a", "")).await.unwrap();
    assert_eq!(logged().await, 6);
    registry.insert(&registered("b", "")).await.unwrap();
    assert_eq!(logged().await, 7);
}

pub(super) async fn a_broken_row_fails_its_own_client(bed: &impl Bed, broken: &[(&str, &str)]) {
    let registry = bed.opened().await;
    registry.insert(&registered("z", "fine")).await.unwrap();
    for (column, problem) in broken {
        registry.insert(&registered("poison", "")).await.unwrap();
        bed.execute(&format!("UPDATE {{}}clients SET {column} WHERE client_id = 'poison'")).await;
        // By another registry, which has not seen it before.
        let other = bed.opened().await;
        let found = other.find("poison").await.map(drop).unwrap_err().to_string();
        // What is readable and makes no client can be read, so that it can be mended.
        let read = other.read("poison").await.map(drop);
        let page = other.page("", 1).await.unwrap();
        let first = page[0].metadata.client_id.as_str();
        match read {
            Ok(()) => assert!(problem.contains("client_secret") && first == "poison", "{column}"),
            Err(error) => {
                assert_eq!(error.to_string(), found);
                assert_eq!(first, "z", "{column}");
            }
        }
        assert!(found.contains("\"poison\"") && found.contains(problem), "{column}: {found}");
        assert!(!found.contains("dO5mwDJv"), "{found}");
        assert_eq!(name_of(&other, "z").await.unwrap().as_deref(), Some("fine"));
        // Once it is mended it is found again.
        let metadata = json!({"client_id": "poison", "client_secret": "s", "client_name": "mended"});
        let mend = format!("metadata = '{metadata}', registration_access_token = NULL, revision = 7");
        bed.execute(&format!("UPDATE {{}}clients SET {mend} WHERE client_id = 'poison'")).await;
        until_it_is(&other, "poison", Some("mended")).await;
        assert!(other.remove("poison", 7).await.unwrap());
    }
}

/// One client is announced for each kind of slow hash, whoever else has it.
pub(super) async fn slow_hashes_are_known_from_the_start(bed: &impl Bed) {
    let registry = bed.opened().await;
    assert!(!registry.has_slow_hashes());
    let (weak, strong) = (argon2id(8), argon2id(16));
    for (id, hashes) in [
        ("fast", vec![]),
        ("weak 1", vec![&weak]),
        ("weak 2", vec![&weak]),
        ("strong", vec![&strong]),
        ("both", vec![&weak, &strong]),
        ("both, too", vec![&strong, &weak]),
    ] {
        let secrets: Vec<_> = hashes.iter().map(|hash| json!({"secret_hash": hash})).collect();
        let metadata = json!({"client_id": id, "client_secret": "s", "client_secrets": secrets});
        let metadata = serde_json::from_value(metadata).unwrap();
        let client = RegisteredClient { metadata, ..Default::default() };
        assert!(registry.insert(&client).await.unwrap(), "{id}");
    }
    let again = bed.opened().await;
    assert!(again.has_slow_hashes());
    let slow = again.slow_clients();
    let mut ids: Vec<_> = slow.iter().map(|client| client.id()).collect();
    ids.sort_unstable();
    assert_eq!(ids, ["both", "strong", "weak 1"]);
}

pub(super) async fn many_can_open_it_at_once(bed: &impl Bed) {
    // Out of time is what a busy machine may be, and nothing else may go wrong.
    let open = async || loop {
        match bed.open(SetClock::new(NOW)).await {
            Err(error) if error.to_string().contains("within") => {}
            opened => return opened.unwrap(),
        }
    };
    let opened = join_all((0..8).map(|_| open())).await;
    let client = registered("a", "");
    let added = join_all(opened.iter().map(|registry| registry.insert(&client))).await;
    assert_eq!(added.iter().filter(|added| *added.as_ref().unwrap()).count(), 1);
}

/// `newer` notes that a later version has changed the tables.
pub(super) async fn a_newer_schema_is_refused(bed: &impl Bed, newer: &str) {
    drop(bed.opened().await);
    bed.execute(newer).await;
    let error = bed.open(SetClock::new(NOW)).await.map(drop).unwrap_err().to_string();
    assert!(error.contains("newer version") && error.contains("schema 3"), "{error}");
}

/// `forget` takes the note of the second schema away.
pub(super) async fn the_first_schema_is_brought_to_this_one(bed: &impl Bed, forget: &str) {
    let registry = bed.opened().await;
    registry.insert(&registered("old", "")).await.unwrap();
    drop(registry);
    bed.execute("DROP INDEX {}clients_self_registered").await;
    bed.execute(forget).await;
    let registry = bed.opened().await;
    assert_eq!(registry.self_registered(10).await.unwrap(), 1);
    // There is such an index again.
    bed.execute("DROP INDEX {}clients_self_registered").await;
}

fn argon2id(memory: u32) -> String {
    format!(
        "$argon2id$v=19$m={memory},t=1,p=1$c2FsdCBvZiBhIGZpeHR1cmU$tAVqxtCnl7VKUV157BeNnMALZ9w3K0r4UcUvR7ZlKG8"
    )
}
