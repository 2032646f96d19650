//! `countersign hash-secret`.

use argon2::{Argon2, PasswordHasher as _};
use aws_lc_rs::{digest, rand};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;
use zeroize::Zeroizing;

use super::problem::Problem;
use super::report::Report;
use super::secret_input;

/// Hash a client secret for the registry, or make a new one
///
/// Reads the secret from standard input, or asks for it on a terminal, without echo. The hash goes into clients.json as
/// the `secret_hash` of an entry of `client_secrets`, or into `ClientSecret::hashed`.
///
/// SHA-256 is for secrets that a machine made: it costs a server a microsecond. A secret that a person chose needs
/// Argon2id.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// Hash with Argon2id at OWASP's parameters (19 MiB, 2 passes, 1 lane), for a secret that a person chose
    #[arg(long)]
    argon2id: bool,

    /// Make a secret of 256 random bits in [A-Za-z0-9_-], and print it once beside its hash
    #[arg(long)]
    generate: bool,
}

impl Arguments {
    pub(super) fn run(&self) -> Result<Report, Problem> {
        if self.generate {
            let secret = generate()?;
            let hash = self.hash(&secret)?;
            let text = format!("secret {}\nhash   {hash}\n", *secret);
            let json = json!({ "secret": *secret, "secret_hash": hash });
            return Ok(
                Report::passed(text, json).note("The secret is shown this once; give it to the client.")
            );
        }
        let secret = secret_input::from_standard_input("Secret")?;
        let hash = self.hash(&secret)?;
        let report = Report::passed(format!("{hash}\n"), json!({ "secret_hash": hash }));
        let looks_chosen = secret.len() < 22 && !self.argon2id;
        Ok(if looks_chosen {
            report
                .note("The secret is short, as if a person chose it: SHA-256 will not hold. Use --argon2id.")
        } else {
            report
        })
    }

    fn hash(&self, secret: &str) -> Result<String, Problem> {
        if self.argon2id { argon2id(secret) } else { Ok(sha256(secret)) }
    }
}

/// 43 characters, none of which any encoding changes: every client library sends such a secret right.
fn generate() -> Result<Zeroizing<String>, Problem> {
    let mut octets = Zeroizing::new([0_u8; 32]);
    rand::fill(&mut *octets).map_err(|_| Problem::new("the operating system gives no random numbers"))?;
    Ok(Zeroizing::new(URL_SAFE_NO_PAD.encode(*octets)))
}

fn sha256(secret: &str) -> String {
    let hash = digest::digest(&digest::SHA256, secret.as_bytes());
    let hexadecimal: String = hash.as_ref().iter().map(|octet| format!("{octet:02x}")).collect();
    format!("sha256:{hexadecimal}")
}

/// OWASP Password Storage Cheat Sheet: 19 MiB, 2 passes, 1 lane.
fn argon2id(secret: &str) -> Result<String, Problem> {
    let failed = |error: &dyn std::fmt::Display| Problem::new(format!("Argon2id failed: {error}"));
    let mut salt = [0_u8; 16];
    rand::fill(&mut salt).map_err(|_| Problem::new("the operating system gives no random numbers"))?;
    let parameters = argon2::Params::new(19 * 1024, 2, 1, None).map_err(|error| failed(&error))?;
    let hasher = Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, parameters);
    let hash = hasher.hash_password_with_salt(secret.as_bytes(), &salt).map_err(|error| failed(&error))?;
    Ok(hash.to_string())
}

const EXAMPLES: &str = "\
Examples:
  countersign hash-secret --generate          a new secret, shown once, and its hash
  countersign hash-secret < secret.txt        sha256:…
  countersign hash-secret --argon2id          asks for the secret; $argon2id$…

In clients.json:
  { \"client_id\": \"billing\", \"client_secrets\": [{ \"label\": \"2026-11\", \"secret_hash\": \"sha256:…\" }] }";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::ClientSecret;

    #[test]
    fn the_library_reads_what_is_written() {
        let secret = generate().unwrap();
        assert_eq!(secret.len(), 43);
        assert!(!ClientSecret::hashed(&sha256(&secret)).unwrap().is_slow());
        let slow = argon2id(&secret).unwrap();
        assert!(slow.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{slow}");
        assert!(ClientSecret::hashed(&slow).unwrap().is_slow());
        assert_eq!(
            sha256("hello"),
            "sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
        );
    }
}
