//! A thousand wrong secrets a second for clients whose secrets are under Argon2id, while others sign.

use std::thread;
use std::time::{Duration, Instant};

use axum::Router;
use axum::routing::post;
use countersign::forwarded::{SourceHeader, TrustedProxy};
use countersign::metadata::ClientMetadata;
use countersign::replay::MemoryReplayStore;
use countersign::secret::{ClientSecret, argon2id};
use countersign::store::Clients;
use countersign::{AuthMethod, Authenticator, Client, Endpoint};
use countersign_tests::fixtures::fixtures;
use countersign_tests::row::{Endpoint as RowEndpoint, ISSUER};
use countersign_tower::axum::ClientAuth;

use super::callers::ask;
use super::flood::{Outcome, flood};
use super::server::{Server, layer, serve as listen};
use super::{Table, median, quantile, requests};

pub(crate) const NAME: &str = "slow-secrets";

/// As many threads as there are cores, and every setting as it is by default.
pub(crate) fn serve() {
    let people = (0..PEOPLE).map(|number| {
        let secret = ClientSecret::hashed(&argon2id(&right_secret(number)).unwrap()).unwrap();
        Client::new(person(number)).with_method(AuthMethod::CLIENT_SECRET_BASIC).with_secret(secret)
    });
    let signer: ClientMetadata = serde_json::from_value(fixtures().client(SIGNER).metadata.clone()).unwrap();
    let clients = people.chain([Client::try_from(&signer).unwrap()]);
    let proxy = TrustedProxy::of_addresses(["127.0.0.1/32"], SourceHeader::XForwardedFor).unwrap();
    let auth = Authenticator::builder()
        .issuer(ISSUER)
        .endpoint(Endpoint::Token, RowEndpoint::Token.url())
        .clients(Clients::new(clients).unwrap())
        .replay(MemoryReplayStore::new())
        .trusted_proxy(proxy)
        .build()
        .unwrap();
    listen(Router::new().route("/token", post(token)).layer(layer(auth)), None);
}

async fn token(client: ClientAuth) -> String {
    client.client_id().to_owned()
}

pub(crate) fn measure(table: &mut Table) {
    let server = Server::start(NAME);
    let signed = |count: usize| (0..count).map(|_| requests::by_assertion(SIGNER, "192.0.2.7")).collect();
    // What it takes before its first slow hash.
    ask(server.address, 8, ASSERTIONS_A_SECOND, signed(200));
    let baseline = server.peak().unwrap_or(0.0);
    // Now the right secrets are verified.
    let began = Instant::now();
    let own = |number| requests::by_secret(&person(number), &right_secret(number), "192.0.2.9");
    let first = ask(server.address, 1, 20.0, (0..PEOPLE).map(own).collect());
    assert!(first.iter().all(|(status, _)| *status == 200), "{first:?}");
    let mut times: [Vec<f64>; 3] = Default::default();
    let mut peak = 0.0_f64;
    let (mut refused, mut right) = ([Outcome::default(), Outcome::default()], (0, 0));
    let mut ratios: [Vec<f64>; 2] = Default::default();
    for round in 0..ROUNDS {
        for (phase, sources) in [None, Some(Sources::Many), Some(Sources::Few)].into_iter().enumerate() {
            let address = server.address;
            let flooding = sources.map(|sources| {
                let wrong = wrong_secrets(round, sources);
                thread::spawn(move || flood(address, 256, WRONG_A_SECOND, Duration::MAX, &wrong))
            });
            thread::sleep(Duration::from_millis(300));
            let count = (SECONDS * ASSERTIONS_A_SECOND) as usize;
            let signed = (0..count).map(|_| requests::by_assertion(SIGNER, "192.0.2.7")).collect();
            let honest = thread::spawn(move || {
                let secrets = (0..30).map(|number| own(number % PEOPLE)).collect();
                ask(address, 1, 20.0, secrets)
            });
            let answers = ask(address, 8, ASSERTIONS_A_SECOND, signed);
            assert!(answers.iter().all(|(status, _)| *status == 200), "an assertion was refused");
            let honest = honest.join().unwrap();
            // That long a secret counts as verified.
            if began.elapsed() < Duration::from_secs(60) {
                right.0 += honest.iter().filter(|(status, _)| *status == 200).count();
                right.1 += honest.len();
            }
            if let Some(flooding) = flooding {
                let outcome = flooding.join().unwrap();
                assert_eq!(outcome.sent, outcome.offered, "more connections are needed");
                add(&mut refused[phase - 1], outcome);
            }
            let mut seconds: Vec<f64> = answers.into_iter().map(|(_, seconds)| seconds).collect();
            times[phase].push(quantile(&mut seconds, 0.99));
            peak = peak.max(server.peak().unwrap_or(0.0));
        }
        for phase in [1, 2] {
            ratios[phase - 1].push(times[phase][round] / times[0][round]);
        }
    }

    let milliseconds = |seconds: f64| format!("{:.2} ms", seconds * 1000.0);
    table.heading("1,000 wrong Argon2id secrets a second", "");
    table.note(
        "p99 of private_key_jwt (ES256), nothing else going on",
        &milliseconds(median(times[0].clone())),
    );
    for (phase, name) in [(1, "of 60,000 sources"), (2, "of 8 sources")] {
        table.note(&format!("p99 while they come, {name}"), &milliseconds(median(times[phase].clone())));
        let ratio = median(ratios[phase - 1].clone());
        table.line(&format!("p99, times as long, {name}"), &format!("{ratio:.2}"), "below 2", ratio < 2.0);
        let answers = &refused[phase - 1];
        table.note(&format!("answers to them, {name}"), &format!("{:?}", answers.in_time));
    }
    let permits = thread::available_parallelism().map_or(1, |cores| cores.get().div_ceil(2)) as f64;
    let (more, most) = ((peak - baseline) / MEBIBYTE, 19.0 * permits + 16.0);
    let figure = format!("{more:.1} MiB");
    table.line("memory above that before the first", &figure, &format!("below {most:.0} MiB"), more < most);
    let (answered, asked) = right;
    table.line(
        "right Argon2id secrets, verified before, that passed",
        &format!("{answered} of {asked}"),
        "all",
        answered == asked,
    );
}

fn add(sum: &mut Outcome, outcome: Outcome) {
    for (status, count) in outcome.in_time {
        *sum.in_time.entry(status).or_default() += count;
    }
}

#[derive(Clone, Copy)]
enum Sources {
    /// So many that no failure is the second of its source.
    Many,
    /// So few that their budgets end at once.
    Few,
}

fn wrong_secrets(round: usize, sources: Sources) -> Vec<Vec<u8>> {
    let count = (WRONG_A_SECOND * (SECONDS + 0.5)) as usize;
    let wrong = (0..count).map(|number| {
        let source = match sources {
            Sources::Many => format!("2001:db8:{round:x}:{number:x}::1"),
            Sources::Few => format!("198.51.100.{}", number % 8),
        };
        requests::by_secret(&person(number % PEOPLE), &format!("wrong-{round}-{number}"), &source)
    });
    wrong.collect()
}

fn person(number: usize) -> String {
    format!("person-{number}")
}

fn right_secret(number: usize) -> String {
    format!("correct horse battery {number}")
}

const SIGNER: &str = "c-pkjwt-es256";
const PEOPLE: usize = 8;
const ROUNDS: usize = 5;
const SECONDS: f64 = 1.5;
const ASSERTIONS_A_SECOND: f64 = 400.0;
const WRONG_A_SECOND: f64 = 1000.0;
const MEBIBYTE: f64 = 1048576.0;
