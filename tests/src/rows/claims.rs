//! The claims: every one of them in every JSON type, missing, twice.

use serde_json::{Value, json};

use super::{by_es256, es256, signed};
use crate::assertion::Assertion;
use crate::row::{ISSUER, NOW, Row};
use crate::scene::{invalid_client, scene};

pub(super) fn rows() -> Vec<Row> {
    [types(), missing(), repeated(), documents(), parties(), ignored()].concat()
}

pub(super) fn refused(name: String, assertion: &Assertion, reason: &str) -> Row {
    scene(name).send(signed(assertion), invalid_client(400, reason)).row()
}

fn types() -> Vec<Row> {
    let wrong = |claim: &str| -> Vec<Value> {
        let mut wrong = vec![json!(null), json!(true), json!({"v": 1})];
        wrong.extend(match claim {
            "iss" | "sub" | "jti" => vec![json!(1), json!(1.5), json!([]), json!(["c-pkjwt-es256"])],
            "aud" => {
                vec![json!(1), json!([1]), json!([ISSUER, null]), json!([[ISSUER]]), json!([ISSUER, {}])]
            }
            _ => vec![json!("1800000060"), json!(""), json!([]), json!([NOW + 60])],
        });
        wrong
    };
    let mut rows = Vec::new();
    for claim in ["iss", "sub", "aud", "jti", "exp", "nbf", "iat"] {
        for value in wrong(claim) {
            let name = format!("{claim} {value} is of the wrong type");
            rows.push(refused(name, &es256().claim(claim, value), "claim_wrong_type"));
        }
    }
    rows
}

fn missing() -> Vec<Row> {
    let mut rows: Vec<_> = ["iss", "sub", "aud", "exp"]
        .map(|claim| {
            refused(
                format!("an assertion without {claim} is refused"),
                &es256().without_claim(claim),
                "claim_missing",
            )
        })
        .into_iter()
        .collect();
    for claim in ["iat", "nbf"] {
        rows.push(
            scene(format!("an assertion without {claim} is accepted"))
                .send(signed(&es256().without_claim(claim)), by_es256())
                .row(),
        );
    }
    rows.extend([
        refused(
            "an assertion without jti is refused".to_owned(),
            &es256().without_claim("jti"),
            "jti_missing",
        ),
        refused("an empty jti is a missing one".to_owned(), &es256().claim("jti", ""), "jti_missing"),
        refused("a payload without any claim lacks one".to_owned(), &es256().payload("{}"), "claim_missing"),
        refused(
            "a claim in capitals is another claim".to_owned(),
            &es256().without_claim("sub").claim("SUB", "c-pkjwt-es256"),
            "claim_missing",
        ),
        scene("with jti optional an assertion without jti is accepted, and again")
            .policy(json!({"jti": "optional"}))
            .send(signed(&es256().without_claim("jti")), by_es256())
            .send(signed(&es256().without_claim("jti")), by_es256())
            .row(),
    ]);
    rows
}

