//! `client_secret_basic`: every way to write an `Authorization` header.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use super::{by_basic, secret_of};
use crate::encoding::basic_pair;
use crate::request::Request;
use crate::row::Row;
use crate::scene::{Scene, accepted, invalid_client, invalid_request, scene};

pub(super) fn rows() -> Vec<Row> {
    [vectors(), spellings(), malformed(), identities()].concat()
}

/// The example of RFC 6749 §2.3.1, and a hard pair (AppAuth-Android issue 337), encoded and raw.
fn vectors() -> Vec<Row> {
    let plain = "Basic czZCaGRSa3F0Mzo3RmpmcDBaQnIxS3REUmJuZlZkbUl3";
    let encoded = "Basic MVBwRyUyRlErMTp6JTJGdFo5VndGWnFBcG1JUSUyQlpIMUk1cExrJTJGdUI0dWQlM0FYMiUyRjhiTCUyQndmRlR0MXJGdyUzRA==";
    let raw = "Basic MVBwRy9RIDE6ei90WjlWd0ZacUFwbUlRK1pIMUk1cExrL3VCNHVkOlgyLzhiTCt3ZkZUdDFyRnc9";
    let (hard_id, hard_secret) = ("1PpG/Q 1", "z/tZ9VwFZqApmIQ+ZH1I5pLk/uB4ud:X2/8bL+wfFTt1rFw=");
    let hard = |name: &str| scene(name).client(client(hard_id, hard_secret));
    let is_hard = accepted(hard_id, "client_secret_basic");
    vec![
        scene("the sample header of RFC 6749 is read")
            .client(client("s6BhdRkqt3", "7Fjfp0ZBr1KtDRbnfVdmIw"))
            .send(Request::token().authorization(plain), accepted("s6BhdRkqt3", "client_secret_basic"))
            .row(),
        hard("the hard pair is read when it is form-encoded")
            .send(Request::token().authorization(encoded), is_hard.clone())
            .row(),
        hard("the hard pair is read when it is sent raw")
            .send(Request::token().authorization(raw), is_hard.clone())
            .row(),
        hard("with basic_decoding form the form-encoded hard pair is read")
            .policy(json!({"basic_decoding": "form"}))
            .send(Request::token().authorization(encoded), is_hard)
            .row(),
        hard("with basic_decoding form the raw hard pair is a wrong secret")
            .policy(json!({"basic_decoding": "form"}))
            .send(Request::token().authorization(raw), invalid_client(401, "secret_mismatch"))
            .row(),
    ]
}

fn spellings() -> Vec<Row> {
    // An id with octets that the two alphabets write differently, and a length that wants padding.
    let (id, secret) = ("c-alphabet", "~~~???>>>a");
    let pair = format!("{id}:{secret}");
    let spelled = |value: String, what: &str| {
        scene(format!("Basic is read {what}"))
            .client(client(id, secret))
            .send(Request::token().authorization(value), accepted(id, "client_secret_basic"))
            .row()
    };
    let standard = STANDARD.encode(&pair);
    vec![
        spelled(format!("Basic {standard}"), "in the standard alphabet with padding"),
        spelled(
            format!("Basic {}", STANDARD_NO_PAD.encode(&pair)),
            "in the standard alphabet without padding",
        ),
        spelled(format!("Basic {}", URL_SAFE.encode(&pair)), "in the URL alphabet with padding"),
        spelled(format!("Basic {}", URL_SAFE_NO_PAD.encode(&pair)), "in the URL alphabet without padding"),
        spelled(format!("basic {standard}"), "with a small scheme"),
        spelled(format!("BASIC {standard}"), "with a capital scheme"),
        spelled(format!("bAsIc {standard}"), "with a mixed scheme"),
        spelled(format!("Basic   {standard}"), "after three spaces"),
    ]
}

