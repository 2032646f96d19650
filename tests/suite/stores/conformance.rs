//! What every registry must do.

use std::sync::Arc;

use countersign::store::{ClientRegistry, ClientStore, RegisteredClient};
use countersign::{AuthMethod, Authenticator};
use countersign_tests::request::Request;
use countersign_tests::row::ISSUER;
use serde_json::json;
use tokio::sync::Barrier;

use super::registered;
use crate::faults::authenticate;

/// For a registry that is empty.
pub(super) async fn a_registry_keeps_its_promises<R>(registry: R)
where
    R: ClientStore + ClientRegistry + Clone,
{
    nothing_is_found_where_nothing_is(&registry).await;
    a_client_is_added_once(&registry).await;
    a_change_needs_the_revision_that_was_read(&registry).await;
    a_client_that_came_back_is_another(&registry).await;
    those_who_registered_themselves_are_counted(&registry).await;
    pages_are_in_the_order_of_ids(&registry).await;
    what_makes_no_client_is_not_written(&registry).await;
    texts_come_back_as_they_were(&registry).await;
    a_better_hash_takes_the_place_of_the_old(&registry).await;
    of_many_writers_each_has_its_turn(&registry).await;
    one_of_many_adds_a_client(&registry).await;
}

async fn nothing_is_found_where_nothing_is(registry: &(impl ClientStore + ClientRegistry)) {
    let long = "x".repeat(60_000);
    for id in ["nobody", "", "\0", "a\0b", "' OR 1=1 --", "ü", &long] {
        assert!(registry.find(id).await.unwrap().is_none(), "{id:?}");
        assert!(registry.read(id).await.unwrap().is_none(), "{id:?}");
        assert!(!registry.remove(id, 1).await.unwrap(), "{id:?}");
    }
    assert!(registry.page("", 10).await.unwrap().is_empty());
    assert!(!registry.replace(&registered("nobody", "")).await.unwrap());
    assert!(registry.find("nobody").await.unwrap().is_none());
}

async fn a_client_is_added_once(registry: &(impl ClientStore + ClientRegistry)) {
    // Nothing is remembered of this past the next line.
    assert!(registry.find("added").await.unwrap().is_none());
    assert!(registry.insert(&registered("added", "first")).await.unwrap());
    let client = registry.find("added").await.unwrap().unwrap();
    assert_eq!((client.id(), client.secrets().len()), ("added", 1));
    assert!(!registry.insert(&registered("added", "second")).await.unwrap());
    let read = registry.read("added").await.unwrap().unwrap();
    assert_eq!(read.metadata.client_name.as_deref(), Some("first"));
    assert_eq!(read.registration_access_token, Some([7; 32]));

    let without = RegisteredClient { registration_access_token: None, ..registered("no token", "") };
    assert!(registry.insert(&without).await.unwrap());
    assert_eq!(registry.read("no token").await.unwrap().unwrap().registration_access_token, None);
}

async fn a_change_needs_the_revision_that_was_read(registry: &(impl ClientStore + ClientRegistry)) {
    registry.insert(&registered("changed", "first")).await.unwrap();
    let first = registry.read("changed").await.unwrap().unwrap();
    assert!(!registry.find("changed").await.unwrap().unwrap().is_disabled());

    let mut second = first.clone();
    second.metadata.disabled = true;
    second.registration_access_token = Some([8; 32]);
    assert!(registry.replace(&second).await.unwrap());
    // At once.
    assert!(registry.find("changed").await.unwrap().unwrap().is_disabled());
    let read = registry.read("changed").await.unwrap().unwrap();
    assert_eq!(read.registration_access_token, Some([8; 32]));
    assert_ne!(read.revision, first.revision);

    for stale in [first.revision, first.revision.wrapping_sub(1), u64::MAX, 0] {
        let stale = RegisteredClient { revision: stale, ..first.clone() };
        assert!(!registry.replace(&stale).await.unwrap());
        assert!(!registry.remove("changed", stale.revision).await.unwrap());
    }
    assert!(registry.find("changed").await.unwrap().unwrap().is_disabled());
    assert!(registry.remove("changed", read.revision).await.unwrap());
    assert!(registry.find("changed").await.unwrap().is_none());
    assert!(registry.read("changed").await.unwrap().is_none());
    assert!(!registry.remove("changed", read.revision).await.unwrap());
}

