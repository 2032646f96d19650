//! What a source is.

use super::{ELSEWHERE, HERE, mismatch, wrong};
use crate::request::Request;
use crate::row::Row;
use crate::rows::{by_basic, good_basic};
use crate::scene::{Scene, scene, throttled};

pub(super) fn rows() -> Vec<Row> {
    [addresses(), behind_a_proxy()].concat()
}

fn addresses() -> Vec<Row> {
    let (network, neighbour) = ("2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff");
    let unlimited = |name: &str, address: &str| {
        scene(name)
            .send_times(101, &wrong().from(address), &mismatch())
            .send(good_basic().from(address), by_basic())
            .row()
    };
    vec![
        scene("an IPv6 network of 64 bits is one source")
            .send_times(10, &wrong().from(network), &mismatch())
            .send_times(10, &wrong().from(neighbour), &mismatch())
            .send(good_basic().from("2001:db8:1:2:3:4:5:6"), throttled(6))
            .send(good_basic().from("2001:db8:1:3::1"), by_basic())
            .row(),
        scene("neighbours in an IPv6 network succeed for each other")
            .send(good_basic().from(network), by_basic())
            .send_times(21, &wrong().from(neighbour), &mismatch())
            .row(),
        scene("an IPv4 address is a source by itself")
            .send_times(20, &wrong().from("198.51.100.6"), &mismatch())
            .send(good_basic().from("198.51.100.6"), throttled(6))
            .send(good_basic().from(HERE), by_basic())
            .row(),
        scene("an IPv4-mapped address is its IPv4 address")
            .send_times(10, &wrong().from("::ffff:198.51.100.7"), &mismatch())
            .send_times(10, &wrong().from(HERE), &mismatch())
            .send(good_basic().from("::ffff:198.51.100.7"), throttled(6))
            .send(good_basic().from(HERE), throttled(6))
            .send(good_basic().from("::ffff:203.0.113.9"), by_basic())
            .row(),
        scene("without an address nobody is limited")
            .send_times(101, &wrong(), &mismatch())
            .send(good_basic(), by_basic())
            .row(),
        unlimited("this machine is not limited", "127.0.0.1"),
        unlimited("no loopback address is limited", "127.1.2.3"),
        unlimited("this machine is not limited over IPv6", "::1"),
        unlimited("a mapped loopback address is this machine", "::ffff:127.0.0.1"),
    ]
}

const PROXY: &str = "192.0.2.80";

fn proxied(name: &str, header: &str) -> Scene {
    scene(name).behind_proxy("192.0.2.80/32", "client-cert").forwarded_for(header)
}

fn behind_a_proxy() -> Vec<Row> {
    let passed_on = |request: Request, value: &str| request.from(PROXY).header("X-Forwarded-For", value);
    let garbled = || wrong().from("127.0.0.1").header("X-Forwarded-For", format!("\u{e9}, {HERE}"));
    let forwarded = |request: Request, value: &str| request.from(PROXY).header("Forwarded", value);
    vec![
        proxied("behind a proxy the source is the address that it names", "x-forwarded-for")
            .send_times(20, &passed_on(wrong(), HERE), &mismatch())
            .send(passed_on(good_basic(), HERE), throttled(6))
            .send(passed_on(good_basic(), ELSEWHERE), by_basic())
            .row(),
        proxied("what a client writes before the proxy's own entry is not looked at", "x-forwarded-for")
            .send_times(20, &passed_on(wrong(), HERE), &mismatch())
            .send(passed_on(wrong(), &format!("{ELSEWHERE}, {HERE}")), throttled(6))
            .send(passed_on(wrong(), &format!("127.0.0.1, {HERE}")), throttled(6))
            .send(passed_on(wrong(), &format!("{HERE}, {ELSEWHERE}")), mismatch())
            .row(),
        proxied("a proxy may speak RFC 7239", "forwarded")
            .send_times(20, &forwarded(wrong(), r#"for="[2001:db8::1]:4711";proto=https"#), &mismatch())
            .send(forwarded(good_basic(), r#"for="[2001:db8::2]""#), throttled(6))
            .send(forwarded(good_basic(), "for=198.51.100.7"), by_basic())
            .row(),
        proxied("whoever is no proxy cannot name another source", "x-forwarded-for")
            .send_times(20, &wrong().from(HERE).header("X-Forwarded-For", ELSEWHERE), &mismatch())
            .send(wrong().from(HERE).header("X-Forwarded-For", "203.0.113.10"), throttled(6))
            .send(passed_on(good_basic(), ELSEWHERE), by_basic())
            .row(),
        proxied("whoever garbles the header does not escape", "x-forwarded-for")
            .send_times(20, &passed_on(wrong(), &format!("\u{e9}, {HERE}")), &mismatch())
            .send(passed_on(good_basic(), &format!("\u{e9}, {ELSEWHERE}")), throttled(6))
            .send(passed_on(good_basic(), HERE), by_basic())
            .row(),
        scene("whoever garbles the header does not pass for this machine, where the proxy is")
            .behind_proxy("127.0.0.1/32", "client-cert")
            .forwarded_for("x-forwarded-for")
            .send_times(20, &garbled(), &mismatch())
            .send(garbled(), throttled(6))
            .row(),
        proxied("whoever opens a quote in the header does not escape", "forwarded")
            .send_times(20, &forwarded(wrong(), r#"x=", for=198.51.100.7"#), &mismatch())
            .send(forwarded(good_basic(), r#"x=", for=203.0.113.9"#), throttled(6))
            .send(forwarded(good_basic(), "for=198.51.100.7"), by_basic())
            .row(),
        proxied("a proxy that names nobody is not a source", "x-forwarded-for")
            .send_times(101, &wrong().from(PROXY), &mismatch())
            .send_times(101, &passed_on(wrong(), "unknown"), &mismatch())
            .send(passed_on(good_basic(), HERE), by_basic())
            .row(),
        scene("a proxy whose header is not configured is not a source")
            .behind_proxy("192.0.2.80/32", "client-cert")
            .send_times(101, &passed_on(wrong(), HERE), &mismatch())
            .send(passed_on(good_basic(), HERE), by_basic())
            .row(),
    ]
}
