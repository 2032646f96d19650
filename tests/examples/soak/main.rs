//! Two nodes under load, faults drawn at random, and a generator that knows what each answer must be.
//!
//! `tests/soak --help` tells how to run it.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::cast_precision_loss)]

mod bed;
mod caller;
mod clock;
mod director;
mod history;
mod judge;
mod key_host;
mod ledger;
mod log;
mod node;
mod probe;
mod process;
mod random;
mod report;
mod request;
mod subject;
mod weather;

use std::collections::HashSet;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use countersign_tests::patience::PATIENCE;
use futures_util::future::join_all;
use tokio::time::{Instant, sleep};

use self::bed::Bed;
use self::judge::Score;
use self::ledger::Ledger;
use self::log::Log;
use self::random::Random;
use self::report::Measured;
use self::request::Pool;
use self::subject::Subject;
use self::weather::{Dependency, Weather};

/// Everything that callers and faults share.
struct World {
    bed: Bed,
    subjects: Vec<Arc<Subject>>,
    weather: Weather,
    ledger: Arc<Ledger>,
    pool: Pool,
    score: Score,
    log: Log,
    is_over: AtomicBool,
    /// Callers take their time, so that the machine can keep up.
    is_slow: AtomicBool,
    /// What has a fault now.
    faulty: Mutex<HashSet<(usize, &'static str)>>,
}

impl World {
    async fn start() -> Self {
        let (ledger, log) = (Arc::new(Ledger::default()), Log::default());
        let bed = Bed::start(&ledger, &log).await;
        let subjects = Subject::all(|client_id| bed.jwks_uri(client_id));
        let world = World {
            bed,
            subjects,
            weather: Weather::default(),
            ledger,
            pool: Pool::default(),
            score: Score::default(),
            log,
            is_over: AtomicBool::new(false),
            is_slow: AtomicBool::new(false),
            faulty: Mutex::default(),
        };
        // A new Redis remembers nothing.
        world.weather.loses_memory(clock::unix_now());
        for subject in &world.subjects {
            let keys = subject.published.latest();
            world.bed.key_host.publish(&subject.id, keys.iter().map(|key| key.public()).collect());
            director::register(&world, subject, subject.entry.latest()).await;
        }
        world
    }

    /// Was a client of each kind accepted when nothing else would have been right?
    fn has_accepted(&self, kinds: &HashSet<&str>) -> bool {
        let accepted = &self.score.lock().unwrap().accepted;
        kinds.iter().all(|kind| accepted.get(*kind).is_some_and(|[_, certain]| *certain > 0))
    }

    /// Unless it has one already, or two others have: what is down all the time tells nothing.
    fn begin(&self, node: usize, dependency: Dependency) -> bool {
        let mut faulty = self.faulty.lock().unwrap();
        faulty.len() < 2 && faulty.insert(place(node, dependency))
    }

    fn end(&self, node: usize, dependency: Dependency) {
        self.faulty.lock().unwrap().remove(&place(node, dependency));
    }
}

fn place(node: usize, dependency: Dependency) -> (usize, &'static str) {
    match dependency {
        Dependency::Registry => (node, "registry"),
        Dependency::Replay => (node, "replay"),
        Dependency::Keys => (0, "keys"),
    }
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> ExitCode {
    let (seconds, seed) = arguments();
    println!("seed {seed}, {seconds} s: to draw the same again, tests/soak {seconds} {seed}");
    let world = Arc::new(World::start().await);
    // What a node looks at for the first time may be anything.
    sleep(Duration::from_secs(3)).await;
    let mut random = Random::new(seed);
    let until = Instant::now() + Duration::from_secs(seconds);
    let calm = Duration::from_secs((seconds / 4).min(20));
    let mut measured = Measured::start();
    tokio::task::block_in_place(|| probe::watch(Arc::clone(&world), until + LATEST_END));
    let directing = tokio::spawn(director::direct(Arc::clone(&world), random.fork(), until - calm));
    let callers: Vec<_> =
        (0..CALLERS).map(|_| tokio::spawn(caller::call(Arc::clone(&world), random.fork()))).collect();
    let kinds: HashSet<&str> = world.subjects.iter().map(|subject| subject.kind_name()).collect();
    measured.watch(&world, until, || false).await;
    // On a machine that is late all the time it takes longer until each kind had to be accepted.
    world.is_slow.store(true, Ordering::SeqCst);
    measured.watch(&world, until + LATEST_END, || world.has_accepted(&kinds)).await;
    world.is_over.store(true, Ordering::SeqCst);
    for ended in join_all(callers).await {
        ended.unwrap();
    }
    directing.await.unwrap();
    // Until connections that nobody uses any more are closed.
    let closing = Instant::now();
    while closing.elapsed() < PATIENCE && !measured.descriptors_are_back() {
        sleep(Duration::from_secs(1)).await;
    }
    let is_fine = measured.print(&world, &kinds, until);
    // The servers end with the last that knows of them, which may be the probe.
    let ending = Instant::now();
    while Arc::strong_count(&world) > 1 && ending.elapsed() < PATIENCE {
        sleep(Duration::from_millis(20)).await;
    }
    if is_fine { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Seconds and seed.
fn arguments() -> (u64, u64) {
    let mut numbers = std::env::args().skip(1).map(|argument| {
        argument.parse().unwrap_or_else(|_| {
            eprintln!("{argument:?} is no number; see tests/soak --help");
            std::process::exit(2);
        })
    });
    let seconds = numbers.next().unwrap_or(90);
    (
        seconds,
        numbers.next().unwrap_or_else(|| u64::from(std::process::id()) ^ clock::unix_now().unsigned_abs()),
    )
}

const CALLERS: usize = 16;

/// How long it may go on after its time.
const LATEST_END: Duration = Duration::from_secs(60);
