//! One POST over HTTP/1.1.

use std::error::Error;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::Request as HyperRequest;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::AlertDescription;
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::client_certificate::Wanted;
use super::request::Request;
use super::target::Target;
use super::tls::Tls;
use super::tls_failure;
use crate::cli::problem::Problem;
use crate::cli::runtime;

/// What came of the request.
pub(super) struct Outcome {
    pub(super) reply: Reply,
    /// Whether the server wanted a client certificate.
    pub(super) wanted: Wanted,
}

/// What the server says.
pub(super) enum Reply {
    /// Over HTTP.
    Answer(Answer),
    /// In TLS: it does not take the client's certificate, or wants one.
    Alert(AlertDescription),
}

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

/// Sends the request, over TLS where there is some.
pub(super) fn post(
    request: &Request,
    target: &Target,
    tls: Option<&Tls>,
    patience: Duration,
) -> Result<Outcome, Problem> {
    let sent = runtime::block_on(async { timeout(patience, exchange(request, target, tls)).await })?;
    let sent = sent.map_err(|_| target.failed(format_args!("no answer within {} s", patience.as_secs())))?;
    let wanted = tls.map_or(Wanted::Nothing, Tls::wanted);
    match sent {
        Ok(answer) => Ok(Outcome { reply: Reply::Answer(answer), wanted }),
        Err(error) => match tls_failure::find(&*error) {
            Some(error) => match tls_failure::refused_certificate(error) {
                Some(alert) if wanted != Wanted::Nothing => {
                    Ok(Outcome { reply: Reply::Alert(alert), wanted })
                }
                _ => Err(target.failed(tls_failure::explain(error, target.host()))),
            },
            None => Err(target.failed(broken(&*error, target, wanted))),
        },
    }
}

type Failed = Box<dyn Error + Send + Sync>;

async fn exchange(request: &Request, target: &Target, tls: Option<&Tls>) -> Result<Answer, Failed> {
    let stream = TcpStream::connect(target.address()).await?;
    match tls {
        Some(tls) => send(request, target, tls.connect(target.host(), stream).await?).await,
        None => send(request, target, stream).await,
    }
}

async fn send<S>(request: &Request, target: &Target, stream: S) -> Result<Answer, Failed>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    let mut message = HyperRequest::post(target.path())
        .header("host", target.authority())
        .header("accept", "application/json")
        .header("content-type", "application/x-www-form-urlencoded");
    if let Some(authorization) = &request.authorization {
        message = message.header("authorization", authorization.as_str());
    }
    let message = message.body(Full::new(Bytes::copy_from_slice(request.body.as_bytes())))?;
    let answer = sender.send_request(message).await?;
    let status = answer.status().as_u16();
    let body = Limited::new(answer.into_body(), MOST).collect().await?.to_bytes();
    Ok(Answer::new(status, &body))
}

/// Why there is no answer, where TLS does not say why.
fn broken(error: &(dyn Error + Send + Sync + 'static), target: &Target, wanted: Wanted) -> String {
    let cause = error.source().map(|cause| format!(": {cause}")).unwrap_or_default();
    let guess = match wanted {
        Wanted::Nothing if !target.is_encrypted() && is_not_http(error) => {
            "; if it speaks TLS there, begin the URL with https://"
        }
        Wanted::Nothing => "",
        Wanted::Missing => "; it asked for a client certificate, which --cert gives",
        Wanted::AnotherKind | Wanted::Shown => "; it may not take the client certificate",
    };
    format!("{error}{cause}{guess}")
}

fn is_not_http(error: &(dyn Error + Send + Sync + 'static)) -> bool {
    error.downcast_ref::<hyper::Error>().is_some_and(hyper::Error::is_parse)
}

const MOST: usize = 1024 * 1024;
