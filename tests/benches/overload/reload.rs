//! A registry of a hundred thousand clients that is replaced ten times a second, under requests.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use bytes::Bytes;
use countersign::replay::MemoryReplayStore;
use countersign::secret::ClientSecret;
use countersign::store::{Clients, ReloadableClients};
use countersign::{AuthMethod, AuthRequest, Authenticator, Client, Endpoint};
use countersign_tests::request::Request;
use countersign_tests::row::{Endpoint as RowEndpoint, HttpRequest, ISSUER};

use super::{Table, quantile};

pub(crate) const NAME: &str = "reload";

pub(crate) fn measure(table: &mut Table) {
    let start = Instant::now();
    let sets: Vec<Clients> = (0..SETS).map(generation).collect();
    let making = start.elapsed() / SETS as u32;
    let registry = ReloadableClients::new(sets[0].clone());
    let auth = Authenticator::builder()
        .issuer(ISSUER)
        .endpoint(Endpoint::Token, RowEndpoint::Token.url())
        .clients(registry.clone())
        .replay(MemoryReplayStore::new())
        .build()
        .unwrap();
    let (newest, over) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
    let asking: Vec<_> = (0..ASKING)
        .map(|asker| {
            let (auth, newest, over) = (auth.clone(), Arc::clone(&newest), Arc::clone(&over));
            thread::spawn(move || ask(asker, &auth, &newest, &over))
        })
        .collect();
    let began = Instant::now();
    for number in 1..=GENERATIONS {
        // The clients of a set are as they were when it was made; the set itself is new.
        let clients = sets[number % SETS].clone();
        let turn = began + Duration::from_millis(100) * number as u32;
        thread::sleep(turn.saturating_duration_since(Instant::now()));
        registry.replace(clients);
        newest.store(number, Ordering::SeqCst);
    }
    let rate = GENERATIONS as f64 / began.elapsed().as_secs_f64();
    over.store(true, Ordering::SeqCst);
    let mut seen = Seen::default();
    for asker in asking {
        let one = asker.join().unwrap();
        seen.answers += one.answers;
        seen.failed += one.failed;
        seen.torn += one.torn;
        seen.stale += one.stale;
        seen.seconds.extend(one.seconds);
    }
    let last = registry.current().get(&client_id(0)).and_then(|client| client.app().copied());
    assert_eq!(last, Some(GENERATIONS % SETS));

    table.heading(&format!("{CLIENTS} clients, replaced over and over under load"), "");
    table.note("making a set takes", &format!("{:.0} ms", making.as_secs_f64() * 1e3));
    table.line("replaced, times a second", &format!("{rate:.1}"), "10", rate >= 9.5);
    table.note("requests answered meanwhile", &seen.answers.to_string());
    table.line("of two generations at once", &seen.torn.to_string(), "0", seen.torn == 0);
    table.line("of one that was not there then", &seen.stale.to_string(), "0", seen.stale == 0);
    table.line("failed", &seen.failed.to_string(), "0", seen.failed == 0);
    let (p999, most) = (quantile(&mut seen.seconds, 0.999), quantile(&mut seen.seconds, 1.0));
    table.note("time of a decision, p99.9", &format!("{:.1} µs", p999 * 1e6));
    table.note("time of a decision, the longest", &format!("{:.1} ms", most * 1e3));
}

/// What came of the requests of one thread.
#[derive(Default)]
struct Seen {
    answers: usize,
    failed: usize,
    torn: usize,
    stale: usize,
    seconds: Vec<f64>,
}

fn ask(asker: usize, auth: &Authenticator, newest: &AtomicUsize, over: &AtomicBool) -> Seen {
    let requests: Vec<HttpRequest> = (0..1000)
        .map(|number| {
            let client = client_id((number * 7919 + asker * 31) % CLIENTS);
            Request::token().basic(&client, SECRET).build()
        })
        .collect();
    let mut seen = Seen::default();
    for request in requests.iter().cycle() {
        if over.load(Ordering::SeqCst) {
            break;
        }
        let before = newest.load(Ordering::SeqCst);
        let (headers, body) = (request.headers.as_slice(), Bytes::from(request.body.clone()));
        let asked = AuthRequest::new(Endpoint::Token, "POST", &headers, body);
        let began = Instant::now();
        let answer = futures_executor::block_on(auth.authenticate(asked));
        seen.seconds.push(began.elapsed().as_secs_f64());
        seen.answers += 1;
        match answer {
            Ok(client) => {
                let (of_client, of_secret) = (client.client().app::<usize>(), client.secret_label());
                seen.torn += usize::from(of_client.map(usize::to_string).as_deref() != of_secret);
                // One more than is known may be there.
                let mut possible = before..=newest.load(Ordering::SeqCst) + 1;
                seen.stale += usize::from(!possible.any(|number| of_client == Some(&(number % SETS))));
            }
            Err(_) => seen.failed += 1,
        }
        // A caller thinks between two requests; the other core is for the one who reloads.
        thread::sleep(Duration::from_micros(200));
    }
    seen
}

/// All clients of one set, whose number each client and each secret tells.
fn generation(number: usize) -> Clients {
    let secret = ClientSecret::generated(SECRET).with_label(number.to_string());
    let client = |id: usize| {
        Client::new(client_id(id))
            .with_method(AuthMethod::CLIENT_SECRET_BASIC)
            .with_secret(secret.clone())
            .with_app(number)
    };
    Clients::new((0..CLIENTS).map(client)).unwrap()
}

fn client_id(number: usize) -> String {
    format!("client-{number:06}")
}

const CLIENTS: usize = 100_000;
const GENERATIONS: usize = 40;
const SETS: usize = 4;
const ASKING: usize = 4;
const SECRET: &str = "wCTKUrZ5rmyUxA6MGMU8gBQRGzgtSBlq";
