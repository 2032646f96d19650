//! Whose requests are answered.
//!
//! A browser that an operator has open takes part in two attacks on a listener of loopback: a page of another site sends
//! it requests, and, with a name that it makes lead to this machine (DNS rebinding), also reads what it answers.

use hyper::header::{HOST, HeaderName, ORIGIN};
use hyper::{Method, Request, StatusCode, Version};

use super::response::Refused;

/// `Err` to a request that is none of an operator: for another host (421), or of another site's page
/// (403).
pub(super) fn check<B>(request: &Request<B>, names: &[String]) -> Result<(), Refused> {
    let host = host(request)?;
    if !host.is_none_or(|host| is_own(host, names)) {
        return Err(Refused::new(
            StatusCode::MISDIRECTED_REQUEST,
            "this listener goes by its address, by localhost, and by the names in [admin] hosts\n",
        ));
    }
    let text = |name: HeaderName| request.headers().get(name).map(|value| value.to_str().unwrap_or_default());
    let is_foreign = |origin: &str| origin.strip_prefix("http://").is_none_or(|origin| Some(origin) != host);
    let is_ours = matches!(text(SEC_FETCH_SITE), None | Some("none" | "same-origin"));
    // A link that was followed from elsewhere shows a page to the operator alone.
    let is_followed_link = request.method() == Method::GET && text(SEC_FETCH_MODE) == Some("navigate");
    if text(ORIGIN).is_some_and(is_foreign) || !(is_ours || is_followed_link) {
        return Err(Refused::new(StatusCode::FORBIDDEN, "not for the pages of another site\n"));
    }
    Ok(())
}

/// The one `Host` (RFC 9112 §3.2), which HTTP/1.0 has not.
fn host<B>(request: &Request<B>) -> Result<Option<&str>, Refused> {
    let mut values = request.headers().get_all(HOST).iter();
    match (values.next(), values.next()) {
        (None, None) if request.version() < Version::HTTP_11 => Ok(None),
        (Some(host), None) if host.to_str().is_ok() => Ok(host.to_str().ok()),
        _ => Err(Refused::new(StatusCode::BAD_REQUEST, "exactly one Host\n")),
    }
}

/// Is it an address, `localhost`, or one of these names? A stranger can make none of them lead to this machine.
fn is_own(host: &str, names: &[String]) -> bool {
    let name = host.rsplit_once(':').filter(|(_, port)| port.bytes().all(|byte| byte.is_ascii_digit()));
    let name = name.map_or(host, |(name, _)| name);
    match name.strip_prefix('[').and_then(|name| name.strip_suffix(']')) {
        Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
        None => {
            name.eq_ignore_ascii_case("localhost")
                || name.parse::<std::net::Ipv4Addr>().is_ok()
                || names.iter().any(|own| own.eq_ignore_ascii_case(name))
        }
    }
}

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const SEC_FETCH_MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");

#[cfg(test)]
mod tests {
    use super::super::Answer;
    use super::*;

    fn status(headers: &[(&str, &str)]) -> u16 {
        let mut request = Request::builder();
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        check(&request.body(()).unwrap(), &["ops.example".to_owned()])
            .map_or_else(|refused| Answer::from(refused).status().as_u16(), |()| 200)
    }

    #[test]
    fn it_goes_by_its_address_alone() {
        for host in [
            "127.0.0.1",
            "127.0.0.1:8081",
            "[::1]:8081",
            "[::1]",
            "10.0.0.7:8081",
            "LocalHost:8081",
            "OPS.example:8081",
        ] {
            assert_eq!(status(&[("host", host)]), 200, "{host}");
        }
        for host in [
            "op",
            "evil.ops.example",
            "rebound.example:8081",
            "127.0.0.1.example",
            "localhost.example",
            "::1",
            "",
            "[::1",
        ] {
            assert_eq!(status(&[("host", host)]), 421, "{host}");
        }
        assert_eq!(status(&[]), 400);
        assert_eq!(status(&[("host", "127.0.0.1"), ("host", "127.0.0.1")]), 400);
    }

    #[test]
    fn pages_of_other_sites_are_kept_out() {
        let here = ("host", "127.0.0.1:8081");
        assert_eq!(
            status(&[here, ("origin", "http://127.0.0.1:8081"), ("sec-fetch-site", "same-origin")]),
            200
        );
        assert_eq!(status(&[here, ("sec-fetch-site", "none")]), 200);
        for origin in ["http://127.0.0.1:8080", "http://evil.example", "https://127.0.0.1:8081", "null"] {
            assert_eq!(status(&[here, ("origin", origin)]), 403, "{origin}");
        }
        for site in ["cross-site", "same-site", "anything"] {
            assert_eq!(status(&[here, ("sec-fetch-site", site)]), 403, "{site}");
            assert_eq!(status(&[here, ("sec-fetch-site", site), ("sec-fetch-mode", "cors")]), 403, "{site}");
            assert_eq!(
                status(&[here, ("sec-fetch-site", site), ("sec-fetch-mode", "navigate")]),
                200,
                "{site}"
            );
        }
    }
}
