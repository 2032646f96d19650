//! Requests as they go over the wire, made beforehand.

use countersign_tests::assertion::Assertion;
use countersign_tests::request::Request;

/// By a fresh assertion.
pub(crate) fn by_assertion(client: &str, source: &str) -> Vec<u8> {
    let now =
        std::time::SystemTime::now().duration_since(std::time::SystemTime::UNIX_EPOCH).unwrap().as_secs();
    let assertion = Assertion::of(client).claim("iat", now).claim("exp", now + 600).mint();
    octets(Request::token().field("client_id", client).assertion(assertion), source)
}

/// By a secret, as `client_secret_basic`.
pub(crate) fn by_secret(client: &str, secret: &str, source: &str) -> Vec<u8> {
    octets(Request::token().basic(client, secret), source)
}

/// As a proxy passes it on that names this source.
fn octets(request: Request, source: &str) -> Vec<u8> {
    let request = request.header("x-forwarded-for", source).build();
    let mut octets = b"POST /token HTTP/1.1\r\nhost: localhost\r\n".to_vec();
    for (name, value) in &request.headers {
        octets.extend([name.as_bytes(), b": ", value, b"\r\n"].concat());
    }
    octets.extend(format!("content-length: {}\r\n\r\n", request.body.len()).into_bytes());
    octets.extend(&request.body);
    octets
}

/// Where an answer ends and what its status is; `None` while it is not whole.
pub(crate) fn read_answer(octets: &[u8]) -> Option<u16> {
    let text = std::str::from_utf8(octets).ok()?;
    let (head, body) = text.split_once("\r\n\r\n")?;
    let length = head.split("\r\n").find_map(|line| line.strip_prefix("content-length: "))?;
    let status = head.get("HTTP/1.1 ".len()..)?.get(..3)?.parse().ok()?;
    (body.len() >= length.parse::<usize>().ok()?).then_some(status)
}
