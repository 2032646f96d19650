//! A stored hash that cannot be read disables that secret and nothing else.

use serde_json::json;

use super::{ARGON2ID, BCRYPT, CHOSEN, PBKDF2, by_c, mismatch, sent, with};
use crate::row::Row;

pub(super) fn rows() -> Vec<Row> {
    let cut = |hash: &str, octets: usize| hash.get(..octets).unwrap().to_owned();
    [
        ("of SHA-256 that is cut off", "sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e".to_owned()),
        ("of SHA-256 with a sign for a digit", format!("sha256:{}", "+f".repeat(32))),
        ("of no known kind", "md5:5d41402abc4b2a76b9719d911017c592".to_owned()),
        ("that is the secret itself", CHOSEN.to_owned()),
        ("under a pepper without a name", format!("hmac-sha256:{}", "0".repeat(64))),
        ("under a pepper with an odd name", format!("hmac-sha256:a/b:{}", "0".repeat(64))),
        ("of Argon2id that is cut off", cut(ARGON2ID, 60)),
        ("of Argon2id that asks for 4 TiB", ARGON2ID.replace("m=64", "m=4294967295")),
        ("of Argon2id that asks for a thousand passes", ARGON2ID.replace("t=1", "t=1000")),
        ("of Argon2id of a version to come", ARGON2ID.replace("v=19", "v=20")),
        ("of PBKDF2 that is cut off", cut(PBKDF2, 50)),
        (
            "of PBKDF2 that asks for four thousand million iterations",
            PBKDF2.replace("$1000$", "$4294967295$"),
        ),
        ("of PBKDF2 with one octet of output", format!("{}MQ", cut(PBKDF2, 43))),
        ("of bcrypt that is cut off", cut(BCRYPT, 59)),
        ("of bcrypt that asks for a week", BCRYPT.replace("$04$", "$31$")),
        ("of bcrypt that is not ASCII", BCRYPT.replace("abcd", "éé")),
        ("of bcrypt of a flawed version", BCRYPT.replace("$2b$", "$2x$")),
    ]
    .into_iter()
    .map(|(what, hash)| {
        let secrets = json!([
            {"label": "broken", "secret_hash": hash},
            {"label": "sound", "secret": "the-sound-secret"},
        ]);
        with(format!("a stored hash {what} disables one secret"), secrets)
            .send(sent("the-sound-secret"), by_c())
            .send(sent(CHOSEN), mismatch())
            .send(sent(&hash), mismatch())
            .send(sent(""), mismatch())
            .row()
    })
    .chain([with(
        "a client all of whose hashes are broken is registered and refused",
        json!([{"secret_hash": "?"}]),
    )
    .send(sent("?"), mismatch())
    .row()])
    .collect()
}
