//! Registries of clients: what every one must do, what those in databases must do besides, and their cache.

mod bed;
mod cache;
mod conformance;
mod databases;
#[cfg(unix)]
mod postgres;
mod source;
mod sqlite;

use std::sync::Arc;
use std::time::Duration;

use countersign::Client;
use countersign::store::{ClientRegistry, ClientStore, MemoryRegistry, RegisteredClient, StoreError};
use countersign_tests::drivers::SetClock;
use countersign_tests::patience::PATIENCE;
use serde_json::json;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn in_memory() {
    conformance::a_registry_keeps_its_promises(MemoryRegistry::default()).await;
}

/// Each has room for 4 KiB, and the larger ones share what there is for them.
#[tokio::test]
async fn in_memory_large_clients_have_only_so_much_room() {
    let registry = MemoryRegistry::default().with_capacity(200);
    let of = |client_id: &str, octets: usize| registered(client_id, &"a".repeat(octets));
    let read = async |client_id: &str| ClientRegistry::read(&registry, client_id).await.unwrap().unwrap();
    let mut large = 0;
    while let Ok(inserted) = registry.insert(&of(&format!("large-{large}"), 100_000)).await {
        assert!(inserted);
        large += 1;
    }
    assert_eq!(large, 10, "of 1 MiB");
    for number in large..200 {
        assert!(registry.insert(&of(&format!("small-{number}"), 3_800)).await.unwrap());
    }
    // A small one may change and stay small; none grows large.
    for (octets, fits) in [(3_900, true), (100_000, false), (10, true)] {
        let changed =
            RegisteredClient { revision: read("small-10").await.revision, ..of("small-10", octets) };
        assert_eq!(registry.replace(&changed).await.is_ok_and(|replaced| replaced), fits, "{octets}");
    }
    let mut disabled = read("large-0").await;
    disabled.metadata.client_name = Some("a".repeat(200_000));
    assert!(registry.replace(&disabled).await.is_err());
    disabled.metadata.disabled = true;
    assert!(registry.replace(&disabled).await.unwrap());
    // What goes makes room.
    for number in 0..2 {
        let client_id = format!("large-{number}");
        assert!(registry.remove(&client_id, read(&client_id).await.revision).await.unwrap());
    }
    assert!(registry.insert(&of("large-0", 200_000)).await.unwrap());
    assert!(registry.insert(&of("large-1", 100_000)).await.is_err());
}

/// What is promised of a change, without any hint.
const SEEN_EVERYWHERE_IN: Duration = Duration::from_secs(2);

const SECRET: &str = "wCTKUrZ5rmyUxA6MGMU8gBQRGzgtSBlq";

/// A client with one secret, whose name can be changed.
fn registered(client_id: &str, name: &str) -> RegisteredClient {
    let metadata = json!({"client_id": client_id, "client_name": name, "client_secret": SECRET});
    let metadata = serde_json::from_value(metadata).unwrap();
    RegisteredClient { metadata, registration_access_token: Some([7; 32]), revision: 0 }
}

/// Its name, which a registry is told to keep with the client by [`name_kept`].
async fn name_of(store: &impl ClientStore, client_id: &str) -> Result<Option<String>, StoreError> {
    let found = store.find(client_id).await?;
    Ok(found.map(|client: Arc<Client>| client.app::<String>().cloned().unwrap_or_default()))
}

fn name_kept(
    metadata: &countersign::metadata::ClientMetadata,
    client: Client,
) -> Result<Client, countersign::metadata::MetadataError> {
    Ok(client.with_app(metadata.client_name.clone().unwrap_or_default()))
}

/// Looks again and again until the client has this name, or is gone. Far longer than it should take.
async fn until_it_is(store: &impl ClientStore, client_id: &str, name: Option<&str>) {
    until_seen(store, client_id, name, || ()).await;
}

/// The same where the store may err, which it remembers for a moment of this clock.
async fn until_it_is_at(clock: &SetClock, store: &impl ClientStore, client_id: &str, name: Option<&str>) {
    until_seen(store, client_id, name, || clock.advance(1)).await;
}

async fn until_seen(
    store: &impl ClientStore,
    client_id: &str,
    name: Option<&str>,
    after_an_error: impl Fn(),
) {
    let seen = async {
        loop {
            match name_of(store, client_id).await {
                Ok(seen) if seen.as_deref() == name => return,
                Ok(_) => {}
                Err(_) => after_an_error(),
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let seen = tokio::time::timeout(PATIENCE, seen).await;
    seen.unwrap_or_else(|_| panic!("{client_id} is not seen as {name:?}"));
}
