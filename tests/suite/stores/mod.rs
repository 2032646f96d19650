//! Registries of clients: what every one must do, what those in databases must do besides, and their cache.

mod bed;
mod cache;
mod conformance;
mod databases;
#[cfg(unix)]
mod postgres;
mod sqlite;

use std::sync::Arc;

use countersign::Client;
use countersign::store::{ClientStore, MemoryRegistry, RegisteredClient, StoreError};
use serde_json::json;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn in_memory() {
    conformance::a_registry_keeps_its_promises(MemoryRegistry::default()).await;
}

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
    let seen = async {
        while name_of(store, client_id).await.ok() != Some(name.map(str::to_owned)) {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    };
    let seen = tokio::time::timeout(std::time::Duration::from_secs(20), seen).await;
    seen.unwrap_or_else(|_| panic!("{client_id} is not seen as {name:?}"));
}
