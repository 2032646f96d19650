//! Which servers are taken, and how they are spoken to.

use countersign::replay::{Claim, RedisReplayStore};
use countersign_tests::patience::until;
use countersign_tests::servers::redis::RedisServer;
use rcgen::{CertificateParams, KeyPair};

use super::{claim, claim_at_last, connect, patient};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_may_evict_is_refused() {
    for policy in ["allkeys-lru", "volatile-lru", "volatile-ttl", "volatile-random", "allkeys-lfu"] {
        let server = RedisServer::with(&["--maxmemory", "100mb", "--maxmemory-policy", policy]);
        let error = connect(&server).await.unwrap_err().to_string();
        assert!(error.contains(policy) && error.contains("noeviction"), "{error}");
        // It says so, which nobody can wave aside.
        let unchecked = patient(&server.url()).danger_unchecked();
        assert!(RedisReplayStore::connect_to(unchecked).await.is_err());
    }
    // It has no limit at which it would begin to.
    let server = RedisServer::with(&["--maxmemory-policy", "allkeys-lru"]);
    connect(&server).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_comes_to_evict_is_refused_until_it_does_not() {
    let server = RedisServer::start();
    let store = connect(&server).await.unwrap();
    assert_eq!(claim(&store, "a", 1).await.unwrap(), Claim::Fresh);
    server.ask::<()>(["CONFIG", "SET", "maxmemory-policy", "allkeys-lru"]);
    server.ask::<()>(["CONFIG", "SET", "maxmemory", "100mb"]);
    until(async || claim(&store, "a", 1).await.is_err()).await;
    let refused = claim(&store, "a", 1).await.unwrap_err().to_string();
    assert!(refused.contains("allkeys-lru"), "{refused}");
    server.ask::<()>(["CONFIG", "SET", "maxmemory-policy", "noeviction"]);
    assert_eq!(claim_at_last(&store, "a", 1).await, Claim::Used);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replica_is_refused() {
    let (primary, replica) = (RedisServer::start(), RedisServer::start());
    replica.replicate(&primary);
    let error = connect(&replica).await.unwrap_err().to_string();
    assert!(error.contains("replica"), "{error}");
    connect(&primary).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_does_not_say_is_refused_unless_somebody_answers_for_it() {
    let server = RedisServer::start();
    let rights = ["~cs:*", "~countersign:*", "+set", "+get", "+del", "+exists", ">hunter2", "on"];
    server.ask::<()>(["ACL", "SETUSER", "app"].iter().chain(&rights));
    let url = server.url().replace("redis://", "redis://app:hunter2@");
    let error = RedisReplayStore::connect_to(patient(&url)).await.unwrap_err().to_string();
    assert!(error.contains("+info") && error.contains("danger_unchecked"), "{error}");
    let unchecked = patient(&url).danger_unchecked();
    let store = RedisReplayStore::connect_to(unchecked).await.unwrap();
    assert_eq!(claim(&store, "a", 1).await.unwrap(), Claim::Fresh);
    assert_eq!(claim(&store, "a", 1).await.unwrap(), Claim::Used);
    // These rights and INFO are all that is needed.
    server.ask::<()>(["ACL", "SETUSER", "app", "+info"]);
    let store = RedisReplayStore::connect_to(patient(&url)).await.unwrap();
    assert_eq!(claim(&store, "a", 1).await.unwrap(), Claim::Used);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_error_and_no_debug_shows_the_password() {
    let server = RedisServer::with(&["--requirepass", "hunter2"]);
    let store = connect(&server).await.unwrap();
    assert!(!format!("{store:?}").contains("hunter2"));
    for url in [
        server.url().replace("hunter2", "hunter22"),
        server.url().replace("redis://", "rediss://"),
        "redis://:hunter2@127.0.0.1:1".to_owned(),
        "redis://:hunter2@".to_owned(),
        "redis+cluster://:hunter2@127.0.0.1:1".to_owned(),
        server.url().replace("redis://", "redis+cluster://"),
    ] {
        let error = RedisReplayStore::connect(&url).await.unwrap_err();
        assert!(!format!("{error} {error:?}").contains("hunter2"), "{error:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_is_spoken_to_over_tls_and_must_prove_its_name() {
    let key = KeyPair::generate().unwrap();
    let names = vec!["localhost".to_owned()];
    let certificate = CertificateParams::new(names).unwrap().self_signed(&key).unwrap();
    let folder = countersign_tests::servers::Folder::new("redis-tls");
    let file = |name: &str, text: String| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let (chain, key) = (file("chain", certificate.pem()), file("key", key.serialize_pem()));
    let tls_port = countersign_tests::servers::free_port().to_string();
    let options = ["--tls-port", &tls_port, "--tls-cert-file", &chain, "--tls-key-file", &key];
    let _server = RedisServer::with(&[&options[..], &["--tls-auth-clients", "no"]].concat());

    let trusting = |host: &str| {
        let servers = patient(&format!("rediss://{host}:{tls_port}"));
        servers.with_roots(certificate.pem().as_bytes()).unwrap()
    };
    let store = RedisReplayStore::connect_to(trusting("localhost")).await.unwrap();
    assert_eq!(claim(&store, "a", 1).await.unwrap(), Claim::Fresh);
    assert_eq!(claim(&store, "a", 1).await.unwrap(), Claim::Used);
    assert!(RedisReplayStore::connect_to(trusting("127.0.0.1")).await.is_err());
    assert!(RedisReplayStore::connect(&format!("rediss://localhost:{tls_port}")).await.is_err());
}
