//! The placeholders of the case language, such as `@now+60` and `@cred`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use crate::assertion::{Assertion, fresh_jti};
use crate::encoding::form_encode;
use crate::fixtures::fixtures;
use crate::request::JWT_BEARER;
use crate::row::ISSUER;
use crate::x509::{self, pem};

/// What placeholders stand for in one request.
pub(super) struct Context {
    /// The `client_id` of the case's client.
    pub(super) client_id: String,
    /// Its secret, if it has one.
    pub(super) secret: Option<String>,
    /// The clock of the step.
    pub(super) now: i64,
}

impl Context {
    /// A JSON value; a string that is a placeholder and nothing else may become a number, `null` or an object.
    pub(super) fn value(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => self.typed(text).unwrap_or_else(|| self.text(text).into()),
            Value::Array(elements) => elements.iter().map(|element| self.value(element)).collect(),
            Value::Object(members) => members
                .iter()
                .map(|(name, value)| (name.clone(), self.value(value)))
                .collect::<Map<_, _>>()
                .into(),
            plain => plain.clone(),
        }
    }

    /// A value as the text of a form parameter.
    pub(super) fn parameter(&self, value: &Value) -> String {
        match value {
            Value::String(text) => self.text(text),
            other => panic!("a parameter is text, not {other}"),
        }
    }

    /// Text with every placeholder in it replaced.
    pub(super) fn text(&self, text: &str) -> String {
        let Some(at) = text.find('@') else { return text.to_owned() };
        let (before, rest) = text.split_at(at);
        let (replacement, length) = self.placeholder(rest);
        format!("{before}{replacement}{}", self.text(&rest[length..]))
    }

    fn typed(&self, text: &str) -> Option<Value> {
        if text == "@null" {
            return Some(Value::Null);
        }
        if let Some(offset) = text.strip_prefix("@now") {
            return match offset.parse::<i64>() {
                Ok(seconds) => Some(json!(self.now + seconds)),
                Err(_) if offset.is_empty() => Some(json!(self.now)),
                #[allow(clippy::cast_precision_loss, reason = "a clock reading is far below 2^53")]
                Err(_) => Some(json!(self.now as f64 + offset.parse::<f64>().expect("@now and a number"))),
            };
        }
        let key = text.strip_prefix("@pub(")?.strip_suffix(')')?;
        Some(fixtures().key(key).public())
    }

    /// What the placeholder at the start of `text` stands for, and how long it is.
    fn placeholder(&self, text: &str) -> (String, usize) {
        if let Some((name, arguments, length)) = call(text)
            && let Some(replacement) = self.called(name, &arguments)
        {
            return (replacement, length);
        }
        // Longer names stand first: `@cred2` is not `@cred` and a 2.
        let constants: [(&str, &dyn Fn() -> String); 18] = [
            ("@victim-cert-or-dn", &|| base64_of("c-tls-dn")),
            ("@par_endpoint", &|| fixtures().server("par_endpoint").to_owned()),
            ("@token_endpoint", &|| fixtures().server("token_endpoint").to_owned()),
            ("@revocation_endpoint", &|| fixtures().server("revocation_endpoint").to_owned()),
            ("@issuer", &|| ISSUER.to_owned()),
            ("@jwt-bearer", &|| JWT_BEARER.to_owned()),
            ("@secret", &|| self.secret()),
            ("@cred_nopad", &|| self.credentials().trim_end_matches('=').to_owned()),
            ("@cred_ws", &|| with_a_gap(&self.credentials())),
            ("@cred2", &|| encoded_pair("c-post", &fixtures().client("c-post").secret().unwrap())),
            ("@cred", &|| self.credentials()),
            ("@bad", &|| encoded_pair(&self.client_id, "wrong")),
            ("@fresh", &fresh_jti),
            ("@now", &|| self.now.to_string()),
            ("@code", &|| "a-code".to_owned()),
            ("@v", &|| "a".repeat(43)),
            ("@client", &|| self.client_id.clone()),
            ("@", &|| panic!("no placeholder begins {text:?}")),
        ];
        let (name, make) =
            constants.iter().find(|(name, _)| text.starts_with(name)).expect("the last matches all");
        (make(), name.len())
    }

    fn called(&self, name: &str, arguments: &[&str]) -> Option<String> {
        Some(match (name, arguments) {
            ("@repeat", [text, times]) => text.repeat(times.parse().expect("a count")),
            ("@cred", [client]) => {
                let client = fixtures().client(client);
                encoded_pair(&client.id(), &client.secret().expect("a client with a secret"))
            }
            ("@members", [count]) => members(count.parse().expect("a count")),
            ("@b64cert", [certificate]) => base64_of(certificate),
            ("@pem", [certificate]) => escaped_pem(certificate),
            ("@jws", ["valid"]) => Assertion::of(&self.client_id).mint(),
            ("@dpop", [jti]) => {
                let proof = Assertion::of(&self.client_id).header("typ", "dpop+jwt").claim("jti", *jti);
                proof.claim("htm", "POST").claim("htu", fixtures().server("token_endpoint")).mint()
            }
            _ => return None,
        })
    }

    fn secret(&self) -> String {
        self.secret.clone().unwrap_or_else(|| panic!("{} has no secret", self.client_id))
    }

    fn credentials(&self) -> String {
        encoded_pair(&self.client_id, &self.secret())
    }
}

/// `@name(a,b)` at the start of the text.
fn call(text: &str) -> Option<(&str, Vec<&str>, usize)> {
    let (name, rest) = text.split_once('(')?;
    let (arguments, _) = rest.split_once(')')?;
    let is_name = name[1..].bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    is_name.then(|| (name, arguments.split(',').collect(), name.len() + arguments.len() + 2))
}

fn base64_of(certificate: &str) -> String {
    STANDARD.encode(&x509::certificate(certificate).der)
}

/// PEM as nginx escapes it for a header field.
fn escaped_pem(certificate: &str) -> String {
    form_encode(&pem(&x509::certificate(certificate).der)).replace('+', "%20")
}

fn encoded_pair(client_id: &str, secret: &str) -> String {
    STANDARD.encode(format!("{}:{}", form_encode(client_id), form_encode(secret)))
}

fn members(count: usize) -> String {
    (0..count).map(|number| format!("\"m{number}\":0")).collect::<Vec<_>>().join(",")
}

fn with_a_gap(text: &str) -> String {
    let (left, right) = text.split_at(text.len() / 2);
    format!("{left} {right}")
}
