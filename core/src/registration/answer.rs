//! What an adapter sends back.

use std::fmt;

use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::event::{Event, Operation, Outcome};
use super::failure::Failure;

/// The answer to a registration, for an adapter to copy: a status, header fields and a body. What the operator should
/// know stands beside it, in [`event`](Answer::event).
#[derive(Clone)]
pub struct Answer {
    status: u16,
    challenge: Option<&'static str>,
    retry_after: Option<Box<str>>,
    body: Bytes,
    event: Event,
}

impl Answer {
    /// The status code.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The header fields, names in lower case.
    pub fn headers(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let content_type = (!self.body.is_empty()).then_some(("content-type", "application/json"));
        let challenge = self.challenge.map(|challenge| ("www-authenticate", challenge));
        let retry_after = self.retry_after.as_deref().map(|seconds| ("retry-after", seconds));
        [("cache-control", "no-store"), ("pragma", "no-cache")]
            .into_iter()
            .chain(content_type)
            .chain(challenge)
            .chain(retry_after)
    }

    /// The JSON body; empty for 204. It holds the client's new secret where there is one, so it is not for a log.
    pub fn body(&self) -> &Bytes {
        &self.body
    }

    /// What the operator should know.
    pub fn event(&self) -> &Event {
        &self.event
    }

    pub(super) fn done(operation: Operation, done: Done) -> Self {
        let Done { client_id, information, detail } = done;
        let status = match operation {
            Operation::Register => 201,
            Operation::Delete => 204,
            _ => 200,
        };
        Answer {
            status,
            challenge: None,
            retry_after: None,
            body: information.map_or_else(Bytes::new, |members| text(&Value::Object(members))),
            event: Event {
                operation,
                outcome: Outcome::Done,
                client_id: Some(client_id.into()),
                detail: detail.map(Into::into),
            },
        }
    }

    pub(super) fn refused(operation: Operation, client_id: Option<&str>, failure: Failure) -> Self {
        let (status, error) = failure.public(operation);
        Answer {
            status,
            challenge: failure.challenge(operation),
            retry_after: failure.retry_after(status).map(|seconds| seconds.to_string().into()),
            body: text(&json!({"error": error, "error_description": failure.description(operation)})),
            event: Event {
                operation,
                outcome: failure.outcome(),
                client_id: client_id.map(Into::into),
                detail: failure.into_detail().map(Into::into),
            },
        }
    }
}

/// Shows the status and the event, not the body.
impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer")
            .field("status", &self.status)
            .field("event", &self.event)
            .finish_non_exhaustive()
    }
}

/// What was done, before it is an answer.
pub(super) struct Done {
    pub(super) client_id: String,
    /// The members of the client information response (RFC 7591 §3.2.1); none once the client is gone.
    pub(super) information: Option<Map<String, Value>>,
    pub(super) detail: Option<String>,
}

fn text(value: &Value) -> Bytes {
    Bytes::from(value.to_string())
}
