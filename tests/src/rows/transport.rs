//! Verb, query string, media type and limits.

use super::{by_basic, by_es256, by_post, es256, good_basic, good_post};
use crate::assertion::Assertion;
use crate::request::{Request, encode};
use crate::row::{Endpoint, Row};
use crate::scene::{invalid_request, scene};

pub(super) fn rows() -> Vec<Row> {
    [verbs(), query(), media_types(), sizes(), order()].concat()
}

fn verbs() -> Vec<Row> {
    let refused = invalid_request(405, "wrong_verb");
    let verb = |verb: &str| {
        scene(format!("the verb {verb} is refused even with a right secret"))
            .send(good_basic().verb(verb), refused.clone())
            .row()
    };
    let endpoint = |endpoint: Endpoint| {
        scene(format!("a GET at {} is refused", endpoint.path()))
            .send(good_basic().at(endpoint).verb("GET"), refused.clone())
            .row()
    };
    ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "post"]
        .map(verb)
        .into_iter()
        .chain(Endpoint::ALL.map(endpoint))
        .collect()
}

fn query() -> Vec<Row> {
    let refused = |query: &str| {
        scene(format!("the query string {query} is refused beside a right secret"))
            .send(good_basic().query(query), invalid_request(400, "credentials_in_query"))
            .row()
    };
    let harmless = |query: &str| {
        scene(format!("the query string {query:?} is none of the library's business"))
            .send(good_basic().query(query), by_basic())
            .row()
    };
    let bad = [
        "client_id=c-basic",
        "client_secret=x",
        "client_assertion=a.b.c",
        "client_assertion_type=x",
        "tenant=a&client_secret=x",
        "client%5Fsecret=x",
        "client_secret=x&client_secret=y",
    ];
    let good = ["", "tenant=a", "x=client_secret", "client_secret_hint=1", "Client_Secret=x", "broken=%zz"];
    let mut rows: Vec<_> = bad.map(refused).into_iter().chain(good.map(harmless)).collect();
    rows.push(
        scene("a secret in the query string does not authenticate and is not a failed authentication either")
            .send(
                Request::to(Endpoint::Introspection).query("client_id=c-post&client_secret=x"),
                invalid_request(400, "credentials_in_query"),
            )
            .row(),
    );
    rows
}

