//! Three base64url parts, joined by dots, and nothing else.

use super::{by_es256, es256, signed};
use crate::mutate::Mutation;
use crate::request::Request;
use crate::row::Row;
use crate::scene::{invalid_client, scene};
use crate::serialization::{compact, json_flattened, json_general};

pub(super) fn rows() -> Vec<Row> {
    [parts(), text(), serializations()].concat()
}

fn refused(name: String, token: String) -> Row {
    scene(name).send(Request::token().assertion(token), invalid_client(400, "assertion_malformed")).row()
}

fn parts() -> Vec<Row> {
    let shaped = |pattern: &str| {
        refused(format!("an assertion of the shape {pattern:?} is malformed"), compact(pattern, &es256()))
    };
    let mut rows: Vec<_> = [
        "h",
        "h.p",
        "p.s",
        "h.p.s.",
        ".h.p.s",
        "h.p.s.s",
        "h..p.s",
        "..",
        "...",
        ".p.s",
        "h..s",
        "h.k.i.c.t",
        "x",
    ]
    .map(shaped)
    .into_iter()
    .collect();
    rows.push(
        scene("an empty signature of an honest algorithm is an invalid one")
            .send(
                Request::token().assertion(compact("h.p.", &es256())),
                invalid_client(400, "signature_invalid"),
            )
            .row(),
    );
    rows.push(refused("an assertion of dots alone is malformed".to_owned(), ".".repeat(16_000)));
    rows
}

fn text() -> Vec<Row> {
    let edited = |what: &str, mutation: Mutation| {
        let assertion = es256();
        refused(format!("{what} makes an assertion malformed"), mutation.apply(&assertion.mint(), &assertion))
    };
    let appended = |what: &str, text: &str| edited(what, Mutation::Append { s: text.to_owned() });
    let inserted =
        |what: &str, seg: usize, text: &str| edited(what, Mutation::Insert { seg, s: text.to_owned() });
    vec![
        appended("a line feed at the end", "\n"),
        appended("a space at the end", " "),
        appended("a NUL at the end", "\0"),
        appended("a comma and a second token", ",x.y.z"),
        edited("a space in front", Mutation::Prepend { s: " ".to_owned() }),
        edited("the word Bearer in front", Mutation::Prepend { s: "Bearer ".to_owned() }),
        edited("a quotation mark in front", Mutation::Prepend { s: "\"".to_owned() }),
        edited("a byte order mark in front", Mutation::Prepend { s: "\u{FEFF}".to_owned() }),
        inserted("a line feed in the header", 0, "\n"),
        inserted("a space in the payload", 1, " "),
        inserted("a tab in the signature", 2, "\t"),
        inserted("an equals sign in the payload", 1, "="),
        inserted("a question mark in the header", 0, "?"),
        inserted("a letter outside ASCII in the payload", 1, "é"),
        edited("padding behind every part", Mutation::PadAll),
        edited("padding behind the signature", Mutation::AppendSeg { seg: 2, s: "==".to_owned() }),
        edited("the standard alphabet", Mutation::StdAlphabet),
        edited("unused bits in the signature", Mutation::TrailingBits { seg: 2 }),
        edited("unused bits in a payload that was signed so", Mutation::TrailingBitsResign { seg: 1 }),
        edited("unused bits in a header that was signed so", Mutation::TrailingBitsResign { seg: 0 }),
        edited("a header of impossible length", Mutation::OneModFour { seg: 0 }),
        edited("a signature of impossible length", Mutation::OneModFour { seg: 2 }),
        edited("an ideographic full stop for a dot", Mutation::Dot { s: "\u{3002}".to_owned() }),
        edited("a colon for a dot", Mutation::Dot { s: ":".to_owned() }),
        edited("percent-encoded dots", Mutation::PctEncodeDots),
        edited("an unencoded payload", Mutation::RawPayload),
    ]
}

fn serializations() -> Vec<Row> {
    let mut rows = vec![
        refused("the flattened JSON serialization is malformed".to_owned(), json_flattened(&es256(), None)),
        refused(
            "the flattened JSON serialization with an unprotected header is malformed".to_owned(),
            json_flattened(&es256(), Some(&serde_json::json!({"alg": "ES256"}))),
        ),
        refused("the general JSON serialization is malformed".to_owned(), json_general(&es256())),
        refused("a quoted assertion is malformed".to_owned(), format!("\"{}\"", es256().mint())),
    ];
    rows.push(scene("a well-formed assertion is accepted").send(signed(&es256()), by_es256()).row());
    rows
}
