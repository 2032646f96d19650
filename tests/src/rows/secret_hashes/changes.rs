//! What was verified a moment ago counts for nothing once the registry or the time says otherwise (CVE-2026-1486).

use serde_json::{Value, json};

use super::{ARGON2ID, ARGON2ID_OF_OTHER, CHOSEN, OTHER, PBKDF2, by_c, client, mismatch, refused, sent};
use crate::request::Request;
use crate::row::{NOW, Row};
use crate::scene::{Scene, accepted, scene};

pub(super) fn rows() -> Vec<Row> {
    let slow = || client(json!([{"label": "slow", "secret_hash": ARGON2ID}]));
    let changed = |members: Value| {
        let mut client = slow();
        client.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        client
    };
    // Verified twice: the second time without a slow hash.
    let verified = |name: &str| -> Scene {
        scene(name).client(slow()).send(sent(CHOSEN), by_c()).send(sent(CHOSEN), by_c())
    };
    let other = || client(json!([{"label": "slow", "secret_hash": ARGON2ID_OF_OTHER}]));
    vec![
        verified("a client that is disabled is refused with a secret that was just verified")
            .register(changed(json!({"disabled": true})))
            .send(sent(CHOSEN), refused("client_disabled"))
            .register(slow())
            .send(sent(CHOSEN), by_c())
            .row(),
        verified("a client that is removed is refused with a secret that was just verified")
            .remove("c")
            .send(sent(CHOSEN), refused("unknown_client"))
            .row(),
        verified("a secret that is replaced is refused although it was just verified")
            .register(other())
            .send(sent(CHOSEN), mismatch())
            .send(sent(OTHER), by_c())
            .row(),
        verified("a secret whose hash is replaced by another of it is accepted")
            .register(client(json!([{"label": "slow", "secret_hash": PBKDF2}])))
            .send(sent(CHOSEN), by_c())
            .row(),
        verified("a secret that is given an end is refused although it was just verified")
            .register(client(json!([{"label": "slow", "secret_hash": ARGON2ID, "expires_at": NOW}])))
            .send(sent(CHOSEN), refused("secret_expired"))
            .row(),
        verified("a client whose method changes is refused with a secret that was just verified")
            .register(changed(json!({"token_endpoint_auth_method": "client_secret_post"})))
            .send(sent(CHOSEN), refused("method_not_granted"))
            .row(),
        verified("a secret that was just verified is another client's nothing")
            .register(json!({"client_id": "d", "client_secrets": [{"secret_hash": ARGON2ID_OF_OTHER}]}))
            .send(Request::token().basic("d", CHOSEN), mismatch())
            .register(json!({"client_id": "d", "client_secrets": [{"secret_hash": ARGON2ID}]}))
            .send(Request::token().basic("d", CHOSEN), accepted("d", "client_secret_basic"))
            .row(),
        verified("a wrong secret is not taken for one that was just verified")
            .send(sent("correct horse battery stable"), mismatch())
            .send(sent("correct horse battery stable"), mismatch())
            .row(),
        scene("a secret expires within the minute in which it was verified")
            .client(client(json!([{"secret_hash": ARGON2ID, "expires_at": NOW + 30}])))
            .send(sent(CHOSEN), by_c())
            .advance(29)
            .send(sent(CHOSEN), by_c())
            .advance(1)
            .send(sent(CHOSEN), refused("secret_expired"))
            .row(),
        verified("a secret is accepted after the minute for which it is remembered")
            .advance(60)
            .send(sent(CHOSEN), by_c())
            .advance(-3600)
            .send(sent(CHOSEN), by_c())
            .row(),
        scene("a broken hash that is mended works from the next request on")
            .client(client(json!([{"secret_hash": "$argon2id$v=19$m=64"}])))
            .send(sent(CHOSEN), mismatch())
            .register(slow())
            .send(sent(CHOSEN), by_c())
            .row(),
        scene("a fast secret that is replaced is refused from the next request on")
            .client(json!({"client_id": "c", "client_secret": "the-first-secret"}))
            .send(sent("the-first-secret"), by_c())
            .register(json!({"client_id": "c", "client_secret": "the-second-secret"}))
            .send(sent("the-first-secret"), mismatch())
            .send(sent("the-second-secret"), by_c())
            .row(),
    ]
}
