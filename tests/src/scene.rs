//! The little language in which rows are written by hand.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::encoding::{base64url, sha256};
use crate::fixtures::fixtures;
use crate::request::Request;
use crate::row::{Expect, Proxy, Row, STARTED_AT, Setup, Step};

/// Begins a row; the name is a sentence.
pub fn scene(name: impl Into<String>) -> Scene {
    Scene(Row {
        name: name.into(),
        setup: Setup {
            preset: "default".to_owned(),
            policy: json!({}),
            clients: fixtures().bystanders(),
            started_at: STARTED_AT,
            anchors: None,
            own_anchors: BTreeMap::new(),
            proxy: None,
            key_sets: BTreeMap::new(),
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

    /// Runs both methods of mutual TLS, with these trust anchors in DER; without any only the self-signed one.
    #[must_use]
    pub fn mutual_tls(mut self, anchors: impl IntoIterator<Item = Vec<u8>>) -> Self {
        self.0.setup.anchors = Some(anchors.into_iter().collect());
        self
    }

    /// Gives a client anchors of its own.
    #[must_use]
    pub fn own_anchors(mut self, client_id: &str, anchors: impl IntoIterator<Item = Vec<u8>>) -> Self {
        self.0.setup.own_anchors.insert(client_id.to_owned(), anchors.into_iter().collect());
        self
    }

    /// Trusts the header fields of the proxies of this network.
    #[must_use]
    pub fn behind_proxy(mut self, network: &str, header: &str) -> Self {
        let networks = vec![network.to_owned()];
        self.0.setup.proxy = Some(Proxy { networks, header: header.to_owned(), forwarded_for: None });
        self
    }

    /// These proxies name the client's address in this header field.
    #[must_use]
    pub fn forwarded_for(mut self, header: &str) -> Self {
        let proxy = self.0.setup.proxy.as_mut().expect("a proxy");
        proxy.forwarded_for = Some(header.to_owned());
        self
    }

    /// A key set that the server can fetch, and from the next request on another one.
    #[must_use]
    pub fn publish(mut self, uri: &str, jwks: Value) -> Self {
        if self.0.steps.is_empty() {
            self.0.setup.key_sets.insert(uri.to_owned(), jwks);
        } else {
            self.0.steps.push(Step::Publish { uri: uri.to_owned(), jwks });
        }
        self
    }

    /// Registers a client anew, while the server runs.
    #[must_use]
    pub fn register(mut self, metadata: Value) -> Self {
        let client_id = metadata["client_id"].as_str().unwrap_or_default().to_owned();
        self.0.steps.push(Step::Register { client_id, metadata: Some(metadata) });
        self
    }

    /// Removes a client, while the server runs.
    #[must_use]
    pub fn remove(mut self, client_id: &str) -> Self {
        self.0.steps.push(Step::Register { client_id: client_id.to_owned(), metadata: None });
        self
    }

    /// Sends a request.
    #[must_use]
    pub fn send(mut self, request: Request, expect: Expect) -> Self {
        self.0.steps.push(Step::Send { request: request.build(), expect });
        self
    }

    /// Sends the same request so many times, to the same answer.
    #[must_use]
    pub fn send_times(self, times: usize, request: &Request, expect: &Expect) -> Self {
        (0..times).fold(self, |scene, _| scene.send(request.clone(), expect.clone()))
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
        certificate: None,
    }
}

/// The same, and the handler sees this certificate, in DER.
pub fn accepted_with(client_id: &str, method: &str, certificate: &[u8]) -> Expect {
    Expect::Accepted {
        client_id: client_id.to_owned(),
        method: method.to_owned(),
        authenticated: method != "none",
        certificate: Some(base64url(sha256(certificate))),
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

/// The caller is told to wait.
pub fn throttled(retry_after: u64) -> Expect {
    Expect::Throttled { retry_after }
}

fn refused(status: u16, error: &str, reason: &str) -> Expect {
    Expect::Refused { status, error: error.to_owned(), reason: reason.to_owned() }
}
