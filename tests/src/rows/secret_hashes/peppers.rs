//! HMAC-SHA256 under peppers, of which the server of every row has two.

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::{by_c, mismatch, refused, sent, with};
use crate::drivers::PEPPERS;
use crate::encoding::sha256_hex;
use crate::row::{NOW, Row};
use crate::scene::scene;

pub(super) fn rows() -> Vec<Row> {
    let [old, new] = PEPPERS;
    let under = |pepper: (&str, [u8; 32])| stored(pepper.0, &hmac(&pepper.1));
    let with_hash = |name: &str, hash: String| with(name, json!([{"label": "one", "secret_hash": hash}]));
    vec![
        with_hash("a secret under the newest pepper is accepted", under(new))
            .send(sent(SECRET), by_c())
            .send(sent("another"), mismatch())
            .row(),
        with_hash("a secret under an older pepper is accepted", under(old))
            .send(sent(SECRET), by_c())
            .send(sent("another"), mismatch())
            .row(),
        with_hash(
            "a hash under a pepper may be written in base64",
            format!("hmac-sha256:{}:{}", new.0, STANDARD.encode(hmac(&new.1))),
        )
        .send(sent(SECRET), by_c())
        .row(),
        with_hash("a secret whose pepper the server has not is never right", under(("2025-01", [0x25; 32])))
            .send(sent(SECRET), mismatch())
            .row(),
        with_hash("a secret under another pepper of the same name is wrong", under((new.0, old.1)))
            .send(sent(SECRET), mismatch())
            .row(),
        with_hash("a hash under one pepper is none under another", under((old.0, new.1)))
            .send(sent(SECRET), mismatch())
            .row(),
        with_hash("a hash without a pepper is none under one", stored(new.0, &crate::encoding::sha256(SECRET.as_bytes())))
            .send(sent(SECRET), mismatch())
            .row(),
        with_hash("a hash under a pepper is none without one", under(new).replace("hmac-sha256:2027-01:", "sha256:"))
            .send(sent(SECRET), mismatch())
            .row(),
        with_hash("an empty secret is not right under a pepper", stored(new.0, &hmac_of(&new.1, "")))
            .send(sent(""), mismatch())
            .row(),
        with(
            "a secret without its pepper leaves the client's others as they are",
            json!([
                {"label": "lost", "secret_hash": stored("2025-01", &hmac(&[0x25; 32]))},
                {"label": "kept", "secret_hash": format!("sha256:{}", sha256_hex(b"the-kept-secret"))},
            ]),
        )
        .send(sent("the-kept-secret"), by_c())
        .send(sent(SECRET), mismatch())
        .row(),
        with(
            "a secret under a pepper has dates like any other",
            json!([
                {"label": "old", "secret_hash": under(old), "expires_at": NOW - 10},
                {"label": "next", "secret_hash": stored(new.0, &hmac_of(&new.1, "next")), "not_before": NOW + 10},
            ]),
        )
        .send(sent(SECRET), refused("secret_expired"))
        .send(sent("next"), refused("secret_not_yet_valid"))
        .advance(10)
        .send(sent("next"), by_c())
        .row(),
        scene("a secret under a pepper opens client_secret_post, too")
            .client(json!({
                "client_id": "c", "token_endpoint_auth_method": "client_secret_post",
                "client_secrets": [{"secret_hash": under(new)}]
            }))
            .send(
                crate::request::Request::token().post("c", SECRET),
                crate::scene::accepted("c", "client_secret_post"),
            )
            .row(),
    ]
}

const SECRET: &str = "cs_0123456789abcdefghijklmnopqrstuvwxyzABCDEFG";

fn hmac(pepper: &[u8]) -> Vec<u8> {
    hmac_of(pepper, SECRET)
}

fn hmac_of(pepper: &[u8], secret: &str) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, pepper), secret.as_bytes()).as_ref().to_vec()
}

fn stored(pepper_id: &str, octets: &[u8]) -> String {
    let hexadecimal: String = octets.iter().map(|octet| format!("{octet:02x}")).collect();
    format!("hmac-sha256:{pepper_id}:{hexadecimal}")
}
