//! A request as it was captured: a whole HTTP message, a form body, or a JWT alone.

use std::net::IpAddr;
use std::time::SystemTime;

use bytes::Bytes;

use crate::assertion::JWT_BEARER;
use crate::certificate::PeerCertificates;
use crate::endpoint::Endpoint;
use crate::form_encoding;
use crate::request::{AuthRequest, Headers};

/// A request as it goes over the wire.
#[derive(Clone)]
pub struct HttpRequest {
    /// Where it goes.
    pub endpoint: Endpoint,
    /// The HTTP method.
    pub verb: String,
    /// The query string, without its `?`.
    pub query: Option<String>,
    /// Header fields in order; the same name may come twice.
    pub headers: Vec<(String, Vec<u8>)>,
    /// The body, possibly empty.
    pub body: Vec<u8>,
    /// What the client showed in its TLS handshake.
    pub certificates: Option<PeerCertificates>,
    /// The address of whoever made the connection.
    pub source: Option<IpAddr>,
    /// When it came, and is judged; `None`: now.
    pub arrived_at: Option<SystemTime>,
}

impl HttpRequest {
    /// Reads what somebody captured.
    ///
    /// - An HTTP/1 message: request line, header fields, an empty line, body. The lines that `curl -v` shows, `>`
    ///   before them, are one too. Without a `Content-Length` one line break at the end of the body is not part of it.
    /// - A form body, as `curl -d` takes it; becomes a POST.
    /// - A JWT alone; becomes the `client_assertion` of a POST.
    ///
    /// `endpoint` overrides what the path says.
    ///
    /// # Errors
    /// What is wrong with it, when it is none of the three.
    pub fn read(captured: &[u8], endpoint: Option<Endpoint>) -> Result<Self, String> {
        let captured = captured.trim_ascii_start();
        if captured.is_empty() {
            return Err(
                "there is nothing to explain: expected a JWT, a form body or an HTTP request".to_owned()
            );
        }
        if let Some(message) = message(captured)? {
            return Ok(HttpRequest { endpoint: endpoint.unwrap_or(message.endpoint), ..message });
        }
        let alone = captured.trim_ascii_end();
        let body = match std::str::from_utf8(alone) {
            Ok(text) if looks_like_jwt(text) => {
                form_encoding::encode([("client_assertion_type", JWT_BEARER), ("client_assertion", text)])
                    .into_bytes()
            }
            _ => alone.to_vec(),
        };
        Ok(HttpRequest {
            endpoint: endpoint.unwrap_or(Endpoint::Token),
            verb: "POST".to_owned(),
            query: None,
            headers: vec![("content-type".to_owned(), b"application/x-www-form-urlencoded".to_vec())],
            body,
            certificates: None,
            source: None,
            arrived_at: None,
        })
    }

    pub(super) fn as_auth_request(&self) -> AuthRequest<'_> {
        AuthRequest::new(self.endpoint, &self.verb, self, Bytes::copy_from_slice(&self.body))
            .with_query(self.query.as_deref())
            .with_source(self.source)
            .with_certificates(self.certificates.as_ref())
    }
}

impl Headers for HttpRequest {
    fn each<'h>(&'h self, name: &str, visit: &mut dyn FnMut(&'h [u8])) {
        for (candidate, value) in &self.headers {
            if candidate.eq_ignore_ascii_case(name) {
                visit(value);
            }
        }
    }
}

/// Shows where it goes, never what it carries.
impl std::fmt::Debug for HttpRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HttpRequest")
            .field("endpoint", &self.endpoint)
            .field("verb", &self.verb)
            .finish_non_exhaustive()
    }
}

/// Three parts of base64url, or at least a first one that begins as every JSON object's base64url does.
fn looks_like_jwt(text: &str) -> bool {
    let is_one_word = !text.contains(|character: char| character.is_whitespace() || character == '&');
    is_one_word && (text.starts_with("ey") || !text.contains('=') && text.contains('.'))
}

/// The HTTP message, `None` when the first line is no request line.
fn message(captured: &[u8]) -> Result<Option<HttpRequest>, String> {
    let (first, rest) = line(captured);
    let (prefix, first) = match first.strip_prefix(b"> ") {
        Some(first) => (b"> ".as_slice(), first),
        None => (b"".as_slice(), first),
    };
    let Ok(request_line) = std::str::from_utf8(first) else { return Ok(None) };
    let mut words = request_line.split(' ');
    let (Some(verb), Some(target), Some(version), None) =
        (words.next(), words.next(), words.next(), words.next())
    else {
        return Ok(None);
    };
    if !version.starts_with("HTTP/") {
        return Ok(None);
    }
    let (path, query) = match target.split_once('?') {
        Some((path, query)) => (path, Some(query.to_owned())),
        None => (target, None),
    };
    let (headers, body) = head(rest, prefix)?;
    let body = body_of(&headers, body)?;
    let last = path.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    Ok(Some(HttpRequest {
        endpoint: last.parse().unwrap_or(Endpoint::Token),
        verb: verb.to_owned(),
        query,
        headers,
        body,
        certificates: None,
        source: None,
        arrived_at: None,
    }))
}

type Fields = Vec<(String, Vec<u8>)>;

/// The header fields, and what follows the empty line.
fn head<'c>(mut rest: &'c [u8], prefix: &[u8]) -> Result<(Fields, &'c [u8]), String> {
    let mut fields = Fields::new();
    while !rest.is_empty() {
        let (whole, after) = line(rest);
        rest = after;
        // The empty line of `curl -v` is a `>` alone.
        let field = whole.strip_prefix(prefix).or_else(|| whole.strip_prefix(prefix.trim_ascii_end()));
        let field = field.unwrap_or(whole);
        if field.is_empty() {
            break;
        }
        let colon = field.iter().position(|byte| *byte == b':').ok_or_else(|| {
            format!(
                "a header line has no colon: {:?}",
                String::from_utf8_lossy(field.get(..40).unwrap_or(field))
            )
        })?;
        let (name, value) = field.split_at(colon);
        let name = String::from_utf8_lossy(name).into_owned();
        fields.push((name, value.get(1..).unwrap_or_default().trim_ascii().to_vec()));
    }
    Ok((fields, rest))
}

/// Editors end the last line; a form does not.
fn body_of(headers: &Fields, body: &[u8]) -> Result<Vec<u8>, String> {
    let length = headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    let length = length.and_then(|(_, value)| std::str::from_utf8(value).ok()?.parse::<usize>().ok());
    let without_break = body.strip_suffix(b"\n").unwrap_or(body);
    let without_break = without_break.strip_suffix(b"\r").unwrap_or(without_break);
    match length {
        Some(length) if body.len() < length => Err(format!(
            "the body has {} bytes, and Content-Length says {length}: it was cut off",
            body.len()
        )),
        Some(length) if body.get(length..).is_some_and(|rest| rest.trim_ascii().is_empty()) => {
            Ok(body.get(..length).unwrap_or_default().to_vec())
        }
        _ => Ok(without_break.to_vec()),
    }
}

/// The first line without its break, and what follows it.
fn line(text: &[u8]) -> (&[u8], &[u8]) {
    let (line, rest) = match text.iter().position(|byte| *byte == b'\n') {
        Some(end) => (text.get(..end).unwrap_or_default(), text.get(end + 1..).unwrap_or_default()),
        None => (text, [].as_slice()),
    };
    (line.strip_suffix(b"\r").unwrap_or(line), rest)
}
