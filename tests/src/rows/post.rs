//! `client_secret_post`.

use serde_json::json;

use super::{by_post, good_post, secret_of};
use crate::request::Request;
use crate::row::Row;
use crate::scene::{accepted, invalid_client, scene};

pub(super) fn rows() -> Vec<Row> {
    let own = secret_of("c-post");
    let refused = |name: &str, id: &str, secret: &str, reason: &str| {
        scene(name).send(Request::token().post(id, secret), invalid_client(400, reason)).row()
    };
    let secret = |what: &str, secret: String| {
        refused(&format!("a body secret {what} does not match"), "c-post", &secret, "secret_mismatch")
    };
    let id = |what: &str, id: &str| {
        refused(&format!("a body client_id {what} is another id"), id, &own, "unknown_client")
    };
    vec![
        scene("a right body secret is accepted").send(good_post(), by_post()).row(),
        refused("an unknown client with a body secret is refused", "nobody", "x", "unknown_client"),
        refused("a client of client_secret_basic is not let in by the body", "c-basic", &secret_of("c-basic"), "method_not_granted"),
        refused("a public client is not let in by a body secret", "c-none", "x", "method_not_granted"),
        refused("a client of private_key_jwt is not let in by a body secret", "c-pkjwt-es256", "x", "method_not_granted"),
        secret("with a blank behind it", format!("{own} ")),
        secret("with a blank in front", format!(" {own}")),
        secret("with a line feed behind it", format!("{own}\n")),
        secret("with a NUL behind it", format!("{own}\0")),
        secret("in capitals", own.to_uppercase()),
        secret("without its last character", own[..own.len() - 1].to_owned()),
        secret("with one character more", format!("{own}x")),
        secret("of another client", secret_of("c-basic")),
        secret("of thirty thousand characters", "x".repeat(30_000)),
        id("in capitals", "C-POST"),
        id("with a blank behind it", "c-post "),
        id("with a line break behind it", "c-post\r\n"),
        id("with a NUL behind it", "c-post\0"),
        id("with a terminal escape", "c-post\u{1B}[2J"),
        scene("a body secret is not form-decoded twice")
            .client(json!({"client_id": "c", "token_endpoint_auth_method": "client_secret_post", "client_secret": "aAb"}))
            .send(Request::token().post("c", "a%41b"), invalid_client(400, "secret_mismatch"))
            .row(),
        scene("a body secret may hold every printable character")
            .client(json!({
                "client_id": "c", "token_endpoint_auth_method": "client_secret_post",
                "client_secret": (0x20_u8..0x7F).map(char::from).collect::<String>()
            }))
            .send(
                Request::token().post("c", &(0x20_u8..0x7F).map(char::from).collect::<String>()),
                accepted("c", "client_secret_post"),
            )
            .row(),
        scene("a body secret may be used any number of times")
            .send(good_post(), by_post())
            .send(good_post(), by_post())
            .row(),
        scene("the preset fapi2 takes no body secret")
            .preset("fapi2")
            .send(good_post(), invalid_client(400, "method_not_granted"))
            .row(),
        scene("a shorter list of methods leaves client_secret_post out")
            .policy(json!({"methods": ["client_secret_basic", "none"]}))
            .send(good_post(), invalid_client(400, "method_not_granted"))
            .row(),
    ]
}
