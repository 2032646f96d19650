//! Secrets that are known by a hash alone: under a pepper, from another system, cut off, replaced.

mod changes;
mod imports;
mod malformed;
mod peppers;

use serde_json::{Value, json};

use crate::request::Request;
use crate::row::{Expect, Row};
use crate::scene::{Scene, accepted, invalid_client, scene};

pub(super) fn rows() -> Vec<Row> {
    [peppers::rows(), imports::rows(), malformed::rows(), changes::rows()].concat()
}

/// A client `c` of `client_secret_basic` with these secrets.
fn client(secrets: Value) -> Value {
    json!({"client_id": "c", "client_secrets": secrets})
}

/// A row with such a client.
fn with(name: impl Into<String>, secrets: Value) -> Scene {
    scene(name).client(client(secrets))
}

/// `c` with this secret.
fn sent(secret: &str) -> Request {
    Request::token().basic("c", secret)
}

fn by_c() -> Expect {
    accepted("c", "client_secret_basic")
}

fn refused(reason: &str) -> Expect {
    invalid_client(401, reason)
}

fn mismatch() -> Expect {
    refused("secret_mismatch")
}

/// What a person chose, and its hashes: by the reference implementation of Argon2, by passlib, by libxcrypt.
const CHOSEN: &str = "correct horse battery staple";
const ARGON2ID: &str =
    "$argon2id$v=19$m=64,t=1,p=1$c2FsdHNhbHRzYWx0$GfSKr180UiCm+CVgrdPrzbKelEmaJB+EQ2B9mhVifyg";
const PBKDF2: &str = "$pbkdf2-sha256$1000$c2FsdHNhbHRzYWx0c2FsdA$31ltvuXrbs8POP2F4tw9851NSNQCQpm0sCwu2eEvId8";
const PBKDF2_SHA512: &str = "$pbkdf2-sha512$1000$c2FsdHNhbHRzYWx0c2FsdA$ORxvnPF08mmTltUf/WSLS8FZ3yYanqBrD.km4rpMr07F2ze7/s1VLAjm.ry9RrSLc7aA5i7XxlkTGvDGO5vcpw";
const BCRYPT: &str = "$2b$04$abcdefghijklmnopqrstuu7EJV7kdjBBQxyb0HjTh9KS7.Lah/6CG";
const BCRYPT_2Y: &str = "$2y$04$CCCCCCCCCCCCCCCCCCCCC.0uP/2zHIr81tVya45gVnDFLBmqu9l4W";

/// What another person chose, and its Argon2id hash.
const OTHER: &str = "tr0ub4dor&3";
const ARGON2ID_OF_OTHER: &str =
    "$argon2id$v=19$m=64,t=1,p=1$c2FsdHNhbHRzYWx0$5qfV80u9VHWqycvbbSanvhac5WUOjLPfI2S+n+b4KqQ";
