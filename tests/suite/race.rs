//! One assertion, a hundred connections, one success: over real sockets, on every worker.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::routing::post;
use countersign_actix::{ClientAuth as ActixClient, ClientAuthMiddleware};
use countersign_tests::assertion::Assertion;
use countersign_tests::drivers::Server;
use countersign_tests::request::Request;
use countersign_tests::row::HttpRequest;
use countersign_tests::scene::scene;
use countersign_tower::ClientAuthLayer;
use countersign_tower::axum::ClientAuth;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Barrier;

const CONNECTIONS: usize = 100;
const ROUNDS: usize = 5;

fn server() -> Server {
    Server::new(&scene("race").fixture("c-pkjwt-es256").row().setup)
}

#[test]
fn axum_accepts_an_assertion_from_one_of_a_hundred_connections() {
    runtime().block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let handler = |client: ClientAuth| async move { client.client_id().to_owned() };
        let app = Router::new().route("/token", post(handler)).layer(ClientAuthLayer::new(server().auth));
        let serving = tokio::spawn(async move { axum::serve(listener, app).await });
        for _ in 0..ROUNDS {
            race(address).await;
        }
        serving.abort();
    });
}

#[test]
fn actix_accepts_an_assertion_from_one_of_a_hundred_connections_on_four_workers() {
    let auth = server().auth;
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (give, handle) = std::sync::mpsc::channel();
    let serving = std::thread::spawn(move || {
        actix_web::rt::System::new().block_on(async move {
            let running = actix_web::HttpServer::new(move || {
                actix_web::App::new().wrap(ClientAuthMiddleware::new(auth.clone())).route(
                    "/token",
                    actix_web::web::post()
                        .to(|client: ActixClient| async move { client.client_id().to_owned() }),
                )
            })
            .workers(4)
            .disable_signals()
            .listen(listener)
            .unwrap()
            .run();
            give.send(running.handle()).unwrap();
            running.await
        })
    });
    let handle = handle.recv().unwrap();
    runtime().block_on(async {
        for _ in 0..ROUNDS {
            race(address).await;
        }
        handle.stop(false).await;
    });
    serving.join().unwrap().unwrap();
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

/// Every connection is open and has sent all but the last byte before any sends that.
async fn race(address: SocketAddr) {
    let request = Arc::new(wire(&Request::token().assertion(Assertion::of("c-pkjwt-es256").mint()).build()));
    let start = Arc::new(Barrier::new(CONNECTIONS));
    let sent = (0..CONNECTIONS).map(|_| {
        let (request, start) = (Arc::clone(&request), Arc::clone(&start));
        tokio::spawn(async move {
            let mut stream = TcpStream::connect(address).await.unwrap();
            let (last, most) = request.split_last().unwrap();
            stream.write_all(most).await.unwrap();
            start.wait().await;
            stream.write_all(&[*last]).await.unwrap();
            let mut answer = Vec::new();
            tokio::time::timeout(Duration::from_secs(20), stream.read_to_end(&mut answer))
                .await
                .unwrap()
                .unwrap();
            String::from_utf8(answer).unwrap()
        })
    });
    let (mut accepted, mut refused) = (0, 0);
    for answer in futures_util::future::join_all(sent).await {
        let answer = answer.unwrap();
        if answer.starts_with("HTTP/1.1 200") {
            accepted += 1;
        } else {
            assert!(answer.starts_with("HTTP/1.1 400") && answer.contains("invalid_client"), "{answer}");
            refused += 1;
        }
    }
    assert_eq!((accepted, refused), (1, CONNECTIONS - 1));
}

fn wire(request: &HttpRequest) -> Vec<u8> {
    let mut octets = format!(
        "POST {} HTTP/1.1\r\nhost: as.example.com\r\nconnection: close\r\ncontent-length: {}\r\n",
        request.endpoint.path(),
        request.body.len()
    )
    .into_bytes();
    for (name, value) in &request.headers {
        octets.extend([name.as_bytes(), b": ", value, b"\r\n"].concat());
    }
    octets.extend_from_slice(b"\r\n");
    octets.extend_from_slice(&request.body);
    octets
}
