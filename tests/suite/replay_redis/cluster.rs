//! A cluster: each server has a part of the keys, and parts move.

use std::sync::Arc;
use std::time::Duration;

use countersign::replay::{Claim, RedisReplayStore, ReplayStore as _};
use countersign_tests::replay_conformance as conformance;
use countersign_tests::servers::redis::{RedisCluster, RedisServer};

use super::{claim, claim_at_last, clock, connect_at, patient};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_cluster_is_a_store_like_any_other() {
    let cluster = RedisCluster::start(3);
    let store = RedisReplayStore::connect_to(patient(&cluster.url())).await.unwrap();
    conformance::a_key_is_used_once_until_it_is_released(&store, "one").await;
    for id in 0..100 {
        assert_eq!(claim(&store, "a", id).await.unwrap(), Claim::Fresh);
    }
    // Found by any of its nodes.
    let other = RedisReplayStore::connect_to(patient(&one(&cluster.nodes[2]))).await.unwrap();
    for id in 0..100 {
        assert_eq!(claim(&other, "a", id).await.unwrap(), Claim::Used);
    }
    for node in &cluster.nodes {
        assert!(node.ask::<i64>(["DBSIZE"]) > 10, "each has its part, and its marker");
    }
    conformance::a_race_has_one_winner(Arc::new(store), "race", 20).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_single_server_is_no_cluster_and_a_cluster_no_single_server() {
    let (server, cluster) = (RedisServer::start(), RedisCluster::start(1));
    assert!(RedisReplayStore::connect_to(patient(&one(&server))).await.is_err());
    // A cluster of one node serves every key by itself.
    let store = RedisReplayStore::connect_to(patient(&one(&cluster.nodes[0]))).await.unwrap();
    assert_eq!(claim(&store, "a", 1).await.unwrap(), Claim::Fresh);
}

/// One of the servers was emptied: the fence holds for all.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_part_that_forgot_is_noticed_by_the_next_claim_there() {
    let (cluster, clock) = (RedisCluster::start(3), clock());
    let store = connect_at(&cluster.url(), &clock).await;
    for id in 0..50 {
        assert_eq!(claim(&store, "a", id).await.unwrap(), Claim::Fresh);
    }
    let before = store.memory_lost_at().unwrap();
    clock.advance(5);
    cluster.nodes[1].ask::<()>(["FLUSHALL"]);
    let mut fresh = 0;
    for id in 0..50 {
        if claim(&store, "a", id).await.unwrap() == Claim::Fresh {
            fresh += 1;
            assert_eq!(store.memory_lost_at().unwrap(), before + Duration::from_secs(5));
        }
    }
    assert!(fresh > 5, "{fresh}");
}

/// Asked to go elsewhere, for a while and then for good.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slots_that_move_are_followed_and_no_key_is_used_twice() {
    let (cluster, clock) = (RedisCluster::start(2), clock());
    let store = connect_at(&cluster.url(), &clock).await;
    let (from, to) = (&cluster.nodes[0], &cluster.nodes[1]);
    assert_eq!(claim(&store, "a", 1).await.unwrap(), Claim::Fresh);
    let key = |node: &RedisServer| node.ask::<Vec<Vec<u8>>>(["KEYS", "cs:*"]).pop();
    // Keys are tried until one lies on the first node.
    let mut id = 1;
    while key(from).is_none() {
        id += 1;
        assert_eq!(claim(&store, "a", id).await.unwrap(), Claim::Fresh);
    }
    let key = key(from).unwrap();
    let slot: u16 = from.ask([b"CLUSTER", b"KEYSLOT".as_slice(), &key]);
    let slot = slot.to_string();
    let ids: [String; 2] = [from.ask(["CLUSTER", "MYID"]), to.ask(["CLUSTER", "MYID"])];
    to.ask::<()>(["CLUSTER", "SETSLOT", &slot, "IMPORTING", &ids[0]]);
    from.ask::<()>(["CLUSTER", "SETSLOT", &slot, "MIGRATING", &ids[1]]);
    // Still here.
    assert_eq!(claim(&store, "a", id).await.unwrap(), Claim::Used);
    let port = to.port().to_string();
    from.ask::<()>([b"MIGRATE", b"127.0.0.1".as_slice(), port.as_bytes(), &key, b"0", b"60000"]);
    // Gone, and asked for there.
    assert_eq!(claim(&store, "a", id).await.unwrap(), Claim::Used);
    to.ask::<()>(["CLUSTER", "SETSLOT", &slot, "NODE", &ids[1]]);
    from.ask::<()>(["CLUSTER", "SETSLOT", &slot, "NODE", &ids[1]]);
    clock.advance(5);
    assert_eq!(claim_at_last(&store, "a", id).await, Claim::Used);
    for id in 1..=id {
        assert_eq!(claim_at_last(&store, "a", id).await, Claim::Used);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replica_that_takes_over_is_found_and_fenced() {
    let mut cluster = RedisCluster::start(3);
    cluster.add_replica(0, &[]);
    let clock = clock();
    let store = connect_at(&cluster.url(), &clock).await;
    for id in 0..50 {
        assert_eq!(claim(&store, "a", id).await.unwrap(), Claim::Fresh);
    }
    let before = store.memory_lost_at().unwrap();
    clock.advance(5);
    cluster.nodes[3].ask::<()>(["CLUSTER", "FAILOVER", "TAKEOVER"]);
    cluster.nodes[0].kill();
    for id in 100..150 {
        assert_eq!(claim_at_last(&store, "a", id).await, Claim::Fresh);
        assert_eq!(claim_at_last(&store, "a", id).await, Claim::Used);
    }
    assert_eq!(store.memory_lost_at().unwrap(), before + Duration::from_secs(5));
    // A node that starts now knows it too.
    clock.advance(5);
    let late = connect_at(&cluster.url(), &clock).await;
    assert_eq!(late.memory_lost_at().unwrap(), before + Duration::from_secs(5));
}

fn one(node: &RedisServer) -> String {
    node.url().replace("redis://", "redis+cluster://")
}
