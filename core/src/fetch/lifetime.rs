//! How long a fetched set may be kept ([RFC 9111](https://www.rfc-editor.org/rfc/rfc9111) §4.2, §5.2.2).

use std::time::Duration;

use hyper::header::{AGE, CACHE_CONTROL, HeaderMap};

use super::limits::{DEFAULT_LIFETIME, MAX_LIFETIME, MIN_LIFETIME};

/// From `Cache-Control`, within the bounds; what a shared cache already spent of it (`Age`) is over.
/// `Expires` is not read: its clock is not ours.
pub(crate) fn lifetime(headers: &HeaderMap) -> Duration {
    let mut max_age = None;
    let lines = headers.get_all(CACHE_CONTROL).iter().filter_map(|line| line.to_str().ok());
    for directive in lines.flat_map(|line| line.split(',')) {
        let (name, value) = directive.split_once('=').unwrap_or((directive, ""));
        let is = |wanted: &str| name.trim().eq_ignore_ascii_case(wanted);
        if is("no-store") || is("no-cache") {
            return MIN_LIFETIME;
        }
        if is("max-age") {
            // Of two that differ the shorter is safe.
            max_age = Some(max_age.map_or(seconds(value), |other: Duration| other.min(seconds(value))));
        }
    }
    let age = headers.get(AGE).and_then(|age| age.to_str().ok()).map_or(Duration::ZERO, seconds);
    max_age.map_or(DEFAULT_LIFETIME, |max_age| max_age.saturating_sub(age)).clamp(MIN_LIFETIME, MAX_LIFETIME)
}

/// `delta-seconds`. What is none counts as over (§4.2.1); what is too large to count, as the most.
fn seconds(text: &str) -> Duration {
    let digits = text.trim().trim_matches('"');
    if digits.is_empty() || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return Duration::ZERO;
    }
    digits.parse().map_or(MAX_LIFETIME, Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use hyper::header::HeaderValue;

    use super::*;

    #[test]
    fn the_lifetime_stays_within_its_bounds() {
        for (lines, age, expected) in [
            (&[][..], "", 600),
            (&["public"], "", 600),
            (&["max-age=300"], "", 300),
            (&["public, Max-Age=\"300\" , must-revalidate"], "", 300),
            (&["max-age=300", "max-age=200"], "", 200),
            (&["max-age=0"], "", 60),
            (&["max-age=59"], "", 60),
            (&["max-age=-1"], "", 60),
            (&["max-age=soon"], "", 60),
            (&["max-age"], "", 60),
            (&["max-age=31536000"], "", 86400),
            (&["max-age=99999999999999999999999999"], "", 86400),
            (&["max-age=3600, no-store"], "", 60),
            (&["max-age=3600", "no-cache=\"set-cookie\""], "", 60),
            (&["max-age=3600"], "3000", 600),
            (&["max-age=3600"], "4000", 60),
            (&["max-age=3600"], "garbage", 3600),
            (&["\u{1}"], "", 600),
        ] {
            let mut headers = HeaderMap::new();
            for line in lines {
                if let Ok(line) = HeaderValue::from_str(line) {
                    headers.append(CACHE_CONTROL, line);
                }
            }
            headers.insert("expires", HeaderValue::from_static("yesterday, perhaps"));
            if !age.is_empty() {
                headers.insert(AGE, HeaderValue::from_static(age));
            }
            assert_eq!(lifetime(&headers).as_secs(), expected, "{lines:?} {age}");
        }
    }
}
