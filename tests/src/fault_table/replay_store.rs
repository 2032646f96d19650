//! Servers whose memory of used assertions breaks.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use countersign::clock::{Clock as _, SystemClock};
use countersign::metadata::ClientMetadata;
use countersign::replay::{PostgresReplayStore, RedisReplayStore, ReplayStore};
use countersign::store::Clients;
use countersign::{Authenticator, Client, Endpoint};
use tokio::time::sleep;

use super::credential::{assertion, forged, secrets};
use super::{Act, Credential, Scene};
use crate::faults::{Fault, FaultProxy};
use crate::fixtures::fixtures;
use crate::patience::patiently;
use crate::request::Request;
use crate::row::{Endpoint as RowEndpoint, ISSUER};
use crate::servers::postgres::Postgres;
use crate::servers::redis::RedisServer;

/// Killed, and started again without what it knew.
pub(super) async fn redis_dead() -> Scene {
    let server = RedisServer::start();
    let store = redis_store(&server.url()).await;
    let server = Arc::new(Mutex::new(server));
    let again = Arc::clone(&server);
    scene(store, move || server.lock().unwrap().kill(), move || again.lock().unwrap().start_again())
}

pub(super) async fn redis_hung() -> Scene {
    let (server, proxy, store) = redis().await;
    when_it_goes_on(scene(store, at(&proxy, |proxy| proxy.both_ways(Fault::Stall)), whole(proxy, server)))
}

/// So slow that an answer comes, but late.
pub(super) async fn redis_slow() -> Scene {
    let (server, proxy, store) = redis().await;
    let slow = |proxy: &FaultProxy| proxy.to_client(Fault::Delay(Duration::from_millis(100)));
    let scene = scene(store, at(&proxy, slow), whole(proxy, server));
    Scene { allowed: &["200", "503 store_unavailable"], expected: "200", ..scene }
}

pub(super) async fn redis_full() -> Scene {
    let server = Arc::new(RedisServer::start());
    let store = redis_store(&server.url()).await;
    let limit = |server: &Arc<RedisServer>, octets: &'static str| {
        let server = Arc::clone(server);
        move || server.ask(["CONFIG", "SET", "maxmemory", octets])
    };
    let scene = scene(store, limit(&server, "100"), limit(&server, "0"));
    Scene {
        allowed: &["503 replay_store_full", "503 store_unavailable"],
        expected: "503 replay_store_full",
        ..scene
    }
}

pub(super) async fn redis_flushed() -> Scene {
    let server = RedisServer::start();
    let store = redis_store(&server.url()).await;
    let scene = scene(store, move || server.ask(["FLUSHALL"]), || {});
    Scene { is_momentary: true, ..after_a_loss(scene) }
}

/// The primary dies with what its replica had not heard of, and the replica takes its place.
pub(super) async fn redis_failed_over() -> Scene {
    let (primary, replica) = (RedisServer::start(), RedisServer::start());
    let proxy = Arc::new(FaultProxy::start(primary.port()));
    // Before the store comes: the first replica gives a primary another replication id, as a loss does.
    replica.replicate(&primary);
    let store = redis_store(&through(&primary.url(), primary.port(), &proxy)).await;
    // It stays a replica, of something that it will not find.
    replica.ask::<()>(["REPLICAOF", "127.0.0.1", "1"]);
    let primary = Mutex::new(primary);
    let scene = scene(
        store,
        move || primary.lock().unwrap().kill(),
        move || {
            replica.ask::<()>(["REPLICAOF", "NO", "ONE"]);
            proxy.turn_to(replica.port());
        },
    );
    Scene { can_be_broken_again: false, ..scene }
}

pub(super) async fn redis_reply_lost() -> Scene {
    let (server, proxy, store) = redis().await;
    losing_replies(scene(store, at(&proxy, |proxy| proxy.lose_answers(1)), whole(proxy, server)))
}

/// Killed, and started again with all that it had acknowledged.
pub(super) async fn postgres_dead() -> Scene {
    let server = Arc::new(Postgres::start());
    let store = postgres_store(&server.url()).await;
    let again = Arc::clone(&server);
    let scene = scene(store, move || server.kill(), move || again.start_again());
    // A part of it may serve one more before it notices that the first of them is gone.
    when_it_goes_on(scene)
}

pub(super) async fn postgres_hung() -> Scene {
    let (proxy, store, _) = postgres().await;
    when_it_goes_on(scene(store, at(&proxy, |proxy| proxy.both_ways(Fault::Stall)), whole(proxy, ())))
}

/// Every connection waits for a lock.
pub(super) async fn postgres_exhausted() -> Scene {
    let (proxy, store, url) = postgres().await;
    let (harm, mut heal) = lock_of(url, "countersign_used");
    let keep = whole(proxy, ());
    when_it_goes_on(scene(store, harm, move || {
        let _ = &keep;
        heal();
    }))
}

