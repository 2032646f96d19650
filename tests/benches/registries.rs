//! A million registered clients in SQLite and in PostgreSQL, and how long it takes to find one.
//!
//! `cargo bench -p countersign-tests --bench registries`, or with `-- sqlite` or `-- postgres` one of them. Each client
//! has an inline key set of one ES256 key. They are written past the registry, in one statement. Prints a table, and
//! fails where a target is missed.
//!
//! Cold is a client that the cache does not know; the pages of the database are as the system happens to have them. That
//! a warm look-up asks nothing is proved with the database gone: SQLite's file is moved away, PostgreSQL is stopped.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::cast_precision_loss)]
#![allow(clippy::disallowed_methods, reason = "a benchmark reads the clock")]

mod resident;

use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use countersign::store::{ClientRegistry, ClientStore, PostgresClients, SqliteClients, StoreError};
use countersign_tests::servers::postgres::Postgres;
use futures_util::{StreamExt as _, stream};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, SqliteConnection};

fn main() {
    let wanted: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let is_wanted = |name: &str| wanted.is_empty() || wanted.iter().any(|word| word == name);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let mut over = Vec::new();
    if is_wanted("sqlite") {
        runtime.block_on(measure(&Sqlite::new(), &mut over));
    }
    if is_wanted("postgres") {
        runtime.block_on(measure(&Server(Postgres::start()), &mut over));
    }
    assert!(over.is_empty(), "over target: {over:?}");
}

async fn measure(database: &impl Database, over: &mut Vec<String>) {
    println!("\n{:<42} {:>14}   target", database.name(), "");
    let mut row = |what: &str, value: String, target: &str, is_met: bool| {
        println!("{what:<42} {value:>14}   {target}");
        if !is_met {
            over.push(format!("{}, {what}: {value}", database.name()));
        }
    };
    let seconds = |time: Duration| format!("{:.3} s", time.as_secs_f64());
    let started = Instant::now();
    drop(database.open().await.unwrap());
    row("tables made", seconds(started.elapsed()), "", true);
    let started = Instant::now();
    database.fill().await;
    row("a million clients written", seconds(started.elapsed()), "", true);

    let before = resident::octets();
    let started = Instant::now();
    let registry = database.open().await.unwrap();
    assert!(registry.find(&client_id(7)).await.unwrap().is_some());
    let open = started.elapsed();
    row("opened, first client found", seconds(open), "1 s", open < Duration::from_secs(1));

    let started = Instant::now();
    database.settle().await;
    // The system writes half a gigabyte for a while, and reads wait for that.
    assert!(Command::new("sync").status().unwrap().success());
    row("settled", seconds(started.elapsed()), "", true);
    let ids: Vec<String> =
        (0..LOOK_UPS).map(|turn| client_id(10 + turn * 39_916_801 % (CLIENTS - 10))).collect();
    // Until the first poll is over, after which the cache begins anew.
    tokio::time::sleep(Duration::from_secs(2)).await;
    let cold = look_up(&registry, &ids).await;
    row("cold look-up, median", micros(cold[cold.len() / 2]), "", true);
    let p99 = cold[cold.len() * 99 / 100];
    row("cold look-up, p99", micros(p99), "1000 µs", p99 < Duration::from_millis(1));
    row("cold look-up, p99.9", micros(cold[cold.len() * 999 / 1000]), "", true);

    let unknown: Vec<String> = (0..LOOK_UPS).map(|number| format!("nobody-{number}")).collect();
    let started = Instant::now();
    for id in &unknown {
        assert!(registry.find(id).await.unwrap().is_none());
    }
    row("look-up of an unknown client, mean", micros(started.elapsed() / LOOK_UPS as u32), "", true);

    database.go().await;
    let warm = look_up(&registry, &ids).await;
    database.come_back().await;
    row("warm look-up, median, without database", micros(warm[warm.len() / 2]), "", true);
    row("warm look-up, p99, without database", micros(warm[warm.len() * 99 / 100]), "", true);

    // More than the cache holds, many at a time.
    let started = Instant::now();
    let all: Vec<_> = stream::iter((0..THROUGH).map(|number| client_id(number * 3)))
        .map(|id| {
            let registry = registry.clone();
            async move { registry.find(&id).await.map(|client| client.is_some()) }
        })
        .buffer_unordered(32)
        .collect()
        .await;
    assert!(all.iter().all(|found| *found.as_ref().unwrap()));
    let each = started.elapsed() / THROUGH as u32;
    row("cold look-up, 32 at a time, mean", micros(each), "", true);
    let shown = format!("{registry:?}");
    let held: usize = shown.split("clients: ").nth(1).unwrap().split(',').next().unwrap().parse().unwrap();
    row("of 300,000 in the cache", held.to_string(), "100000", held <= 100_000);
    if let Some(grown) = before.zip(resident::octets()).map(|(before, after)| after.saturating_sub(before)) {
        // With what the allocator keeps of clients that have left the cache: no figure to hold it to.
        row("memory grown", format!("{:.0} MiB", grown as f64 / MIB), "", true);
    }
    let started = Instant::now();
    let page = registry.page(&client_id(CLIENTS / 2), 100).await.unwrap();
    assert_eq!(page.len(), 100);
    row("a page of 100 from the middle", seconds(started.elapsed()), "", true);
}

