//! `countersign hash-secret`.

use serde_json::json;

use super::member;
use super::pepper_file::PepperFile;
use super::problem::Problem;
use super::report::Report;
use super::secret_input;
use crate::secret::{self, ClientSecret, HashError, Pepper};

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
    #[arg(long, conflicts_with = "pepper")]
    argon2id: bool,

    /// Hash with HMAC-SHA256 under a pepper of the server's own: its name, and the file that holds its octets
    #[arg(long, value_name = "NAME=FILE", value_parser = member::pair)]
    pepper: Option<(String, String)>,

    /// Make a secret of 256 random bits in [A-Za-z0-9_-], prefixed cs_, and print it once beside its hash
    #[arg(long)]
    generate: bool,

    /// Make no hash; tell whether this one, from another system perhaps, is of the secret. Exit code 1 if it is not
    #[arg(long, value_name = "HASH", conflicts_with_all = ["generate", "argon2id"])]
    check: Option<String>,
}

impl Arguments {
    pub(super) fn run(&self) -> Result<Report, Problem> {
        let pepper = self.pepper()?;
        if let Some(hash) = &self.check {
            return check(hash, pepper.as_ref());
        }
        if self.generate {
            let secret = ClientSecret::generate().map_err(failed)?;
            let hash = self.hash(secret.expose(), pepper.as_ref())?;
            let text = format!("secret {}\nhash   {hash}\n", secret.expose());
            let json = json!({ "secret": secret.expose(), "secret_hash": hash });
            return Ok(
                Report::passed(text, json).note("The secret is shown this once; give it to the client.")
            );
        }
        let secret = secret_input::from_standard_input("Secret")?;
        let hash = self.hash(&secret, pepper.as_ref())?;
        let report = Report::passed(format!("{hash}\n"), json!({ "secret_hash": hash }));
        let looks_chosen = secret.len() < 22 && !self.argon2id;
        Ok(if looks_chosen {
            report.note(
                "The secret is short, as if a person chose it: a fast hash will not hold. Use --argon2id.",
            )
        } else {
            report
        })
    }

    fn hash(&self, secret: &str, pepper: Option<&Pepper>) -> Result<String, Problem> {
        match pepper {
            Some(pepper) => Ok(pepper.hash(secret)),
            None if self.argon2id => secret::argon2id(secret).map_err(failed),
            None => Ok(secret::sha256(secret)),
        }
    }

    fn pepper(&self) -> Result<Option<Pepper>, Problem> {
        let Some(file) = &self.pepper else { return Ok(None) };
        let PepperFile { id, octets } = PepperFile::read(file)?;
        Pepper::new(&id, &octets).map(Some).map_err(|error| Problem::new(error.to_string()))
    }
}

fn check(hash: &str, pepper: Option<&Pepper>) -> Result<Report, Problem> {
    let stored = ClientSecret::hashed(hash).map_err(|error| Problem::new(format!("the hash {error}")))?;
    let secret = secret_input::from_standard_input("Secret")?;
    let matches = stored.is(&secret, pepper).map_err(|error| Problem::new(format!("the hash {error}")))?;
    let text = if matches { "the secret has this hash\n" } else { "the secret has another hash\n" };
    Ok(Report { passed: matches, ..Report::passed(text, json!({ "matches": matches })) })
}

fn failed(error: HashError) -> Problem {
    Problem::new(error.to_string())
}

const EXAMPLES: &str = "\
Examples:
  countersign hash-secret --generate                        a new secret, shown once, and its hash
  countersign hash-secret < secret.txt                      sha256:…
  countersign hash-secret --argon2id                        asks for the secret; $argon2id$…
  head -c 32 /dev/urandom > pepper-2026.bin
  countersign hash-secret --generate --pepper 2026=pepper-2026.bin     hmac-sha256:2026:…
  countersign hash-secret --check '$2b$12$…'                is this hash of that secret?

In clients.json:
  { \"client_id\": \"billing\", \"client_secrets\": [{ \"label\": \"2026-11\", \"secret_hash\": \"sha256:…\" }] }";
