//! A small HTTP client: one connection for each request, and a limit on how long it may take.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use countersign::tls::rustls::pki_types::ServerName;
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1;
use hyper::{HeaderMap, Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::{Instant, timeout};
use tokio_rustls::TlsConnector;

use super::cut_short;
use super::identity::Identity;
use crate::server::percent_encoded;

/// A request that is about to be sent.
#[derive(Clone)]
pub(super) struct Outgoing {
    verb: &'static str,
    target: String,
    headers: Vec<(&'static str, String)>,
    body: String,
    shows: Option<Identity>,
    from: Option<IpAddr>,
    is_cut_short: bool,
}

impl Outgoing {
    /// A form. Parameters can be added.
    pub(super) fn post(target: impl Into<String>) -> Self {
        let headers = vec![("content-type", "application/x-www-form-urlencoded".to_owned())];
        Outgoing { headers, ..Self::new("POST", target) }
    }

    pub(super) fn get(target: impl Into<String>) -> Self {
        Self::new("GET", target)
    }

    fn new(verb: &'static str, target: impl Into<String>) -> Self {
        let (headers, body) = (Vec::new(), String::new());
        Outgoing { verb, target: target.into(), headers, body, shows: None, from: None, is_cut_short: false }
    }

    /// Over TLS, where the client shows this.
    pub(super) fn showing(mut self, identity: &Identity) -> Self {
        self.shows = Some(identity.clone());
        self
    }

    /// From this address of the machine.
    pub(super) fn from(mut self, address: IpAddr) -> Self {
        self.from = Some(address);
        self
    }

    /// One octet of the body is announced and never comes.
    pub(super) fn cut_short(mut self) -> Self {
        self.is_cut_short = true;
        self
    }

    pub(super) fn with(mut self, name: &str, value: &str) -> Self {
        if !self.body.is_empty() {
            self.body.push('&');
        }
        self.body.push_str(&format!("{name}={}", percent_encoded(value)));
        self
    }

    pub(super) fn with_all(self, parameters: &[(&str, &str)]) -> Self {
        parameters.iter().fold(self, |request, (name, value)| request.with(name, value))
    }

    /// A body as it stands, under a media type.
    pub(super) fn with_body(mut self, media_type: &str, body: impl Into<String>) -> Self {
        self.headers = vec![("content-type", media_type.to_owned())];
        self.body = body.into();
        self
    }

    pub(super) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub(super) fn basic(self, id: &str, secret: &str) -> Self {
        let pair = STANDARD.encode(format!("{}:{}", percent_encoded(id), percent_encoded(secret)));
        self.header("authorization", format!("Basic {pair}"))
    }

    /// Sends it, and reads the whole answer.
    pub(super) async fn send(self, address: SocketAddr) -> io::Result<Answer> {
        let started = Instant::now();
        let exchange = timeout(LIMIT, self.exchange(address)).await;
        let response =
            exchange.map_err(|_| io::Error::new(io::ErrorKind::TimedOut, "no answer in time"))??;
        let (parts, body) = response.into_parts();
        Ok(Answer {
            status: parts.status.as_u16(),
            headers: parts.headers,
            json: serde_json::from_slice(&body).unwrap_or_default(),
            took: started.elapsed(),
        })
    }

    async fn exchange(self, address: SocketAddr) -> io::Result<Response<Bytes>> {
        let Some(identity) = &self.shows else {
            let stream = connect(address, self.from).await?;
            return self.over(stream, address).await;
        };
        let listener = identity.listener().ok_or_else(|| io::Error::other("there is no TLS listener"))?;
        let address = listener.address;
        let config = identity.config().map_err(|problem| io::Error::other(problem.to_string()))?;
        let stream = connect(address, self.from).await?;
        let stream =
            TlsConnector::from(Arc::new(config)).connect(ServerName::from(address.ip()), stream).await?;
        self.over(stream, address).await
    }

    async fn over(
        self,
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        address: SocketAddr,
    ) -> io::Result<Response<Bytes>> {
        if self.is_cut_short {
            return cut_short::exchange(stream, &self.begun(address)).await;
        }
        let (mut sender, connection) =
            http1::handshake(TokioIo::new(stream)).await.map_err(io::Error::other)?;
        let connection = tokio::spawn(connection);
        let mut request =
            Request::builder().method(self.verb).uri(self.target).header("host", address.to_string());
        for (name, value) in self.headers {
            request = request.header(name, value);
        }
        let request = request.body(Full::new(Bytes::from(self.body))).map_err(io::Error::other)?;
        let (parts, body) = sender.send_request(request).await.map_err(io::Error::other)?.into_parts();
        let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
        connection.abort();
        Ok(Response::from_parts(parts, body))
    }

    /// What goes over the connection before it is cut.
    fn begun(&self, address: SocketAddr) -> String {
        let mut text = format!("{} {} HTTP/1.1\r\nhost: {address}\r\n", self.verb, self.target);
        for (name, value) in &self.headers {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        format!("{text}content-length: {}\r\n\r\n{}", self.body.len() + 1, self.body)
    }
}

async fn connect(address: SocketAddr, from: Option<IpAddr>) -> io::Result<TcpStream> {
    let Some(from) = from else { return TcpStream::connect(address).await };
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    socket.bind(SocketAddr::new(from, 0))?;
    socket.connect(address).await
}

/// What came back.
#[derive(Default)]
pub(super) struct Answer {
    pub(super) status: u16,
    headers: HeaderMap,
    pub(super) json: Value,
    pub(super) took: Duration,
}

impl Answer {
    /// A text of the JSON body; empty when it is not there.
    pub(super) fn text(&self, name: &str) -> String {
        self.json.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
    }

    /// A parameter of the redirect; empty when it is not there.
    pub(super) fn redirected(&self, name: &str) -> String {
        let query = self.header("location").split_once('?').map_or("", |(_, query)| query);
        let value = query.split('&').filter_map(|pair| pair.split_once('=')).find(|(key, _)| *key == name);
        value.map(|(_, value)| value.to_owned()).unwrap_or_default()
    }

    /// What every answer to a client must have: JSON that nobody keeps, and a challenge with each 401.
    pub(super) fn is_well_formed(&self) -> bool {
        let is_oauth = self.json.get("error").is_some() || self.json.get("access_token").is_some();
        let kept_by_nobody =
            self.header("cache-control") == "no-store" && self.header("pragma") == "no-cache";
        let is_json = self.header("content-type") == "application/json";
        let challenged = self.header("www-authenticate").starts_with("Basic realm=");
        (!is_oauth || is_json && kept_by_nobody) && (self.status == 401) == challenged
    }

    fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The `error` of the body or of the redirect; empty when there is none.
    pub(super) fn error(&self) -> String {
        let error = self.text("error");
        if error.is_empty() { self.redirected("error") } else { error }
    }
}

const LIMIT: Duration = Duration::from_secs(60);