async fn a_client_that_came_back_is_another(registry: &impl ClientRegistry) {
    let mut revisions = Vec::new();
    for _ in 0..5 {
        assert!(registry.insert(&registered("back", "")).await.unwrap());
        let read = registry.read("back").await.unwrap().unwrap();
        assert!(!revisions.contains(&read.revision), "{revisions:?}");
        for old in &revisions {
            assert!(!registry.remove("back", *old).await.unwrap());
            assert!(!registry.replace(&RegisteredClient { revision: *old, ..read.clone() }).await.unwrap());
        }
        assert!(registry.remove("back", read.revision).await.unwrap());
        revisions.push(read.revision);
    }
}

async fn those_who_registered_themselves_are_counted(registry: &impl ClientRegistry) {
    let before = registry.self_registered(usize::MAX).await.unwrap();
    for number in 0..3 {
        registry.insert(&registered(&format!("counted {number}"), "")).await.unwrap();
    }
    let by_operator = RegisteredClient { registration_access_token: None, ..registered("not counted", "") };
    registry.insert(&by_operator).await.unwrap();
    assert_eq!(registry.self_registered(usize::MAX).await.unwrap(), before + 3);
    for most in [0, 1, before + 2] {
        assert_eq!(registry.self_registered(most).await.unwrap(), most);
    }
    let first = registry.read("counted 0").await.unwrap().unwrap();
    assert!(registry.remove("counted 0", first.revision).await.unwrap());
    assert_eq!(registry.self_registered(usize::MAX).await.unwrap(), before + 2);
}

async fn pages_are_in_the_order_of_ids(registry: &impl ClientRegistry) {
    // As octets, not as a language sorts them.
    let ids = ["page 10", "page 9", "page A", "page B", "page _", "page a", "page b", "page ä", "page 🦀"];
    for id in ids.iter().rev() {
        registry.insert(&registered(id, "")).await.unwrap();
    }
    let page = async |after: &str, limit| -> Vec<String> {
        let page = registry.page(after, limit).await.unwrap();
        page.into_iter().map(|client| client.metadata.client_id).collect()
    };
    for limit in [1, 2, 4, 100] {
        let (mut seen, mut after) = (Vec::new(), "page ".to_owned());
        loop {
            let next = page(&after, limit).await;
            assert!(next.len() <= limit);
            let of_ours = next.iter().take_while(|id| id.starts_with("page ")).cloned();
            let before = seen.len();
            seen.extend(of_ours);
            if seen.len() < before + limit {
                break;
            }
            after = seen.last().unwrap().clone();
        }
        assert_eq!(seen, ids, "{limit} at a time");
    }
    assert_eq!(page("", 1).await.len(), 1);
    assert!(page("", 0).await.is_empty());
    assert_eq!(page("page \0", 1).await, ["page 10"]);
    assert!(page("\u{10ffff}", 10).await.is_empty());
    // More than a database is asked for at once.
    for number in 0..150 {
        registry.insert(&registered(&format!("row {number:04}"), "")).await.unwrap();
    }
    let rows = page("row ", 150).await;
    assert_eq!((rows.len(), &*rows[0], &*rows[149]), (150, "row 0000", "row 0149"));
    assert_eq!(page("row ", 130).await.len(), 130);
}

async fn what_makes_no_client_is_not_written(registry: &impl ClientRegistry) {
    let mut unfit = registered("unfit", "");
    unfit.metadata.client_secret = Some(String::new());
    let error = registry.insert(&unfit).await.unwrap_err().to_string();
    assert!(error.contains("\"unfit\"") && error.contains("client_secret"), "{error}");
    assert!(registry.read("unfit").await.unwrap().is_none());
    registry.insert(&registered("unfit", "fit")).await.unwrap();
    let read = registry.read("unfit").await.unwrap().unwrap();
    assert!(registry.replace(&RegisteredClient { revision: read.revision, ..unfit }).await.is_err());
    let read = registry.read("unfit").await.unwrap().unwrap();
    assert_eq!(read.metadata.client_name.as_deref(), Some("fit"));
}

