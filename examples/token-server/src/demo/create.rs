//! Makes the demonstration's folder.

use std::fs;
use std::path::Path;
use std::thread;

use countersign::Algorithm;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use serde_json::{Value, json};

use super::USER;
use super::clients::{Credential, DEMO_CLIENTS};
use super::files::{EXECUTABLE, PRIVATE, make_folder, write, write_key};
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
    let mut entries = Vec::new();
    for (client, key) in DEMO_CLIENTS.iter().zip(&keys) {
        if let Some(key) = key {
            write_key(folder, client.id, key)?;
        }
        let entry = client.metadata(key.as_ref())?;
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
    write(&folder.join("assert"), include_str!("assert.sh"), EXECUTABLE)?;
    write_certificates(folder)
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

/// A certificate authority, and a certificate of it for this machine.
fn write_certificates(folder: &Path) -> Result<(), Problem> {
    let refuse = |error: rcgen::Error| Problem::in_file(folder, error);
    let authority_key = KeyPair::generate().map_err(refuse)?;
    let mut authority = CertificateParams::default();
    authority.distinguished_name.push(DnType::CommonName, "Countersign demonstration CA");
    authority.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    authority.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let authority_certificate = authority.self_signed(&authority_key).map_err(refuse)?;
    let server_key = KeyPair::generate().map_err(refuse)?;
    let names = ["localhost", "127.0.0.1", "::1"].map(str::to_owned);
    let server = CertificateParams::new(names).map_err(refuse)?;
    let server_certificate =
        server.signed_by(&server_key, &Issuer::new(authority, &authority_key)).map_err(refuse)?;
    for (name, content) in [
        ("ca.pem", authority_certificate.pem()),
        ("ca-key.pem", authority_key.serialize_pem()),
        ("server.pem", server_certificate.pem()),
        ("server-key.pem", server_key.serialize_pem()),
    ] {
        write(&folder.join(name), &content, PRIVATE)?;
    }
    Ok(())
}
