//! `countersign try`.

mod client_certificate;
mod http;
mod meaning;
mod request;
mod target;
mod tls;
mod tls_failure;

use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Value, json};

use self::client_certificate::{CertificateFile, Wanted};
use self::http::{Answer, Reply};
use self::meaning::{Authenticated, Meaning};
use self::request::is_mutual_tls;
use self::target::Target;
use self::tls::Tls;
use super::assert::Signature;
use super::member;
use super::problem::Problem;
use super::report::Report;
use super::terminal::{Paint, printable};
use crate::auth_method::AuthMethod;

/// Send one token request to any server, and say what its answer means
///
/// The method is client_secret_basic with a secret, else tls_client_auth with --cert, else private_key_jwt with --key,
/// else none; unless --method says otherwise. Redirects are not followed.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// The token endpoint, or another that authenticates clients
    url: String,

    /// The client_id
    #[arg(long, value_name = "ID")]
    client: String,

    /// none, client_secret_basic, client_secret_post, client_secret_jwt, private_key_jwt, tls_client_auth or
    /// self_signed_tls_client_auth
    #[arg(long, value_name = "NAME")]
    method: Option<String>,

    #[command(flatten)]
    signature: Signature,

    /// grant_type of the request; an empty one is left out
    #[arg(long, value_name = "NAME", default_value = "client_credentials")]
    grant_type: String,

    /// Further form parameter, such as scope=invoices
    #[arg(long, value_name = "NAME=VALUE", value_parser = member::pair)]
    data: Vec<(String, String)>,

    /// Certificate of an authority to trust beside those that browsers trust, for an https URL: PEM or DER
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,

    /// Client certificate to show in the TLS handshake: PEM, with its chain after it. Its private key is --key for the
    /// two TLS methods; for the others it stands in the same file, or is the --key that signs
    #[arg(long, value_name = "FILE")]
    cert: Option<PathBuf>,

    /// Seconds to wait for the answer
    #[arg(long, value_name = "SECONDS", default_value_t = 10)]
    timeout: u64,
}

impl Arguments {
    pub(super) fn run(&self, paint: Paint) -> Result<Report, Problem> {
        let mut notes = Vec::new();
        let method = self.method()?;
        let target = Target::read(&self.url)?;
        let tls = self.tls(&method, &target)?;
        if tls.is_none() && !target.is_loopback() {
            notes.push("The credential travels unencrypted: the URL is http.".to_owned());
        }
        let request = request::make(self, &method, &mut notes)?;
        let outcome = http::post(&request, &target, tls.as_ref(), Duration::from_secs(self.timeout))?;
        if self.cert.is_some() && !is_mutual_tls(&method) && outcome.wanted == Wanted::Nothing {
            notes.push("The server did not ask for the client certificate.".to_owned());
        }
        let meaning = meaning::of(&outcome, &method);
        let passed = meaning.authenticated == Authenticated::Yes;
        let json = json(&outcome.reply, &method, &meaning);
        Ok(Report { passed, notes, ..Report::passed(text(&outcome.reply, &method, &meaning, paint), json) })
    }

    /// TLS, where the URL asks for it.
    fn tls(&self, method: &AuthMethod, target: &Target) -> Result<Option<Tls>, Problem> {
        if !target.is_encrypted() {
            return match (is_mutual_tls(method), &self.cert, &self.ca) {
                (false, None, None) => Ok(None),
                (true, _, _) => Err(target.failed(format_args!("{method} needs an https URL"))),
                (_, Some(_), _) => Err(target.failed("--cert needs an https URL")),
                (_, _, Some(_)) => Err(target.failed("--ca needs an https URL")),
            };
        }
        let Some(file) = &self.cert else {
            return match is_mutual_tls(method) {
                true => Err(Problem::new(format!("{method} needs --cert"))),
                false => Tls::new(self.ca.as_deref(), None).map(Some),
            };
        };
        let certificate = CertificateFile::read(file)?;
        // Beside another method --key is what signs the assertion; it may be that of the certificate as well.
        let key_file = match is_mutual_tls(method) || !certificate.holds_key() {
            true => self.signature.key_file(),
            false => None,
        };
        Tls::new(self.ca.as_deref(), Some(&certificate.with_key_file(key_file))).map(Some)
    }

    fn method(&self) -> Result<AuthMethod, Problem> {
        let has_secret = self.signature.has_secret();
        let Some(name) = &self.method else {
            return Ok(match (has_secret, &self.cert, self.signature.key_file()) {
                (true, _, _) => AuthMethod::CLIENT_SECRET_BASIC,
                (false, Some(_), _) => AuthMethod::TLS_CLIENT_AUTH,
                (false, None, Some(_)) => AuthMethod::PRIVATE_KEY_JWT,
                (false, None, None) => AuthMethod::NONE,
            });
        };
        request::METHODS.into_iter().find(|method| method.as_str() == name).ok_or_else(|| {
            let known = request::METHODS.map(|method| method.to_string()).join(", ");
            Problem::new(format!("{name:?} is none of the methods of this command: {known}"))
        })
    }
}

fn json(reply: &Reply, method: &AuthMethod, meaning: &Meaning) -> Value {
    let answer = answer(reply);
    json!({
        "method": method.as_str(),
        "status": answer.map(|answer| answer.status),
        "error": answer.and_then(|answer| answer.member("error")),
        "error_description": answer.and_then(|answer| answer.member("error_description")),
        "tls_alert": match reply {
            Reply::Answer(_) => None,
            Reply::Alert(alert) => Some(format!("{alert:?}")),
        },
        "authenticated": match meaning.authenticated {
            Authenticated::Yes => Value::Bool(true),
            Authenticated::No => Value::Bool(false),
            Authenticated::Unknown => Value::Null,
        },
        "meaning": meaning.text,
    })
}

fn text(reply: &Reply, method: &AuthMethod, meaning: &Meaning, paint: Paint) -> String {
    let mark = match meaning.authenticated {
        Authenticated::Yes => paint.green("✓"),
        Authenticated::No => paint.red("✗"),
        Authenticated::Unknown => paint.yellow("?"),
    };
    let mut text = match reply {
        Reply::Answer(answer) => format!("{mark} {method}: {}", answer.status),
        Reply::Alert(alert) => format!("{mark} {method}: TLS alert {alert:?}"),
    };
    if let Some(error) = answer(reply).and_then(|answer| answer.member("error")) {
        text.push_str(&format!(" {}", printable(error)));
    }
    text.push('\n');
    if let Some(description) = answer(reply).and_then(|answer| answer.member("error_description")) {
        text.push_str(&format!("  the server says: {}\n", printable(description)));
    }
    text.push_str(&format!("  {}\n", meaning.text));
    text
}

fn answer(reply: &Reply) -> Option<&Answer> {
    match reply {
        Reply::Answer(answer) => Some(answer),
        Reply::Alert(_) => None,
    }
}

const EXAMPLES: &str = "\
Examples:
  countersign try http://127.0.0.1:8080/token --client billing --secret-file secret.txt
  countersign try http://127.0.0.1:8080/token --client billing --key billing.jwk --issuer http://127.0.0.1:8080
  countersign try https://as.example.com/token --ca ca.pem --client billing --cert billing.crt --key billing.key
  countersign try http://127.0.0.1:8080/introspect --client api --secret-file - --grant-type '' --data token=x
Exit code 0 when the server authenticated the client, also if it then refused the rest of the request.";
