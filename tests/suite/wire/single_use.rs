//! What was used stays used, whatever becomes of the request afterwards.

use std::time::Duration;

use countersign::replay::MemoryReplayStore;
use countersign_tests::assertion::Assertion;
use countersign_tests::drivers::SetClock;
use countersign_tests::request::Request;
use countersign_tests::row::{HttpRequest, NOW};

use super::authenticator;
use super::node::{FRAMEWORKS, Framework, Handler, Node, octets};

fn node(framework: Framework, handler: Handler) -> Node {
    let clock = SetClock::new(NOW);
    Node::start(framework, authenticator(MemoryReplayStore::with_clock(clock.clone()), clock), handler)
}

fn signed() -> HttpRequest {
    Request::token().assertion(Assertion::of("c-pkjwt-es256").mint()).build()
}

fn is_refused(answer: &str) -> bool {
    answer.starts_with("HTTP/1.1 400 ") && answer.contains(r#""error":"invalid_client""#)
}

#[test]
fn repl_023_a_handler_that_fails_gives_no_assertion_back() {
    for framework in FRAMEWORKS {
        let node = node(framework, Handler::Fails);
        let request = signed();
        assert!(node.answer(&request).starts_with("HTTP/1.1 500 "), "{framework:?}");
        for _ in 0..2 {
            let answer = node.answer(&request);
            assert!(is_refused(&answer), "{framework:?}: {answer}");
        }
        assert_eq!(node.entered(), 1);
        // Another assertion gets as far as the first one did.
        assert!(node.answer(&signed()).starts_with("HTTP/1.1 500 "));
        assert_eq!(node.entered(), 2);
    }
}

#[test]
fn repl_024_a_client_that_leaves_before_the_answer_has_used_its_assertion() {
    for framework in FRAMEWORKS {
        let node = node(framework, Handler::Hangs);
        let request = signed();
        let mut connection = node.connect();
        connection.send(octets(&request));
        while node.entered() == 0 {
            std::thread::sleep(Duration::from_millis(1));
        }
        drop(connection);
        for _ in 0..2 {
            let answer = node.answer(&request);
            assert!(is_refused(&answer), "{framework:?}: {answer}");
        }
        assert_eq!(node.entered(), 1);
    }
}

/// It leaves as soon as all is sent, wherever the server is by then: at most one of all tries gets to the handler.
#[test]
fn repl_024_a_client_that_leaves_at_once_passes_at_most_once() {
    for framework in FRAMEWORKS {
        let node = node(framework, Handler::Answers);
        for round in 0..50 {
            let before = node.entered();
            let request = signed();
            let mut connection = node.connect();
            connection.send(octets(&request));
            if round % 2 == 0 {
                std::thread::sleep(Duration::from_micros(round * 20));
            }
            drop(connection);
            let answers = [node.answer(&request), node.answer(&request)];
            let accepted = answers.iter().filter(|answer| answer.starts_with("HTTP/1.1 200 ")).count();
            assert!(is_refused(&answers[1]), "{framework:?}: {}", answers[1]);
            assert!(accepted == 1 || is_refused(&answers[0]), "{framework:?}: {}", answers[0]);
            assert_eq!(node.entered(), before + 1, "{framework:?}");
        }
    }
}
