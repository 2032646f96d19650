//! The little language in which rows are written by hand.

use serde_json::{Value, json};

use crate::fixtures::fixtures;
use crate::request::Request;
use crate::row::{Expect, Row, STARTED_AT, Setup, Step};

/// Begins a row; the name is a sentence.
pub fn scene(name: impl Into<String>) -> Scene {
    Scene(Row {
        name: name.into(),
        setup: Setup {
            preset: "default".to_owned(),
            policy: json!({}),
            clients: fixtures().bystanders(),
            started_at: STARTED_AT,
        },
        steps: Vec::new(),
    })
}

/// A row in the making: preset `default`, no switch set, the bystanders registered.
#[derive(Clone, Debug)]
pub struct Scene(Row);

impl Scene {
    /// Another policy preset.
    #[must_use]
    pub fn preset(mut self, name: &str) -> Self {
        name.clone_into(&mut self.0.setup.preset);
        self
    }

    /// Single switches of the policy.
    #[must_use]
    pub fn policy(mut self, switches: Value) -> Self {
        self.0.setup.policy = switches;
        self
    }

    /// Registers a client, in place of one with the same id.
    #[must_use]
    pub fn client(mut self, metadata: Value) -> Self {
        self.0.setup.clients.retain(|client| client["client_id"] != metadata["client_id"]);
        self.0.setup.clients.push(metadata);
        self
    }

    /// Registers a fixture client.
    #[must_use]
    pub fn fixture(self, name: &str) -> Self {
        self.client(fixtures().client(name).metadata.clone())
    }

    /// The server, and with it the replay memory, is younger than usual.
    #[must_use]
    pub fn started_at(mut self, time: i64) -> Self {
        self.0.setup.started_at = time;
        self
    }

    /// Sends a request.
    #[must_use]
    pub fn send(mut self, request: Request, expect: Expect) -> Self {
        self.0.steps.push(Step::Send { request: request.build(), expect });
        self
    }

    /// Moves the clock.
    #[must_use]
    pub fn advance(mut self, seconds: i64) -> Self {
        self.0.steps.push(Step::Advance { seconds });
        self
    }

    /// The finished row.
    pub fn row(self) -> Row {
        self.0
    }
}

/// The handler sees this client, proved by this method.
pub fn accepted(client_id: &str, method: &str) -> Expect {
    Expect::Accepted {
        client_id: client_id.to_owned(),
        method: method.to_owned(),
        authenticated: method != "none",
    }
}

/// The caller is told that the request cannot be read.
pub fn invalid_request(status: u16, reason: &str) -> Expect {
    refused(status, "invalid_request", reason)
}

/// The caller is told that the client was not authenticated.
pub fn invalid_client(status: u16, reason: &str) -> Expect {
    refused(status, "invalid_client", reason)
}

fn refused(status: u16, error: &str, reason: &str) -> Expect {
    Expect::Refused { status, error: error.to_owned(), reason: reason.to_owned() }
}
