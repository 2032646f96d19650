//! The layer behind real sockets: what a body can do on its way, what a connection can do to an assertion, and what one
//! node knows of another.

mod bodies;
mod cluster;
pub(crate) mod node;
mod races;
mod single_use;

use countersign::clock::Clock;
use countersign::metadata::ClientMetadata;
use countersign::replay::ReplayStore;
use countersign::store::Clients;
use countersign::{Authenticator, Client, Endpoint};
use countersign_tests::fixtures::fixtures;
use countersign_tests::row::{Endpoint as RowEndpoint, ISSUER};

/// A server that knows three clients, with this memory of used assertions.
pub(crate) fn authenticator(replay: impl ReplayStore, clock: impl Clock) -> Authenticator {
    let clients = ["c-basic", "c-post", "c-pkjwt-es256"].map(|name| {
        let metadata = fixtures().client(name).metadata.clone();
        let metadata: ClientMetadata = serde_json::from_value(metadata).unwrap();
        Client::try_from(&metadata).unwrap()
    });
    Authenticator::builder()
        .issuer(ISSUER)
        .endpoint(Endpoint::Token, RowEndpoint::Token.url())
        .clients(Clients::new(clients).unwrap())
        .replay(replay)
        .clock(clock)
        .build()
        .unwrap()
}
