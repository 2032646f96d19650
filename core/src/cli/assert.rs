//! `countersign assert`.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};

use super::problem::Problem;
use super::report::Report;
use super::{key_file, member, secret_input};
use crate::algorithm::Algorithm;
use crate::form_encoding;
use crate::sign::{ClientAssertion, SigningKey};

/// Sign a client assertion and print its two form fields, ready for curl
///
/// For private_key_jwt with --key, for client_secret_jwt with a secret. Everything can be set to a wrong value, to see
/// what a server says to it.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// The client_id: `iss` and `sub` of the assertion
    client: String,

    #[command(flatten)]
    signature: Signature,

    /// Claim to set, as name=value; the value is JSON if it looks like it, else text
    #[arg(long = "claim", value_name = "NAME=JSON", value_parser = member::json)]
    claims: Vec<(String, Value)>,

    /// Claim to leave out
    #[arg(long = "without-claim", value_name = "NAME")]
    without_claims: Vec<String>,

    /// Header member to set, as name=value
    #[arg(long = "header", value_name = "NAME=JSON", value_parser = member::json)]
    header: Vec<(String, Value)>,

    /// Header member to leave out
    #[arg(long = "without-header", value_name = "NAME")]
    without_header: Vec<String>,

    /// Seconds from `iat` to `exp`
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    lifetime: u64,

    /// The time that becomes `iat`, in Unix seconds; the default is now
    #[arg(long, value_name = "SECONDS")]
    now: Option<u64>,
}

/// What an assertion is signed with and for: shared by `assert` and `try`.
#[derive(clap::Args)]
pub(super) struct Signature {
    /// Private key: PEM (PKCS#8, SEC 1, PKCS#1), JWK, or a JWK Set of one; - for standard input
    #[arg(long, value_name = "FILE", conflicts_with_all = ["secret", "secret_file"])]
    key: Option<PathBuf>,

    /// Client secret. Other users of this machine can see it in the list of processes
    #[arg(long, value_name = "TEXT", conflicts_with = "secret_file")]
    secret: Option<String>,

    /// File with the client secret on its one line; - for standard input
    #[arg(long, value_name = "FILE")]
    secret_file: Option<PathBuf>,

    /// Issuer identifier of the server: the audience of an assertion, unless --audience says otherwise
    #[arg(long, value_name = "URL")]
    issuer: Option<String>,

    /// Audience of the assertion
    #[arg(long, value_name = "TEXT")]
    audience: Option<String>,

    /// Signature algorithm; by default the key's own, or RS256, ES256, ES384, ES512, EdDSA, HS256 by its type. An
    /// ML-DSA key has its own alone
    #[arg(long, value_name = "NAME")]
    alg: Option<Algorithm>,

    /// `kid` of the header: a value, or thumbprint, or none; by default the key's own, or its JWK thumbprint
    #[arg(long, value_name = "VALUE")]
    kid: Option<String>,

    /// `typ` of the header: a value, or none
    #[arg(long, value_name = "TYPE", default_value = "client-authentication+jwt")]
    typ: String,
}

impl Arguments {
    pub(super) fn run(&self) -> Result<Report, Problem> {
        let mut notes = Vec::new();
        let key = self.signature.key(&mut notes)?.ok_or_else(|| {
            Problem::new("there is nothing to sign with: give --key, --secret or --secret-file")
        })?;
        let assertion = self.unsigned()?.sign(&key)?;
        let fields = assertion.form_fields();
        let body = form_encoding::encode(fields.iter().map(|(name, value)| (*name, value.as_str())));
        let json: Value = fields.into_iter().map(|(name, value)| (name.to_owned(), json!(value))).collect();
        Ok(Report { notes, ..Report::passed(format!("{body}\n"), json) })
    }

