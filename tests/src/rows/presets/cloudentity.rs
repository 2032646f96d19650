//! `cloudentity`: a JSON object in the place of a form.

use serde_json::{Value, json};

use super::redemption;
use crate::assertion::Assertion;
use crate::encoding::base64url;
use crate::fixtures::fixtures;
use crate::request::{JWT_BEARER, Request};
use crate::row::{Endpoint, Row};
use crate::rows::{
    by_basic, by_es256, by_none, by_post, es256, good_assertion, good_basic, good_none, good_post, secret_of,
    status_at,
};
use crate::scene::{Scene, accepted, invalid_client, invalid_request, scene};

pub(super) fn rows() -> Vec<Row> {
    [methods(), values(), carriers(), forms(), under_default()].concat()
}

pub(super) fn under(name: impl Into<String>) -> Scene {
    scene(format!("under cloudentity {}", name.into())).preset("cloudentity")
}

/// A request with this text as its JSON body.
pub(super) fn text(body: impl Into<Vec<u8>>) -> Request {
    Request::token().content_type("application/json").body(body)
}

pub(super) fn object(members: &Value) -> Request {
    text(members.to_string())
}

/// Basic beside this JSON text.
pub(super) fn basic_with(body: impl Into<Vec<u8>>) -> Request {
    text(body).basic("c-basic", &secret_of("c-basic"))
}

fn code() -> Value {
    json!({
        "grant_type": "authorization_code", "code": "i1WsRn1uB1", "redirect_uri": "https://client.example.org/cb",
        "code_verifier": "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
    })
}

pub(super) fn post() -> Value {
    json!({"grant_type": "client_credentials", "client_id": "c-post", "client_secret": secret_of("c-post")})
}

pub(super) fn signed() -> Value {
    json!({
        "grant_type": "client_credentials", "client_assertion_type": JWT_BEARER, "client_assertion": es256().mint(),
    })
}

/// The object with these members besides or instead.
pub(super) fn with(mut object: Value, members: Value) -> Value {
    object.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    object
}

fn methods() -> Vec<Row> {
    let at = |endpoint: Endpoint| {
        under(format!("credentials in a JSON object are judged at {}", endpoint.path()))
            .send(object(&post()).at(endpoint), by_post())
            .send(object(&signed()).at(endpoint), by_es256())
            .send(
                object(&with(post(), json!({"client_secret": "wrong"}))).at(endpoint),
                invalid_client(status_at(endpoint), "secret_mismatch"),
            )
            .send(object(&code()).at(endpoint), invalid_client(status_at(endpoint), "no_credentials"))
            .row()
    };
    let once = object(&signed());
    let mac = json!({
        "client_assertion_type": JWT_BEARER,
        "client_assertion": Assertion::of("c-csjwt").mint(),
    });
    let mut rows = vec![
        under("Basic beside a JSON object is accepted")
            .send(basic_with(code().to_string()), by_basic())
            .row(),
        under("a wrong Basic secret beside a JSON object is refused")
            .send(text(code().to_string()).basic("c-basic", "wrong"), invalid_client(401, "secret_mismatch"))
            .row(),
        under("a public client names itself in a JSON object")
            .send(object(&with(code(), json!({"client_id": "c-none"}))), by_none())
            .row(),
        under("an assertion in a JSON object with its client_id is accepted")
            .send(object(&with(signed(), json!({"client_id": "c-pkjwt-es256"}))), by_es256())
            .row(),
        under("an assertion in a JSON object is used once")
            .send(once.clone(), by_es256())
            .send(once, invalid_client(400, "replayed"))
            .row(),
        under("a MAC in a JSON object is accepted")
            .fixture("c-csjwt")
            .send(object(&mac), accepted("c-csjwt", "client_secret_jwt"))
            .row(),
        under("a client of Basic may not send its secret in a JSON object")
            .send(
                object(&json!({"client_id": "c-basic", "client_secret": secret_of("c-basic")})),
                invalid_client(400, "method_not_granted"),
            )
            .row(),
    ];
    rows.extend(Endpoint::ALL.map(at));
    rows
}

