//! `countersign keygen`.

mod certificate;
mod jwk;
mod shape;

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use zeroize::Zeroizing;

use self::certificate::Certificate;
use self::shape::{Format, KeyId, KeyType, KeyUse};
use super::files::{self, Access};
use super::problem::Problem;
use super::report::Report;
use crate::sign::SigningKey;

/// Make a key for a client: JWK, JWK Set or PEM, its public part, and a self-signed certificate
///
/// The private key goes to --out, readable by its owner alone, or to standard output. No file is ever overwritten.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// Key type; by default that of --alg or --curve, else EC
    #[arg(long, value_name = "TYPE", ignore_case = true)]
    kty: Option<KeyType>,

    /// Bits: 2048, 3072, 4096 or 8192 of RSA (2048 by default), 256 or more of oct
    #[arg(long, value_name = "BITS")]
    size: Option<u32>,

    /// Curve: P-256 (default), P-384, P-521 or Ed25519
    #[arg(long, value_name = "NAME")]
    curve: Option<String>,

    /// What the key is for: signatures, or encryption (for PEM and JWK readers other than this one)
    #[arg(long = "use", value_name = "USE", default_value = "sig")]
    key_use: KeyUse,

    /// `alg` of the JWK: the one algorithm the key is used with; by default RS256, ES256, ES384, ES512, EdDSA,
    /// ML-DSA-65, HS256
    #[arg(long, value_name = "NAME")]
    alg: Option<String>,

    /// `kid`: a value, thumbprint (of the JWK, RFC 7638), timestamp (sig- and Unix seconds), or none
    #[arg(long, value_name = "VALUE", default_value = "thumbprint")]
    kid: KeyId,

    /// How the key is written
    #[arg(long, value_name = "FORM", default_value = "jwk")]
    format: Format,

    /// File for the private key; by default standard output
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,

    /// File for the public part, in the same form
    #[arg(long, value_name = "FILE")]
    public: Option<PathBuf>,

    /// File for a self-signed certificate in PEM; prints its x5t#S256, and adds x5c to the public JWK
    #[arg(long, value_name = "FILE")]
    certificate: Option<PathBuf>,

    /// Common name of the certificate
    #[arg(long, value_name = "TEXT", default_value = "client", requires = "certificate")]
    name: String,

    /// Days the certificate is valid
    #[arg(long, value_name = "DAYS", default_value_t = 365, requires = "certificate")]
    days: u32,
}

impl Arguments {
    pub(super) fn run(&self) -> Result<Report, Problem> {
        files::refuse_existing(
            [&self.out, &self.public, &self.certificate].into_iter().flatten().map(PathBuf::as_path),
        )?;
        let key = self.generate()?;
        let is_secret = key.thumbprint().is_none();
        if is_secret && (self.public.is_some() || self.certificate.is_some()) {
            return Err(Problem::new("a secret (kty oct) has no public part and no certificate"));
        }
        let key_id = self.kid.of(&key, self.key_use);
        let certificate = match &self.certificate {
            Some(_) => Some(Certificate::self_signed(&key, &self.name, self.days)?),
            None => None,
        };
        let description = jwk::Description {
            key_use: self.key_use.as_str(),
            algorithm: self.algorithm_member(&key),
            key_id: key_id.as_deref(),
            certificate: certificate.as_ref(),
        };
        let private = self.private_text(&key, &description)?;
        let public = if is_secret { None } else { Some(self.public_text(&key, &description)?) };

        write(self.out.as_deref(), &private, Access::OwnerAlone)?;
        if let Some(public) = &public {
            write(self.public.as_deref(), public, Access::Everybody)?;
        }
        if let Some(certificate) = &certificate {
            write(self.certificate.as_deref(), &certificate.pem(), Access::Everybody)?;
        }
        Ok(self.report(
            &key,
            key_id.as_deref(),
            &private,
            public.as_ref().map(|text| text.as_str()),
            certificate.as_ref(),
        ))
    }

