//! `countersign try`.

mod http;
mod meaning;
mod request;

use std::time::Duration;

use serde_json::{Value, json};

use self::http::Answer;
use self::meaning::{Authenticated, Meaning};
use super::assert::Signature;
use super::member;
use super::problem::Problem;
use super::report::Report;
use super::terminal::{Paint, printable};
use crate::auth_method::AuthMethod;

/// Send one token request to any server, and say what its answer means
///
/// The method is private_key_jwt with --key, client_secret_basic with a secret, none with neither, unless --method says
/// otherwise. Redirects are not followed. Plain http alone: https is not in this build yet.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// The token endpoint, or another that authenticates clients
    url: String,

    /// The client_id
    #[arg(long, value_name = "ID")]
    client: String,

    /// none, client_secret_basic, client_secret_post, client_secret_jwt or private_key_jwt
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

    /// Seconds to wait for the answer
    #[arg(long, value_name = "SECONDS", default_value_t = 10)]
    timeout: u64,
}

impl Arguments {
    pub(super) fn run(&self, paint: Paint) -> Result<Report, Problem> {
        let mut notes = Vec::new();
        let method = self.method()?;
        let request = request::make(self, &method, &mut notes)?;
        let answer = http::post(&request, Duration::from_secs(self.timeout), &mut notes)?;
        let meaning = meaning::of(&answer, &method);
        let json = json!({
            "method": method.as_str(),
            "status": answer.status,
            "error": answer.member("error"),
            "error_description": answer.member("error_description"),
            "authenticated": match meaning.authenticated {
                Authenticated::Yes => Value::Bool(true),
                Authenticated::No => Value::Bool(false),
                Authenticated::Unknown => Value::Null,
            },
            "meaning": meaning.text,
        });
        let passed = meaning.authenticated == Authenticated::Yes;
        Ok(Report { passed, notes, ..Report::passed(text(&answer, &method, &meaning, paint), json) })
    }

    fn method(&self) -> Result<AuthMethod, Problem> {
        let has_secret = self.signature.has_secret();
        let Some(name) = &self.method else {
            return Ok(match (self.signature.has_key(), has_secret) {
                (true, _) => AuthMethod::PRIVATE_KEY_JWT,
                (false, true) => AuthMethod::CLIENT_SECRET_BASIC,
                (false, false) => AuthMethod::NONE,
            });
        };
        request::METHODS.into_iter().find(|method| method.as_str() == name).ok_or_else(|| {
            let known = request::METHODS.map(|method| method.to_string()).join(", ");
            Problem::new(format!("{name:?} is none of the methods of this command: {known}"))
        })
    }
}

fn text(answer: &Answer, method: &AuthMethod, meaning: &Meaning, paint: Paint) -> String {
    let mark = match meaning.authenticated {
        Authenticated::Yes => paint.green("✓"),
        Authenticated::No => paint.red("✗"),
        Authenticated::Unknown => paint.yellow("?"),
    };
    let mut text = format!("{mark} {method}: {}", answer.status);
    if let Some(error) = answer.member("error") {
        text.push_str(&format!(" {}", printable(error)));
    }
    text.push('\n');
    if let Some(description) = answer.member("error_description") {
        text.push_str(&format!("  the server says: {}\n", printable(description)));
    }
    text.push_str(&format!("  {}\n", meaning.text));
    text
}

const EXAMPLES: &str = "\
Examples:
  countersign try http://127.0.0.1:8080/token --client billing --secret-file secret.txt
  countersign try http://127.0.0.1:8080/token --client billing --key billing.jwk --issuer http://127.0.0.1:8080
  countersign try http://127.0.0.1:8080/introspect --client api --secret-file - --grant-type '' --data token=x
Exit code 0 when the server authenticated the client, also if it then refused the rest of the request.";
