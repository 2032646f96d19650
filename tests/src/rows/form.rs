//! The form: encoding, repeated parameters, empty values.

use serde_json::json;

use super::{
    by_basic, by_es256, by_none, by_post, good_assertion, good_basic, good_none, good_post, secret_of,
};
use crate::request::{JWT_BEARER, Request};
use crate::row::Row;
use crate::scene::{accepted, invalid_client, invalid_request, scene};

pub(super) fn rows() -> Vec<Row> {
    [encoding(), repeated(), empty_values(), pairs()].concat()
}

fn encoding() -> Vec<Row> {
    let malformed = invalid_request(400, "malformed_form");
    let broken = |escape: &str| {
        scene(format!("the escape {escape} is refused and not repaired"))
            .send(good_basic().body(format!("grant_type=client_credentials&x={escape}")), malformed.clone())
            .row()
    };
    let raw = |octets: &[u8], what: &str| {
        let body = [b"grant_type=client_credentials&x=", octets].concat();
        scene(format!("{what} in the form is refused")).send(good_basic().body(body), malformed.clone()).row()
    };
    let mut rows: Vec<_> = ["%", "%2", "%zz", "%G1", "%+1", "a%", "%FF", "%C3", "%C0%80", "%ED%A0%80"]
        .map(broken)
        .into_iter()
        .collect();
    rows.extend([
        raw(b"\xFF", "an octet that is never UTF-8"),
        raw(b"\xC3", "half a character"),
        raw(b"caf\xE9", "Latin-1"),
        scene("a broken escape in a parameter's name is refused")
            .send(good_basic().body("%zz=1"), malformed.clone())
            .row(),
        scene("a broken escape in the secret is refused")
            .send(Request::token().body("client_id=c-post&client_secret=%zz"), malformed.clone())
            .row(),
        scene("UTF-8 that is not percent-encoded is read")
            .send(good_basic().body("grant_type=client_credentials&scope=café"), by_basic())
            .row(),
        scene("percent escapes with small letters are read")
            .fixture("c-post-weird")
            .send(
                Request::token()
                    .body("client_id=c-post-weird+%26%3d%2b%25&client_secret=a%26b%3dc%2bd%2541+e"),
                accepted("c-post-weird &=+%", "client_secret_post"),
            )
            .row(),
        scene("a space may be a plus or %20")
            .fixture("c-post-weird")
            .send(
                Request::token()
                    .body("client_id=c-post-weird%20%26%3D%2B%25&client_secret=a%26b%3Dc%2Bd%2541%20e"),
                accepted("c-post-weird &=+%", "client_secret_post"),
            )
            .row(),
        scene("every character may be percent-encoded")
            .send(
                Request::token().body(format!(
                    "%63lient_id=%63-post&client%5Fsecret={}",
                    secret_of("c-post").bytes().map(|byte| format!("%{byte:02X}")).collect::<String>()
                )),
                by_post(),
            )
            .row(),
    ]);
    rows
}

fn repeated() -> Vec<Row> {
    let refused = invalid_request(400, "duplicate_parameter");
    let twice = |name: &str| {
        scene(format!("{name} twice with equal values is refused"))
            .send(good_basic().set(name, "same").field(name, "same"), refused.clone())
            .row()
    };
    let hidden = |first: &str, second: &str| {
        scene(format!("{first} and {second} are the same parameter"))
            .send(good_basic().body(format!("{first}=1&{second}=2")), refused.clone())
            .row()
    };
    let repeatable = |name: &str| {
        scene(format!("{name} may be repeated"))
            .send(good_basic().field(name, "https://a.test").field(name, "https://b.test"), by_basic())
            .row()
    };
    let mut rows: Vec<_> =
        ["client_id", "client_secret", "grant_type", "code", "scope", "redirect_uri", "code_verifier", "foo"]
            .map(twice)
            .into_iter()
            .collect();
    rows.extend(["resource", "audience"].map(repeatable));
    rows.extend([
        hidden("client_id", "%63lient_id"),
        hidden("client%5Fsecret", "client%5fsecret"),
        hidden("a+b", "a%20b"),
        scene("client_assertion twice is refused even when both are valid")
            .send(good_assertion().field("client_assertion", &super::es256().mint()), refused.clone())
            .row(),
        scene("client_assertion_type twice is refused")
            .send(good_assertion().field("client_assertion_type", JWT_BEARER), refused.clone())
            .row(),
        scene("an empty parameter counts as the first of two")
            .send(good_post().body("client_secret=&client_id=c-post&client_secret=x"), refused.clone())
            .row(),
        scene("three of a parameter are no better than two")
            .send(good_none().field("client_id", "c-none").field("client_id", "c-none"), refused.clone())
            .row(),
        scene("a repeated client_id is refused beside Basic")
            .send(good_basic().field("client_id", "c-basic").field("client_id", "c-basic"), refused)
            .row(),
    ]);
    rows
}

