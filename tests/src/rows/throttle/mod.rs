//! Limits on failed attempts ([RFC 6749 §2.3.1](https://www.rfc-editor.org/rfc/rfc6749#section-2.3.1)): 20 of one source at
//! one client and then one in 6 s, 100 of one source in all and then one in 1 s.

mod budgets;
mod counted;
mod sources;
mod successes;

use super::secret_of;
use crate::request::Request;
use crate::row::{Expect, Row};
use crate::scene::{Scene, invalid_client};

pub(super) fn rows() -> Vec<Row> {
    [budgets::rows(), counted::rows(), successes::rows(), sources::rows()].concat()
}

/// Where most requests come from.
const HERE: &str = "198.51.100.7";

/// Somewhere else.
const ELSEWHERE: &str = "203.0.113.9";

/// A guess at the secret of `c-basic`.
fn wrong() -> Request {
    Request::token().basic("c-basic", "a guess")
}

fn mismatch() -> Expect {
    invalid_client(401, "secret_mismatch")
}

/// `c-post` with its own secret, by the wrong method.
fn post_client_by_basic() -> Request {
    Request::token().basic("c-post", &secret_of("c-post"))
}

fn not_granted() -> Expect {
    invalid_client(401, "method_not_granted")
}

impl Scene {
    /// So many failures of one source, at most 20 of them at any one client, and none at a registered one.
    fn failures_from(self, source: &str, failures: usize) -> Self {
        (0..failures).fold(self, |scene, number| {
            let nobody = format!("nobody-{}", number / 20);
            let guess = Request::token().basic(&nobody, "a guess").from(source);
            scene.send(guess, invalid_client(401, "unknown_client"))
        })
    }
}
