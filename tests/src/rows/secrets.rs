//! Several secrets of one client, each with its own dates.

use serde_json::{Value, json};

use crate::request::Request;
use crate::row::{Expect, NOW, Row};
use crate::scene::{Scene, accepted, invalid_client, scene};

pub(super) fn rows() -> Vec<Row> {
    [expiry(), rotation(), registration()].concat()
}

fn expiry() -> Vec<Row> {
    let expiring = |name: &str, at: Value| {
        scene(name).client(
            json!({"client_id": "c", "client_secret": "the-only-secret", "client_secret_expires_at": at}),
        )
    };
    let right = || Request::token().basic("c", "the-only-secret");
    vec![
        expiring("a secret is good until it expires", json!(NOW + 1)).send(right(), accepted_c()).row(),
        expiring("a secret is no longer good in the second in which it expires", json!(NOW))
            .send(right(), invalid_client(401, "secret_expired"))
            .row(),
        expiring("a secret that expires at 0 never does", json!(0)).send(right(), accepted_c()).row(),
        expiring("an expiry may be written in RFC 3339", json!("2027-01-15T07:59:59Z"))
            .send(right(), invalid_client(401, "secret_expired"))
            .row(),
        expiring("an expiry in RFC 3339 may lie ahead", json!("2027-01-15T08:00:01Z"))
            .send(right(), accepted_c())
            .row(),
        expiring("a wrong secret of a client whose secret has expired is a wrong secret", json!(NOW - 10))
            .send(Request::token().basic("c", "wrong"), invalid_client(401, "secret_mismatch"))
            .row(),
        expiring("a secret expires while the server runs", json!(NOW + 60))
            .send(right(), accepted_c())
            .advance(60)
            .send(right(), invalid_client(401, "secret_expired"))
            .row(),
        scene("the one expiry of the registration holds for every secret without one of its own")
            .client(json!({
                "client_id": "c", "client_secret_expires_at": NOW,
                "client_secrets": [
                    {"label": "without", "secret": "the-first-secret"},
                    {"label": "never", "secret": "the-second-secret", "expires_at": 0},
                    {"label": "later", "secret": "the-third-secret", "expires_at": NOW + 10},
                ]
            }))
            .send(Request::token().basic("c", "the-first-secret"), invalid_client(401, "secret_expired"))
            .send(Request::token().basic("c", "the-second-secret"), accepted_c())
            .send(Request::token().basic("c", "the-third-secret"), accepted_c())
            .row(),
        scene("the expiry of client_secret is not that of client_secrets beside it")
            .client(json!({
                "client_id": "c", "client_secret": "the-first-secret", "client_secret_expires_at": NOW,
                "client_secrets": [{"label": "more", "secret": "the-second-secret"}]
            }))
            .send(Request::token().basic("c", "the-first-secret"), invalid_client(401, "secret_expired"))
            .send(Request::token().basic("c", "the-second-secret"), accepted_c())
            .row(),
        scene("an expired body secret is answered with 400")
            .client(json!({
                "client_id": "c", "token_endpoint_auth_method": "client_secret_post",
                "client_secret": "the-only-secret", "client_secret_expires_at": NOW - 10
            }))
            .send(Request::token().post("c", "the-only-secret"), invalid_client(400, "secret_expired"))
            .row(),
    ]
}

fn rotation() -> Vec<Row> {
    let three = json!([
        {"label": "old", "secret": "the-old-secret", "expires_at": NOW - 10},
        {"label": "now", "secret": "the-present-secret", "not_before": NOW - 10, "expires_at": NOW + 10},
        {"label": "next", "secret": "the-next-secret", "not_before": NOW + 10},
    ]);
    let with_three =
        |name: &str| -> Scene { scene(name).client(json!({"client_id": "c", "client_secrets": three})) };
    let sent = |secret: &str| Request::token().basic("c", secret);
    vec![
        with_three("the present one of several secrets is accepted")
            .send(sent("the-present-secret"), accepted_c())
            .row(),
        with_three("an expired one of several secrets is refused as expired")
            .send(sent("the-old-secret"), invalid_client(401, "secret_expired"))
            .row(),
        with_three("a future one of several secrets is refused as not yet valid")
            .send(sent("the-next-secret"), invalid_client(401, "secret_not_yet_valid"))
            .row(),
        with_three("a secret that is none of several is refused")
            .send(sent("another"), invalid_client(401, "secret_mismatch"))
            .row(),
        with_three("secrets take turns as time passes")
            .send(sent("the-present-secret"), accepted_c())
            .advance(10)
            .send(sent("the-next-secret"), accepted_c())
            .send(sent("the-present-secret"), invalid_client(401, "secret_expired"))
            .row(),
        scene("client_secret and client_secrets stand beside each other")
            .client(json!({
                "client_id": "c", "client_secret": "the-first-secret",
                "client_secrets": [{"label": "more", "secret": "the-second-secret"}]
            }))
            .send(sent("the-first-secret"), accepted_c())
            .send(sent("the-second-secret"), accepted_c())
            .row(),
        scene("the dates of one secret do not touch another of the same value")
            .client(json!({"client_id": "c", "client_secrets": [
                {"secret": "the-same-secret", "expires_at": NOW - 10}, {"secret": "the-same-secret"}
            ]}))
            .send(sent("the-same-secret"), accepted_c())
            .row(),
        scene("a rotating client may use its old secret until the date")
            .fixture("c-rotating")
            .send(
                Request::token().basic("c-rotating", "old-_gNBeXeow0fALelWWt-aaQ7bsLyKBkX-"),
                accepted("c-rotating", "client_secret_basic"),
            )
            .advance(3600)
            .send(
                Request::token().basic("c-rotating", "old-_gNBeXeow0fALelWWt-aaQ7bsLyKBkX-"),
                invalid_client(401, "secret_expired"),
            )
            .send(
                Request::token().basic("c-rotating", "new-4IQ7PlGrZaffz-FL5CRRfrYViVj6yx_p"),
                accepted("c-rotating", "client_secret_basic"),
            )
            .row(),
    ]
}

/// A client that the loader refuses is not registered.
fn registration() -> Vec<Row> {
    let refused = |what: &str, metadata: Value| {
        scene(format!("a client {what} is not registered"))
            .client(metadata)
            .send(Request::token().basic("c", "x"), invalid_client(401, "unknown_client"))
            .row()
    };
    vec![
        refused("with an empty secret", json!({"client_id": "c", "client_secret": ""})),
        refused(
            "with an empty secret among several",
            json!({"client_id": "c", "client_secrets": [{"secret": ""}]}),
        ),
        refused("of client_secret_basic without a secret", json!({"client_id": "c"})),
        refused("with a misspelt member", json!({"client_id": "c", "client_secert": "x"})),
        refused(
            "of an unknown method",
            json!({"client_id": "c", "client_secret": "x", "token_endpoint_auth_method": "basic"}),
        ),
        refused(
            "of private_key_jwt without keys",
            json!({"client_id": "c", "token_endpoint_auth_method": "private_key_jwt"}),
        ),
        refused("whose secret is a number", json!({"client_id": "c", "client_secret": 1})),
    ]
}

fn accepted_c() -> Expect {
    accepted("c", "client_secret_basic")
}
