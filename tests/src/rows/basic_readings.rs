//! `client_secret_basic`: a pair that is form-encoded and one that is not.

use serde_json::json;

use super::basic::client;
use super::secret_of;
use crate::encoding::basic_pair;
use crate::request::Request;
use crate::row::Row;
use crate::scene::{accepted, invalid_client, scene};

pub(super) fn rows() -> Vec<Row> {
    [form_or_raw(), characters()].concat()
}

/// The form-decoded pair first, then the raw one; a single attempt.
fn form_or_raw() -> Vec<Row> {
    let sent = |name: &str, secret: &str, pair: &str| {
        scene(name)
            .client(client("c", secret))
            .send(Request::token().authorization(basic_pair(pair)), accepted("c", "client_secret_basic"))
    };
    let wrong = |name: &str, secret: &str, pair: &str| {
        scene(name)
            .client(client("c", secret))
            .send(Request::token().authorization(basic_pair(pair)), invalid_client(401, "secret_mismatch"))
    };
    let two_ids = |name: &str| {
        scene(name).client(client("a%41", "the raw one's")).client(client("aA", "the decoded one's"))
    };
    let both = "a%41:the raw one's";
    vec![
        sent("a plus in the secret may be sent raw", "a+b", "c:a+b").row(),
        sent("a plus in the secret may be sent encoded", "a+b", "c:a%2Bb").row(),
        sent("a percent sign in the secret may be sent raw", "50%", "c:50%").row(),
        sent("a percent sign in the secret may be sent encoded", "50%", "c:50%25").row(),
        sent("a secret that looks encoded may be sent raw", "a%41b", "c:a%41b").row(),
        sent("a secret that looks encoded may be sent encoded", "a%41b", "c:a%2541b").row(),
        sent("a needlessly encoded secret is decoded", "aAb", "c:a%41b").row(),
        sent("a needlessly encoded secret with small digits is decoded", "a/b", "c:a%2fb").row(),
        sent("a space in the secret may be sent raw", "a b", "c:a b").row(),
        sent("a space in the secret may be sent as a plus", "a b", "c:a+b").row(),
        sent("a colon in the secret may be sent raw", "a:b:c", "c:a:b:c").row(),
        sent("a colon in the secret may be sent encoded", "a:b:c", "c:a%3Ab%3Ac").row(),
        sent("a secret may begin with a colon", ":a", "c::a").row(),
        wrong("a secret is not decoded twice", "aAb", "c:a%2541b").row(),
        wrong("an encoded line feed is no part of a secret", "secret", "c:secret%0A").row(),
        wrong("an encoded NUL does not end a secret", "secret", "c:secret%00").row(),
        wrong("a trailing space is part of the secret", "secret", "c:secret+").row(),
        wrong("a leading space is part of the secret", "secret", "c: secret").row(),
        two_ids("the decoded id is looked up first")
            .send(
                Request::token().authorization(basic_pair("a%41:the decoded one's")),
                accepted("aA", "client_secret_basic"),
            )
            .row(),
        two_ids("the raw id is looked up when the decoded one proves nothing")
            .send(Request::token().authorization(basic_pair(both)), accepted("a%41", "client_secret_basic"))
            .row(),
        two_ids("the raw id is not looked up with basic_decoding form")
            .policy(json!({"basic_decoding": "form"}))
            .send(Request::token().authorization(basic_pair(both)), invalid_client(401, "secret_mismatch"))
            .row(),
        scene("the raw id is looked up when no client has the decoded one")
            .client(client("100%", "s"))
            .send(
                Request::token().authorization(basic_pair("100%:s")),
                accepted("100%", "client_secret_basic"),
            )
            .row(),
    ]
}

fn characters() -> Vec<Row> {
    let every_printable: String = (0x20_u8..0x7F).map(char::from).collect();
    let utf8 = |name: &str| scene(name).client(client("café", "pässwörd-中"));
    let is_utf8 = accepted("café", "client_secret_basic");
    vec![
        scene("every printable character may stand in id and secret")
            .client(client(&every_printable, &every_printable))
            .send(
                Request::token().basic(&every_printable, &every_printable),
                accepted(&every_printable, "client_secret_basic"),
            )
            .row(),
        utf8("UTF-8 in id and secret is read when it is encoded")
            .send(Request::token().basic("café", "pässwörd-中"), is_utf8.clone())
            .row(),
        utf8("UTF-8 in id and secret is read when it is sent raw")
            .send(Request::token().authorization(basic_pair("café:pässwörd-中")), is_utf8)
            .row(),
        utf8("another normalisation of a secret is another secret")
            .send(
                Request::token().basic("café", "pa\u{308}sswo\u{308}rd-中"),
                invalid_client(401, "secret_mismatch"),
            )
            .row(),
        utf8("another normalisation of an id is another id")
            .send(Request::token().basic("cafe\u{301}", "pässwörd-中"), invalid_client(401, "unknown_client"))
            .row(),
        scene("a colon in the id is read when it is encoded")
            .fixture("an:identifier")
            .send(
                Request::token().basic("an:identifier", "pa:ss"),
                accepted("an:identifier", "client_secret_basic"),
            )
            .row(),
        scene("a colon in the id cannot be sent raw")
            .fixture("an:identifier")
            .send(
                Request::token().authorization(basic_pair("an:identifier:pa:ss")),
                invalid_client(401, "unknown_client"),
            )
            .row(),
        scene("all of a long secret counts")
            .fixture("c-basic-long")
            .send(
                Request::token()
                    .basic("c-basic-long", &secret_of("c-basic-long").replace("tail-A", "tail-B")),
                invalid_client(401, "secret_mismatch"),
            )
            .row(),
        scene("a long secret is read whole")
            .fixture("c-basic-long")
            .send(
                Request::token().basic("c-basic-long", &secret_of("c-basic-long")),
                accepted("c-basic-long", "client_secret_basic"),
            )
            .row(),
    ]
}
