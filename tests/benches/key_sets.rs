//! What a key set behind a `jwks_uri` costs beside one that was registered, once it is fetched.
//!
//! `cargo bench -p countersign-tests --bench key_sets`. Prints a table, with the target beside each figure, and fails
//! when the fetched set costs more allocations than its target.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::cast_precision_loss)]
#![allow(clippy::disallowed_methods, reason = "a benchmark reads the clock")]

mod bed;

use std::hint::black_box;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::time::{Duration, Instant};

use countersign::fetch::KeySetFetcher;
use countersign::key_source::KeySource;
use countersign::replay::MemoryReplayStore;
use countersign::store::Clients;
use countersign::{AuthMethod, Authenticator, Client, Endpoint};
use countersign_tests::fixtures::fixtures;
use countersign_tests::row::{Endpoint as RowEndpoint, ISSUER};

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let _here = runtime.enter();
    let mut over = Vec::new();
    println!("{:<22} {:>12} {:>12} {:>8}   target", "least of rounds", "registered", "fetched", "more");
    for (algorithm, client) in bed::SIGNERS {
        let (registered, fetched) = (bed::authenticator(), fetching(client, &runtime));
        // The second time: by then every key is parsed, and every map has its size.
        let allocations = |auth: &Authenticator| {
            let prepared = bed::Prepared::new(client, 2);
            let one = || {
                let (request, body) = prepared.next();
                drop(black_box(bed::authenticate(auth, request, body)));
            };
            one();
            allocation_counter::measure(one).count_total
        };
        let more = allocations(&fetched).saturating_sub(allocations(&registered));
        if more > 1 {
            over.push(format!("{algorithm}: {more} allocations more"));
        }
        let (mut least, mut least_fetched) = (Duration::MAX, Duration::MAX);
        for _ in 0..ROUNDS {
            least = least.min(round(&registered, client));
            least_fetched = least_fetched.min(round(&fetched, client));
        }
        let part = (least_fetched.as_nanos() as f64 / least.as_nanos() as f64 - 1.0) * 100.0;
        println!(
            "{algorithm:<22} {:>9} ns {:>9} ns {part:>6.1} %   5 %, and {more} of 1 allocation",
            least.as_nanos(),
            least_fetched.as_nanos(),
        );
    }
    look_up(&runtime);
    assert!(over.is_empty(), "over target: {over:?}");
}

/// The look-up alone, among many.
fn look_up(runtime: &tokio::runtime::Runtime) {
    const URLS: usize = 100;
    let url = host("c-pkjwt-es256");
    let fetcher = KeySetFetcher::new().danger_allow_loopback(true);
    let urls: Vec<_> = (0..URLS).map(|number| format!("{url}/{number}")).collect();
    for url in &urls {
        runtime.block_on(KeySource::keys(&fetcher, url)).unwrap();
    }
    let mut least = Duration::MAX;
    for _ in 0..ROUNDS {
        let start = Instant::now();
        for _ in 0..10 {
            for url in &urls {
                let _ = black_box(futures_executor::block_on(KeySource::keys(&fetcher, url)));
            }
        }
        least = least.min(start.elapsed() / (10 * URLS as u32));
    }
    println!("{:<22} {:>12} {:>9} ns {:>8}   2000 ns", "the look-up alone", "", least.as_nanos(), "");
}

fn round(auth: &Authenticator, client: &str) -> Duration {
    let prepared = bed::Prepared::new(client, CALLS);
    let start = Instant::now();
    for _ in 0..CALLS {
        let (request, body) = prepared.next();
        black_box(bed::authenticate(auth, request, body));
    }
    start.elapsed() / CALLS as u32
}

/// An authenticator that knows one client, by the place of its keys.
fn fetching(client: &str, runtime: &tokio::runtime::Runtime) -> Authenticator {
    let url = host(client);
    let fetcher = KeySetFetcher::new().danger_allow_loopback(true);
    runtime.block_on(KeySource::keys(&fetcher, &url)).unwrap();
    let client = Client::new(client).with_method(AuthMethod::PRIVATE_KEY_JWT).with_jwks_uri(url);
    Authenticator::builder()
        .issuer(ISSUER)
        .endpoint(Endpoint::Token, RowEndpoint::Token.url())
        .clients(Clients::new([client]).unwrap())
        .replay(MemoryReplayStore::new().with_capacity(20_000_000, 20_000_000))
        .key_source(fetcher)
        .build()
        .unwrap()
}

/// Serves the client's key set, to whoever asks for whatever.
fn host(client: &str) -> String {
    let document = serde_json::json!({"keys": [fixtures().key_of(client).public()]}).to_string();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let _ = stream.read(&mut [0; 4096]);
            let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", document.len());
            let _ = stream.write_all((head + &document).as_bytes());
        }
    });
    format!("http://{address}/jwks")
}

const ROUNDS: usize = 40;
const CALLS: usize = 100;
