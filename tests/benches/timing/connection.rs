//! One connection to a token endpoint behind the layer, over the loopback interface.

use axum::Router;
use axum::routing::post;
use countersign::Authenticator;
use countersign_tower::ClientAuthLayer;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};

/// Client and server take turns on one thread, so that no other thread's turn is measured.
pub(super) struct Connection {
    runtime: Runtime,
    stream: TcpStream,
    /// The answer that every request gets.
    answer: Vec<u8>,
}

impl Connection {
    pub(super) fn open(auth: &Authenticator) -> Self {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let app = Router::new().route("/token", post(unreached)).layer(ClientAuthLayer::new(auth.clone()));
        let stream = runtime.block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let stream = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
            stream.set_nodelay(true).unwrap();
            tokio::spawn(async move { axum::serve(listener, app).await });
            stream
        });
        Connection { runtime, stream, answer: Vec::new() }
    }

    /// Is the answer the one that every request gets?
    pub(super) fn check(&mut self, request: &[u8]) {
        let Connection { runtime, stream, answer } = self;
        let mut octets = vec![0; 4096];
        runtime.block_on(async {
            stream.write_all(request).await.unwrap();
            let length = stream.read(&mut octets).await.unwrap();
            octets.truncate(length);
        });
        let refused = br#"{"error":"invalid_client","error_description":"client authentication failed"}"#;
        assert!(octets.ends_with(refused), "{}", octets.escape_ascii());
        if answer.is_empty() {
            answer.clone_from(&octets);
        }
        assert_eq!(without_date(&octets), without_date(answer));
    }

    /// Sends a request and waits for the whole answer.
    pub(super) fn send(&mut self, request: &[u8]) {
        let Connection { runtime, stream, answer } = self;
        runtime.block_on(async {
            stream.write_all(request).await.unwrap();
            stream.read_exact(answer).await.unwrap();
        });
    }
}

async fn unreached() {
    unreachable!("every request is refused");
}

fn without_date(answer: &[u8]) -> String {
    let text = String::from_utf8(answer.to_vec()).unwrap();
    text.split_inclusive("\r\n").filter(|line| !line.starts_with("date: ")).collect()
}
