//! Several nodes on one memory of used assertions, and one that starts again.

use countersign::replay::SqliteReplayStore;
use countersign_tests::assertion::Assertion;
use countersign_tests::drivers::SetClock;
use countersign_tests::patience::{PATIENCE, patiently};
use countersign_tests::request::Request;
use countersign_tests::row::NOW;

use super::authenticator;
use super::node::{FRAMEWORKS, Framework, Handler, Node};
use super::races::one_is_accepted;
use crate::replay_sqlite::Folder;

/// A node with a connection of its own to the file.
fn node(framework: Framework, folder: &Folder, clock: &SetClock) -> Node {
    let opening = patiently(|| SqliteReplayStore::open_with_clock(folder.file(), clock.clone()));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let store = runtime.block_on(opening).with_deadline(PATIENCE);
    let auth = authenticator(store, clock.clone());
    Node::start(framework, auth, Handler::Answers)
}

#[test]
fn repl_004_of_two_nodes_that_get_an_assertion_at_once_one_accepts_it() {
    let (folder, clock) = (Folder::new(), SetClock::new(NOW));
    let nodes = FRAMEWORKS.map(|framework| node(framework, &folder, &clock));
    let addresses = [nodes[0].address, nodes[1].address];
    let mut round = 0;
    while round < 50 || nodes.iter().any(|node| node.entered() == 0) {
        assert!(round < 500, "one of them was always first");
        round += 1;
        one_is_accepted(&addresses);
        assert_eq!(nodes[0].entered() + nodes[1].entered(), round);
    }
}

#[test]
fn repl_005_an_assertion_stays_used_when_its_node_starts_again() {
    for framework in FRAMEWORKS {
        let (folder, clock) = (Folder::new(), SetClock::new(NOW));
        let signed = || Request::token().assertion(Assertion::of("c-pkjwt-es256").mint()).build();
        let request = signed();
        assert!(node(framework, &folder, &clock).answer(&request).starts_with("HTTP/1.1 200 "));
        // It lives for a minute, and for half a minute of leeway.
        for _ in 0..3 {
            clock.advance(29);
            let again = node(framework, &folder, &clock);
            let answer = again.answer(&request);
            assert!(answer.starts_with("HTTP/1.1 400 ") && answer.contains("invalid_client"), "{answer}");
            assert_eq!(again.entered(), 0);
        }
        clock.advance(-87);
        // The memory was kept, so no assertion from before is refused for its age alone.
        assert!(node(framework, &folder, &clock).answer(&signed()).starts_with("HTTP/1.1 200 "));
    }
}
