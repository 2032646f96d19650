//! `onewelcome`: times as strings, the base URL as audience, and perhaps no `jti`.

use serde_json::json;

use crate::assertion::Assertion;
use crate::row::{Endpoint, ISSUER, NOW, Row};
use crate::rows::{by_basic, by_es256, es256, good_basic, signed};
use crate::scene::{Scene, invalid_client, scene};

pub(super) fn rows() -> Vec<Row> {
    [requests(), times(), under_default()].concat()
}

pub(super) fn under(name: impl Into<String>) -> Scene {
    scene(format!("under onewelcome {}", name.into())).preset("onewelcome")
}

/// The assertion that its clients send: ES256, an hour of life, times as strings, the base URL, no `jti`.
pub(super) fn assertion() -> Assertion {
    lives(3600).without_claim("jti")
}

/// The same with a `jti`, and another life in seconds.
pub(super) fn lives(seconds: i64) -> Assertion {
    es256().claim("aud", ISSUER).claim("iat", NOW.to_string()).claim("exp", (NOW + seconds).to_string())
}

fn requests() -> Vec<Row> {
    let (undated, once) = (signed(&assertion()), signed(&lives(3600)));
    vec![
        under("an assertion without jti is accepted, and again")
            .send(undated.clone(), by_es256())
            .send(undated.clone(), by_es256())
            .row(),
        under("an assertion without jti still expires")
            .send(undated.clone(), by_es256())
            .advance(3629)
            .send(undated.clone(), by_es256())
            .advance(1)
            .send(undated, invalid_client(400, "expired"))
            .row(),
        under("an assertion with jti is used once")
            .send(once.clone(), by_es256())
            .send(once, invalid_client(400, "replayed"))
            .row(),
        under("an empty jti is none").send(signed(&assertion().claim("jti", "")), by_es256()).row(),
        under("a jti that is a number is refused")
            .send(signed(&assertion().claim("jti", 1)), invalid_client(400, "claim_wrong_type"))
            .row(),
        under("the base URL is an audience")
            .send(signed(&assertion().claim("aud", ISSUER)), by_es256())
            .row(),
        under("the base URL with a slash is none")
            .send(
                signed(&assertion().claim("aud", format!("{ISSUER}/"))),
                invalid_client(400, "aud_mismatch"),
            )
            .row(),
        under("the token endpoint is an audience, too")
            .send(signed(&assertion().claim("aud", Endpoint::Token.url())), by_es256())
            .row(),
        under("another server is no audience")
            .send(
                signed(&assertion().claim("aud", "https://other.test")),
                invalid_client(400, "aud_mismatch"),
            )
            .row(),
        under("another signature over an assertion without jti is refused")
            .send(signed(&assertion().signed_by("attacker-ec")), invalid_client(400, "signature_invalid"))
            .row(),
        under("Basic works as ever").send(good_basic(), by_basic()).row(),
    ]
}

fn times() -> Vec<Row> {
    let good = |name: &str, assertion: &Assertion| under(name).send(signed(assertion), by_es256()).row();
    let bad = |name: String, assertion: &Assertion, reason: &str| {
        under(name).send(signed(assertion), invalid_client(400, reason)).row()
    };
    let mut rows = vec![
        good("an hour of life is fine", &lives(3600)),
        good("an hour and the leeway is fine", &lives(3630)),
        bad("an hour, the leeway and a second is too long".to_owned(), &lives(3631), "lifetime_too_long"),
        bad("a day is too long".to_owned(), &lives(86_400), "lifetime_too_long"),
        bad("an exp string that has passed is refused".to_owned(), &lives(-30), "expired"),
        bad(
            "an nbf string ahead is refused".to_owned(),
            &lives(60).claim("nbf", (NOW + 31).to_string()),
            "not_yet_valid",
        ),
        bad(
            "an iat string ahead is refused".to_owned(),
            &lives(60).claim("iat", (NOW + 31).to_string()),
            "not_yet_valid",
        ),
        good("times may be numbers, too", &assertion().claim("iat", NOW).claim("exp", NOW + 60)),
        good("a string may hold a fraction", &assertion().claim("exp", "1800000060.5")),
    ];
    for claim in ["exp", "nbf", "iat"] {
        for text in [
            "",
            " ",
            "never",
            "NaN",
            "inf",
            "Infinity",
            "-1",
            "0x6B49D200",
            " 1800000000",
            "1800000000 ",
            "1800000000s",
            "1,800,000,000",
            "1 800 000 000",
            "1_800_000_000",
            "1e999",
            "٣",
            "2027-01-15T08:00:00Z",
            "1800000000\0",
            "true",
            "null",
        ] {
            rows.push(bad(
                format!("the {claim} {text:?} is no numeric string"),
                &assertion().claim(claim, text),
                "claim_wrong_type",
            ));
        }
        for value in [json!(true), json!(["1800000000"]), json!({})] {
            rows.push(bad(
                format!("the {claim} {value} is no time"),
                &assertion().claim(claim, value),
                "claim_wrong_type",
            ));
        }
    }
    rows
}

/// Each of these passes under the preset alone.
fn under_default() -> Vec<Row> {
    let refused = |what: &str, assertion: &Assertion, reason: &str| {
        scene(format!("under default the assertion of a client of onewelcome with {what} is refused"))
            .send(signed(assertion), invalid_client(400, reason))
            .row()
    };
    vec![
        refused("all its peculiarities", &assertion(), "claim_wrong_type"),
        refused("exp as a string", &es256().claim("exp", "1800000060"), "claim_wrong_type"),
        refused("iat as a string", &es256().claim("iat", "1800000000"), "claim_wrong_type"),
        refused("no jti", &es256().without_claim("jti"), "jti_missing"),
    ]
}
