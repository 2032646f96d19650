//! Hosts of key sets: the whole decision about a client of theirs, over a socket. The host has a thread of its own, which
//! is not counted.

use std::hint::black_box;

use countersign::fetch::limits::MAX_OCTETS;
use serde_json::json;

use crate::bed::{Bed, key};
use crate::host::{Answer, Host, key_set, ok, response};
use crate::{Table, bomb};

pub(crate) fn measure(table: &mut Table) {
    for (name, answer, failure) in answers() {
        let host = Host::new(answer);
        let bed = Bed::new(host.url());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let request = bed.request();
        let mut decided = None;
        let seen = allocation_counter::measure(|| {
            decided = Some(black_box(runtime.block_on(bed.send(&request))));
        });
        assert!(host.connections() > 0, "{name}");
        let got = match &decided.unwrap() {
            Ok(_) => String::new(),
            Err(refusal) => refusal.got().unwrap_or_default().to_owned(),
        };
        assert!(got.contains(failure) && got.is_empty() == failure.is_empty(), "{name}: {got}");
        let answer = if failure.is_empty() { "200" } else { failure };
        table.line(&format!("a key set: {name}"), answer, seen.bytes_max);
    }
}

/// What the host does, and what the fetch fails for; nothing for a set that is taken.
fn answers() -> Vec<(&'static str, Answer, &'static str)> {
    let full = |open: &str, unit: &str, close: &str| {
        let count = (MAX_OCTETS - open.len() - close.len()) / unit.len();
        ok(format!("{open}{}{close}", unit.repeat(count)), "")
    };
    let members = |count: usize| {
        let members: String = (0..count).map(|number| format!("\"{number:x}\":0,")).collect();
        format!("{{\"keys\":[{{{members}\"\":0}}]}}")
    };
    let header = |lines: &str| format!("HTTP/1.1 200 OK\r\n{lines}\r\n");
    let rsa = json!({"kty": "RSA", "e": "AQAB", "n": "_".repeat(600)});
    let long = json!({"kty": "RSA", "e": "AQAB", "n": "_".repeat(MAX_OCTETS - 100)});
    let many: String = (0..10_000).map(|number| format!("X-{number}: y\r\n")).collect();
    let depth = MAX_OCTETS / 16;
    let objects = format!("{}0{}", "{\"a\":".repeat(depth), "}".repeat(depth));
    let mut hundred: Vec<_> = (0..99).map(|_| crate::bed::other_key()).collect();
    hundred.push(key());
    vec![
        ("one key", key_set([key()], ""), ""),
        ("100 keys", key_set(hundred, ""), ""),
        ("1 GiB that nothing announces", Answer::Endless(header("").into()), "too_large"),
        (
            "1 GiB that is announced",
            Answer::Endless(header("Content-Length: 1073741824\r\n").into()),
            "too_large",
        ),
        (
            "1 GiB in a chunk",
            Answer::Endless((header("Transfer-Encoding: chunked\r\n") + "40000000\r\n").into()),
            "too_large",
        ),
        (
            "a length of a chunk without an end",
            Answer::Endless(header("Transfer-Encoding: chunked\r\n").into()),
            "too_large",
        ),
        ("a status line without an end", Answer::Endless("".into()), "transfer"),
        ("a header field without an end", Answer::Endless("HTTP/1.1 200 OK\r\nX: ".into()), "transfer"),
        ("10,000 header fields", ok("{}", &many), "transfer"),
        (
            "100,000 answers before the answer",
            Answer::Octets("HTTP/1.1 103 Early Hints\r\n\r\n".repeat(100_000).into()),
            "too_large",
        ),
        ("silence", Answer::Silence, "timeout"),
        ("a head that drips", Answer::Drip("HTTP/1.1 200 OK\r\nX:".into()), "timeout"),
        ("a body that drips", Answer::Drip(header("Content-Length: 9000\r\n").into()), "timeout"),
        ("a redirect", response("302 Found", "Location: /jwks\r\n", "{}"), "status"),
        ("a gzip bomb", ok(bomb::gzip(MAX_OCTETS), "Content-Encoding: gzip\r\n"), "content_encoding"),
        ("a gzip bomb of 100 MiB", ok(bomb::gzip(660_000), "Content-Encoding: gzip\r\n"), "content_encoding"),
        ("a gzip bomb that says nothing of it", ok(bomb::gzip(MAX_OCTETS), ""), "not_a_key_set"),
        ("100,000 keys", key_set(vec![json!({}); 100_000], ""), "too_large"),
        ("as many keys as fit", key_set(vec![json!({}); 20_000], ""), "not_a_key_set"),
        ("as many keys as are taken, 64 KiB", key_set(vec![rsa; 100], ""), NO_KEY),
        ("one key of 64 KiB", key_set([long], ""), NO_KEY),
        ("100,000 members of a key", ok(members(100_000), ""), "too_large"),
        ("as many members of a key as fit", ok(members(7_000), ""), "not_a_key_set"),
        (
            "1,000,000 digits",
            ok(format!("{{\"keys\":[],\"x\":1{}}}", "0".repeat(1_000_000)), ""),
            "too_large",
        ),
        ("64 KiB of digits", full("{\"keys\":[],\"x\":1", "0", "}"), "not_a_key_set"),
        ("deep arrays", full("{\"keys\":[", "[", ""), "not_a_key_set"),
        ("deep objects", ok(objects, ""), "not_a_key_set"),
        ("arrays for keys", full("{\"keys\":[", "[],", "[]]}"), "not_a_key_set"),
        ("arrays outside of the keys", full("{\"keys\":[],\"x\":[", "[],", "[]]}"), NO_KEY),
        ("arrays in a key", full("{\"keys\":[{\"x\":[", "[],", "[]]}]}"), "not_a_key_set"),
        ("objects in a key", full("{\"keys\":[{\"x\":[", "{\"\":{}},", "0]}]}"), "not_a_key_set"),
        ("numbers in a key", full("{\"keys\":[{\"x\":[", "0,", "0]}]}"), "not_a_key_set"),
        ("a text of escapes", full("{\"keys\":[{\"kid\":\"", "\\u007e", "\"}]}"), NO_KEY),
    ]
}

/// The set is taken, and has no key that fits.
const NO_KEY: &str = "kid es-1";
