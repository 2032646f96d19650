//! What both have in common.

use std::error::Error;
use std::io::{BufRead as _, Write as _};

use oauth2::basic::{BasicErrorResponse, BasicErrorResponseType};
use oauth2::{RequestTokenError, StandardErrorResponse};
use serde_json::{Value, json};

/// A word that was read.
pub struct Word(Value);

impl Word {
    pub fn get(&self, name: &str) -> String {
        self.0[name].as_str().unwrap_or_default().to_owned()
    }
}

/// Why there is no access token.
pub enum Failed {
    /// The `error` that the server answered.
    Refused(String),
    Otherwise(String),
}

impl<E: Error> From<E> for Failed {
    fn from(error: E) -> Self {
        let mut text = error.to_string();
        let mut source = error.source();
        while let Some(error) = source {
            text = format!("{text}: {error}");
            source = error.source();
        }
        Failed::Otherwise(text)
    }
}

/// What the token endpoint answered, where it is a refusal.
pub fn refusal<E: Error + 'static>(error: RequestTokenError<E, BasicErrorResponse>) -> Failed {
    match error {
        RequestTokenError::ServerResponse(answer) => Failed::Refused(name(&answer)),
        other => other.into(),
    }
}

fn name(answer: &StandardErrorResponse<BasicErrorResponseType>) -> String {
    answer.error().as_ref().to_owned()
}

/// Hands each try, with the setup, to a function that returns an access token.
pub fn drive(attempt: fn(&Word, &Word) -> Result<String, Failed>) {
    let Some(setup) = read() else { return };
    while let Some(a_try) = read() {
        write(&match attempt(&setup, &a_try) {
            Ok(token) => json!({ "access_token": token }),
            Err(Failed::Refused(error)) => json!({ "error": error }),
            Err(Failed::Otherwise(text)) => json!({ "failed": text }),
        });
    }
}

/// The parameters that the server sends the user's browser back with.
pub fn visit(url: &oauth2::url::Url) -> impl Fn(&str) -> String + use<> {
    write(&json!({ "visit": url.as_str() }));
    let redirected = read().map(|word| word.get("redirected")).unwrap_or_default();
    let parameters: Vec<(String, String)> = oauth2::url::Url::parse(&redirected)
        .map(|url| url.query_pairs().into_owned().collect())
        .unwrap_or_default();
    move |name| {
        parameters.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone()).unwrap_or_default()
    }
}

fn read() -> Option<Word> {
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line).ok().filter(|length| *length > 0)?;
    serde_json::from_str(&line).ok().map(Word)
}

fn write(word: &Value) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{word}").and_then(|()| out.flush());
}