fn malformed() -> Vec<Row> {
    let refused = invalid_client(401, "malformed_basic");
    let header = |value: String, what: &str| {
        scene(format!("Basic is malformed {what}"))
            .send(Request::token().authorization(value), refused.clone())
            .row()
    };
    let pair = |pair: &[u8], what: &str| header(basic_pair(pair), what);
    let good = STANDARD.encode(format!("c-basic:{}", secret_of("c-basic")));
    vec![
        header("Basic".to_owned(), "without credentials"),
        header(format!("Basic {good}!"), "with a character behind the credentials"),
        header(format!("Basic {good}, Basic {good}"), "with two credentials in one line"),
        header(format!("Basic {} {}", &good[..8], &good[8..]), "with a space in the credentials"),
        header("Basic c-basic:secret".to_owned(), "when the pair is not encoded"),
        header(format!("Basic realm=\"x\" {good}"), "with a parameter in front"),
        header("Basic YTpi*".to_owned(), "with a character of no alphabet"),
        header("Basic YTp".to_owned(), "when it ends with unused bits that are set"),
        header("Basic YTpiY".to_owned(), "with a length that base64 never has"),
        pair(b"", "when the pair is empty"),
        pair(b"c-basic", "without a colon"),
        pair(b"c-basic%3Asecret", "with an encoded colon alone"),
        pair(b":secret", "with an empty id"),
        pair(b":", "with nothing but a colon"),
        pair(b"c-basic:\x00", "with a NUL in the secret"),
        pair(b"c-basic:a\nb", "with a line feed in the secret"),
        pair(b"c-basic:a\tb", "with a tab in the secret"),
        pair(b"c-basic:a\x7Fb", "with a DEL in the secret"),
        pair(b"c-basic\r\n:x", "with a line break in the id"),
        pair(b"c-basic:\xE9", "with Latin-1 in the secret"),
        pair(b"\xFF\xFE:x", "with octets that are not UTF-8 in the id"),
        pair("c-basic:a\u{85}b".as_bytes(), "with a C1 control character in the secret"),
        scene("an undecodable pair is malformed when only the form reading counts")
            .policy(json!({"basic_decoding": "form"}))
            .send(Request::token().authorization(basic_pair("c-basic:50%")), refused)
            .row(),
        scene("Basic credentials of exactly 64 KiB are read, and longer ones are not")
            .send(of_length(64 * 1024), invalid_client(401, "secret_mismatch"))
            .send(of_length(64 * 1024 + 4), invalid_request(413, "too_large"))
            .row(),
    ]
}

/// Credentials that take this much space behind the scheme.
fn of_length(octets: usize) -> Request {
    let id = "c-basic:";
    Request::token().authorization(basic_pair(format!("{id}{}", "x".repeat(octets / 4 * 3 - id.len()))))
}

fn identities() -> Vec<Row> {
    let own = secret_of("c-basic");
    let refused = |name: &str, id: &str, secret: &str, reason: &str| {
        scene(name).send(Request::token().basic(id, secret), invalid_client(401, reason)).row()
    };
    let id = |what: &str, id: &str| refused(&format!("{what} is another id"), id, &own, "unknown_client");
    let twice: Scene = scene("a secret may be used any number of times");
    vec![
        refused("an unknown client is refused", "nobody", "x", "unknown_client"),
        refused("a wrong secret is refused like an unknown client", "c-basic", "x", "secret_mismatch"),
        refused("an empty secret never matches", "c-basic", "", "secret_mismatch"),
        refused(
            "the secret of another client does not match",
            "c-basic",
            &secret_of("c-post"),
            "secret_mismatch",
        ),
        refused("a prefix of the secret does not match", "c-basic", &own[1..], "secret_mismatch"),
        refused(
            "a client of client_secret_post is not let in by Basic",
            "c-post",
            &secret_of("c-post"),
            "method_not_granted",
        ),
        refused("a public client is not let in by Basic", "c-none", "x", "method_not_granted"),
        refused(
            "a public client is not let in by Basic without a secret",
            "c-none",
            "",
            "method_not_granted",
        ),
        refused(
            "a client of private_key_jwt is not let in by Basic",
            "c-pkjwt-es256",
            "x",
            "method_not_granted",
        ),
        id("an id in capitals", "C-BASIC"),
        id("an id with a blank behind it", "c-basic "),
        id("an id with a zero-width space", "c-basic\u{200B}"),
        id("a prefix of an id", "c-basi"),
        twice
            .send(Request::token().basic("c-basic", &own), by_basic())
            .send(Request::token().basic("c-basic", &own), by_basic())
            .row(),
        scene("a failed attempt does not lock the client out")
            .send(Request::token().basic("c-basic", "x"), invalid_client(401, "secret_mismatch"))
            .send(Request::token().basic("c-basic", &own), by_basic())
            .row(),
        scene("a client without a registered method uses Basic")
            .fixture("c-unset")
            .send(
                Request::token().basic("c-unset", &secret_of("c-unset")),
                accepted("c-unset", "client_secret_basic"),
            )
            .row(),
        scene("the preset fapi2 takes no Basic")
            .preset("fapi2")
            .send(Request::token().basic("c-basic", &own), invalid_client(401, "method_not_granted"))
            .row(),
    ]
}

pub(super) fn client(id: &str, secret: &str) -> Value {
    json!({"client_id": id, "token_endpoint_auth_method": "client_secret_basic", "client_secret": secret})
}
