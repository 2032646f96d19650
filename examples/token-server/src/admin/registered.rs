//! Registered clients: who may register, which there are, and an operator's changes to one.

use countersign::registration::MAX_BODY_BYTES;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use hyper::{Method, Request, StatusCode};

use super::response::{self, Refused};
use super::{Answer, Listening, body};
use crate::server;

/// What a path stands for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Wish {
    IssueToken,
    List,
    Patch(String),
    RotateSecret(String),
    RenewToken(String),
}

impl Wish {
    /// `None` for a path that is not of this group.
    pub(super) fn of(path: &str) -> Option<Self> {
        let mut segments = path.strip_prefix('/')?.split('/');
        let parts = (segments.next()?, segments.next(), segments.next(), segments.next());
        let own = |client_id: &str| percent_decoded(client_id).filter(|client_id| !client_id.is_empty());
        match parts {
            ("registration-tokens", None, None, None) => Some(Wish::IssueToken),
            ("clients", None, None, None) => Some(Wish::List),
            ("clients", Some(client_id), None, None) => own(client_id).map(Wish::Patch),
            ("clients", Some(client_id), Some("secret"), None) => own(client_id).map(Wish::RotateSecret),
            ("clients", Some(client_id), Some("registration-token"), None) => {
                own(client_id).map(Wish::RenewToken)
            }
            _ => None,
        }
    }

    pub(super) async fn answer(
        self,
        listening: &Listening,
        request: Request<Incoming>,
    ) -> Result<Answer, Refused> {
        let server = &listening.running.server;
        let answer = match self {
            Wish::List => {
                response::only(&request, &[Method::GET, Method::HEAD], "GET, HEAD")?;
                let (after, limit) = page(request.uri().query().unwrap_or_default())?;
                server.registered_clients(&after, limit).await
            }
            Wish::Patch(client_id) => {
                response::only(&request, &[Method::PATCH], "PATCH")?;
                require(&request, &["application/merge-patch+json", "application/json"])?;
                let patch = body::read(request, MAX_BODY_BYTES).await?;
                server.patch_client(&client_id, &patch).await
            }
            posted => {
                response::only(&request, &[Method::POST], "POST")?;
                // No form of another site's page can say so.
                require(&request, &["application/json"])?;
                match posted {
                    Wish::RotateSecret(client_id) => server.rotate_secret(&client_id).await,
                    Wish::RenewToken(client_id) => server.renew_registration_access_token(&client_id).await,
                    _ => server.initial_access_token().await,
                }
            }
        };
        Ok(translated(answer))
    }
}

fn require<B>(request: &Request<B>, media_types: &[&str]) -> Result<(), Refused> {
    let mut values = request.headers().get_all(CONTENT_TYPE).iter();
    let value = values.next().filter(|_| values.next().is_none());
    let essence = value.and_then(|value| value.to_str().ok()?.split(';').next()).map(str::trim);
    if essence.is_some_and(|essence| media_types.iter().any(|allowed| essence.eq_ignore_ascii_case(allowed)))
    {
        return Ok(());
    }
    let said = format!("the Content-Type must be {}\n", media_types.join(" or "));
    Err(Refused::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, said))
}

/// `?after=ID&limit=N`.
fn page(query: &str) -> Result<(String, usize), Refused> {
    let unreadable = || {
        let said = format!("the query is ?after=CLIENT_ID&limit=1…{MOST_CLIENTS}\n");
        Refused::new(StatusCode::BAD_REQUEST, said)
    };
    let (mut after, mut limit) = (String::new(), USUAL_CLIENTS);
    for (name, value) in query.split('&').filter_map(|pair| pair.split_once('=')) {
        match name {
            "after" => after = percent_decoded(value).ok_or_else(unreadable)?,
            "limit" => {
                let asked: Option<usize> = value.parse().ok();
                limit = asked.filter(|limit| (1..=MOST_CLIENTS).contains(limit)).ok_or_else(unreadable)?;
            }
            _ => return Err(unreadable()),
        }
    }
    Ok((after, limit))
}

/// `None` for what is no encoding of a text.
fn percent_decoded(text: &str) -> Option<String> {
    let mut octets = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(octet) = rest.next() {
        octets.push(match octet {
            b'%' => {
                let mut digit = || char::from(rest.next()?).to_digit(16);
                u8::try_from(digit()? * 16 + digit()?).ok()?
            }
            octet => octet,
        });
    }
    String::from_utf8(octets).ok()
}

fn translated(answer: server::Response) -> Answer {
    let mut translated = hyper::Response::new(Full::new(answer.body));
    *translated.status_mut() = StatusCode::from_u16(answer.status).unwrap_or_default();
    for (name, value) in answer.headers {
        if let Ok(value) = HeaderValue::from_str(&value) {
            translated.headers_mut().insert(HeaderName::from_static(name), value);
        }
    }
    translated
}

const USUAL_CLIENTS: usize = 100;
const MOST_CLIENTS: usize = 1000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_stands_for_one_thing() {
        let patch = |client_id: &str| Some(Wish::Patch(client_id.to_owned()));
        for (path, wish) in [
            ("/clients", Some(Wish::List)),
            ("/clients/c_1", patch("c_1")),
            ("/clients/https%3A%2F%2Fclient.example", patch("https://client.example")),
            ("/clients/c_1/secret", Some(Wish::RotateSecret("c_1".to_owned()))),
            ("/clients/c_1/registration-token", Some(Wish::RenewToken("c_1".to_owned()))),
            ("/registration-tokens", Some(Wish::IssueToken)),
            ("/clients/", None),
            ("/clients/c_1/", None),
            ("/clients/c_1/secret/x", None),
            ("/clients/%zz", None),
            ("/clients/%ff", None),
            ("/registration-tokens/", None),
            ("/", None),
        ] {
            assert_eq!(Wish::of(path), wish, "{path}");
        }
    }

    #[test]
    fn a_page_has_its_bounds() {
        assert!(page("").is_ok_and(|page| page == (String::new(), USUAL_CLIENTS)));
        assert!(page("after=c%201&limit=2").is_ok_and(|page| page == ("c 1".to_owned(), 2)));
        for query in ["limit=0", "limit=1001", "limit=x", "limt=5", "after=%f"] {
            assert!(page(query).is_err(), "{query}");
        }
    }
}
