//! Assertions in shapes other than the compact one, none of which is taken.

use serde_json::{Value, json};

use crate::assertion::Assertion;
use crate::mutate::Mutation;

/// A token of other shape: the letters h, p and s stand for the parts of a valid one, any other text for itself.
///
/// `h.ps` is a token without its last dot, `h.k.i.c.t` looks like a JWE.
pub fn compact(pattern: &str, assertion: &Assertion) -> String {
    let token = assertion.mint();
    let parts: Vec<_> = token.split('.').collect();
    let segment = |name: &str| match name {
        "h" => parts[0].to_owned(),
        "p" => parts[1].to_owned(),
        "s" => parts[2].to_owned(),
        "ps" => parts[1].to_owned() + parts[2],
        "k" | "i" | "c" | "t" => "AAAA".to_owned(),
        literal => literal.to_owned(),
    };
    pattern.split('.').map(segment).collect::<Vec<_>>().join(".")
}

/// The flattened JSON serialization (RFC 7515 §7.2.2), with an unprotected header if there is one.
pub fn json_flattened(assertion: &Assertion, unprotected: Option<&Value>) -> String {
    let token = assertion.mint();
    let parts: Vec<_> = token.split('.').collect();
    let mut object = json!({"protected": parts[0], "payload": parts[1], "signature": parts[2]});
    if let Some(header) = unprotected {
        object["header"] = header.clone();
    }
    object.to_string()
}

/// The general JSON serialization (RFC 7515 §7.2.1) with a valid signature and a forged one.
pub fn json_general(assertion: &Assertion) -> String {
    let token = assertion.mint();
    let parts: Vec<_> = token.split('.').collect();
    let forged = Mutation::FlipSigBit.apply(&token, assertion);
    let forged = forged.rsplit('.').next().unwrap_or_default();
    let signatures =
        [parts[2], forged].map(|signature| json!({"protected": parts[0], "signature": signature}));
    json!({"payload": parts[1], "signatures": signatures}).to_string()
}
