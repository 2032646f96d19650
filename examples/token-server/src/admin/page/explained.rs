//! `POST /explain`: what this server says to a client assertion, check by check.
//!
//! Nothing of it is kept or logged, and the assertion can still be used. A request with a secret in it is not explained, nor
//! an assertion that is keyed by one: whoever reaches this listener could guess secrets here, unlimited.

use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use countersign::explain::HttpRequest;
use countersign::form::Form;
use countersign::{Algorithm, AuthMethod, Endpoint};
use hyper::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::admin::Listening;
use crate::admin::response::Refused;

/// What the page sends.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Question {
    /// A JWT, the two form fields, or an HTTP request with them.
    assertion: String,
    endpoint: String,
    /// Judged as of when it was issued, by its own word, and not as of now.
    #[serde(default)]
    when_issued: bool,
}

pub(super) async fn explained(listening: &Listening, body: &[u8]) -> Result<Value, Refused> {
    let bad = |text: String| Refused::new(StatusCode::BAD_REQUEST, text);
    let question: Question = serde_json::from_slice(body).map_err(|error| bad(error.to_string()))?;
    let endpoint: Endpoint = question.endpoint.parse().map_err(|_| bad("no such endpoint".to_owned()))?;
    let mut request = HttpRequest::read(question.assertion.as_bytes(), Some(endpoint)).map_err(bad)?;
    let assertion = assertion_of(&request).ok_or_else(|| {
        bad("There is no client assertion in it, as a form and without another credential. Paste a JWT, or the form \
             or the request that it is in; of a JSON body, the JWT alone."
            .to_owned())
    })?;
    if is_keyed_by_a_secret(&assertion) {
        return Err(bad(
            "It is signed with a client's secret, and secrets could be guessed here. The command \
             explains it: countersign explain."
                .to_owned(),
        ));
    }
    let mut notes: Vec<String> = Vec::new();
    if question.when_issued {
        request.arrived_at = issued_at(&assertion);
        if request.arrived_at.is_none() {
            notes.push("It does not say when it was issued (iat): judged as of now.".to_owned());
        }
    }
    let explanation = listening.running.auth.explain(&request).await;
    if let Some(hash) = &explanation.jwt_id_hash {
        notes.extend(used_before(listening, hash));
    }
    let mut shown = json!(explanation);
    if let Some(object) = shown.as_object_mut() {
        object.insert("notes".to_owned(), json!(notes));
    }
    Ok(shown)
}

/// The one assertion of a request that has no other credential. As JSON it could hold other ones than it holds as a form.
fn assertion_of(request: &HttpRequest) -> Option<String> {
    let mut types = request.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("content-type"));
    if !types.all(|(_, value)| is_form(value)) {
        return None;
    }
    let form = Form::parse(request.body.clone().into()).ok()?;
    let has_secret = form.get("client_secret").is_some()
        || request.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("authorization"));
    let mut assertions = form.get_all("client_assertion");
    match (assertions.next(), assertions.next()) {
        (Some(assertion), None) if !has_secret && !assertion.is_empty() => Some(assertion.into_owned()),
        _ => None,
    }
}

/// Whatever its parameters.
fn is_form(media_type: &[u8]) -> bool {
    let essence = media_type.split(|octet| *octet == b';').next().unwrap_or_default();
    essence.trim_ascii().eq_ignore_ascii_case(b"application/x-www-form-urlencoded")
}

/// Does its header, read as leniently as can be, say so? One that cannot be read proves nothing.
fn is_keyed_by_a_secret(assertion: &str) -> bool {
    #[derive(Deserialize)]
    struct Header {
        alg: String,
    }
    let header = URL_SAFE_NO_PAD.decode(assertion.split('.').next().unwrap_or_default());
    let header = header.ok().and_then(|header| serde_json::from_slice::<Header>(&header).ok());
    header.is_some_and(|header| {
        header.alg.parse::<Algorithm>().map_or(header.alg.starts_with("HS"), Algorithm::is_symmetric)
    })
}

fn issued_at(assertion: &str) -> Option<SystemTime> {
    let claims = URL_SAFE_NO_PAD.decode(assertion.split('.').nth(1)?).ok()?;
    let claims: Value = serde_json::from_slice(&claims).ok()?;
    let seconds = claims.get("iat")?.as_f64().filter(|seconds| (0.0..1e11).contains(seconds))?;
    SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs_f64(seconds))
}

/// What the newest decisions say of the same `jti`.
fn used_before(listening: &Listening, hash: &str) -> Option<String> {
    let events = listening.admin.events.events();
    let used =
        events.iter().find(|event| event.is_authenticated() && event.jwt_id_hash.as_deref() == Some(hash))?;
    let from = used.source.map(|source| format!(" from {source}")).unwrap_or_default();
    let by = used.method.as_deref().unwrap_or(AuthMethod::PRIVATE_KEY_JWT.as_str()).to_owned();
    Some(format!(
        "An assertion with this jti was used{from}, by {by}: this one would be refused as replayed."
    ))
}
