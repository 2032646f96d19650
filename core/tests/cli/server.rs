//! A server of a few lines, plain or behind TLS, that gives everybody the same answer.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// Runs until it is dropped or asked what it heard.
pub(crate) struct Server {
    pub(crate) url: String,
    address: SocketAddr,
    ended: Arc<AtomicBool>,
    thread: Option<JoinHandle<Vec<Heard>>>,
}

/// A request that came.
pub(crate) struct Heard {
    pub(crate) request: String,
    /// The certificate that the client showed, in DER.
    pub(crate) certificate: Option<Vec<u8>>,
}

impl Server {
    pub(crate) fn answering(status: u16, body: &str) -> Self {
        Server::start(status, body, None)
    }

    /// One behind TLS; its URL has the name localhost.
    pub(crate) fn secure(config: ServerConfig, status: u16, body: &str) -> Self {
        Server::start(status, body, Some(Arc::new(config)))
    }

    fn start(status: u16, body: &str, tls: Option<Arc<ServerConfig>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let url = match &tls {
            Some(_) => format!("https://localhost:{}/token", address.port()),
            None => format!("http://{address}/token"),
        };
        let answer = format!(
            "HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        );
        let ended = Arc::new(AtomicBool::new(false));
        let stops = Arc::clone(&ended);
        let thread = std::thread::spawn(move || {
            let mut heard = Vec::new();
            for stream in listener.incoming() {
                if stops.load(Ordering::SeqCst) {
                    break;
                }
                // Who breaks off has said nothing.
                heard.extend(serve(stream.unwrap(), &answer, tls.as_ref()));
            }
            heard
        });
        Server { url, address, ended, thread: Some(thread) }
    }

    /// The requests that came whole.
    pub(crate) fn heard(mut self) -> Vec<Heard> {
        self.end()
    }

    /// The one request that came.
    #[track_caller]
    pub(crate) fn request(self) -> String {
        let mut heard = self.heard();
        assert_eq!(heard.len(), 1);
        heard.remove(0).request
    }

    fn end(&mut self) -> Vec<Heard> {
        let Some(thread) = self.thread.take() else { return Vec::new() };
        self.ended.store(true, Ordering::SeqCst);
        drop(TcpStream::connect(self.address));
        thread.join().unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.end();
    }
}

fn serve(stream: TcpStream, answer: &str, tls: Option<&Arc<ServerConfig>>) -> Option<Heard> {
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let Some(config) = tls else {
        let mut stream = stream;
        let mut first = [0];
        if stream.peek(&mut first).ok()? == 1 && first == TLS_HANDSHAKE {
            stream.write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n").ok()?;
            return None;
        }
        let request = request(&mut stream)?;
        stream.write_all(answer.as_bytes()).ok()?;
        return Some(Heard { request, certificate: None });
    };
    let mut stream = StreamOwned::new(ServerConnection::new(Arc::clone(config)).unwrap(), stream);
    let heard = request(&mut stream).map(|request| Heard {
        request,
        certificate: stream.conn.peer_certificates().map(|chain| chain[0].to_vec()),
    });
    if heard.is_some() {
        let _ = stream.write_all(answer.as_bytes());
        stream.conn.send_close_notify();
        let _ = stream.flush();
    }
    // Closed with something unread, the connection would be reset, and an alert be lost.
    let _ = stream.sock.shutdown(Shutdown::Write);
    let _ = std::io::copy(&mut stream.sock, &mut std::io::sink());
    heard
}

fn request(stream: &mut impl Read) -> Option<String> {
    let mut request = Vec::new();
    let mut octets = [0; 4096];
    while !is_whole(&request) {
        match stream.read(&mut octets) {
            Ok(read @ 1..) => request.extend_from_slice(&octets[..read]),
            _ => return None,
        }
    }
    String::from_utf8(request).ok()
}

fn is_whole(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request).to_lowercase();
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = head.split("content-length: ").nth(1).and_then(|rest| rest.lines().next()?.parse().ok());
    body.len() >= length.unwrap_or(0)
}

/// The first octet of whoever begins with TLS.
const TLS_HANDSHAKE: [u8; 1] = [22];
