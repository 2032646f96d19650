//! What this server, beyond authenticating it, must know about a client.

use std::collections::HashMap;
use std::sync::Arc;

use countersign::Algorithm;

use super::OAuthError;

/// A client's registered metadata that the endpoints act on. It travels with the authenticated client as its
/// application data.
pub(crate) struct Registration {
    pub(crate) client_id: String,
    /// May it authenticate by `none`? Then a code alone proves nothing, and PKCE is required.
    pub(crate) public: bool,
    /// `None`: the registration names no grants, so every grant is allowed that its class may use.
    pub(crate) grant_types: Option<Vec<String>>,
    pub(crate) redirect_uris: Vec<String>,
    /// Space-separated; `None`: any scope may be asked for that `ceiling` has.
    pub(crate) scope: Option<String>,
    /// What a client that registered itself without `scope` may ask for; `None`: anything.
    pub(crate) ceiling: Option<Arc<str>>,
    /// `id_token_signed_response_alg`, which this server follows for access tokens too.
    pub(crate) token_algorithm: Algorithm,
    /// `tls_client_certificate_bound_access_tokens`.
    pub(crate) bound_tokens: bool,
    /// Keys `HS256`, `HS384` and `HS512` tokens.
    pub(crate) secret: Option<String>,
}

/// Every registered client, by `client_id`.
pub(crate) type Registrations = HashMap<String, Arc<Registration>>;

impl Registration {
    pub(crate) fn may_use(&self, grant_type: &str) -> bool {
        self.grant_types.as_ref().is_none_or(|allowed| allowed.iter().any(|allowed| allowed == grant_type))
    }

    /// The scope to grant: what was asked for, or else what is registered.
    pub(crate) fn scope_for(&self, requested: Option<&str>) -> Result<String, OAuthError> {
        let registered = self.scope.as_deref();
        requested.map_or_else(
            || Ok(registered.unwrap_or_default().to_owned()),
            |requested| narrowed(requested, registered.or(self.ceiling.as_deref())),
        )
    }
}

/// `requested`, if it is well formed and nothing in it goes beyond `allowed`
/// ([RFC 6749 §3.3](https://www.rfc-editor.org/rfc/rfc6749#section-3.3)).
pub(crate) fn narrowed(requested: &str, allowed: Option<&str>) -> Result<String, OAuthError> {
    let well_formed = |value: &str| {
        !value.is_empty() && value.bytes().all(|byte| matches!(byte, 0x21 | 0x23..=0x5B | 0x5D..=0x7E))
    };
    if !requested.split(' ').all(well_formed) {
        return Err(OAuthError::invalid_scope("the scope is malformed"));
    }
    let Some(allowed) = allowed else { return Ok(requested.to_owned()) };
    if requested.split(' ').all(|value| contains(allowed, value)) {
        return Ok(requested.to_owned());
    }
    Err(OAuthError::invalid_scope("the scope goes beyond what is allowed"))
}

pub(crate) fn contains(scope: &str, value: &str) -> bool {
    scope.split(' ').any(|candidate| candidate == value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_is_never_widened() {
        assert_eq!(narrowed("a", Some("a b")).unwrap(), "a");
        assert_eq!(narrowed("a c", Some("a b")).unwrap_err().error, "invalid_scope");
        assert_eq!(narrowed("anything", None).unwrap(), "anything");
        for malformed in ["", "a  b", "a\"b", "é"] {
            assert_eq!(narrowed(malformed, None).unwrap_err().error, "invalid_scope");
        }
    }
}