    fn unsigned(&self) -> Result<ClientAssertion, Problem> {
        let sets_audience = self.claims.iter().any(|(name, _)| name == "aud")
            || self.without_claims.iter().any(|name| name == "aud");
        let mut assertion = self
            .signature
            .unsigned(&self.client, sets_audience)?
            .lifetime(Duration::from_secs(self.lifetime));
        if let Some(now) = self.now {
            let time = SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(now));
            assertion = assertion.issued_at(time.ok_or_else(|| Problem::new("--now lies too far ahead"))?);
        }
        for (name, value) in &self.header {
            assertion = assertion.header(name, value.clone());
        }
        for (name, value) in &self.claims {
            assertion = assertion.claim(name, value.clone());
        }
        for name in &self.without_header {
            assertion = assertion.without_header(name);
        }
        for name in &self.without_claims {
            assertion = assertion.without_claim(name);
        }
        Ok(assertion)
    }
}

impl Signature {
    /// The key to sign with, `None` where neither a key nor a secret was given.
    pub(super) fn key(&self, notes: &mut Vec<String>) -> Result<Option<SigningKey>, Problem> {
        let mut key = match (&self.key, self.secret()?) {
            (Some(file), _) => key_file::read(file)?,
            (None, Some(secret)) => return self.secret_key(&secret, notes).map(Some),
            (None, None) => return Ok(None),
        };
        if let Some(algorithm) = self.alg {
            key = key.with_algorithm(algorithm)?;
        }
        Ok(Some(self.named(key)))
    }

    /// The file with the private key, where one was given.
    pub(super) fn key_file(&self) -> Option<&Path> {
        self.key.as_deref()
    }

    /// Was a secret given?
    pub(super) fn has_secret(&self) -> bool {
        self.secret.is_some() || self.secret_file.is_some()
    }

    /// The secret, where one was given.
    pub(super) fn secret(&self) -> Result<Option<zeroize::Zeroizing<String>>, Problem> {
        match (&self.secret, &self.secret_file) {
            (Some(secret), _) => Ok(Some(zeroize::Zeroizing::new(secret.clone()))),
            (None, Some(file)) => secret_input::from_file(file).map(Some),
            (None, None) => Ok(None),
        }
    }

    /// The assertion before claims and header are changed.
    pub(super) fn unsigned(&self, client: &str, sets_audience: bool) -> Result<ClientAssertion, Problem> {
        let assertion = ClientAssertion::for_client(client);
        let assertion = match (&self.audience, &self.issuer) {
            (Some(audience), _) => assertion.audience(audience),
            (None, Some(issuer)) => assertion.audience(issuer),
            (None, None) if sets_audience => assertion,
            (None, None) => {
                return Err(Problem::new("whom is the assertion for? Give --issuer, or --audience"));
            }
        };
        Ok(if self.typ == NONE { assertion.without_header("typ") } else { assertion.typ(&self.typ) })
    }

    fn secret_key(&self, secret: &str, notes: &mut Vec<String>) -> Result<SigningKey, Problem> {
        let algorithm = self.alg.unwrap_or(Algorithm::HS256);
        let key = SigningKey::danger_from_short_secret(secret, algorithm)?;
        if let Err(error) = SigningKey::danger_from_short_secret(secret, algorithm)?.with_algorithm(algorithm)
        {
            notes.push(format!("{error}: a server must refuse this"));
        }
        Ok(self.named(key))
    }

    fn named(&self, key: SigningKey) -> SigningKey {
        match self.kid.as_deref() {
            None => key,
            Some(NONE) => key.without_key_id(),
            Some(THUMBPRINT) => match key.thumbprint() {
                Some(thumbprint) => key.with_key_id(thumbprint),
                None => key,
            },
            Some(key_id) => key.with_key_id(key_id),
        }
    }
}

const NONE: &str = "none";
const THUMBPRINT: &str = "thumbprint";

const EXAMPLES: &str = "\
Examples:
  curl -d grant_type=client_credentials \\
       -d \"$(countersign assert billing --key billing.pem --issuer https://as.example.com)\" https://as.example.com/token
  countersign assert billing --secret-file secret.txt --alg HS512 --issuer https://as.example.com
Wrong ones, to see what a server says:
  countersign assert billing --key billing.pem --audience https://elsewhere.example
  countersign assert billing --key billing.pem --issuer https://as.example.com --claim exp=1 --without-claim jti
  countersign assert billing --key billing.pem --issuer https://as.example.com --header 'crit=[\"exp\"]' --typ at+jwt";
