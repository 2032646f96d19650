//! Limits on failed attempts, beside the rows: what a throttle is told, what a refusal costs, what is remembered.

mod budgets;
mod memory;
mod port;
mod redis;
mod refusals;
mod sockets;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use countersign::metadata::ClientMetadata;
use countersign::store::{ClientStore, Clients, StoreError};
use countersign::{AuthRequest, Authenticator, AuthenticatorBuilder, Client, Endpoint, Reason, Refusal};
use countersign_tests::fixtures::fixtures;
use countersign_tests::request::Request;
use countersign_tests::row::{HttpRequest, ISSUER};

use crate::ports::Yield;

const HERE: &str = "198.51.100.7";
const ELSEWHERE: &str = "203.0.113.9";

/// Knows the clients of the fixtures that have a secret, and counts how often it is asked.
#[derive(Clone)]
struct Registry {
    clients: Clients,
    asked: Arc<AtomicUsize>,
    polls: usize,
    down: bool,
}

impl Registry {
    fn new() -> Self {
        let clients = ["c-basic", "c-post"].map(|name| {
            let metadata = fixtures().client(name).metadata.clone();
            let metadata: ClientMetadata = serde_json::from_value(metadata).unwrap();
            Client::try_from(&metadata).unwrap()
        });
        Registry { clients: Clients::new(clients).unwrap(), asked: Arc::default(), polls: 0, down: false }
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

impl ClientStore for Registry {
    async fn find(&self, client_id: &str) -> Result<Option<Arc<Client>>, StoreError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        Yield(self.polls).await;
        if self.down {
            return Err(StoreError::new("the registry is down"));
        }
        ClientStore::find(&self.clients, client_id).await
    }
}

fn builder(registry: &Registry) -> AuthenticatorBuilder {
    Authenticator::builder().issuer(ISSUER).clients(registry.clone())
}

fn wrong() -> Request {
    Request::token().basic("c-basic", "a guess")
}

fn right() -> Request {
    Request::token().basic("c-basic", &fixtures().client("c-basic").secret().unwrap())
}

async fn authenticate(auth: &Authenticator, request: &HttpRequest) -> Result<String, Refusal> {
    let headers = request.headers.as_slice();
    let request = AuthRequest::new(Endpoint::Token, &request.verb, &headers, request.body.clone().into())
        .with_source(request.peer.address);
    auth.authenticate(request).await.map(|client| client.client_id().to_owned())
}

fn send(auth: &Authenticator, request: Request) -> Result<String, Refusal> {
    futures_executor::block_on(authenticate(auth, &request.build()))
}

#[track_caller]
fn assert_refused(auth: &Authenticator, request: Request, reason: Reason) {
    assert_eq!(send(auth, request).unwrap_err().reason(), reason);
}