/// What a member stands for as a parameter.
fn values() -> Vec<Row> {
    let accepted_with = |what: &str, members: Value| {
        under(format!("a JSON object with {what} is read"))
            .send(basic_with(with(code(), members).to_string()), by_basic())
            .row()
    };
    let odd = fixtures().client("c-post-weird");
    let odd_post = json!({"client_id": odd.id(), "client_secret": odd.secret()});
    vec![
        accepted_with("unknown members", json!({"x-anything": "y", "client": "z"})),
        accepted_with(
            "numbers and booleans",
            json!({"max_age": 3600, "offset": -1.5, "flag": true, "off": false}),
        ),
        accepted_with("several resources", json!({"resource": ["https://a.test", "https://b.test"]})),
        accepted_with("several audiences", json!({"audience": ["a", "b", "b"]})),
        accepted_with("an array of one", json!({"scope": ["openid"]})),
        accepted_with("an empty array", json!({"scope": []})),
        accepted_with("a secret that is null", json!({"client_secret": null})),
        accepted_with("a secret that is empty", json!({"client_secret": ""})),
        accepted_with("a secret that is an empty array", json!({"client_secret": []})),
        accepted_with(
            "an assertion that is null",
            json!({"client_assertion": null, "client_assertion_type": null}),
        ),
        accepted_with("a client_id that is null", json!({"client_id": null})),
        accepted_with("its own client_id", json!({"client_id": "c-basic"})),
        under("another client_id in a JSON object names two clients")
            .send(
                basic_with(with(code(), json!({"client_id": "c-post"})).to_string()),
                invalid_client(401, "client_id_mismatch"),
            )
            .row(),
        under("the characters that a form encodes are themselves in a JSON object")
            .fixture("c-post-weird")
            .send(object(&odd_post), accepted(&odd.id(), "client_secret_post"))
            .row(),
        under("a value in a JSON object is not form-decoded")
            .client(json!({
                "client_id": "c", "token_endpoint_auth_method": "client_secret_post", "client_secret": "a b"
            }))
            .send(
                object(&json!({"client_id": "c", "client_secret": "a+b"})),
                invalid_client(400, "secret_mismatch"),
            )
            .send(
                object(&json!({"client_id": "c", "client_secret": "a%20b"})),
                invalid_client(400, "secret_mismatch"),
            )
            .send(
                object(&json!({"client_id": "c", "client_secret": "a b"})),
                accepted("c", "client_secret_post"),
            )
            .row(),
        under("the escapes of a JSON object are read")
            .send(
                text(format!(
                    r#"{{"client\u005fid":"c\u002dpost","client_secret":"{}"}}"#,
                    secret_of("c-post").replace('-', "\\u002d")
                )),
                by_post(),
            )
            .row(),
        under("a name in capitals is another parameter")
            .send(
                object(&json!({"Client_Id": "c-post", "client_secret": "x"})),
                invalid_request(400, "client_id_missing"),
            )
            .row(),
    ]
}

fn carriers() -> Vec<Row> {
    let refused = |what: &str, request: Request, reason: &str| {
        under(format!("{what} is malformed")).send(request, invalid_request(400, reason)).row()
    };
    let beside_basic = |members: Value| basic_with(with(code(), members).to_string());
    vec![
        refused(
            "Basic and a secret in a JSON object",
            beside_basic(json!({"client_secret": "x"})),
            "multiple_methods",
        ),
        refused("Basic and an assertion in a JSON object", beside_basic(signed()), "multiple_methods"),
        refused(
            "a secret and an assertion in one JSON object",
            object(&with(signed(), post())),
            "multiple_methods",
        ),
        refused(
            "an assertion without its type in a JSON object",
            object(&json!({"client_assertion": base64url("x")})),
            "assertion_incomplete",
        ),
        refused(
            "an assertion type without an assertion in a JSON object",
            object(&json!({"client_assertion_type": JWT_BEARER})),
            "assertion_incomplete",
        ),
        refused(
            "a secret without client_id in a JSON object",
            object(&json!({"client_secret": "x"})),
            "client_id_missing",
        ),
        refused(
            "a secret in the query string beside a JSON object",
            object(&post()).query("client_secret=x"),
            "credentials_in_query",
        ),
    ]
}

fn forms() -> Vec<Row> {
    vec![
        under("a form works as ever")
            .send(good_basic(), by_basic())
            .send(good_post(), by_post())
            .send(good_none(), by_none())
            .send(good_assertion(), by_es256())
            .send(redemption().basic("c-basic", &secret_of("c-basic")), by_basic())
            .row(),
        under("a form in another charset is refused")
            .send(
                good_post().content_type("application/x-www-form-urlencoded; charset=utf-16"),
                invalid_request(400, "unsupported_media_type"),
            )
            .row(),
        under("a parameter twice in a form is refused")
            .send(
                good_post().field("scope", "a").field("scope", "a"),
                invalid_request(400, "duplicate_parameter"),
            )
            .row(),
    ]
}

/// JSON is read under the preset alone.
fn under_default() -> Vec<Row> {
    let refused = |what: &str, request: Request| {
        scene(format!("under default {what} is refused"))
            .send(request, invalid_request(400, "unsupported_media_type"))
            .row()
    };
    vec![
        refused("Basic beside a JSON object", basic_with(code().to_string())),
        refused("a secret in a JSON object", object(&post())),
        refused("an assertion in a JSON object", object(&signed())),
        refused("a public client's JSON object", object(&json!({"client_id": "c-none"}))),
        refused("a JSON object at introspection", object(&post()).at(Endpoint::Introspection)),
        refused("an empty JSON object", text("{}")),
    ]
}
