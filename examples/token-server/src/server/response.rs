//! One HTTP answer, in no framework's types.

use bytes::Bytes;
use countersign::registration::Answer;
use serde::Serialize;

use super::OAuthError;

/// What a front sends back: these header fields, in this order, and the framework's own `date` and
/// `content-length`.
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Bytes,
}

impl Response {
    /// A JSON answer that nobody may keep ([RFC 6749 §5.1](https://www.rfc-editor.org/rfc/rfc6749#section-5.1)).
    pub(crate) fn json(status: u16, body: &impl Serialize) -> Self {
        // Only a map with keys that are not text cannot be written, and no answer holds one.
        let body = serde_json::to_vec(body).unwrap_or_default();
        Response { status, headers: no_store("application/json"), body: body.into() }
    }

    /// A public document, which may be kept for a while.
    pub(crate) fn document(body: Bytes) -> Self {
        let headers = vec![
            ("content-type", "application/json".into()),
            ("cache-control", "public, max-age=300".into()),
        ];
        Response { status: 200, headers, body }
    }

    pub(crate) fn html(status: u16, page: String) -> Self {
        let mut headers = no_store("text/html; charset=utf-8");
        headers.extend([
            // The page runs nothing, loads nothing and may not be framed: the log-in is typed by a person.
            ("content-security-policy", "default-src 'none'; base-uri 'none'; frame-ancestors 'none'".into()),
            ("x-frame-options", "DENY".into()),
            ("referrer-policy", "no-referrer".into()),
        ]);
        Response { status, headers, body: page.into() }
    }

    /// 303: the browser follows with GET and never repeats a password
    /// ([RFC 9700 §4.12](https://www.rfc-editor.org/rfc/rfc9700#section-4.12)).
    pub(crate) fn see_other(location: String) -> Self {
        let headers = vec![
            ("location", location),
            ("cache-control", "no-store".into()),
            ("pragma", "no-cache".into()),
            ("referrer-policy", "no-referrer".into()),
        ];
        Response { status: 303, headers, body: Bytes::new() }
    }

    /// An answer without content, such as that of a revocation.
    pub(crate) fn empty(status: u16) -> Self {
        let headers = vec![("cache-control", "no-store".into()), ("pragma", "no-cache".into())];
        Response { status, headers, body: Bytes::new() }
    }

    /// The answer to a registration.
    pub(crate) fn of_registration(answer: &Answer) -> Self {
        let headers = answer.headers().map(|(name, value)| (name, value.to_owned())).collect();
        Response { status: answer.status(), headers, body: answer.body().clone() }
    }

    /// The body could not be read.
    pub(crate) fn unreadable(fault: BodyFault) -> Self {
        let (status, description) = match fault {
            BodyFault::TooLarge => (413, "the request is too large"),
            BodyFault::Broken => (400, "the request is malformed"),
            BodyFault::Slow => (408, "the request took too long"),
        };
        OAuthError { status, error: "invalid_request", description }.response()
    }

    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

/// Why a front could not read a body.
pub(crate) enum BodyFault {
    TooLarge,
    Broken,
    Slow,
}

fn no_store(content_type: &str) -> Vec<(&'static str, String)> {
    vec![
        ("content-type", content_type.into()),
        ("cache-control", "no-store".into()),
        ("pragma", "no-cache".into()),
    ]
}
