//! How the document is served, in no framework's types.

use bytes::Bytes;

/// The document as it is served. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Document {
    json: Bytes,
}

impl Document {
    pub(super) fn new(json: String) -> Self {
        Document { json: json.into() }
    }

    /// The answer to a request of this verb: 200 to GET and HEAD, else 405.
    ///
    /// The document holds nothing that is secret, and scripts in browsers are clients, too: every origin may read it. It may
    /// be kept for five minutes.
    ///
    /// The answer to HEAD has the body of the one to GET, which an adapter leaves out and counts.
    pub fn answer(&self, verb: &str) -> Answer {
        match verb {
            "GET" | "HEAD" => Answer { status: 200, headers: &FOUND, body: self.json.clone() },
            _ => Answer { status: 405, headers: &WRONG_VERB, body: Bytes::from_static(USE_GET) },
        }
    }
}

/// The answer to a request for the document.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// Header fields, their names in lower case. Without `content-length`.
    pub headers: &'static [(&'static str, &'static str)],
    /// A JSON object.
    pub body: Bytes,
}

const FOUND: [(&str, &str); 3] = [
    ("content-type", "application/json"),
    ("cache-control", "public, max-age=300"),
    ("access-control-allow-origin", "*"),
];

const WRONG_VERB: [(&str, &str); 4] = [
    ("content-type", "application/json"),
    ("cache-control", "no-store"),
    ("pragma", "no-cache"),
    ("allow", "GET, HEAD"),
];

const USE_GET: &[u8] = br#"{"error":"invalid_request","error_description":"use GET"}"#;
