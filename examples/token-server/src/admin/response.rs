//! Answers of the operator's listener. None is kept by a cache.

use std::borrow::Cow;

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue};
use hyper::{Method, Request, Response, StatusCode};
use serde::Serialize;

use super::Answer;

pub(super) fn text(status: StatusCode, body: impl Into<Bytes>) -> Answer {
    of_type(status, "text/plain; charset=utf-8", body)
}

pub(super) fn json(status: StatusCode, value: &impl Serialize) -> Answer {
    match serde_json::to_vec(value) {
        Ok(body) => of_type(status, "application/json", body),
        Err(error) => text(StatusCode::INTERNAL_SERVER_ERROR, format!("{error}\n")),
    }
}

pub(super) fn of_type(status: StatusCode, media_type: &'static str, body: impl Into<Bytes>) -> Answer {
    let mut response = Response::new(Full::new(body.into()));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(HeaderName::from_static("x-content-type-options"), HeaderValue::from_static("nosniff"));
    response
}

/// `Err` to a request of another verb than these, which are listed as `Allow` lists them.
pub(super) fn only<B>(request: &Request<B>, verbs: &[Method], listed: &'static str) -> Result<(), Refused> {
    if verbs.contains(request.method()) {
        return Ok(());
    }
    let refused = Refused::new(StatusCode::METHOD_NOT_ALLOWED, format!("only {listed}\n"));
    Err(Refused { allow: Some(listed), ..refused })
}

/// A request that is not served, and why.
pub(super) struct Refused {
    status: StatusCode,
    text: Cow<'static, str>,
    allow: Option<&'static str>,
}

impl Refused {
    pub(super) fn new(status: StatusCode, text: impl Into<Cow<'static, str>>) -> Self {
        Refused { status, text: text.into(), allow: None }
    }
}

impl From<Refused> for Answer {
    fn from(refused: Refused) -> Self {
        let mut answer = text(refused.status, refused.text.into_owned());
        if let Some(listed) = refused.allow {
            answer.headers_mut().insert(ALLOW, HeaderValue::from_static(listed));
        }
        answer
    }
}

pub(super) fn not_found() -> Answer {
    text(
        StatusCode::NOT_FOUND,
        "there are /, /metrics, /health, /ready, /events, /methods, /clients and /registration-tokens\n",
    )
}
