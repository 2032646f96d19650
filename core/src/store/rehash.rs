//! Putting a better hash in the place of a stored one.

use super::ClientRegistry;
use crate::secret::Rehash;

/// Replaces the hash, where it is still there. A change that comes in between wins; the hash is then offered again.
pub(super) async fn replace_hash(registry: &impl ClientRegistry, client_id: &str, rehash: &Rehash<'_>) {
    let Ok(Some(mut registered)) = registry.read(client_id).await else { return };
    let is_the_one = |hash: &String| rehash.replaces(hash);
    let mut secrets = registered.metadata.client_secrets.iter_mut();
    let Some(secret) = secrets.find(|secret| secret.secret_hash.as_ref().is_some_and(is_the_one)) else {
        return;
    };
    let Ok(hash) = rehash.new_hash().await else { return };
    secret.secret_hash = Some(hash);
    let _ = registry.replace(&registered).await;
}
