//! One POST over HTTP/1.1.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::client::conn::http1;
use hyper::{Request as HyperRequest, Uri};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

use super::request::Request;
use crate::cli::problem::Problem;

/// What came back.
pub(super) struct Answer {
    pub(super) status: u16,
    json: Value,
}

impl Answer {
    pub(super) fn new(status: u16, body: &[u8]) -> Self {
        Answer { status, json: serde_json::from_slice(body).unwrap_or_default() }
    }

    /// A string member of its JSON body.
    pub(super) fn member(&self, name: &str) -> Option<&str> {
        self.json.get(name).and_then(Value::as_str)
    }
}

pub(super) fn post(
    request: &Request,
    patience: Duration,
    notes: &mut Vec<String>,
) -> Result<Answer, Problem> {
    let uri: Uri = request.url.parse().map_err(|error| failed(&request.url, &error))?;
    let host =
        uri.host().filter(|host| !host.is_empty()).ok_or_else(|| failed(&request.url, &"has no host"))?;
    match uri.scheme_str() {
        Some("http") => {}
        Some("https") => return Err(failed(&request.url, &"https is not supported by this build")),
        _ => return Err(failed(&request.url, &"starts neither with http:// nor with https://")),
    }
    if !is_loopback(host) {
        notes.push("The credential travels unencrypted: the URL is http.".to_owned());
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Problem::new(error.to_string()))?;
    runtime.block_on(async {
        match tokio::time::timeout(patience, exchange(request, &uri, host)).await {
            Ok(answer) => answer,
            Err(_) => Err(failed(&request.url, &format!("no answer within {} s", patience.as_secs()))),
        }
    })
}

async fn exchange(request: &Request, uri: &Uri, host: &str) -> Result<Answer, Problem> {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    let stream = TcpStream::connect((address, uri.port_u16().unwrap_or(80)))
        .await
        .map_err(|error| failed(&request.url, &error))?;
    send(request, uri, stream).await
}

async fn send<S>(request: &Request, uri: &Uri, stream: S) -> Result<Answer, Problem>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let broke = |error: hyper::Error| failed(&request.url, &error);
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(broke)?;
    tokio::spawn(connection);
    let authority = uri.authority().map(|authority| authority.as_str()).unwrap_or_default();
    let target = uri.path_and_query().map_or("/", |target| target.as_str());
    let mut message = HyperRequest::post(target)
        .header("host", authority)
        .header("accept", "application/json")
        .header("content-type", "application/x-www-form-urlencoded");
    if let Some(authorization) = &request.authorization {
        message = message.header("authorization", authorization.as_str());
    }
    let body = Full::new(Bytes::copy_from_slice(request.body.as_bytes()));
    let message = message.body(body).map_err(|error| failed(&request.url, &error))?;
    let answer = sender.send_request(message).await.map_err(broke)?;
    let status = answer.status().as_u16();
    let body = Limited::new(answer.into_body(), MOST).collect().await;
    let body = body.map_err(|error| failed(&request.url, &error))?.to_bytes();
    Ok(Answer::new(status, &body))
}

fn is_loopback(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn failed(url: &str, error: &dyn std::fmt::Display) -> Problem {
    Problem::new(format!("{url}: {error}"))
}

const MOST: usize = 1024 * 1024;