    fn generate(&self) -> Result<SigningKey, Problem> {
        let algorithm = shape::algorithm(self.kty, self.curve.as_deref(), self.signing_algorithm()?)?;
        if shape::key_type(algorithm) == KeyType::Akp && self.key_use == KeyUse::Enc {
            return Err(Problem::new("a key of type AKP is for signatures: its algorithm is part of it"));
        }
        match (shape::key_type(algorithm), self.size) {
            (KeyType::Rsa, size) => {
                Ok(SigningKey::generate_rsa(size.unwrap_or(2048))?.with_algorithm(algorithm)?)
            }
            (_, None) => Ok(SigningKey::generate(algorithm)?),
            (KeyType::Oct, Some(bits)) if bits % 8 == 0 => {
                Ok(SigningKey::generate_secret(bits as usize / 8)?.with_algorithm(algorithm)?)
            }
            (KeyType::Oct, Some(_)) => Err(Problem::new("--size of a secret is a multiple of 8")),
            _ => Err(Problem::new(
                "--size is for RSA and oct; the curve or the algorithm fixes the size of the others",
            )),
        }
    }

    /// `--alg` of a key for signatures; of one for encryption it is only written down.
    fn signing_algorithm(&self) -> Result<Option<crate::Algorithm>, Problem> {
        match (&self.alg, self.key_use) {
            (Some(name), KeyUse::Sig) => name
                .parse()
                .map(Some)
                .map_err(|error: crate::algorithm::UnknownAlgorithm| Problem::new(error.to_string())),
            _ => Ok(None),
        }
    }

    fn algorithm_member<'a>(&'a self, key: &'a SigningKey) -> Option<&'a str> {
        match self.key_use {
            KeyUse::Sig => Some(key.algorithm().as_str()),
            KeyUse::Enc => self.alg.as_deref(),
        }
    }

    fn private_text(
        &self,
        key: &SigningKey,
        description: &jwk::Description<'_>,
    ) -> Result<Zeroizing<String>, Problem> {
        match self.format {
            Format::Pem => Ok(key.to_pem()?),
            Format::Jwk => Ok(jwk::private(key, description)?),
            Format::Jwks => Ok(jwk::set_of(&jwk::private(key, description)?)),
        }
    }

    fn public_text(
        &self,
        key: &SigningKey,
        description: &jwk::Description<'_>,
    ) -> Result<Zeroizing<String>, Problem> {
        match self.format {
            Format::Pem => Ok(Zeroizing::new(key.public_pem()?.unwrap_or_default())),
            Format::Jwk => Ok(jwk::public(key, description)),
            Format::Jwks => Ok(jwk::set_of(&jwk::public(key, description))),
        }
    }

    fn report(
        &self,
        key: &SigningKey,
        key_id: Option<&str>,
        private: &str,
        public: Option<&str>,
        certificate: Option<&Certificate>,
    ) -> Report {
        let json = json!({
            "kid": key_id,
            "alg": self.algorithm_member(key),
            "thumbprint": key.thumbprint(),
            "x5t#S256": certificate.map(Certificate::thumbprint),
            // What went into a file stays there.
            "private": if self.out.is_none() { self.shown(private) } else { Value::Null },
            "public": public.map(|public| self.shown(public)),
        });
        let text = if self.out.is_none() { private.to_owned() } else { String::new() };
        let mut report = Report::passed(text, json);
        for (what, file) in
            [("private key", &self.out), ("public key", &self.public), ("certificate", &self.certificate)]
        {
            if let Some(file) = file {
                report = report.note(format!("{what}: {}", file.display()));
            }
        }
        if let Some(key_id) = key_id {
            report = report.note(format!("kid: {key_id}"));
        }
        match certificate {
            Some(certificate) => report.note(format!("x5t#S256: {}", certificate.thumbprint())),
            None => report,
        }
    }

    fn shown(&self, text: &str) -> Value {
        match self.format {
            Format::Pem => text.into(),
            Format::Jwk | Format::Jwks => serde_json::from_str(text).unwrap_or_default(),
        }
    }
}

fn write(file: Option<&Path>, content: &str, access: Access) -> Result<(), Problem> {
    file.map_or(Ok(()), |file| files::write_new(file, content, access))
}

const EXAMPLES: &str = "\
Examples:
  countersign keygen --out billing.jwk --public billing.public.jwk              EC on P-256, for ES256
  countersign keygen --alg PS256 --size 3072 --format jwks --out a.jwks --public a.public.jwks
  countersign keygen --curve Ed25519 --format pem --kid none --out billing.pem --public billing.public.pem
  countersign keygen --alg ML-DSA-65 --out pq.jwk --public pq.public.jwk         For a policy that names ML-DSA-65
  countersign keygen --kty RSA --out tls.pem --format pem --certificate tls.crt --name billing
The public JWK Set is what `jwks` in clients.json takes; public PEM and certificates go into `public_keys`.
For client_secret_jwt make a secret that is text: countersign hash-secret --generate";