/// RFC 6749 §3.2: a parameter without a value is treated as if it were not there.
fn empty_values() -> Vec<Row> {
    vec![
        scene("an empty client_secret beside Basic is no second carrier")
            .send(good_basic().field("client_secret", ""), by_basic())
            .row(),
        scene("an empty client_id beside Basic names nobody else")
            .send(good_basic().field("client_id", ""), by_basic())
            .row(),
        scene("an empty assertion beside Basic is no second carrier")
            .send(good_basic().field("client_assertion", "").field("client_assertion_type", ""), by_basic())
            .row(),
        scene("an empty assertion beside a secret is no second carrier")
            .send(good_post().field("client_assertion", ""), by_post())
            .row(),
        scene("an empty client_secret beside an assertion is no second carrier")
            .send(good_assertion().field("client_secret", ""), by_es256())
            .row(),
        scene("an empty client_id beside an assertion names nobody else")
            .send(good_assertion().field("client_id", ""), by_es256())
            .row(),
        scene("a public client may send an empty client_secret")
            .send(good_none().field("client_secret", ""), by_none())
            .row(),
        scene("an empty client_id alone is no credential")
            .send(Request::token().field("client_id", ""), invalid_client(400, "no_credentials"))
            .row(),
        scene("an empty client_secret alone is no credential")
            .send(Request::token().field("client_secret", ""), invalid_client(400, "no_credentials"))
            .row(),
        scene("a secret with an empty client_id names no client")
            .send(Request::token().post("", "x"), invalid_request(400, "client_id_missing"))
            .row(),
        scene("an assertion type with an empty assertion is half a credential")
            .send(Request::token().assertion(""), invalid_request(400, "assertion_incomplete"))
            .row(),
        scene("an assertion with an empty type is half a credential")
            .send(
                good_assertion().set("client_assertion_type", ""),
                invalid_request(400, "assertion_incomplete"),
            )
            .row(),
    ]
}

fn pairs() -> Vec<Row> {
    let secret = secret_of("c-post");
    vec![
        scene("empty pairs are skipped wherever they stand")
            .send(Request::token().body(format!("&&client_id=c-post&&&client_secret={secret}&")), by_post())
            .row(),
        scene("a body of separators alone holds no credential")
            .send(Request::token().body("&&&"), invalid_client(400, "no_credentials"))
            .row(),
        scene("a name without an equals sign is a parameter without a value")
            .send(good_post().body(format!("foo&client_id=c-post&client_secret={secret}")), by_post())
            .row(),
        scene("a value may hold an equals sign")
            .client(json!({
                "client_id": "c-equals",
                "token_endpoint_auth_method": "client_secret_post",
                "client_secret": "a=b==c"
            }))
            .send(
                Request::token().body("client_id=c-equals&client_secret=a=b==c"),
                accepted("c-equals", "client_secret_post"),
            )
            .row(),
        scene("a semicolon separates nothing")
            .send(
                Request::token().body(format!("client_id=c-post;client_secret={secret}")),
                invalid_client(400, "unknown_client"),
            )
            .row(),
        scene("names of parameters are case-sensitive")
            .send(Request::token().body("CLIENT_ID=c-none"), invalid_client(400, "no_credentials"))
            .row(),
        scene("blanks around a name make another name")
            .send(Request::token().body("+client_id=c-none"), invalid_client(400, "no_credentials"))
            .row(),
        scene("brackets in a name make another name")
            .send(
                Request::token().body("client_id[]=c-none&client_id[0]=x"),
                invalid_client(400, "no_credentials"),
            )
            .row(),
        scene("unknown parameters are ignored")
            .send(good_post().field("username", "x").field("client_assertion_hint", "y"), by_post())
            .row(),
    ]
}
