//! What goes wrong, and what changes: drawn at random.

use std::sync::Arc;
use std::time::Duration;

use countersign::store::{ClientRegistry as _, RegisteredClient, StoreError};
use countersign_tests::faults::Fault;
use serde_json::Value;
use sqlx::{Connection as _, PgConnection};
use tokio::time::{Instant, sleep};

use crate::World;
use crate::bed::FURTHEST_STEP;
use crate::clock::unix_now;
use crate::random::Random;
use crate::subject::{Entry, Kind, Standing, Subject, fresh_key, fresh_secret};
use crate::weather::Dependency;

/// Draws until the time is over, and leaves everything in order.
pub(crate) async fn direct(world: Arc<World>, mut random: Random, until: Instant) {
    let (mut flushed_at, mut rotated_at) = (Instant::now(), Instant::now());
    while Instant::now() < until {
        sleep(Duration::from_millis(random.between(200, 1200).unsigned_abs())).await;
        if flushed_at.elapsed() > BETWEEN_FLUSHES {
            flushed_at = Instant::now();
            flush(&world).await;
        }
        match random.between(0, 100) {
            0..50 => fault(&world, &mut random),
            50..62 => step(&world, &mut random),
            62..72 if rotated_at.elapsed() > BETWEEN_ROTATIONS => {
                rotated_at = Instant::now();
                rotate_keys(&world, &mut random).await;
            }
            72..84 => rotate_secret(&world, &mut random).await,
            84.. => change_standing(&world, &mut random).await,
            _ => {}
        }
    }
    for subject in &world.subjects {
        let Entry { standing, secret } = subject.entry.latest();
        if standing != Standing::Registered {
            register(&world, subject, Entry { standing: Standing::Registered, secret }).await;
        }
    }
}

/// Something between a node and what it depends on, for a while.
fn fault(world: &Arc<World>, random: &mut Random) {
    let node = usize::from(random.chance(50));
    let dependency = match random.between(0, 5) {
        0 | 1 => Dependency::Registry,
        2 | 3 => Dependency::Replay,
        // Of which a node recovers slowly.
        _ => Dependency::Keys,
    };
    let of = (dependency != Dependency::Keys).then_some(node);
    let lasts = Duration::from_millis(random.between(50, 2500).unsigned_abs());
    let delay = Duration::from_millis(random.between(5, 700).unsigned_abs());
    let passing = random.between(0, 2000).unsigned_abs();
    let name = *random.one(&[
        "delay",
        "throttle",
        "stall",
        "black hole",
        "one-way black hole",
        "reset",
        "reset in the middle",
        "refuse",
        "lost answers",
    ]);
    if !world.begin(node, dependency) {
        return;
    }
    world.weather.begins(of, dependency);
    world.weather.count(&format!("{dependency:?}: {name}").to_lowercase());
    let proxy = world.bed.proxy(node, dependency);
    match name {
        "delay" => proxy.both_ways(Fault::Delay(delay)),
        "throttle" => proxy.both_ways(Fault::Throttle { bytes_per_second: 400 }),
        "stall" => proxy.both_ways(Fault::Stall),
        "black hole" => proxy.both_ways(Fault::BlackHole),
        "one-way black hole" => proxy.to_client(Fault::BlackHole),
        "reset" => proxy.cut(),
        "reset in the middle" => proxy.to_client(Fault::ResetAfter(passing)),
        "refuse" => proxy.refuse(),
        _ => proxy.lose_answers(5),
    }
    let world = Arc::clone(world);
    tokio::spawn(async move {
        sleep(lasts).await;
        let proxy = world.bed.proxy(node, dependency);
        proxy.lose_answers(0);
        proxy.both_ways(Fault::Pass);
        proxy.accept_again();
        if name.contains("hole") {
            // What was swallowed does not come back.
            proxy.cut();
        }
        world.weather.ends(of, dependency);
        world.end(node, dependency);
    });
}

fn step(world: &World, random: &mut Random) {
    let milliseconds = random.between(-FURTHEST_STEP * 1000, FURTHEST_STEP * 1000 + 1);
    random.one(&world.bed.clocks).set_ahead(milliseconds);
    world.weather.count("clock: step");
}

