//! The JOSE header: every member in every JSON type, `crit`, `typ`, `alg`.

use serde_json::{Value, json};

use super::{by_es256, es256, signed};
use crate::assertion::Assertion;
use crate::fixtures::fixtures;
use crate::row::{Expect, Row};
use crate::scene::{invalid_client, scene};

pub(super) fn rows() -> Vec<Row> {
    [types(), repeated(), documents(), critical(), typ(), foreign_keys()].concat()
}

pub(super) fn header(name: String, assertion: &Assertion, reason: &str) -> Row {
    scene(name).send(signed(assertion), invalid_client(400, reason)).row()
}

fn types() -> Vec<Row> {
    let wrong = [json!(null), json!(true), json!(1), json!(["ES256"]), json!({"a": 1})];
    let mut rows = Vec::new();
    for member in ["alg", "kid", "typ"] {
        for value in &wrong {
            let name = format!("a header whose {member} is {value} is malformed");
            rows.push(header(name, &es256().header(member, value.clone()), "assertion_malformed"));
        }
    }
    rows.push(header(
        "a header without alg is malformed".to_owned(),
        &es256().without_header("alg"),
        "assertion_malformed",
    ));
    rows
}

fn repeated() -> Vec<Row> {
    let twice = |member: &str, value: &str| {
        let assertion = es256().header(member, serde_json::from_str::<Value>(value).unwrap());
        header(
            format!("the header member {member} twice with equal values is malformed"),
            &assertion.repeated_header(member, value),
            "assertion_malformed",
        )
    };
    vec![
        twice("alg", "\"ES256\""),
        twice("kid", "\"es-1\""),
        twice("typ", "\"JWT\""),
        twice("cty", "\"x\""),
        twice("x5t#S256", "\"x\""),
        twice("x-anything", "1"),
        header(
            "a header member that comes twice by an escape is malformed".to_owned(),
            &es256().header_text(r#"{"alg":"none","\u0061lg":"ES256","kid":"es-1"}"#),
            "assertion_malformed",
        ),
        header(
            "a member that comes twice deep inside the header is malformed".to_owned(),
            &es256().header_text(r#"{"alg":"ES256","kid":"es-1","x":[{"y":{"z":1,"z":2}}]}"#),
            "assertion_malformed",
        ),
        scene("equal names at different depths are no repetition")
            .send(
                signed(&es256().header_text(r#"{"alg":"ES256","kid":"es-1","x":{"alg":"none","kid":1}}"#)),
                by_es256(),
            )
            .row(),
    ]
}

fn documents() -> Vec<Row> {
    let malformed = |what: &str, text: &[u8]| {
        header(
            format!("a header that {what} is malformed"),
            &es256().header_text(text),
            "assertion_malformed",
        )
    };
    let nested = |depth: usize| {
        format!(r#"{{"alg":"ES256","kid":"es-1","x":{}{}}}"#, "[".repeat(depth), "]".repeat(depth))
    };
    vec![
        malformed("is an array", br#"["ES256"]"#),
        malformed("is a string", br#""ES256""#),
        malformed("is null", b"null"),
        malformed("is empty", b""),
        malformed("has a trailing comma", br#"{"alg":"ES256","kid":"es-1",}"#),
        malformed("has something behind it", br#"{"alg":"ES256","kid":"es-1"} x"#),
        malformed("is not UTF-8", b"{\"alg\":\"ES256\",\"kid\":\"\xFF\"}"),
        malformed("has a lone surrogate", br#"{"alg":"ES256","kid":"\ud800"}"#),
        malformed("has a control character in a string", b"{\"alg\":\"ES256\",\"kid\":\"es\n1\"}"),
        malformed("is nested two hundred deep", nested(200).as_bytes()),
        scene("a header that is nested a hundred deep is read")
            .send(signed(&es256().header_text(nested(100))), by_es256())
            .row(),
        scene("blanks between the members of a header are read")
            .send(
                signed(&es256().header_text("\n{ \"alg\" : \"ES256\" ,\t\"kid\" : \"es-1\" } ")),
                by_es256(),
            )
            .row(),
        scene("an escape in a header's values is read")
            .send(signed(&es256().header_text(r#"{"alg":"\u0045S256","kid":"es\u002d1"}"#)), by_es256())
            .row(),
    ]
}

fn critical() -> Vec<Row> {
    let mut rows = Vec::new();
    let values = [
        json!(null),
        json!([]),
        json!("b64"),
        json!({}),
        json!(["b64"]),
        json!(["exp"]),
        json!([1]),
        json!(["x"]),
    ];
    for value in values {
        let name = format!("a header with crit {value} is refused");
        rows.push(header(name, &es256().header("crit", value), "crit_not_understood"));
    }
    for value in [json!(true), json!(false), json!(null), json!("no")] {
        let name = format!("a header with b64 {value} is refused");
        rows.push(header(name, &es256().header("b64", value), "crit_not_understood"));
    }
    rows.push(
        scene("a header member that merely looks critical is ignored")
            .send(signed(&es256().header("Crit", json!(["x"])).header("criteria", 1)), by_es256())
            .row(),
    );
    rows
}

fn typ() -> Vec<Row> {
    let mut rows = Vec::new();
    for typ in [
        "JWT",
        "jwt",
        "application/JWT",
        "client-authentication+jwt",
        "CLIENT-AUTHENTICATION+JWT",
        "application/client-authentication+jwt",
        "Application/Client-Authentication+JWT",
    ] {
        rows.push(
            scene(format!("typ {typ} is accepted"))
                .send(signed(&es256().header("typ", typ)), by_es256())
                .row(),
        );
    }
    for typ in [
        "at+jwt",
        "application/at+jwt",
        "dpop+jwt",
        "oauth-authz-req+jwt",
        "logout+jwt",
        "secevent+jwt",
        "token-introspection+jwt",
        "oauth-client-attestation+jwt",
        "oauth-client-attestation-pop+jwt",
        "JOSE",
        "text/jwt",
        "application/application/jwt",
        "client-authentication",
        "JWT ",
        "",
    ] {
        rows.push(header(format!("typ {typ:?} is refused"), &es256().header("typ", typ), "typ_not_allowed"));
    }
    let required = |name: &str| scene(name).policy(json!({"require_typ": true}));
    rows.extend([
        required("with require_typ an untyped assertion is refused")
            .send(signed(&es256()), invalid_client(400, "typ_not_allowed"))
            .row(),
        required("with require_typ the typ JWT is refused")
            .send(signed(&es256().header("typ", "JWT")), invalid_client(400, "typ_not_allowed"))
            .row(),
        required("with require_typ a typed assertion is accepted")
            .send(signed(&es256().header("typ", "client-authentication+jwt")), by_es256())
            .row(),
    ]);
    rows
}

/// RFC 8725 §3.10: a key never comes from the JWT itself.
fn foreign_keys() -> Vec<Row> {
    let attacker = fixtures().key("attacker-ec");
    let hints = [
        ("jwk", attacker.public()),
        ("jku", json!("https://attacker.test/jwks.json")),
        ("x5u", json!("https://attacker.test/cert.pem")),
        ("x5c", json!(["AAAA"])),
    ];
    let mut rows = Vec::new();
    for (member, value) in hints {
        let forged = es256().header(member, value.clone()).signed_by("attacker-ec");
        rows.push(header(
            format!("the header's {member} lends no key to a forger"),
            &forged,
            "signature_invalid",
        ));
        rows.push(header(
            format!("the header's {member} lends no key to a forger who names none"),
            &forged.without_header("kid"),
            "signature_invalid",
        ));
        rows.push(
            scene(format!("the header's {member} does not disturb the right key"))
                .send(signed(&es256().header(member, value)), by_es256())
                .row(),
        );
    }
    let by_kid = |name: &str, kid: &str, expect: Expect| {
        scene(name).send(signed(&es256().header("kid", kid)), expect).row()
    };
    let not_found = || invalid_client(400, "key_not_found");
    rows.extend([
        by_kid("a kid that is a path names no key", "../../../../dev/null", not_found()),
        by_kid("a kid that is a query names no key", "x' UNION SELECT 'key'--", not_found()),
        by_kid("a kid that is a URL names no key", "https://attacker.test/key.json", not_found()),
        by_kid("a kid in capitals names no key", "ES-1", not_found()),
        by_kid("a kid of four thousand characters names no key", &"k".repeat(4000), not_found()),
        by_kid("a kid with control characters names no key", "es-1\0\r\n", not_found()),
    ]);
    rows
}
