//! Over real connections from this machine.

use countersign::throttle::FailureLimits;
use countersign_tests::drivers::SetClock;
use countersign_tests::row::NOW;

use super::{Registry, builder, right, wrong};
use crate::wire::node::{FRAMEWORKS, Handler, Node};

#[test]
fn guesses_over_connections_are_limited_where_loopback_is_included() {
    for framework in FRAMEWORKS {
        let limits = FailureLimits::with_clock(SetClock::new(NOW)).including_loopback();
        let auth = builder(&Registry::new()).throttle(limits).build().unwrap();
        let node = Node::start(framework, auth, Handler::Answers);
        for _ in 0..20 {
            assert!(node.answer(&wrong().build()).starts_with("HTTP/1.1 401 "), "{framework:?}");
        }
        for request in [wrong(), right()] {
            let answer = node.answer(&request.build());
            assert!(answer.starts_with("HTTP/1.1 429 "), "{framework:?}: {answer}");
            assert!(answer.contains("\r\nretry-after: 6\r\n"), "{framework:?}: {answer}");
            assert!(answer.contains(r#""error":"invalid_client""#), "{framework:?}: {answer}");
        }
        assert_eq!(node.entered(), 0);
    }
}

#[test]
fn by_default_this_machine_may_fail_as_often_as_it_likes() {
    for framework in FRAMEWORKS {
        let node = Node::start(framework, builder(&Registry::new()).build().unwrap(), Handler::Answers);
        for _ in 0..150 {
            assert!(node.answer(&wrong().build()).starts_with("HTTP/1.1 401 "), "{framework:?}");
        }
        assert!(node.answer(&right().build()).starts_with("HTTP/1.1 200 "), "{framework:?}");
    }
}
