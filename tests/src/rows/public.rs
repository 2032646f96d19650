//! `none`: a public client is named and proves nothing.

use serde_json::json;

use super::{by_none, good_none};
use crate::request::Request;
use crate::row::Row;
use crate::scene::{invalid_client, scene};

pub(super) fn rows() -> Vec<Row> {
    let named = |name: &str, id: &str, reason: &str| {
        scene(name).send(Request::token().field("client_id", id), invalid_client(400, reason)).row()
    };
    let confidential = |id: &str| {
        named(&format!("the client_id of {id} alone does not let it in"), id, "method_not_granted")
    };
    let grant = |kind: &str| {
        scene(format!("the grant type {kind} makes no difference to a public client"))
            .send(good_none().set("grant_type", kind), by_none())
            .row()
    };
    let mut rows: Vec<_> = ["c-basic", "c-post", "c-pkjwt-es256"].map(confidential).into_iter().collect();
    rows.extend(["authorization_code", "refresh_token", "urn:example:unknown"].map(grant));
    rows.extend([
        named("an unknown client_id alone is refused", "nobody", "unknown_client"),
        named("a client_id in capitals is another id", "C-NONE", "unknown_client"),
        named("a client_id with a line break is another id", "c-none\r\n", "unknown_client"),
        named("a client_id of a thousand characters is unknown", &"x".repeat(1000), "unknown_client"),
        scene("a public client sends a code verifier and no credential")
            .send(good_none().field("code", "a-code").field("code_verifier", &"a".repeat(43)), by_none())
            .row(),
        scene("a public client may come any number of times")
            .send(good_none(), by_none())
            .send(good_none(), by_none())
            .row(),
        scene("a disabled public client is refused")
            .client(json!({"client_id": "c-none", "token_endpoint_auth_method": "none", "disabled": true}))
            .send(good_none(), invalid_client(400, "client_disabled"))
            .row(),
        scene("a server that does not run none lets no public client in")
            .policy(json!({"methods": ["client_secret_basic", "client_secret_post"]}))
            .send(good_none(), invalid_client(400, "method_not_granted"))
            .row(),
        scene("the preset fapi2 lets no public client in")
            .preset("fapi2")
            .send(good_none(), invalid_client(400, "method_not_granted"))
            .row(),
        scene("a secret registered for a public client proves nothing")
            .client(json!({
                "client_id": "c-none", "token_endpoint_auth_method": "none", "client_secret": "unused-but-registered"
            }))
            .send(
                Request::token().post("c-none", "unused-but-registered"),
                invalid_client(400, "method_not_granted"),
            )
            .row(),
    ]);
    rows
}
