//! The media type of a covered request: an uncompressed form in UTF-8, and JSON where the policy says so.

use crate::policy::Policy;
use crate::reason::Reason;
use crate::refusal::Failure;
use crate::request::{AuthRequest, Headers, Repeated};

/// Refuses a body that some reader downstream would decode differently from [`Form`](crate::form::Form).
///
/// # Errors
/// [`Reason::UnsupportedMediaType`] for another media type, another charset than UTF-8, any content encoding,
/// and for a body without a media type. An empty body needs none.
pub(crate) fn require(request: &AuthRequest<'_>, policy: &Policy) -> Result<BodyType, Failure> {
    let one = |name: &'static str| {
        request.single_header(name).map_err(|Repeated(count)| refused(name, format!("{name} {count} times")))
    };
    if let Some(encoding) = one("content-encoding")?
        && !encoding.eq_ignore_ascii_case(b"identity")
    {
        return Err(refused("no content encoding", String::from_utf8_lossy(encoding).into_owned()));
    }
    match one("content-type")? {
        Some(value) if is(FORM, value) => Ok(BodyType::Form),
        Some(value) if policy.json_body && is(JSON, value) => Ok(BodyType::Json),
        Some(other) => Err(refused(FORM, String::from_utf8_lossy(other).into_owned())),
        None if request.body.as_ref().is_none_or(bytes::Bytes::is_empty) => Ok(BodyType::Form),
        None => Err(refused(FORM, "no Content-Type".to_owned())),
    }
}

/// The media type of a registration.
///
/// # Errors
/// What came instead of uncompressed `application/json` in UTF-8.
pub(crate) fn require_json(headers: &dyn Headers) -> Result<(), String> {
    let one = |name: &str| {
        let (mut line, mut count) = (None, 0_usize);
        headers.each(name, &mut |value| {
            line.get_or_insert(value);
            count += 1;
        });
        if count > 1 { Err(format!("{name} {count} times")) } else { Ok(line) }
    };
    if let Some(encoding) = one("content-encoding")?
        && !encoding.eq_ignore_ascii_case(b"identity")
    {
        return Err(format!("Content-Encoding {}", String::from_utf8_lossy(encoding)));
    }
    match one("content-type")? {
        Some(value) if is(JSON, value) => Ok(()),
        Some(other) => Err(String::from_utf8_lossy(other).into_owned()),
        None => Err("no Content-Type".to_owned()),
    }
}

/// A request whose body is not looked at must not carry one that the handler would read as a form.
///
/// # Errors
/// [`Reason::UnsupportedMediaType`].
pub(crate) fn refuse_form(request: &AuthRequest<'_>) -> Result<(), Failure> {
    let mut form = false;
    request.headers.each("content-type", &mut |value| form |= is(FORM, value));
    if form {
        Err(refused("a body that is no form, since it is not read here", FORM.to_owned()))
    } else {
        Ok(())
    }
}

/// How a body is read.
#[derive(Clone, Copy)]
pub(crate) enum BodyType {
    Form,
    Json,
}

const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json";

fn is(essence: &str, value: &[u8]) -> bool {
    let Ok(value) = std::str::from_utf8(value) else { return false };
    let mut parts = value.split(';').map(str::trim);
    parts.next().is_some_and(|part| part.eq_ignore_ascii_case(essence)) && parts.all(is_harmless_parameter)
}

/// Parameters are ignored, but for a charset, which some form readers obey.
fn is_harmless_parameter(parameter: &str) -> bool {
    match parameter.split_once('=') {
        Some((name, value)) if name.trim().eq_ignore_ascii_case("charset") => {
            let value = value.trim().trim_matches('"');
            value.eq_ignore_ascii_case("utf-8") || value.eq_ignore_ascii_case("utf8")
        }
        _ => true,
    }
}

fn refused(expected: &'static str, got: String) -> Failure {
    Failure::new(Reason::UnsupportedMediaType).expected(expected).got(got)
}

#[cfg(test)]
mod tests {
    use super::{FORM, is};

    #[test]
    fn what_real_clients_send_is_a_form() {
        for value in [
            "application/x-www-form-urlencoded",
            "Application/X-WWW-Form-URLencoded",
            "application/x-www-form-urlencoded; charset=UTF-8",
            "application/x-www-form-urlencoded ;charset=\"utf-8\"",
            "application/x-www-form-urlencoded; foo=bar",
        ] {
            assert!(is(FORM, value.as_bytes()), "{value}");
        }
    }

    #[test]
    fn anything_else_is_not() {
        for value in [
            "",
            "text/plain",
            "application/json",
            "application/x-www-form-urlencoded-x",
            "application/x-www-form-urlencoded; charset=utf-16",
            "multipart/form-data; boundary=x",
        ] {
            assert!(!is(FORM, value.as_bytes()), "{value}");
        }
    }
}
