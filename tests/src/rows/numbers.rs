//! Times as JSON numbers, and everything that is none.

use serde_json::json;

use super::claims::refused;
use super::{by_es256, es256, signed};
use crate::row::Row;
use crate::scene::{invalid_client, scene};

pub(super) fn rows() -> Vec<Row> {
    [numbers(), numeric_strings()].concat()
}

fn numbers() -> Vec<Row> {
    let mut rows = Vec::new();
    for claim in ["exp", "nbf", "iat"] {
        for text in ["-1", "-0.5", "9007199254740994", "18446744073709551616", "1e300"] {
            let name = format!("{claim} {text} is no sensible number");
            rows.push(refused(name, &es256().raw_claim(claim, text), "claim_wrong_type"));
        }
        for text in
            ["1e999", "NaN", "Infinity", "01800000060", "+1800000060", "0x6B49D200", "1800000060.", ".5"]
        {
            let name = format!("{claim} {text} is no JSON");
            rows.push(refused(name, &es256().raw_claim(claim, text), "assertion_malformed"));
        }
    }
    for text in ["1800000060.5", "1800000060.0", "1.80000006e9", "18000000600E-1"] {
        rows.push(
            scene(format!("exp {text} is a number like any other"))
                .send(signed(&es256().raw_claim("exp", text)), by_es256())
                .row(),
        );
    }
    rows.push(refused("exp 0 has passed".to_owned(), &es256().claim("exp", 0), "expired"));
    rows
}

fn numeric_strings() -> Vec<Row> {
    let lenient = |name: &str| scene(name).policy(json!({"numeric_strings": true}));
    vec![
        lenient("with numeric_strings a time may be a string")
            .send(signed(&es256().claim("exp", "1800000060").claim("iat", "1800000000")), by_es256())
            .row(),
        lenient("with numeric_strings a word is still no time")
            .send(signed(&es256().claim("exp", "never")), invalid_client(400, "claim_wrong_type"))
            .row(),
        lenient("with numeric_strings an empty string is still no time")
            .send(signed(&es256().claim("iat", "")), invalid_client(400, "claim_wrong_type"))
            .row(),
        lenient("with numeric_strings a negative string is still no time")
            .send(signed(&es256().claim("nbf", "-1")), invalid_client(400, "claim_wrong_type"))
            .row(),
        lenient("with numeric_strings the words of floating point are still no time")
            .send(signed(&es256().claim("exp", "inf")), invalid_client(400, "claim_wrong_type"))
            .row(),
    ]
}
