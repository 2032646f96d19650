//! How many failures are free, whom they block, and for how long.

use super::{ELSEWHERE, HERE, mismatch, wrong};
use crate::request::Request;
use crate::row::{Endpoint, Row};
use crate::rows::{by_basic, by_post, good_basic, good_post};
use crate::scene::{Scene, invalid_client, scene, throttled};

pub(super) fn rows() -> Vec<Row> {
    [of_a_client(), of_a_source()].concat()
}

/// `c-basic` has used up the failures it has from here.
fn exhausted(name: &str) -> Scene {
    scene(name).send_times(20, &wrong().from(HERE), &mismatch())
}

fn of_a_client() -> Vec<Row> {
    vec![
        exhausted("after 20 failures a source waits, whatever it presents")
            .send(wrong().from(HERE), throttled(6))
            .send(good_basic().from(HERE), throttled(6))
            .send(Request::token().post("c-basic", "a guess").from(HERE), throttled(6))
            .row(),
        exhausted("a client is not locked out: from another source it comes in")
            .send(good_basic().from(HERE), throttled(6))
            .send(good_basic().from(ELSEWHERE), by_basic())
            .send_times(30, &wrong().from(HERE), &throttled(6))
            .send(good_basic().from(ELSEWHERE), by_basic())
            .row(),
        exhausted("failures from elsewhere are counted by themselves")
            .send_times(20, &wrong().from(ELSEWHERE), &mismatch())
            .send(wrong().from(ELSEWHERE), throttled(6))
            .row(),
        exhausted("another client comes in from the same source")
            .send(good_post().from(HERE), by_post())
            .row(),
        exhausted("one more failure is free every 6 s")
            .advance(5)
            .send(wrong().from(HERE), throttled(1))
            .advance(1)
            .send(wrong().from(HERE), mismatch())
            .send(wrong().from(HERE), throttled(6))
            .advance(13)
            .send_times(2, &wrong().from(HERE), &mismatch())
            .send(wrong().from(HERE), throttled(5))
            .row(),
        exhausted("after two minutes all is forgiven")
            .advance(120)
            .send_times(20, &wrong().from(HERE), &mismatch())
            .send(wrong().from(HERE), throttled(6))
            .row(),
        exhausted("what is refused does not prolong the wait")
            .send_times(50, &wrong().from(HERE), &throttled(6))
            .advance(6)
            .send(good_basic().from(HERE), by_basic())
            .row(),
        exhausted("setting the clock back prolongs no wait")
            .advance(-3600)
            .send(good_basic().from(HERE), throttled(6))
            .advance(6)
            .send(good_basic().from(HERE), by_basic())
            .row(),
        scene("failures at every endpoint count together")
            .send_times(10, &wrong().at(Endpoint::Introspection).from(HERE), &mismatch())
            .send_times(10, &wrong().at(Endpoint::Revocation).from(HERE), &mismatch())
            .send(good_basic().from(HERE), throttled(6))
            .send(good_basic().at(Endpoint::Introspection).from(HERE), throttled(6))
            .row(),
    ]
}

fn of_a_source() -> Vec<Row> {
    let guess = |client: &str| Request::token().basic(client, "a guess").from(HERE);
    vec![
        scene("after 100 failures a source waits, whatever client it names")
            .failures_from(HERE, 100)
            .send(guess("one-more"), throttled(1))
            .send(good_basic().from(HERE), throttled(1))
            .send(good_post().from(HERE), throttled(1))
            .send(good_basic().from(ELSEWHERE), by_basic())
            .row(),
        scene("one more failure of a source is free every second")
            .failures_from(HERE, 100)
            .advance(1)
            .send(guess("one-more"), invalid_client(401, "unknown_client"))
            .send(guess("one-more"), throttled(1))
            .advance(1)
            .send(good_basic().from(HERE), by_basic())
            .row(),
        scene("of two waits the longer one is told")
            .failures_from(HERE, 80)
            .send_times(20, &wrong().from(HERE), &mismatch())
            .send(wrong().from(HERE), throttled(6))
            .send(good_post().from(HERE), throttled(1))
            .row(),
    ]
}
