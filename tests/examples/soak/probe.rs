//! Is the machine too busy for us? What is late then is nobody's fault.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use sqlx::{Connection as _, PgConnection};
use tokio::time::{Instant, sleep};

use crate::World;

/// Asks Redis and PostgreSQL for nothing, past every proxy, on a thread of its own. When that takes long, or the thread is
/// not let run, requests cannot be expected to be faster. Nor when a task waits long for its turn in the runtime in which
/// nodes and callers are: to be called in that one.
pub(crate) fn watch(world: Arc<World>, until: Instant) {
    tokio::spawn(watch_turns(Arc::clone(&world), until));
    let (ready, is_ready) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut redis = world.bed.redis.connection().unwrap();
            let mut postgres = PgConnection::connect(&world.bed.database).await.unwrap();
            ready.send(()).unwrap();
            for turn in 0_u32.. {
                let began = Instant::now();
                if began > until || world.is_over.load(Ordering::SeqCst) {
                    break;
                }
                sleep(PAUSE).await;
                if turn.is_multiple_of(10) {
                    postgres = PgConnection::connect(&world.bed.database).await.unwrap();
                }
                redis::cmd("PING").exec(&mut redis).unwrap();
                postgres.ping().await.unwrap();
                if began.elapsed() > PAUSE + LATE {
                    world.weather.was_late(began);
                }
            }
        });
    });
    is_ready.recv().unwrap();
}

async fn watch_turns(world: Arc<World>, until: Instant) {
    let mut began = Instant::now();
    while began < until && !world.is_over.load(Ordering::SeqCst) {
        sleep(PAUSE).await;
        if began.elapsed() > PAUSE + LATE {
            world.weather.was_late(began);
        }
        began = Instant::now();
    }
}

const PAUSE: Duration = Duration::from_millis(20);

/// Half the shortest deadline of a node's own: 250 ms for a connection to PostgreSQL.
const LATE: Duration = Duration::from_millis(125);
