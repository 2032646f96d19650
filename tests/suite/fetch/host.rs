//! Hosts of key sets, good ones and every kind of bad one, on sockets of this machine.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Handle, Runtime};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;

/// What a host does with a request.
#[derive(Clone)]
pub(crate) enum Answer {
    /// Sends these octets and closes.
    Octets(Vec<u8>),
    /// The same without listening first.
    Rude(Vec<u8>),
    /// Takes its time first.
    Late(Duration, Vec<u8>),
    /// Never says anything.
    Silence,
    /// Sends this at once, and then an octet a second.
    Drip(Vec<u8>),
    /// Sends this, and then zeros for as long as somebody reads, to a gibibyte.
    Endless(Vec<u8>),
}

/// A host on a loopback address. It runs on a thread of its own, so that it answers whatever the test's
/// thread does.
pub(crate) struct Host {
    address: SocketAddr,
    secure: bool,
    shared: Arc<Shared>,
    serving: tokio::task::JoinHandle<()>,
}

struct Shared {
    answer: Mutex<Answer>,
    connections: AtomicUsize,
    requests: Mutex<Vec<String>>,
    at_once: AtomicUsize,
    most_at_once: AtomicUsize,
    sent: AtomicUsize,
}

impl Host {
    /// A plain one on 127.0.0.1.
    pub(crate) fn new(answer: Answer) -> Self {
        Host::on("127.0.0.1:0", answer, None)
    }

    /// A plain one on this address.
    pub(crate) fn at(address: &str, answer: Answer) -> Self {
        Host::on(address, answer, None)
    }

    /// One behind TLS on 127.0.0.1.
    pub(crate) fn secure(config: ServerConfig, answer: Answer) -> Self {
        Host::on("127.0.0.1:0", answer, Some(TlsAcceptor::from(Arc::new(config))))
    }

    /// One that speaks first, and does not listen.
    pub(crate) fn rude(octets: &str) -> Self {
        Host::new(Answer::Rude(octets.into()))
    }

    fn on(address: &str, answer: Answer, tls: Option<TlsAcceptor>) -> Self {
        let listener = std::net::TcpListener::bind(address).unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            answer: Mutex::new(answer),
            connections: AtomicUsize::default(),
            requests: Mutex::default(),
            at_once: AtomicUsize::default(),
            most_at_once: AtomicUsize::default(),
            sent: AtomicUsize::default(),
        });
        let secure = tls.is_some();
        let serving = hosts().spawn(serve(listener, Arc::clone(&shared), tls));
        Host { address, secure, shared, serving }
    }

    /// The `jwks_uri` that leads here, by address.
    pub(crate) fn url(&self) -> String {
        self.url_of(&self.address.ip().to_string().replace("::1", "[::1]"))
    }

    /// The `jwks_uri` that leads here, by another host name.
    pub(crate) fn url_of(&self, host: &str) -> String {
        let scheme = if self.secure { "https" } else { "http" };
        format!("{scheme}://{host}:{}/jwks", self.address.port())
    }

    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    /// Answers differently from now on.
    pub(crate) fn set(&self, answer: Answer) {
        *self.shared.answer.lock().unwrap() = answer;
    }

    /// How often somebody connected.
    pub(crate) fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::SeqCst)
    }

    /// The heads of the requests that came.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.shared.requests.lock().unwrap().clone()
    }

    /// How many requests came.
    pub(crate) fn asked(&self) -> usize {
        self.shared.requests.lock().unwrap().len()
    }

    /// The most requests that were under way together.
    pub(crate) fn most_at_once(&self) -> usize {
        self.shared.most_at_once.load(Ordering::SeqCst)
    }

    /// Octets that somebody, or the kernel, took off an endless answer.
    pub(crate) fn sent(&self) -> usize {
        self.shared.sent.load(Ordering::SeqCst)
    }
}