async fn texts_come_back_as_they_were(registry: &(impl ClientStore + ClientRegistry)) {
    let name = "\u{0} \u{7f} \u{202e} \\ \" ' $1 ?1 🦀 \u{feff}";
    for id in ["it's", "\"", "ü", "%_", "A", "a", "a ", " a", "$1", "🦀"] {
        assert!(registry.insert(&registered(id, name)).await.unwrap(), "{id:?}");
        let read = registry.read(id).await.unwrap().unwrap();
        assert_eq!((&*read.metadata.client_id, read.metadata.client_name.as_deref()), (id, Some(name)));
        assert_eq!(registry.find(id).await.unwrap().unwrap().id(), id);
    }
}

async fn a_better_hash_takes_the_place_of_the_old<R>(registry: &R)
where
    R: ClientStore + ClientRegistry + Clone,
{
    let mut slow = registered("slow hash", "");
    slow.metadata = serde_json::from_value(json!({
        "client_id": "slow hash",
        "client_secrets": [{"secret": "another"}, {"label": "old", "secret_hash": ARGON2ID}],
    }))
    .unwrap();
    registry.insert(&slow).await.unwrap();
    let auth = Authenticator::builder().issuer(ISSUER).clients(registry.clone()).build().unwrap();
    let of_64_octets: String = "Jwfzmcq31MrRezUwgizLqbeL".chars().cycle().take(64).collect();
    let request = Request::token().basic("slow hash", &of_64_octets).build();
    for _ in 0..2 {
        let client = authenticate(&auth, &request).await.unwrap();
        assert_eq!((client.method(), client.secret_label()), (&AuthMethod::CLIENT_SECRET_BASIC, Some("old")));
        let read = registry.read("slow hash").await.unwrap().unwrap();
        let hash = read.metadata.client_secrets[1].secret_hash.as_deref().unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,"), "{hash}");
    }
}

async fn of_many_writers_each_has_its_turn<R: ClientRegistry + Clone>(registry: &R) {
    registry.insert(&registered("contended", "")).await.unwrap();
    let writers = (0..16).map(|number| {
        let registry = registry.clone();
        tokio::spawn(async move {
            loop {
                let mut read = registry.read("contended").await.unwrap().unwrap();
                read.metadata.contacts.get_or_insert_default().push(number.to_string());
                if registry.replace(&read).await.unwrap() {
                    return;
                }
            }
        })
    });
    futures_util::future::try_join_all(writers).await.unwrap();
    let mut contacts = registry.read("contended").await.unwrap().unwrap().metadata.contacts.unwrap();
    contacts.sort_by_key(|number| number.parse::<u32>().unwrap());
    assert_eq!(contacts, (0..16).map(|number: u32| number.to_string()).collect::<Vec<_>>());
}

async fn one_of_many_adds_a_client<R: ClientRegistry + Clone>(registry: &R) {
    let start = Arc::new(Barrier::new(16));
    let writers = (0..16).map(|number| {
        let (registry, start) = (registry.clone(), Arc::clone(&start));
        tokio::spawn(async move {
            start.wait().await;
            registry.insert(&registered("raced for", &number.to_string())).await.unwrap()
        })
    });
    let added = futures_util::future::try_join_all(writers).await.unwrap();
    let winner = added.iter().position(|added| *added).unwrap();
    assert_eq!(added.iter().filter(|added| **added).count(), 1);
    let read = registry.read("raced for").await.unwrap().unwrap();
    assert_eq!(read.metadata.client_name, Some(winner.to_string()));
}

/// Of a secret of 64 octets, with parameters as small as they come.
const ARGON2ID: &str =
    "$argon2id$v=19$m=8,t=1,p=1$c2FsdCBvZiBhIGZpeHR1cmU$tAVqxtCnl7VKUV157BeNnMALZ9w3K0r4UcUvR7ZlKG8";