fn repeated() -> Vec<Row> {
    let mut rows = Vec::new();
    for claim in ["iss", "sub", "aud", "jti", "exp", "iat"] {
        let text = es256().claims().text(claim).expect("a claim of the base assertion").to_owned();
        let twice = es256().without_claim(claim).repeated_claim(claim, &text).repeated_claim(claim, &text);
        rows.push(refused(
            format!("the claim {claim} twice with equal values is malformed"),
            &twice,
            "assertion_malformed",
        ));
    }
    let payload = |what: &str, members: &str| {
        let payload = format!("{{{},{members}}}", es256().claims().inner());
        refused(format!("{what} is malformed"), &es256().payload(payload), "assertion_malformed")
    };
    rows.extend([
        payload("the claim nbf twice", r#""nbf":1,"nbf":1"#),
        payload("an unknown claim twice", r#""x":1,"x":1"#),
        payload("a claim that comes twice by an escape", r#""\u0073ub":"c-basic""#),
        payload("a member that comes twice inside a claim", r#""x":{"y":1,"y":2}"#),
        payload("a member that comes twice inside an array of a claim", r#""x":[1,[{"y":1,"y":2}]]"#),
        scene("a claim whose name is written with an escape is that claim")
            .send(
                signed(&es256().without_claim("sub").payload(format!(
                    "{{{},\"\\u0073ub\":\"c\\u002dpkjwt-es256\"}}",
                    es256().without_claim("sub").claims().inner()
                ))),
                by_es256(),
            )
            .row(),
    ]);
    rows
}

fn documents() -> Vec<Row> {
    let malformed = |what: &str, payload: Vec<u8>| {
        refused(
            format!("a payload that {what} is malformed"),
            &es256().payload(payload),
            "assertion_malformed",
        )
    };
    let claims = || es256().claims().to_json();
    let nested = |depth: usize| {
        format!("{{{},\"x\":{}{}}}", es256().claims().inner(), "[".repeat(depth), "]".repeat(depth))
    };
    let with = |member: &str| format!("{{{},{member}}}", es256().claims().inner()).into_bytes();
    vec![
        malformed("is empty", Vec::new()),
        malformed("is no JSON", b"foo".to_vec()),
        malformed("is null", b"null".to_vec()),
        malformed("is a number", b"1".to_vec()),
        malformed("is a string", b"\"x\"".to_vec()),
        malformed("is an array of claims", format!("[{}]", claims()).into_bytes()),
        malformed("has something behind it", format!("{} x", claims()).into_bytes()),
        malformed("is two objects", format!("{}{}", claims(), claims()).into_bytes()),
        malformed("begins with a byte order mark", format!("\u{FEFF}{}", claims()).into_bytes()),
        malformed("is cut off", claims().trim_end_matches('}').to_owned().into_bytes()),
        malformed(
            "is not UTF-8",
            with("\"x\":\"?\"").iter().map(|byte| if *byte == b'?' { 0xFF } else { *byte }).collect(),
        ),
        malformed("has a lone surrogate in an unknown claim", with(r#""x":"\udc00""#)),
        malformed("has a control character in an unknown claim", with("\"x\":\"\u{1}\"")),
        malformed("is nested two hundred deep", nested(200).into_bytes()),
        scene("a payload that is nested a hundred deep is read")
            .send(signed(&es256().payload(nested(100))), by_es256())
            .row(),
        scene("blanks around and between claims are read")
            .send(signed(&es256().payload(format!(" \n{}\t", claims().replace(',', " , ")))), by_es256())
            .row(),
        scene("a thousand unknown claims are read")
            .send(
                signed(
                    &(0..800).fold(es256(), |assertion, number| assertion.claim(&format!("m{number}"), 0)),
                ),
                by_es256(),
            )
            .row(),
    ]
}

fn parties() -> Vec<Row> {
    let named = |name: &str, iss: &str, sub: &str, reason: &str| {
        refused(name.to_owned(), &es256().claim("iss", iss).claim("sub", sub), reason)
    };
    let own = "c-pkjwt-es256";
    vec![
        named("another iss is refused", "https://other.test", own, "iss_mismatch"),
        named("an empty iss is refused", "", own, "iss_mismatch"),
        named("the server as iss is refused", ISSUER, own, "iss_mismatch"),
        named("an iss in capitals is refused", "C-PKJWT-ES256", own, "iss_mismatch"),
        named("an iss with a blank behind it is refused", "c-pkjwt-es256 ", own, "iss_mismatch"),
        named("another client as sub is refused", own, "c-pkjwt-es256b", "iss_mismatch"),
        named("another client as iss is refused", "c-pkjwt-es256b", own, "iss_mismatch"),
        named("an unknown sub names no client", own, "nobody", "unknown_client"),
        named("an empty sub names no client", own, "", "unknown_client"),
        named("an unknown client as iss and sub is refused", "nobody", "nobody", "unknown_client"),
        named("a client of another method is refused", "c-basic", "c-basic", "method_not_granted"),
        named("a public client is refused", "c-none", "c-none", "method_not_granted"),
        named(
            "another client as iss and sub is refused for its key",
            "c-pkjwt-es256b",
            "c-pkjwt-es256b",
            "key_not_found",
        ),
        refused(
            "another client as iss and sub is refused for its signature".to_owned(),
            &es256().claim("iss", "c-pkjwt-es256b").claim("sub", "c-pkjwt-es256b").header("kid", "es-b"),
            "signature_invalid",
        ),
        scene("a disabled client with a perfect assertion is refused")
            .fixture("c-disabled-jwt")
            .send(signed(&Assertion::of("c-disabled-jwt")), invalid_client(400, "client_disabled"))
            .row(),
    ]
}

fn ignored() -> Vec<Row> {
    let mut rows = Vec::new();
    for (claim, value) in [
        ("client_id", json!("c-basic")),
        ("azp", json!("c-basic")),
        ("scope", json!("admin")),
        ("cnf", json!({"jkt": "x"})),
        ("htm", json!("POST")),
        ("nonce", json!(null)),
        ("https://example.test/claim", json!([1, {"a": false}])),
    ] {
        rows.push(
            scene(format!("the claim {claim} changes nothing"))
                .send(signed(&es256().claim(claim, value)), by_es256())
                .row(),
        );
    }
    rows
}
