//! Makes the demonstration's folder.

use std::fs;
use std::path::Path;
use std::thread;

use countersign::Algorithm;
use serde_json::{Value, json};

use super::clients::{Credential, DEMO_CLIENTS};
use super::files::{EXECUTABLE, PRIVATE, make_folder, write, write_key};
use super::{USER, certificates};
use crate::config::problem::Problem;
use crate::jose::{self, Failed, SigningKey};

/// The folder appears whole or not at all: a start that was broken off leaves nothing half made.
pub(super) fn create(folder: &Path) -> Result<(), Problem> {
    let draft = folder.with_extension(format!("new-{}", std::process::id()));
    make_folder(&draft)?;
    let made = fill(&draft)
        .and_then(|()| fs::rename(&draft, folder).map_err(|error| Problem::in_file(folder, error)));
    if made.is_err() {
        // What is left of the draft is not worth a second message.
        let _ = fs::remove_dir_all(&draft);
    }
    made
}

fn fill(folder: &Path) -> Result<(), Problem> {
    let wanted = DEMO_CLIENTS.iter().map(|client| client.private_key_algorithm());
    let keys = generate(wanted.chain([Some(Algorithm::RS256), Some(Algorithm::ES256)]))?;
    let certificates = certificates::create(folder)?;
    let mut entries = Vec::new();
    for ((client, key), certificate) in DEMO_CLIENTS.iter().zip(&keys).zip(&certificates) {
        if let Some(key) = key {
            write_key(folder, client.id, key)?;
        }
        let entry = client.metadata(key.as_ref(), certificate.as_ref())?;
        if let (Credential::SecretKey(_), Some(secret)) =
            (client.credential, entry.get("client_secret").and_then(Value::as_str))
        {
            write(&folder.join(format!("{}.secret", client.id)), secret, PRIVATE)?;
        }
        entries.push(entry);
    }
    for (name, key) in
        ["token-rs256", "token-es256"].into_iter().zip(keys.iter().skip(DEMO_CLIENTS.len()).flatten())
    {
        write_key(folder, name, key)?;
    }
    write_json(&folder.join("clients.json"), &Value::Array(entries))?;
    write_json(
        &folder.join("users.json"),
        &json!([{
            "username": USER,
            "password": jose::random(12)?,
            "claims": { "name": "Demo User", "email": "demo@example.com" },
        }]),
    )?;
    write(&folder.join("assert"), include_str!("assert.sh"), EXECUTABLE)
}

/// RSA keys take their time, so all are made at once.
fn generate(algorithms: impl Iterator<Item = Option<Algorithm>>) -> Result<Vec<Option<SigningKey>>, Failed> {
    thread::scope(|scope| {
        let running: Vec<_> = algorithms
            .map(|algorithm| scope.spawn(move || algorithm.map(SigningKey::generate).transpose()))
            .collect();
        running.into_iter().map(|thread| thread.join().unwrap_or(Err(Failed))).collect()
    })
}

fn write_json(file: &Path, value: &Value) -> Result<(), Problem> {
    let text = serde_json::to_string_pretty(value).map_err(|error| Problem::in_file(file, error))?;
    write(file, &format!("{text}\n"), PRIVATE)
}
