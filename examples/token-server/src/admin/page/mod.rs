//! `GET /`: the operator's page, and what it asks for.
//!
//! One HTML file without outside resources. Its policy lets run what is in the file and nothing else; text from outside is
//! put into it as text.

mod client_row;
mod clients;
mod deadline;
mod explained;
mod key_use;
mod overview;
mod tally;

use std::sync::LazyLock;
use std::time::SystemTime;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign::form::Form;
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use hyper::{Method, Request, StatusCode};

pub(super) use self::clients::Registered;
pub(super) use self::key_use::KeyUse;
pub(super) use self::tally::Tally;
use super::response::{self, Refused};
use super::{Answer, Listening, body};

/// Its paths. Others are of another group.
pub(super) const PATHS: [&str; 3] = ["/", "/overview", "/explain"];

/// The answer to a request for one of the [`PATHS`].
pub(super) async fn answer(listening: &Listening, request: Request<Incoming>) -> Answer {
    let answered = match request.uri().path() {
        "/overview" => overview(listening, &request).await,
        "/explain" => explain(listening, request).await,
        _ => response::only(&request, &[Method::GET, Method::HEAD], "GET, HEAD").map(|()| page()),
    };
    answered.unwrap_or_else(Answer::from)
}

fn page() -> Answer {
    let mut answer = response::of_type(StatusCode::OK, "text/html; charset=utf-8", PAGE);
    for (name, value) in [
        ("content-security-policy", POLICY.as_str()),
        ("referrer-policy", "no-referrer"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
    ] {
        if let Ok(value) = HeaderValue::from_str(value) {
            answer.headers_mut().insert(HeaderName::from_static(name), value);
        }
    }
    answer
}

async fn overview(listening: &Listening, request: &Request<Incoming>) -> Result<Answer, Refused> {
    response::only(request, &[Method::GET, Method::HEAD], "GET, HEAD")?;
    let query = request.uri().query().unwrap_or_default().to_owned();
    let query = Form::parse(query.into())
        .map_err(|_| Refused::new(StatusCode::BAD_REQUEST, "the query cannot be read\n"))?;
    let text = query.get("q").unwrap_or_default();
    Ok(response::json(StatusCode::OK, &overview::overview(listening, text.trim()).await))
}

async fn explain(listening: &Listening, request: Request<Incoming>) -> Result<Answer, Refused> {
    response::only(&request, &[Method::POST], "POST")?;
    // A page of another site could not send this type without asking first, and is never told yes.
    let media_type = request.headers().get(CONTENT_TYPE).map(HeaderValue::as_bytes);
    if media_type != Some(b"application/json") {
        return Err(Refused::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "send application/json\n"));
    }
    let body = body::read(request, MOST_OCTETS).await?;
    Ok(response::json(StatusCode::OK, &explained::explained(listening, &body).await?))
}

/// Has `shown` this text in it, in whatever case?
fn matches(shown: &str, text: &str) -> bool {
    text.is_empty() || shown.to_ascii_lowercase().contains(&text.to_ascii_lowercase())
}

/// Unix seconds; what was before has none.
fn seconds(time: SystemTime) -> u64 {
    time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs()
}

const PAGE: &str = include_str!("page.html");

/// What the page may do: run its one script and its one style, and ask this listener.
static POLICY: LazyLock<String> = LazyLock::new(|| {
    format!(
        "default-src 'none'; script-src {}; style-src {}; connect-src 'self'; img-src data:; base-uri 'none'; \
         form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
        hash_of("script"),
        hash_of("style"),
    )
});

/// The hash of what is in the one element of this name ([CSP 3 §6.7](https://www.w3.org/TR/CSP3/#match-element-to-source-list)).
fn hash_of(element: &str) -> String {
    let text = PAGE.split_once(&format!("<{element}>")).map(|(_, rest)| rest);
    let text = text.and_then(|text| text.split_once(&format!("</{element}>"))).map(|(text, _)| text);
    format!("'sha256-{}'", STANDARD.encode(digest(&SHA256, text.unwrap_or_default().as_bytes())))
}

/// The rows of a table; how many more there are is said below it.
const MOST_ROWS: usize = 200;

/// Of a question: the largest assertion that is read, and the request around it.
const MOST_OCTETS: usize = 64 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_has_one_script_and_one_style_and_nothing_from_elsewhere() {
        for element in ["<script", "</script>", "<style", "</style>"] {
            assert_eq!(PAGE.matches(element).count(), 1, "{element}");
        }
        for outside in
            ["http://", "https://", "src=", "@import", "url(", "innerHTML", "style=", " onclick", "eval("]
        {
            let allowed =
                if outside == "http://" { PAGE.matches("http://www.w3.org/2000/svg").count() } else { 0 };
            assert_eq!(PAGE.matches(outside).count(), allowed, "{outside}");
        }
        assert!(POLICY.contains(&format!(
            "script-src {}; style-src {};",
            hash_of("script"),
            hash_of("style")
        )));
        assert_ne!(hash_of("script"), hash_of("style"));
        assert_ne!(hash_of("script"), hash_of("nothing"));
    }
}
