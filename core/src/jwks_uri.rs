//! `jwks_uri` as it is registered ([RFC 7591 §2](https://www.rfc-editor.org/rfc/rfc7591#section-2)).

/// Can a key source do anything with it? What none takes is refused at registration, where somebody reads
/// why; where it leads is judged when it is fetched.
///
/// `http` is for a host of this machine, to which a key source in development can be allowed to go.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn check(uri: &str) -> Result<(), &'static str> {
    if uri.len() > MAX_OCTETS {
        return Err("is longer than 2048 octets");
    }
    if !uri.bytes().all(|octet| octet.is_ascii_graphic()) {
        return Err("holds characters that no URL has");
    }
    let (scheme, rest) = uri.split_once("://").ok_or("is not an https URL")?;
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if authority.is_empty() || authority.starts_with(':') {
        return Err("names no host");
    }
    if authority.contains('@') {
        return Err("holds user information");
    }
    let encrypted = scheme.eq_ignore_ascii_case("https");
    if encrypted || (scheme.eq_ignore_ascii_case("http") && is_this_machine(authority)) {
        Ok(())
    } else {
        Err("is not an https URL")
    }
}

fn is_this_machine(authority: &str) -> bool {
    THIS_MACHINE
        .into_iter()
        .any(|host| authority.strip_prefix(host).is_some_and(|port| port.is_empty() || port.starts_with(':')))
}

/// Most octets of a `jwks_uri`.
pub(crate) const MAX_OCTETS: usize = 2048;

const THIS_MACHINE: [&str; 3] = ["localhost", "127.0.0.1", "[::1]"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn https_or_a_host_of_this_machine() {
        for (uri, fine) in [
            ("https://client.example/jwks.json", true),
            ("HTTPS://client.example:8443?a=b", true),
            ("http://localhost:8080/jwks", true),
            ("http://127.0.0.1/jwks", true),
            ("http://[::1]:8080/jwks", true),
            ("http://client.example/jwks", false),
            ("http://localhost.example/jwks", false),
            ("http://127.0.0.1.example/jwks", false),
            ("http://127.0.0.1@client.example/jwks", false),
            ("https://u:p@client.example/jwks", false),
            ("https://u@/jwks", false),
            ("https:///jwks", false),
            ("https://:443/jwks", false),
            ("https:client.example", false),
            ("data:application/json,{}", false),
            ("gopher://127.0.0.1:6379/_x", false),
            ("javascript:1", false),
            ("https://client.example/a b", false),
            ("https://client.example/\n", false),
            ("https://clïent.example/", false),
            ("", false),
        ] {
            assert_eq!(check(uri).is_ok(), fine, "{uri}");
        }
        assert!(check(&format!("https://client.example/{}", "a".repeat(2048))).is_err());
    }
}
