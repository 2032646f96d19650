//! Redirect URIs as they are registered ([RFC 6749 §3.1.2](https://www.rfc-editor.org/rfc/rfc6749#section-3.1.2),
//! [RFC 8252 §7](https://www.rfc-editor.org/rfc/rfc8252#section-7)).

use super::MetadataError;

/// An authorization response goes there with a code in it, so nobody else may read it on the way, and no browser may run
/// it: `https`, `http` to the user's own machine, or a private-use scheme, which holds a dot (RFC 8252 §7.1). So
/// `javascript:`, `data:` and `file:` are none, and neither is anybody's short scheme that another app claims too.
///
/// # Errors
/// [`MetadataError`] about `redirect_uris`.
pub(super) fn check(uri: &str) -> Result<(), MetadataError> {
    let refuse = |problem: &'static str| {
        let shown: String = uri.chars().take(MOST_SHOWN).collect();
        let cure = "give an https URI, http://127.0.0.1 or http://[::1] for an app on the user's machine, or a scheme of the app's own such as com.example.app:/callback";
        Err(MetadataError::new("redirect_uris", format!("holds {shown:?}, which {problem}"), cure))
    };
    if uri.len() > MOST_OCTETS {
        return refuse("is longer than 2048 octets");
    }
    if !uri.bytes().all(is_of_uri) {
        return refuse("holds characters that no URI has");
    }
    if uri.contains('#') {
        return refuse("has a fragment (RFC 6749 §3.1.2)");
    }
    let Some((scheme, rest)) = uri.split_once(':').filter(|(scheme, _)| is_scheme(scheme)) else {
        return refuse("is not absolute (RFC 6749 §3.1.2)");
    };
    let scheme = scheme.to_ascii_lowercase();
    if scheme != "https" && scheme != "http" {
        return match scheme.contains('.') && !rest.is_empty() {
            true => Ok(()),
            false => refuse("has neither https nor a private-use scheme with a dot (RFC 8252 §7.1)"),
        };
    }
    let authority = rest.strip_prefix("//").unwrap_or_default();
    let authority = authority.split(['/', '?']).next().unwrap_or_default();
    if authority.is_empty() || authority.starts_with(':') {
        return refuse("names no host");
    }
    if authority.contains('@') {
        return refuse("holds user information");
    }
    if scheme == "http" && !is_this_machine(authority) {
        return refuse("is http and not of the user's own machine (RFC 8252 §7.3)");
    }
    Ok(())
}

/// With any port or none.
fn is_this_machine(authority: &str) -> bool {
    ["127.0.0.1", "[::1]", "localhost"].into_iter().any(|host| match authority.strip_prefix(host) {
        None => false,
        Some("") => true,
        Some(port) => {
            port.strip_prefix(':').is_some_and(|port| port.bytes().all(|octet| octet.is_ascii_digit()))
        }
    })
}

fn is_scheme(scheme: &str) -> bool {
    scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme.bytes().all(|octet| octet.is_ascii_alphanumeric() || b"+-.".contains(&octet))
}

/// RFC 3986 §2, and `#`, which is told apart.
fn is_of_uri(octet: u8) -> bool {
    octet.is_ascii_alphanumeric() || b"-._~:/?#[]@!$&'()*+,;=%".contains(&octet)
}

const MOST_OCTETS: usize = 2048;
const MOST_SHOWN: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_a_code_may_go() {
        for uri in [
            "https://app.example/callback",
            "https://app.example",
            "HTTPS://app.example:8443/cb?a=b&c=%20",
            "http://127.0.0.1/cb",
            "http://127.0.0.1:49152/cb",
            "http://[::1]:1/cb",
            "http://localhost:3000",
            "com.example.app:/callback",
            "com.example.app://host/callback",
        ] {
            assert_eq!(check(uri), Ok(()), "{uri}");
        }
    }

    #[test]
    fn where_it_may_not() {
        for (uri, problem) in [
            ("/callback", "not absolute"),
            ("app.example/callback", "not absolute"),
            ("1a:/x", "not absolute"),
            ("", "not absolute"),
            ("https://app.example/cb#", "fragment"),
            ("https:///cb", "no host"),
            ("https:app.example", "no host"),
            ("https://:443/", "no host"),
            ("https://good.example@evil.example/", "user information"),
            ("http://app.example/cb", "is http"),
            ("http://localhost.evil.example/", "is http"),
            ("http://127.0.0.1.evil.example/", "is http"),
            ("http://127.0.0.1:x/", "is http"),
            ("http://[::1]x/", "is http"),
            ("http://127.0.0.10/", "is http"),
            ("javascript:alert(1)", "private-use"),
            ("JavaScript:alert(1)", "private-use"),
            ("data:text/html,x", "private-use"),
            ("file:///etc/passwd", "private-use"),
            ("myapp://callback", "private-use"),
            ("com.example.app:", "private-use"),
            ("https://app.example/a b", "characters"),
            ("https://app.example\\@evil.example", "characters"),
            ("https://app.example/\n", "characters"),
            ("https://äpp.example/", "characters"),
            ("https://app.example/<x>", "characters"),
        ] {
            let error = check(uri).unwrap_err();
            assert_eq!(error.field(), "redirect_uris");
            assert!(error.to_string().contains(problem), "{uri}: {error}");
        }
        assert!(check(&format!("https://app.example/{}", "a".repeat(2048))).is_err());
    }
}
