//! The query string, which must carry no credential ([RFC 6749 §2.3.1](https://www.rfc-editor.org/rfc/rfc6749#section-2.3.1)).

use crate::form;
use crate::reason::Reason;
use crate::refusal::Failure;

/// # Errors
/// [`Reason::CredentialsInQuery`] when a client parameter stands in the query string, with or without a value. It
/// was already written to every log on the way.
pub(crate) fn refuse_credentials(query: Option<&str>) -> Result<(), Failure> {
    const NAMES: [&str; 4] = ["client_id", "client_secret", "client_assertion", "client_assertion_type"];
    let Some(query) = query else { return Ok(()) };
    for pair in query.split('&') {
        let name = pair.split_once('=').map_or(pair, |(name, _)| name);
        let decoded = form::decode(name);
        let name = decoded.as_deref().unwrap_or(name);
        if let Some(found) = NAMES.into_iter().find(|candidate| *candidate == name) {
            return Err(Failure::new(Reason::CredentialsInQuery).expected("no client parameter").got(found));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_found_however_they_are_written() {
        for query in ["client_secret=x", "a=1&client%5Fsecret=x", "client_assertion", "x&client_id="] {
            assert!(refuse_credentials(Some(query)).is_err(), "{query}");
        }
        assert!(refuse_credentials(Some("tenant=a&p=b%zz")).is_ok());
    }
}
