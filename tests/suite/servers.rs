//! The servers of tests are real, and end with the process that started them.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use countersign_tests::patience::PATIENCE;
use countersign_tests::servers::postgres::Postgres;
use sqlx::{Connection as _, PgConnection};
use tokio::time::Instant;

#[tokio::test]
async fn a_postgres_keeps_its_data_over_a_stop_and_a_kill() {
    let postgres = Postgres::start();
    let url = postgres.url_of_new_database();
    let mut connection = PgConnection::connect(&url).await.unwrap();
    sqlx::raw_sql("CREATE TABLE kept (number int)").execute(&mut connection).await.unwrap();
    for (round, end) in [Postgres::stop, Postgres::kill].into_iter().enumerate() {
        sqlx::raw_sql("INSERT INTO kept VALUES (1)").execute(&mut connection).await.unwrap();
        end(&postgres);
        assert!(PgConnection::connect(&url).await.is_err());
        postgres.start_again();
        connection = PgConnection::connect(&url).await.unwrap();
        let kept: i64 =
            sqlx::query_scalar("SELECT count(*) FROM kept").fetch_one(&mut connection).await.unwrap();
        assert_eq!(kept, round as i64 + 1);
    }
    let wrong = url.replace("postgres:a-password", "postgres:another-password");
    assert!(PgConnection::connect(&wrong).await.is_err());
}

#[test]
fn a_server_ends_with_the_process_that_started_it_even_when_that_is_killed() {
    let mut process = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "servers::a_process_with_a_server", "--nocapture"])
        .env(STARTS, "1")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(process.stdout.take().unwrap()).lines();
    let place = lines.map(Result::unwrap).find_map(|line| Some(line.strip_prefix(STARTS)?.to_owned()));
    process.kill().unwrap();
    process.wait().unwrap();
    let place = place.expect("it started no server");
    let (port, folder) = place.split_once(' ').unwrap();
    let started = Instant::now();
    while TcpStream::connect(("127.0.0.1", port.parse().unwrap())).is_ok() || Path::new(folder).exists() {
        assert!(started.elapsed() < PATIENCE, "it is still there");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Not a test of its own, but what the process above runs.
#[test]
fn a_process_with_a_server() {
    if std::env::var_os(STARTS).is_none() {
        return;
    }
    let shared = Postgres::shared();
    let line = format!("\n{STARTS}{} {}\n", shared.port(), shared.folder().display());
    std::io::stdout().write_all(line.as_bytes()).unwrap();
    std::thread::sleep(Duration::from_secs(60));
}

const STARTS: &str = "COUNTERSIGN_STARTS_A_SERVER";
