//! What runs a row: the same server and the same echo handler, behind each way a user can put the decision.

mod actix;
mod core;
mod registry;
mod remote_keys;
mod server;
mod tower;

use std::future::Future;

pub use self::actix::{ActixExtractor, ActixMiddleware};
pub use self::core::Core;
pub use self::registry::Registry;
pub use self::remote_keys::RemoteKeys;
pub use self::server::{Log, PEPPERS, Server, SetClock, Surroundings};
pub use self::tower::{Axum, Hyper};

use crate::row::{Expect, HttpRequest, Row};

/// One way to reach the decision.
pub trait Driver: Sized {
    /// For messages.
    const NAME: &'static str;

    /// Does an HTTP parser stand between the row and the decision?
    const OVER_HTTP: bool;

    /// Puts the server behind this way.
    fn start(server: Server) -> impl Future<Output = Self>;

    /// Sends a request and returns what the caller gets.
    fn send(&self, request: &HttpRequest) -> impl Future<Output = Answer>;
}

/// What the caller gets. Header names in lower case, sorted; without those that the transport adds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The header fields.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
}

impl Answer {
    /// An answer from whatever a framework returned.
    pub fn new<'h>(status: u16, headers: impl Iterator<Item = (&'h str, &'h [u8])>, body: &[u8]) -> Self {
        let of_the_transport = ["content-length", "date", "connection", "transfer-encoding"];
        let mut headers: Vec<(String, String)> = headers
            .filter(|(name, _)| !of_the_transport.contains(name))
            .map(|(name, value)| (name.to_owned(), String::from_utf8_lossy(value).into_owned()))
            .collect();
        headers.sort();
        Answer { status, headers, body: String::from_utf8_lossy(body).into_owned() }
    }
}

/// Runs one row; the problem with it, if there is one.
pub async fn run<D: Driver>(row: &Row) -> Result<Vec<Answer>, String> {
    let server = Server::new(&row.setup);
    let (surroundings, log) = (server.surroundings(), server.log.clone());
    let driver = D::start(server).await;
    let mut answers = Vec::new();
    for (number, step) in row.steps.iter().enumerate() {
        let Some((request, expect)) = surroundings.take(step) else { continue };
        log.clear();
        let answer = driver.send(request).await;
        check(request, expect, &answer, &log)
            .map_err(|problem| format!("{}: {}: step {number}: {problem}", D::NAME, row.name))?;
        answers.push(answer);
    }
    Ok(answers)
}

fn check(request: &HttpRequest, expect: &Expect, answer: &Answer, log: &Log) -> Result<(), String> {
    let (expected, reason) = match expect {
        Expect::Accepted { client_id, method, authenticated, certificate } => {
            let body = serde_json::json!({
                "client_id": client_id, "method": method, "authenticated": authenticated,
                "certificate": certificate,
                "body": crate::encoding::sha256_hex(&request.body),
            });
            let headers = [("content-type".to_owned(), "application/json".to_owned())];
            (Answer { status: 200, headers: headers.into(), body: body.to_string() }, None)
        }
        Expect::Refused { status, error, reason } => {
            (public_answer(*status, error, reason, 1), Some(reason.clone()))
        }
        Expect::Throttled { retry_after } => {
            (public_answer(429, "invalid_client", "throttled", *retry_after), Some("throttled".to_owned()))
        }
    };
    let mut expected = expected;
    if request.verb == "HEAD" && answer.body.is_empty() {
        // HTTP itself leaves the body out.
        expected.body.clear();
    }
    if *answer != expected || log.reason() != reason {
        return Err(format!(
            "expected {expected:?} for {reason:?}\n     got {answer:?} for {:?}\n    {}",
            log.reason(),
            log.lines().join("\n    ")
        ));
    }
    Ok(())
}

/// The whole public answer, written out: a refusal is one of these and nothing else.
fn public_answer(status: u16, error: &str, reason: &str, retry_after: u64) -> Answer {
    let description = match (status, error, reason) {
        (400, "invalid_request", "unsupported_media_type") => "the body must be an uncompressed UTF-8 form",
        (400, "invalid_request", _) => "the request is malformed",
        (400 | 401, "invalid_client", _) => "client authentication failed",
        (405, "invalid_request", _) => "use POST",
        (413, "invalid_request", _) => "the request is too large",
        (429, "invalid_client", _) => "too many attempts, try again later",
        (503, "temporarily_unavailable", _) => "try again later",
        (500, "server_error", _) => "the server failed to answer",
        other => panic!("no refusal is answered by {other:?}"),
    };
    let retry_after = retry_after.to_string();
    let mut headers =
        vec![("cache-control", "no-store"), ("content-type", "application/json"), ("pragma", "no-cache")];
    match status {
        401 => headers.push(("www-authenticate", r#"Basic realm="https://as.example.com", charset="UTF-8""#)),
        405 => headers.push(("allow", "POST")),
        429 | 503 => headers.push(("retry-after", &retry_after)),
        _ => {}
    }
    let mut headers: Vec<(String, String)> =
        headers.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    headers.sort();
    let body = format!(r#"{{"error":"{error}","error_description":"{description}"}}"#);
    Answer { status, headers, body }
}