/// Whatever it was about to answer, nobody hears it.
impl Drop for Host {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// A key set in a response with this `Cache-Control`.
pub(crate) fn key_set(keys: impl IntoIterator<Item = Value>, cache_control: &str) -> Answer {
    let document = serde_json::json!({ "keys": keys.into_iter().collect::<Vec<_>>() }).to_string();
    ok(document, &format!("Content-Type: application/jwk-set+json\r\nCache-Control: {cache_control}\r\n"))
}

/// These octets in a response with status 200 and these header lines.
pub(crate) fn ok(body: impl AsRef<[u8]>, headers: &str) -> Answer {
    response("200 OK", headers, body)
}

pub(crate) fn response(status: &str, headers: &str, body: impl AsRef<[u8]>) -> Answer {
    Answer::Octets(octets(status, headers, body.as_ref()))
}

pub(crate) fn octets(status: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {}\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

/// The runtime of every host.
pub(crate) fn hosts() -> &'static Handle {
    static HOSTS: OnceLock<Runtime> = OnceLock::new();
    HOSTS
        .get_or_init(|| {
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap()
        })
        .handle()
}

async fn serve(listener: std::net::TcpListener, shared: Arc<Shared>, tls: Option<TlsAcceptor>) {
    let listener = TcpListener::from_std(listener).unwrap();
    let mut connections = tokio::task::JoinSet::new();
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        shared.connections.fetch_add(1, Ordering::SeqCst);
        connections.spawn(connected(stream, Arc::clone(&shared), tls.clone()));
    }
}

async fn connected(stream: TcpStream, shared: Arc<Shared>, tls: Option<TlsAcceptor>) {
    // Whoever hangs up early is none of the host's business.
    let _ = match tls {
        None => answer(stream, &shared).await,
        Some(tls) => match tls.accept(stream).await {
            Ok(stream) => answer(stream, &shared).await,
            Err(error) => Err(error),
        },
    };
}

async fn answer(mut stream: impl AsyncRead + AsyncWrite + Unpin, shared: &Shared) -> std::io::Result<()> {
    let mut head = Vec::new();
    let rude = match &*shared.answer.lock().unwrap() {
        Answer::Rude(octets) => Some(octets.clone()),
        _ => None,
    };
    if let Some(octets) = rude {
        stream.write_all(&octets).await?;
        return stream.shutdown().await;
    }
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await?);
    }
    shared.requests.lock().unwrap().push(String::from_utf8(head).unwrap());
    let at_once = shared.at_once.fetch_add(1, Ordering::SeqCst) + 1;
    shared.most_at_once.fetch_max(at_once, Ordering::SeqCst);
    let answer = shared.answer.lock().unwrap().clone();
    let sent = send(&mut stream, answer, shared).await;
    shared.at_once.fetch_sub(1, Ordering::SeqCst);
    sent?;
    stream.shutdown().await
}

async fn send(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    answer: Answer,
    shared: &Shared,
) -> std::io::Result<()> {
    match answer {
        Answer::Octets(octets) | Answer::Rude(octets) => stream.write_all(&octets).await,
        Answer::Late(pause, octets) => {
            tokio::time::sleep(pause).await;
            stream.write_all(&octets).await
        }
        Answer::Silence => {
            // Until the other side gives up.
            let _ = stream.read_u8().await;
            Ok(())
        }
        Answer::Drip(octets) => {
            stream.write_all(&octets).await?;
            loop {
                tokio::time::sleep(Duration::from_secs(1)).await;
                stream.write_all(b" ").await?;
            }
        }
        Answer::Endless(octets) => {
            stream.write_all(&octets).await?;
            let zeros = vec![b'0'; 64 * 1024];
            for _ in 0..(1 << 30) / zeros.len() {
                shared.sent.fetch_add(zeros.len(), Ordering::SeqCst);
                stream.write_all(&zeros).await?;
            }
            Ok(())
        }
    }
}