fn media_types() -> Vec<Row> {
    let unsupported = invalid_request(400, "unsupported_media_type");
    let form = |media_type: &str| {
        scene(format!("Content-Type {media_type:?} is a form"))
            .send(good_post().content_type(media_type), by_post())
            .row()
    };
    let other = |media_type: &str| {
        scene(format!("Content-Type {media_type:?} is refused"))
            .send(good_post().content_type(media_type), unsupported.clone())
            .row()
    };
    let coded = |coding: &str| {
        scene(format!("Content-Encoding {coding:?} is refused"))
            .send(good_post().header("Content-Encoding", coding), unsupported.clone())
            .row()
    };
    let mut rows = Vec::new();
    rows.extend(
        [
            "application/x-www-form-urlencoded",
            "Application/X-WWW-Form-URLEncoded",
            "application/x-www-form-urlencoded;charset=UTF-8",
            "application/x-www-form-urlencoded; charset=\"utf-8\"",
            "application/x-www-form-urlencoded; Charset=utf-8",
            "application/x-www-form-urlencoded; profile=x",
        ]
        .map(form),
    );
    rows.extend(
        [
            "application/json",
            "application/x-www-form-urlencoded-x",
            "application/x-www-form-urlencoded; charset=us-ascii",
            "application/x-www-form-urlencoded; charset=iso-8859-1",
            "application/x-www-form-urlencoded; foo=bar; charset=utf-16",
            "multipart/form-data; boundary=x",
            "text/plain; charset=utf-8",
            "*/*",
            "form",
        ]
        .map(other),
    );
    rows.extend(["gzip", "deflate", "br", "zstd", "gzip, identity", "x-unknown"].map(coded));
    rows.extend([
        scene("Content-Encoding identity is no encoding")
            .send(good_post().header("Content-Encoding", "identity"), by_post())
            .row(),
        scene("a form without Content-Type is refused")
            .send(good_post().without_content_type(), unsupported.clone())
            .row(),
        scene("an empty body needs no Content-Type")
            .send(good_basic().without_content_type().body(""), by_basic())
            .row(),
        scene("an empty body of another media type is refused")
            .send(good_basic().content_type("application/json").body(""), unsupported.clone())
            .row(),
        scene("a JSON body is refused while json_body is off")
            .send(
                Request::token()
                    .content_type("application/json")
                    .body(r#"{"client_id":"c-post","client_secret":"x"}"#),
                unsupported.clone(),
            )
            .row(),
        scene("a media type is refused with 400 at the introspection endpoint too")
            .send(good_post().at(Endpoint::Introspection).content_type("text/plain"), unsupported)
            .row(),
        scene("names of header fields come in any case")
            .send(
                good_post()
                    .without_content_type()
                    .header("cONTENT-tYPE", "application/x-www-form-urlencoded"),
                by_post(),
            )
            .row(),
    ]);
    rows
}

fn sizes() -> Vec<Row> {
    let too_large = invalid_request(413, "too_large");
    let fields = |count: usize| {
        let fields: Vec<_> = (0..count).map(|number| (format!("p{number}"), "1")).collect();
        good_basic().body(encode(&fields))
    };
    vec![
        scene("a form of exactly 64 KiB is read").send(padded_to(64 * 1024), by_basic()).row(),
        scene("a form of one byte above 64 KiB is refused")
            .send(padded_to(64 * 1024 + 1), too_large.clone())
            .row(),
        scene("a large form is refused with 413 at the introspection endpoint too")
            .send(padded_to(65_537).at(Endpoint::Introspection), too_large.clone())
            .row(),
        scene("128 parameters are read").send(fields(128), by_basic()).row(),
        scene("129 parameters are refused").send(fields(129), too_large.clone()).row(),
        scene("empty pairs are not counted as parameters")
            .send(good_basic().body(format!("{}grant_type=client_credentials", "&".repeat(500))), by_basic())
            .row(),
        scene("an assertion of exactly 16 KiB is read")
            .send(Request::token().assertion(token_of(16 * 1024)), by_es256())
            .row(),
        scene("an assertion of one byte above 16 KiB is refused")
            .send(Request::token().assertion(token_of(16 * 1024 + 1)), too_large)
            .row(),
    ]
}

/// Each request has two faults; the earlier check names it.
fn order() -> Vec<Row> {
    vec![
        scene("the verb is judged before the query string")
            .send(good_basic().verb("GET").query("client_secret=x"), invalid_request(405, "wrong_verb"))
            .row(),
        scene("the query string is judged before the media type")
            .send(
                good_basic().content_type("text/plain").query("client_secret=x"),
                invalid_request(400, "credentials_in_query"),
            )
            .row(),
        scene("the media type is judged before the size")
            .send(
                padded_to(70_000).content_type("text/plain"),
                invalid_request(400, "unsupported_media_type"),
            )
            .row(),
        scene("the size is judged before the form's encoding")
            .send(
                good_basic().body(format!("a=%zz&b={}", "b".repeat(70_000))),
                invalid_request(413, "too_large"),
            )
            .row(),
        scene("the form's encoding is judged before the number of carriers")
            .send(good_basic().body("client_secret=x&a=%zz"), invalid_request(400, "malformed_form"))
            .row(),
        scene("a repeated parameter is judged before the number of carriers")
            .send(
                good_basic().field("client_secret", "x").field("client_secret", "x"),
                invalid_request(400, "duplicate_parameter"),
            )
            .row(),
    ]
}

fn padded_to(length: usize) -> Request {
    let fields = "grant_type=client_credentials&pad=";
    good_basic().body(format!("{fields}{}", "a".repeat(length - fields.len())))
}

/// A valid token of exactly this length. A base64url part is never 1 mod 4 long, so the header is padded too.
fn token_of(length: usize) -> String {
    let padded = |claim: usize, header: usize| -> Assertion {
        es256().claim("pad", "a".repeat(claim)).header("pad", "a".repeat(header))
    };
    let bare = padded(0, 0).mint().len();
    let estimate = (length - bare) * 3 / 4;
    (0..4)
        .flat_map(|header| (estimate - 8..estimate + 8).map(move |claim| (claim, header)))
        .map(|(claim, header)| padded(claim, header).mint())
        .find(|token| token.len() == length)
        .expect("a padding that fits")
}