async fn flush(world: &World) {
    world.weather.loses_memory(unix_now());
    tokio::task::block_in_place(|| world.bed.redis.ask::<()>(["FLUSHALL"]));
    // Perhaps it is another second by now.
    world.weather.loses_memory(unix_now());
    world.weather.count("replay: flushed");
}

/// A new key comes beside the old one, or in its place.
async fn rotate_keys(world: &World, random: &mut Random) {
    let remote: Vec<_> = world.subjects.iter().filter(|subject| subject.kind == Kind::RemoteKeys).collect();
    let subject = *random.one(&remote);
    let kept = subject.published.latest().into_iter().take(usize::from(random.chance(50)));
    let keys: Vec<_> = [fresh_key()].into_iter().chain(kept).collect();
    subject.published.begin(keys.clone());
    world.bed.key_host.publish(&subject.id, keys.iter().map(|key| key.public()).collect());
    subject.published.done();
    world.weather.count("keys: rotated");
}

async fn rotate_secret(world: &World, random: &mut Random) {
    let subject = random.one(&world.subjects);
    let Entry { standing, .. } = subject.entry.latest();
    if subject.has_secret() && standing == Standing::Registered {
        register(world, subject, Entry { standing, secret: fresh_secret() }).await;
        world.weather.count("registry: secret rotated");
    }
}

/// A client is disabled, removed, broken; or registered again.
async fn change_standing(world: &World, random: &mut Random) {
    // The others keep their standing, so that each kind has somebody who must be accepted.
    let restless: Vec<_> = world.subjects.iter().filter(|subject| !subject.id.ends_with("-1")).collect();
    let subject = *random.one(&restless);
    let Entry { standing, secret } = subject.entry.latest();
    let next = match standing {
        Standing::Registered => *random.one(&[Standing::Disabled, Standing::Removed, Standing::Broken]),
        _ => Standing::Registered,
    };
    register(world, subject, Entry { standing: next, secret }).await;
    world.weather.count(&format!("registry: {next:?}").to_lowercase());
}

/// Writes what the registry is to say of the client. No fault lies between here and the database.
pub(crate) async fn register(world: &World, subject: &Subject, entry: Entry) {
    let metadata = subject.metadata(&entry);
    subject.entry.begin(entry.clone());
    match entry.standing {
        Standing::Broken => by_hand(world, BREAK, subject).await,
        Standing::Removed => by_hand(world, REMOVE, subject).await,
        Standing::Registered | Standing::Disabled => {
            // On a busy machine even this database is late.
            while !try_register(world, subject, &metadata).await.unwrap_or(false) {
                sleep(Duration::from_millis(100)).await;
            }
        }
    }
    subject.entry.done();
}

async fn try_register(world: &World, subject: &Subject, metadata: &Value) -> Result<bool, StoreError> {
    let (registry, metadata) = (&world.bed.registry, serde_json::from_value(metadata.clone()).unwrap());
    let mut client = RegisteredClient { metadata, ..RegisteredClient::default() };
    if subject.entry.before().is_some_and(|before| before.standing == Standing::Broken) {
        // What cannot be read cannot be replaced.
        let mut connection = PgConnection::connect(&world.bed.database).await.unwrap();
        let mend = sqlx::query(MEND).bind(&subject.id).bind(serde_json::to_string(&client.metadata).unwrap());
        mend.execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
        return Ok(true);
    }
    match registry.read(&subject.id).await? {
        None => registry.insert(&client).await,
        Some(old) => {
            client.revision = old.revision;
            registry.replace(&client).await
        }
    }
}

async fn by_hand(world: &World, sql: &'static str, subject: &Subject) {
    let mut connection = PgConnection::connect(&world.bed.database).await.unwrap();
    sqlx::query(sql).bind(&subject.id).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

const BREAK: &str = "UPDATE countersign_clients SET metadata = 'null' WHERE client_id = $1";
const MEND: &str = "UPDATE countersign_clients SET metadata = $2::json WHERE client_id = $1";
const REMOVE: &str = "DELETE FROM countersign_clients WHERE client_id = $1";

/// Each makes the fence refuse for ten seconds, so they come at intervals.
const BETWEEN_FLUSHES: Duration = Duration::from_secs(25);

/// Of key sets, any.
const BETWEEN_ROTATIONS: Duration = Duration::from_secs(8);
