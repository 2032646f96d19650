//! A token endpoint behind the layer, beside the same endpoint that reads its form without it: requests per second
//! over real sockets, in alternating rounds, and their ratio. The endpoint does what a token endpoint does: it reads
//! the form and signs an access token (ES256).
//!
//! `cargo bench -p countersign-tests --bench load`. Target: at least 0.9 (for assertions: of what is left when the
//! time of the bare signature is taken off).
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::cast_precision_loss)]
#![allow(clippy::disallowed_methods, reason = "a benchmark reads the clock")]

mod bed;

use std::net::SocketAddr;
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use axum::Router;
use axum::body::Bytes;
use axum::routing::post;
use countersign_tests::encoding::base64url;
use countersign_tests::row::HttpRequest;
use countersign_tower::ClientAuthLayer;
use countersign_tower::axum::ClientAuth;
use http_body_util::{BodyExt, Full};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};

const CONNECTIONS: usize = 4;
const ROUNDS: usize = 12;
const REQUESTS: usize = 1500;

fn main() {
    let server = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let client = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let (with, without) = server.block_on(async {
        let auth = bed::authenticator();
        let with = Router::new().route("/token", post(behind)).layer(ClientAuthLayer::new(auth));
        (serve(with).await, serve(Router::new().route("/token", post(alone))).await)
    });
    println!(
        "{:<24} {:>12} {:>12} {:>8} {:>14}",
        "requests per second", "without", "with", "ratio", "less signature"
    );
    for method in bed::SECRETS {
        let request = Arc::new(bed::by_secret(method));
        let requests = vec![request; REQUESTS];
        report(method, &client, with, without, |_| requests.clone(), Duration::ZERO);
    }
    for (algorithm, name) in [("ES256", "c-pkjwt-es256"), ("RS256", "c-pkjwt-rs256")] {
        let bare = bed::Bare::new(name);
        let signed: Vec<bed::Signed> = (0..300).map(|_| bed::Signed::of(name)).collect();
        let start = Instant::now();
        signed.iter().for_each(|signed| bare.verify(signed));
        let signature = start.elapsed() / 300;
        let fresh = |_| bed::by_assertions(name, REQUESTS).into_iter().map(Arc::new).collect();
        report(&format!("private_key_jwt {algorithm}"), &client, with, without, fresh, signature);
    }
}

/// The handler behind the layer.
async fn behind(client: ClientAuth) -> String {
    issue(client.client_id(), &client.form().get("grant_type").unwrap_or_default())
}

/// The same handler, which reads the form itself and believes it.
async fn alone(body: Bytes) -> String {
    let find = |name: &str| {
        form_urlencoded::parse(&body)
            .find(|(key, _)| key == name)
            .map_or(String::new(), |(_, value)| value.into_owned())
    };
    issue(&find("client_id"), &find("grant_type"))
}

/// An access token.
fn issue(client_id: &str, grant_type: &str) -> String {
    static KEY: LazyLock<(SystemRandom, EcdsaKeyPair)> = LazyLock::new(|| {
        let random = SystemRandom::new();
        let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        (random, key)
    });
    let claims = format!(r#"{{"sub":"{client_id}","client_id":"{client_id}","gty":"{grant_type}"}}"#);
    let input = format!("{}.{}", base64url(br#"{"alg":"ES256","typ":"at+jwt"}"#), base64url(claims));
    let signature = KEY.1.sign(&KEY.0, input.as_bytes()).unwrap();
    format!(r#"{{"access_token":"{input}.{}","token_type":"Bearer"}}"#, base64url(signature))
}

async fn serve(app: Router) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await });
    address
}

/// Best of the rounds on each side: what other work on the machine adds is never negative.
fn report(
    name: &str,
    client: &tokio::runtime::Runtime,
    with: SocketAddr,
    without: SocketAddr,
    requests: impl Fn(usize) -> Vec<Arc<HttpRequest>>,
    signature: Duration,
) {
    let (mut best_with, mut best_without) = (Duration::MAX, Duration::MAX);
    for round in 0..ROUNDS {
        let prepared = requests(round);
        best_without = best_without.min(client.block_on(drive(without, prepared.clone())));
        best_with = best_with.min(client.block_on(drive(with, prepared)));
    }
    let rate = |elapsed: Duration| REQUESTS as f64 / elapsed.as_secs_f64();
    let less = best_with.saturating_sub(signature * u32::try_from(REQUESTS).unwrap());
    println!(
        "{name:<24} {:>12.0} {:>12.0} {:>8.3} {:>14.3}",
        rate(best_without),
        rate(best_with),
        rate(best_with) / rate(best_without),
        rate(less) / rate(best_without),
    );
}

async fn drive(address: SocketAddr, requests: Vec<Arc<HttpRequest>>) -> Duration {
    let mut senders: Vec<hyper::client::conn::http1::SendRequest<Full<bytes::Bytes>>> = Vec::new();
    for _ in 0..CONNECTIONS {
        let stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        let (sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        senders.push(sender);
    }
    let share = requests.len() / CONNECTIONS;
    let start = Instant::now();
    let shares = senders.into_iter().zip(requests.chunks(share)).map(|(mut sender, requests)| {
        let requests = requests.to_vec();
        tokio::spawn(async move {
            for request in requests {
                let mut http = http::Request::post("/token").header("host", "localhost");
                for (name, value) in &request.headers {
                    http = http.header(name.as_str(), value.as_slice());
                }
                let http = http.body(Full::from(request.body.clone())).unwrap();
                sender.ready().await.unwrap();
                let response = sender.send_request(http).await.unwrap();
                assert_eq!(response.status(), 200);
                response.into_body().collect().await.unwrap();
            }
        })
    });
    for share in futures_util::future::join_all(shares).await {
        share.unwrap();
    }
    start.elapsed()
}
