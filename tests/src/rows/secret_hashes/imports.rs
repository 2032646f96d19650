//! Slow hashes: Argon2id, and what comes from other systems.

use serde_json::{Value, json};

use super::{
    ARGON2ID, ARGON2ID_OF_OTHER, BCRYPT, BCRYPT_2Y, CHOSEN, OTHER, PBKDF2, PBKDF2_SHA512, by_c, mismatch,
    refused, sent, with,
};
use crate::encoding::sha256_hex;
use crate::request::Request;
use crate::row::{NOW, Row};
use crate::scene::{accepted, invalid_client, scene};

pub(super) fn rows() -> Vec<Row> {
    [kinds(), limits_of_bcrypt(), several(), strangers()].concat()
}

fn one(hash: &str) -> Value {
    json!([{"label": "imported", "secret_hash": hash}])
}

fn kinds() -> Vec<Row> {
    let phc = PBKDF2.replace("$1000$", "$i=1000,l=32$");
    [
        ("Argon2id", ARGON2ID),
        ("PBKDF2 with SHA-256 as passlib writes it", PBKDF2),
        ("PBKDF2 with SHA-256 in PHC format", &phc),
        ("PBKDF2 with SHA-512", PBKDF2_SHA512),
        ("bcrypt", BCRYPT),
        ("bcrypt as PHP writes it", BCRYPT_2Y),
        ("bcrypt as old systems write it", &BCRYPT.replace("$2b$", "$2a$")),
    ]
    .into_iter()
    .map(|(kind, hash)| {
        with(format!("a secret under {kind} is accepted, again and again, and no other"), one(hash))
            .send(sent(CHOSEN), by_c())
            .send(sent(CHOSEN), by_c())
            .send(sent("correct horse battery stable"), mismatch())
            .send(sent(""), mismatch())
            .send(sent(hash), mismatch())
            .send(sent(CHOSEN), by_c())
            .row()
    })
    .collect()
}

/// bcrypt looks at 72 octets, and takes a zero octet for the end.
fn limits_of_bcrypt() -> Vec<Row> {
    let of_72 = one("$2b$04$abcdefghijklmnopqrstuu7/zMZAUYj3VGa7NZJX2XEVuxa.TRrIa");
    let octets = |count: usize| "L".repeat(count);
    let post = |secret: &str| Request::token().post("c", secret);
    vec![
        with("bcrypt takes a secret of 72 octets and none that only begins like it", of_72.clone())
            .send(sent(&octets(72)), by_c())
            .send(sent(&octets(73)), mismatch())
            .send(sent(&format!("{}-tail-A", octets(72))), mismatch())
            .send(sent(&octets(71)), mismatch())
            .send(sent(&octets(20_000)), invalid_client(401, "secret_mismatch"))
            .row(),
        with("a hash that was made of more than 72 octets matches nothing that has them", of_72)
            .fixture("c-basic-long")
            .send(sent(&format!("{}-tail-A", octets(79))), mismatch())
            .row(),
        scene("a zero octet does not end a secret under bcrypt")
            .client(json!({
                "client_id": "c", "token_endpoint_auth_method": "client_secret_post",
                "client_secrets": [{"secret_hash": BCRYPT}]
            }))
            .send(post(CHOSEN), accepted("c", "client_secret_post"))
            .send(post(&format!("{CHOSEN}\0")), invalid_client(400, "secret_mismatch"))
            .send(post(&format!("{CHOSEN}\0{CHOSEN}")), invalid_client(400, "secret_mismatch"))
            .send(post(&format!("{CHOSEN}\0anything")), invalid_client(400, "secret_mismatch"))
            .row(),
    ]
}

fn several() -> Vec<Row> {
    let generated = format!("sha256:{}", sha256_hex(b"a-generated-secret"));
    let four = json!([
        {"label": "1", "secret_hash": ARGON2ID_OF_OTHER},
        {"label": "2", "secret_hash": BCRYPT, "expires_at": NOW - 1},
        {"label": "3", "secret_hash": PBKDF2, "not_before": NOW + 30},
        {"label": "4", "secret_hash": ARGON2ID_OF_OTHER.replace("5qf", "6qf")},
        {"label": "5", "secret_hash": generated},
    ]);
    vec![
        with("a client moves from slow hashes to a generated secret", four.clone())
            .send(sent(OTHER), by_c())
            .send(sent("a-generated-secret"), by_c())
            .send(sent("another"), mismatch())
            .row(),
        with("of slow hashes of one secret the one that is live decides", four)
            .send(sent(CHOSEN), refused("secret_not_yet_valid"))
            .advance(30)
            .send(sent(CHOSEN), by_c())
            .row(),
        with(
            "a client with five secrets under slow hashes is not registered",
            json!([
                {"secret_hash": ARGON2ID}, {"secret_hash": BCRYPT}, {"secret_hash": PBKDF2},
                {"secret_hash": PBKDF2_SHA512}, {"secret_hash": ARGON2ID_OF_OTHER},
            ]),
        )
        .send(sent(CHOSEN), refused("unknown_client"))
        .row(),
    ]
}

/// Where slow hashes of several kinds are about, nobody is answered otherwise.
fn strangers() -> Vec<Row> {
    let imported = |id: &str, hash: &str| json!({"client_id": id, "client_secrets": [{"secret_hash": hash}]});
    vec![
        scene("a registry of several kinds of slow hashes refuses like any other")
            .client(imported("argon2id", ARGON2ID))
            .client(imported("bcrypt", BCRYPT))
            .client(imported("pbkdf2", PBKDF2))
            .client(
                json!({"client_id": "off", "disabled": true, "client_secrets": [{"secret_hash": BCRYPT}]}),
            )
            .client(json!({"client_id": "quick", "client_secret": "a-generated-secret"}))
            .send(Request::token().basic("nobody", CHOSEN), refused("unknown_client"))
            .send(Request::token().basic("off", CHOSEN), refused("client_disabled"))
            .send(Request::token().basic("quick", CHOSEN), mismatch())
            .send(
                Request::token().basic("quick", "a-generated-secret"),
                accepted("quick", "client_secret_basic"),
            )
            .send(Request::token().basic("bcrypt", OTHER), mismatch())
            .send(Request::token().basic("pbkdf2", CHOSEN), accepted("pbkdf2", "client_secret_basic"))
            .send(Request::token().post("argon2id", CHOSEN), invalid_client(400, "method_not_granted"))
            .row(),
    ]
}
