//! What every replay store must do, whatever it keeps its keys in.
//!
//! A store that outlives a test run is handed a tenant of its own each time.

use std::sync::Arc;
use std::time::Duration;

use countersign::replay::{Claim, ReplayKey, ReplayStore};
use tokio::sync::Barrier;
use tokio::time::{Instant, sleep};

use crate::patience::{PATIENCE, until};

const MINUTE: Duration = Duration::from_secs(60);
/// Longer than a test waits.
const HOUR: Duration = Duration::from_secs(3600);

/// Whatever needs neither time nor a full store.
pub async fn a_key_is_used_once_until_it_is_released(store: &impl ReplayStore, tenant: &str) {
    let claim = async |client, id| claim_for(store, tenant, client, id, MINUTE).await;
    assert_eq!(claim("a", "1").await, Claim::Fresh);
    assert_eq!(claim("a", "1").await, Claim::Used);
    assert_eq!(claim("a", "2").await, Claim::Fresh);
    assert_eq!(claim("b", "1").await, Claim::Fresh);
    let of_another_tenant = format!("{tenant}, another");
    assert_eq!(claim_for(store, &of_another_tenant, "a", "1", MINUTE).await, Claim::Fresh);

    store.release(&ReplayKey::new(tenant, "a", "1")).await.unwrap();
    assert_eq!(claim("a", "2").await, Claim::Used);
    assert_eq!(claim("b", "1").await, Claim::Used);
    assert_eq!(claim("a", "1").await, Claim::Fresh);
    assert_eq!(claim("a", "1").await, Claim::Used);

    // Giving back what was never claimed, or twice, changes nothing.
    store.release(&ReplayKey::new(tenant, "a", "3")).await.unwrap();
    store.release(&ReplayKey::new(tenant, "a", "1")).await.unwrap();
    store.release(&ReplayKey::new(tenant, "a", "1")).await.unwrap();
    assert_eq!(claim("a", "3").await, Claim::Fresh);
    assert_eq!(claim("a", "1").await, Claim::Fresh);
}

/// `pass` lets time pass on the store's clock.
pub async fn a_key_is_kept_for_its_time(
    store: &impl ReplayStore,
    tenant: &str,
    pass: impl AsyncFn(Duration),
) {
    // So long that what a busy machine takes for a step does not count.
    let (short, long) = (Duration::from_millis(150_500), Duration::from_secs(3000));
    assert_eq!(claim_for(store, tenant, "short", "1", short).await, Claim::Fresh);
    assert_eq!(claim_for(store, tenant, "long", "1", long).await, Claim::Fresh);
    pass(Duration::from_secs(100)).await;
    // A second claim does not prolong the first.
    assert_eq!(claim_for(store, tenant, "short", "1", long).await, Claim::Used);
    pass(Duration::from_secs(300)).await;
    assert_eq!(claim_for(store, tenant, "short", "1", long).await, Claim::Fresh);
    assert_eq!(claim_for(store, tenant, "short", "1", long).await, Claim::Used);
    assert_eq!(claim_for(store, tenant, "long", "1", long).await, Claim::Used);
}

/// 64 tasks want each of `rounds` keys; one gets it.
pub async fn a_race_has_one_winner(store: Arc<impl ReplayStore>, tenant: &str, rounds: usize) {
    const TASKS: usize = 64;
    for round in 0..rounds {
        let start = Arc::new(Barrier::new(TASKS));
        let racing = (0..TASKS).map(|_| {
            let (store, start, tenant) = (Arc::clone(&store), Arc::clone(&start), tenant.to_owned());
            tokio::spawn(async move {
                let id = round.to_string();
                start.wait().await;
                claim_for(&*store, &tenant, "race", &id, MINUTE).await
            })
        });
        let claims = futures_util::future::try_join_all(racing).await.unwrap();
        let of = |claim| claims.iter().filter(|other| **other == claim).count();
        assert_eq!((of(Claim::Fresh), of(Claim::Used)), (1, TASKS - 1), "round {round}");
    }
}

/// For a store with room for `quota` keys of one client, and for more than twice as many in all.
pub async fn a_full_client_is_refused_alone(store: &impl ReplayStore, tenant: &str, quota: u32) {
    for id in 0..quota {
        assert_eq!(claim_for(store, tenant, "full", &id.to_string(), HOUR).await, Claim::Fresh);
    }
    assert_eq!(claim_for(store, tenant, "full", "one more", HOUR).await, Claim::ClientFull);
    assert_eq!(claim_for(store, tenant, "other", "1", HOUR).await, Claim::Fresh);
    for id in 0..quota {
        assert_eq!(claim_for(store, tenant, "full", &id.to_string(), HOUR).await, Claim::Used);
    }
    store.release(&ReplayKey::new(tenant, "full", "0")).await.unwrap();
    // One that was counting at that moment takes it off with its next count.
    until(async || claim_for(store, tenant, "full", "one more", HOUR).await == Claim::Fresh).await;
    assert_eq!(claim_for(store, tenant, "full", "0", HOUR).await, Claim::ClientFull);
}

/// For an empty store of this capacity with a quota of all of it, and nobody else's.
pub async fn a_full_store_forgets_nothing(
    store: &impl ReplayStore,
    tenant: &str,
    capacity: u32,
    pass: impl AsyncFn(Duration),
) {
    let all = || (0..capacity).map(|id| (format!("client {}", id % 3), id.to_string()));
    for (client, id) in all() {
        assert_eq!(claim_for(store, tenant, &client, &id, MINUTE).await, Claim::Fresh);
    }
    assert_eq!(claim_for(store, tenant, "late", "1", MINUTE).await, Claim::Full);
    for (client, id) in all() {
        assert_eq!(claim_for(store, tenant, &client, &id, MINUTE).await, Claim::Used);
    }
    // What has expired makes room, to a store that sweeps a part at a time after some more claims.
    pass(MINUTE + Duration::from_secs(2)).await;
    let (waits, mut tries) = (Instant::now(), 0);
    while tries < 1000 || waits.elapsed() < PATIENCE {
        match claim_for(store, tenant, "late", "1", MINUTE).await {
            Claim::Full if tries < 1000 => tries += 1,
            // A store that counts seldom, since that takes long on a busy machine.
            Claim::Full => sleep(Duration::from_millis(50)).await,
            claim => return assert_eq!(claim, Claim::Fresh),
        }
    }
    panic!("still full of what has expired");
}

async fn claim_for(
    store: &impl ReplayStore,
    tenant: &str,
    client: &str,
    id: &str,
    keep_for: Duration,
) -> Claim {
    store.claim(&ReplayKey::new(tenant, client, id), keep_for).await.unwrap()
}
