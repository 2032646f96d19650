//! The HTTP function that both crates ask for: the curl command. An answer of 400 is an answer.

use std::io::{Error, Write as _};
use std::process::{Command, Stdio};

use oauth2::http::{HeaderName, HeaderValue, StatusCode};
use oauth2::{HttpRequest, HttpResponse};

/// Trusts what `CURL_CA_BUNDLE` names.
pub fn send(request: HttpRequest) -> Result<HttpResponse, Error> {
    let mut command = Command::new("curl");
    command.args([
        "--silent",
        "--show-error",
        "--include",
        "--http1.1",
        "--max-time",
        "60",
        "--data-binary",
        "@-",
    ]);
    command.args(["--request", request.method().as_str()]);
    for (name, value) in request.headers() {
        command.arg("--header").arg(format!("{name}: {}", value.to_str().map_err(Error::other)?));
    }
    command.arg(request.uri().to_string());
    let mut curl = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    if let Some(mut body) = curl.stdin.take() {
        body.write_all(request.body())?;
    }
    let output = curl.wait_with_output()?.stdout;
    read(&output).ok_or_else(|| Error::other(format!("no answer: {}", output.escape_ascii())))
}

fn read(answer: &[u8]) -> Option<HttpResponse> {
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n")?;
    let mut lines = std::str::from_utf8(&answer[..end]).ok()?.split("\r\n");
    let status = lines.next()?.split(' ').nth(1)?;
    let mut response = HttpResponse::new(answer[end + 4..].to_vec());
    *response.status_mut() = StatusCode::from_bytes(status.as_bytes()).ok()?;
    for (name, value) in lines.filter_map(|line| line.split_once(": ")) {
        let (name, value) =
            (HeaderName::from_bytes(name.as_bytes()).ok()?, HeaderValue::from_str(value).ok()?);
        response.headers_mut().append(name, value);
    }
    Some(response)
}
