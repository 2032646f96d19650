//! `cloudentity`: which JSON is read as a form, and which is refused.

use serde_json::json;

use super::cloudentity::{basic_with, object, post, signed, text, under, with};
use crate::encoding::utf16le;
use crate::request::FORM;
use crate::row::{Endpoint, Expect, Row};
use crate::rows::{by_basic, by_post, secret_of};
use crate::scene::{invalid_client, invalid_request};

pub(super) fn rows() -> Vec<Row> {
    [repetitions(), documents(), media_types(), limits()].concat()
}

fn malformed() -> Expect {
    invalid_request(400, "malformed_form")
}

fn repetitions() -> Vec<Row> {
    let refused = |what: &str, body: &str, reason: &str| {
        under(format!("a JSON object with {what} is malformed"))
            .send(basic_with(body), invalid_request(400, reason))
            .row()
    };
    vec![
        refused("a member twice", r#"{"scope":"a","scope":"b"}"#, "malformed_form"),
        refused("a member twice with equal values", r#"{"scope":"a","scope":"a"}"#, "malformed_form"),
        refused("a member twice by an escape", r#"{"scope":"a","sc\u006fpe":"a"}"#, "malformed_form"),
        refused("a member twice and one of them null", r#"{"scope":null,"scope":"a"}"#, "malformed_form"),
        refused("a resource member twice", r#"{"resource":"a","resource":"b"}"#, "malformed_form"),
        refused("a member twice inside another", r#"{"x":{"y":1,"y":1}}"#, "malformed_form"),
        refused("two values of a parameter", r#"{"scope":["a","b"]}"#, "duplicate_parameter"),
        refused("two equal values of a parameter", r#"{"scope":["a","a"]}"#, "duplicate_parameter"),
        refused("two client_ids", r#"{"client_id":["c-basic","c-basic"]}"#, "duplicate_parameter"),
        under("a secret twice in a JSON object does not authenticate")
            .send(
                text(format!(
                    r#"{{"client_id":"c-post","client_secret":"x","client_secret":"{}"}}"#,
                    secret_of("c-post")
                )),
                malformed(),
            )
            .send(
                object(&with(post(), json!({"client_secret": [secret_of("c-post"), "x"]}))),
                invalid_request(400, "duplicate_parameter"),
            )
            .row(),
    ]
}

/// Everything that is no object of plain values.
fn documents() -> Vec<Row> {
    let refused = |what: &str, body: &[u8]| {
        under(format!("a JSON body that {what} is malformed")).send(basic_with(body), malformed()).row()
    };
    let nested = |depth: usize| format!("{{\"x\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
    vec![
        refused("is an array", br#"[{"grant_type":"client_credentials"}]"#),
        refused("is a string", br#""grant_type=client_credentials""#),
        refused("is a number", b"1"),
        refused("is null", b"null"),
        refused("is blank", b" "),
        refused("is a form", b"grant_type=client_credentials"),
        refused("is cut off", br#"{"grant_type":"client_credentials""#),
        refused("has something behind it", br#"{"grant_type":"client_credentials"} x"#),
        refused("is two objects", br#"{"a":"b"}{"a":"b"}"#),
        refused("has a trailing comma", br#"{"a":"b",}"#),
        refused("has a comment", b"{\"a\":\"b\"/* c */}"),
        refused("has single quotes", b"{'a':'b'}"),
        refused("begins with a byte order mark", b"\xEF\xBB\xBF{\"a\":\"b\"}"),
        refused("is not UTF-8", b"{\"a\":\"\xFF\"}"),
        refused("is in UTF-16", &utf16le(r#"{"a":1}"#)),
        refused("has a lone surrogate", br#"{"a":"\ud800"}"#),
        refused("has a control character in a string", b"{\"a\":\"\x01\"}"),
        refused("has NaN for a value", br#"{"a":NaN}"#),
        refused("has an object for a value", br#"{"claims":{"id_token":null}}"#),
        refused("has an array of objects for a value", br#"{"authorization_details":[{"type":"x"}]}"#),
        refused("has an array in an array for a value", br#"{"resource":[["https://a.test"]]}"#),
        refused("has an object for its client_id", br#"{"client_id":{"$ne":null},"client_secret":"x"}"#),
        refused("is nested ten thousand deep", nested(10_000).as_bytes()),
        under("an empty JSON object holds no parameters")
            .send(text("{}"), invalid_client(400, "no_credentials"))
            .send(basic_with("{}"), by_basic())
            .row(),
        under("blanks around and between the members of a JSON object are read")
            .send(basic_with(" \r\n{ \"a\" :\t\"b\" } \n"), by_basic())
            .row(),
        under("a malformed JSON body is answered with 400 at introspection, too")
            .send(basic_with("{").at(Endpoint::Introspection), malformed())
            .row(),
    ]
}

fn media_types() -> Vec<Row> {
    let unsupported = || invalid_request(400, "unsupported_media_type");
    let sent = |media_type: &str, expect: Expect| {
        under(format!("Content-Type {media_type:?} over a JSON object"))
            .send(object(&post()).content_type(media_type), expect)
            .row()
    };
    let mut rows = Vec::new();
    for media_type in [
        "application/json",
        "Application/JSON",
        "application/json; charset=utf-8",
        "application/json;charset=\"UTF-8\"",
        "application/json; profile=x",
    ] {
        rows.push(sent(media_type, by_post()));
    }
    for media_type in [
        "application/json; charset=iso-8859-1",
        "application/json; charset=utf-16",
        "application/json; profile=x; charset=us-ascii",
        "application/jsonp",
        "application/json-seq",
        "application/problem+json",
        "application/jwt",
        "text/json",
        "text/plain",
        "json",
        "*/*",
    ] {
        rows.push(sent(media_type, unsupported()));
    }
    rows.extend([
        under("a JSON object without Content-Type is refused")
            .send(object(&post()).without_content_type(), unsupported())
            .row(),
        under("a compressed JSON object is refused")
            .send(object(&post()).header("Content-Encoding", "gzip"), unsupported())
            .row(),
        under("a JSON object in the name of a form has no client in it")
            .send(object(&post()).content_type(FORM), invalid_client(400, "no_credentials"))
            .row(),
        under("a second Content-Type is refused")
            .send(object(&post()).header("Content-Type", FORM), unsupported())
            .row(),
    ]);
    rows
}

fn limits() -> Vec<Row> {
    let members = |count: usize| {
        let members: Vec<_> = (0..count).map(|number| format!("\"p{number}\":\"1\"")).collect();
        basic_with(format!("{{{}}}", members.join(",")))
    };
    let resources = |count: usize| basic_with(json!({"resource": vec!["https://a.test"; count]}).to_string());
    let of_length = |length: usize| basic_with(format!("{{\"pad\":\"{}\"}}", "%".repeat(length - 10)));
    let too_large = || invalid_request(413, "too_large");
    vec![
        under("a JSON object with 128 members is read").send(members(128), by_basic()).row(),
        under("a JSON object with 129 members is too large").send(members(129), too_large()).row(),
        under("an array of 128 values is read").send(resources(128), by_basic()).row(),
        under("an array of 129 values is too large").send(resources(129), too_large()).row(),
        under("an array of ten thousand values is too large")
            .send(basic_with(json!({"resource": vec!["a"; 10_000]}).to_string()), too_large())
            .row(),
        under("an array of ten thousand values with an array for the last is malformed")
            .send(basic_with(format!("{{\"resource\":[{}[]]}}", "\"a\",".repeat(10_000))), malformed())
            .row(),
        under("a JSON object of exactly 64 KiB is read").send(of_length(64 * 1024), by_basic()).row(),
        under("a JSON object of one byte above 64 KiB is too large")
            .send(of_length(64 * 1024 + 1), too_large())
            .row(),
        under("an assertion above 16 KiB in a JSON object is too large")
            .send(
                object(&with(signed(), json!({"client_assertion": "a".repeat(16 * 1024 + 1)}))),
                too_large(),
            )
            .row(),
    ]
}