/// One after the other; how long each took, shortest first.
async fn look_up(registry: &impl ClientStore, ids: &[String]) -> Vec<Duration> {
    let mut times = Vec::with_capacity(ids.len());
    for id in ids {
        let started = Instant::now();
        let client = registry.find(id).await.unwrap().unwrap();
        times.push(started.elapsed());
        assert_eq!(client.id(), id);
    }
    times.sort_unstable();
    times
}

fn micros(time: Duration) -> String {
    format!("{:.1} µs", time.as_secs_f64() * 1e6)
}

fn client_id(number: usize) -> String {
    format!("client-{number:08}")
}

/// What a database is to this program.
trait Database {
    type Registry: ClientStore + ClientRegistry + Clone + std::fmt::Debug;

    fn name(&self) -> &'static str;
    async fn open(&self) -> Result<Self::Registry, StoreError>;
    async fn fill(&self);
    /// Does what a database does by itself some minutes after so much was written.
    async fn settle(&self);
    async fn go(&self);
    async fn come_back(&self);
}

struct Sqlite {
    folder: PathBuf,
}

impl Sqlite {
    fn new() -> Self {
        let folder = std::env::temp_dir().join(format!("countersign-registries-{}", std::process::id()));
        std::fs::create_dir(&folder).unwrap();
        Sqlite { folder }
    }

    fn file(&self) -> PathBuf {
        self.folder.join("registry.db")
    }
}

impl Database for Sqlite {
    type Registry = SqliteClients;

    fn name(&self) -> &'static str {
        "SQLite"
    }

    async fn open(&self) -> Result<SqliteClients, StoreError> {
        SqliteClients::open(self.file()).await
    }

    async fn fill(&self) {
        let url = format!("sqlite://{}", self.file().display());
        let mut connection = SqliteConnection::connect(&url).await.unwrap();
        let fill = format!(
            "WITH RECURSIVE numbers (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers LIMIT {CLIENTS})
             INSERT INTO clients (client_id, metadata, slow_hashes, revision)
             SELECT printf('client-%08d', n), printf('{METADATA}', n, n), {SLOW_HASHES}, 1 FROM numbers"
        );
        sqlx::raw_sql(AssertSqlSafe(fill)).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    }

    /// It does nothing by itself.
    async fn settle(&self) {}

    async fn go(&self) {
        std::fs::rename(self.file(), self.folder.join("away")).unwrap();
    }

    async fn come_back(&self) {
        std::fs::rename(self.folder.join("away"), self.file()).unwrap();
        tokio::time::sleep(Duration::from_secs(2)).await;
    }
}

impl Drop for Sqlite {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

struct Server(Postgres);

impl Database for Server {
    type Registry = PostgresClients;

    fn name(&self) -> &'static str {
        "PostgreSQL on loopback"
    }

    async fn open(&self) -> Result<PostgresClients, StoreError> {
        PostgresClients::connect(&self.0.url()).await
    }

    async fn fill(&self) {
        let mut connection = PgConnection::connect(&self.0.url()).await.unwrap();
        let metadata = METADATA.replace("%08d", "%s");
        let fill = format!(
            "INSERT INTO countersign_clients (client_id, metadata, slow_hashes)
             SELECT 'client-' || id, format('{metadata}', id, id)::json, {SLOW_HASHES}
             FROM (SELECT n, lpad(n::text, 8, '0') AS id FROM generate_series(0, {CLIENTS} - 1) AS n) AS ids"
        );
        sqlx::raw_sql(AssertSqlSafe(fill)).execute(&mut connection).await.unwrap();
    }

    async fn settle(&self) {
        let mut connection = PgConnection::connect(&self.0.url()).await.unwrap();
        for command in ["VACUUM (ANALYZE) countersign_clients", "CHECKPOINT"] {
            sqlx::raw_sql(command).execute(&mut connection).await.unwrap();
        }
    }

    async fn go(&self) {
        self.0.stop();
    }

    async fn come_back(&self) {
        self.0.start_again();
        tokio::time::sleep(Duration::from_secs(2)).await;
    }
}

const CLIENTS: usize = 1_000_000;
const LOOK_UPS: usize = 20_000;
const THROUGH: usize = 300_000;
const MIB: f64 = 1024.0 * 1024.0;

/// Every second client is marked as one with slow hashes, which are asked for at the start.
const SLOW_HASHES: &str = "CASE n % 2 WHEN 0 THEN 'argon2id:19456,2,1' END";

/// Of one client, with its number twice. The point is that of RFC 7515 A.3.
const METADATA: &str = concat!(
    r#"{"client_id": "client-%08d", "token_endpoint_auth_method": "private_key_jwt", "#,
    r#""token_endpoint_auth_signing_alg": "ES256", "jwks": {"keys": [{"kty": "EC", "crv": "P-256", "#,
    r#""use": "sig", "alg": "ES256", "kid": "key-%08d", "#,
    r#""x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "#,
    r#""y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]}}"#,
);
