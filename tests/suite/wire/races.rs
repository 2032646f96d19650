//! One assertion, a hundred connections, one success: on every worker of each framework.

use std::net::SocketAddr;
use std::sync::Barrier;

use countersign::replay::MemoryReplayStore;
use countersign_tests::assertion::Assertion;
use countersign_tests::drivers::SetClock;
use countersign_tests::request::Request;
use countersign_tests::row::NOW;

use super::authenticator;
use super::node::{Connection, Framework, Handler, Node, octets};

#[test]
fn axum_accepts_an_assertion_from_one_of_a_hundred_connections() {
    one_of_a_hundred(Framework::Axum);
}

#[test]
fn actix_accepts_an_assertion_from_one_of_a_hundred_connections_on_four_workers() {
    one_of_a_hundred(Framework::Actix);
}

fn one_of_a_hundred(framework: Framework) {
    const ROUNDS: usize = 5;
    let clock = SetClock::new(NOW);
    let auth = authenticator(MemoryReplayStore::with_clock(clock.clone()), clock);
    let node = Node::start(framework, auth, Handler::Answers);
    for round in 1..=ROUNDS {
        one_is_accepted(&[node.address; 100]);
        assert_eq!(node.entered(), round);
    }
}

/// Sends one assertion to each of these addresses. Every connection is open and has sent all but the last octet before
/// any sends that.
pub(super) fn one_is_accepted(addresses: &[SocketAddr]) {
    let request = octets(&Request::token().assertion(Assertion::of("c-pkjwt-es256").mint()).build());
    let (last, most) = request.split_last().unwrap();
    let start = Barrier::new(addresses.len());
    let answers: Vec<String> = std::thread::scope(|scope| {
        let sending: Vec<_> = addresses
            .iter()
            .map(|address| {
                scope.spawn(|| {
                    let mut connection = Connection::to(*address);
                    connection.send(most);
                    start.wait();
                    connection.send([*last]);
                    connection.answer()
                })
            })
            .collect();
        sending.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let (accepted, refused): (Vec<_>, Vec<_>) =
        answers.iter().partition(|answer| answer.starts_with("HTTP/1.1 200"));
    assert_eq!(accepted.len(), 1, "{accepted:?}");
    for answer in refused {
        assert!(answer.starts_with("HTTP/1.1 400") && answer.contains("invalid_client"), "{answer}");
    }
}
