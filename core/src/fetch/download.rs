//! One exchange with a host, in which nothing is without a bound.

use std::future::poll_fn;
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{Either, select};
use hyper::body::{Body as _, Incoming};
use hyper::client::conn::http1::{self, SendRequest};
use hyper::header::{ACCEPT, ACCEPT_ENCODING, CONNECTION, CONTENT_ENCODING, HOST, HeaderValue, USER_AGENT};
use hyper::{Request, Response, StatusCode};
use hyper_rustls::HttpsConnector;
use rustls::ClientConfig;
use tower_service::Service as _;

use super::dialer::Dialer;
use super::error::{FailureKind, FetchError};
use super::lifetime::lifetime;
use super::limits::{MAX_HEAD_OCTETS, MAX_HEADERS, MAX_OCTETS};
use super::target::Target;

/// What a host answered.
pub(super) struct Download {
    pub(super) octets: Vec<u8>,
    pub(super) lifetime: Duration,
}

/// Fetches over a connection of its own. Nothing of it goes on when the future is dropped: no pool, no task.
#[cfg_attr(all(test, shuttle), allow(dead_code, reason = "a model check has a host of its own"))]
pub(super) async fn download(
    dialer: Dialer,
    tls: Arc<ClientConfig>,
    target: &Target,
) -> Result<Download, FetchError> {
    let request = request(target)?;
    let stream = HttpsConnector::from((dialer, tls)).call(target.uri().clone()).await.map_err(connecting)?;
    let (sender, connection) = http1::Builder::new()
        .max_buf_size(MAX_HEAD_OCTETS)
        .max_headers(MAX_HEADERS)
        .handshake(stream)
        .await
        .map_err(transfer)?;
    match select(pin!(exchange(sender, request)), pin!(connection)).await {
        Either::Left((download, _)) => download,
        // The host closed the connection. What it had sent is still to be read.
        Either::Right((_, exchange)) => exchange.await,
    }
}

/// Nothing that tells the host who asks, nothing that was kept from another time.
fn request(target: &Target) -> Result<Request<String>, FetchError> {
    let path = target.uri().path_and_query().map_or("/", |path| path.as_str());
    let authority = target.uri().authority().map_or("", |authority| authority.as_str());
    Request::get(path)
        .header(HOST, authority)
        .header(ACCEPT, HeaderValue::from_static("application/jwk-set+json, application/json"))
        .header(ACCEPT_ENCODING, HeaderValue::from_static("identity"))
        .header(USER_AGENT, HeaderValue::from_static(USER))
        .header(CONNECTION, HeaderValue::from_static("close"))
        .body(String::new())
        .map_err(|error| FetchError::new(FailureKind::Url, error.to_string()))
}

async fn exchange(mut sender: SendRequest<String>, request: Request<String>) -> Result<Download, FetchError> {
    let response = sender.send_request(request).await.map_err(transfer)?;
    if response.status() != StatusCode::OK {
        let detail = format!("the host answered {}", response.status().as_u16());
        return Err(FetchError::new(FailureKind::Status, detail));
    }
    if response.headers().contains_key(CONTENT_ENCODING) {
        let detail = "the host answered in a content encoding, though asked for none";
        return Err(FetchError::new(FailureKind::ContentEncoding, detail));
    }
    let lifetime = lifetime(response.headers());
    Ok(Download { octets: collect(response).await?, lifetime })
}

/// A length that is announced only ever shortens the work: what arrives is counted.
async fn collect(response: Response<Incoming>) -> Result<Vec<u8>, FetchError> {
    let too_large = || FetchError::new(FailureKind::TooLarge, "the key set is larger than 64 KiB");
    let mut body = response.into_body();
    if body.size_hint().lower() > MAX_OCTETS as u64 {
        return Err(too_large());
    }
    let mut octets = Vec::new();
    while let Some(frame) = poll_fn(|task| Pin::new(&mut body).poll_frame(task)).await {
        let Ok(data) = frame.map_err(transfer)?.into_data() else { continue };
        if octets.len() + data.len() > MAX_OCTETS {
            return Err(too_large());
        }
        octets.extend_from_slice(&data);
    }
    Ok(octets)
}

/// What the connector failed of: our dialer said so itself, the rest is TLS.
fn connecting(error: Box<dyn std::error::Error + Send + Sync>) -> FetchError {
    match error.downcast::<FetchError>() {
        Ok(error) => *error,
        Err(error) => FetchError::new(FailureKind::Tls, format!("the TLS handshake failed: {error}")),
    }
}

/// What the exchange failed of: our meter said so itself, the rest is the connection or what came over it.
fn transfer(error: hyper::Error) -> FetchError {
    let cause = std::error::Error::source(&error).and_then(|cause| cause.downcast_ref::<io::Error>());
    if let Some(own) = cause.and_then(io::Error::get_ref).and_then(|own| own.downcast_ref::<FetchError>()) {
        return own.clone();
    }
    let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}")).unwrap_or_default();
    FetchError::new(FailureKind::Transfer, format!("{error}{cause}"))
}

const USER: &str = concat!("countersign/", env!("CARGO_PKG_VERSION"));