pub(super) async fn postgres_reply_lost() -> Scene {
    let (proxy, store, _) = postgres().await;
    losing_replies(scene(store, at(&proxy, |proxy| proxy.lose_answers(1)), whole(proxy, ())))
}

/// Assertions need it, and secrets do not.
fn scene(
    store: impl ReplayStore,
    harm: impl FnMut() + Send + 'static,
    heal: impl FnMut() + Send + 'static,
) -> Scene {
    let clients = ["c-basic", "c-post", SIGNER].map(|name| {
        let metadata = fixtures().client(name).metadata.clone();
        let metadata: ClientMetadata = serde_json::from_value(metadata).unwrap();
        Client::try_from(&metadata).unwrap()
    });
    let auth = Authenticator::builder()
        .issuer(ISSUER)
        .endpoint(Endpoint::Token, RowEndpoint::Token.url())
        .clients(Clients::new(clients).unwrap())
        .replay(store)
        .build()
        .unwrap();
    Scene {
        auth,
        right: Arc::new(|_| {
            Credential::right_once(Request::token().assertion(assertion(SIGNER, SIGNER).mint()))
        }),
        wrong: Arc::new(|_| Credential::wrong(Request::token().assertion(forged(SIGNER).mint()))),
        others: secrets(),
        harm: Box::new(harm),
        heal: Box::new(heal),
        can_be_broken_again: true,
        is_momentary: false,
        repeats: None,
        at_least: Duration::ZERO,
        per_second: 200,
        allowed: &["503 store_unavailable"],
        expected: "503 store_unavailable",
    }
}

/// What is minted after it is accepted, perhaps after the second in which it was lost.
fn after_a_loss(scene: Scene) -> Scene {
    let allowed = &["200", "503 store_unavailable", "400 before_restart_fence"];
    Scene { allowed, expected: "200", can_be_broken_again: false, ..scene }
}

/// Those that wait at that moment are answered, and those that came long before are not.
pub(super) fn when_it_goes_on(scene: Scene) -> Scene {
    let at_least = Duration::from_secs(2);
    Scene { at_least, allowed: &["503 store_unavailable", "200"], ..scene }
}

/// Nobody is told that a fresh assertion was used. One that loses several answers in a row has none.
fn losing_replies(scene: Scene) -> Scene {
    Scene {
        repeats: Some(Duration::from_millis(300)),
        allowed: &["200", "503 store_unavailable"],
        expected: "200",
        ..scene
    }
}

async fn redis() -> (RedisServer, Arc<FaultProxy>, RedisReplayStore) {
    let server = RedisServer::start();
    let proxy = Arc::new(FaultProxy::start(server.port()));
    let store = redis_store(&through(&server.url(), server.port(), &proxy)).await;
    (server, proxy, store)
}

async fn postgres() -> (Arc<FaultProxy>, PostgresReplayStore, String) {
    let server = Postgres::shared();
    let url = server.url_of_new_database();
    let proxy = Arc::new(FaultProxy::start(server.port()));
    let store = postgres_store(&through(&url, server.port(), &proxy)).await;
    (proxy, store, url)
}

async fn redis_store(url: &str) -> RedisReplayStore {
    remembering(patiently(|| RedisReplayStore::connect(url)).await).await
}

async fn postgres_store(url: &str) -> PostgresReplayStore {
    remembering(patiently(|| PostgresReplayStore::connect(url)).await).await
}

/// Once the second is over in which its memory began: the fence refuses what was signed in that.
async fn remembering<S: ReplayStore>(store: S) -> S {
    let since = store.memory_lost_at().unwrap();
    while SystemClock::default().now() < since + Duration::from_secs(1) {
        sleep(Duration::from_millis(50)).await;
    }
    store
}

/// The same URL, through the proxy.
pub(super) fn through(url: &str, port: u16, proxy: &FaultProxy) -> String {
    url.replace(&format!("127.0.0.1:{port}"), &format!("127.0.0.1:{}", proxy.port()))
}

pub(super) fn at(proxy: &Arc<FaultProxy>, act: impl Fn(&FaultProxy) + Send + 'static) -> Act {
    let proxy = Arc::clone(proxy);
    Box::new(move || act(&proxy))
}

/// Lets everything pass. It keeps the server, which ends with the scene.
pub(super) fn whole(proxy: Arc<FaultProxy>, server: impl Send + 'static) -> Act {
    Box::new(move || {
        let _ = &server;
        proxy.lose_answers(0);
        proxy.both_ways(Fault::Pass);
    })
}

/// Takes a lock of a whole table, and gives it back.
pub(super) fn lock_of(url: String, table: &'static str) -> (Act, Act) {
    let lock = Arc::new(Mutex::new(None));
    let held = Arc::clone(&lock);
    let harm = move || *lock.lock().unwrap() = Some(Postgres::shared().lock(&url, table));
    (Box::new(harm), Box::new(move || drop(held.lock().unwrap().take())))
}

const SIGNER: &str = "c-pkjwt-es256";
