//! A client assertion that is ready to be sent.

use std::fmt;

use zeroize::Zeroizing;

use crate::assertion::JWT_BEARER;

/// A signed client assertion in compact serialization. A credential: whoever holds it is the client until it was
/// used or has expired. Wiped when it is dropped.
#[derive(Clone)]
pub struct SignedAssertion(Zeroizing<String>);

impl SignedAssertion {
    pub(super) fn new(compact: String) -> Self {
        SignedAssertion(Zeroizing::new(compact))
    }

    /// The compact JWS, `header.payload.signature`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The form parameters of a request that is authenticated by it
    /// ([RFC 7521 §4.2](https://www.rfc-editor.org/rfc/rfc7521#section-4.2)), still to be form-encoded. `client_id`
    /// is not among them: the assertion names the client.
    pub fn form_fields(&self) -> [(&'static str, String); 2] {
        [("client_assertion_type", JWT_BEARER.to_owned()), ("client_assertion", self.as_str().to_owned())]
    }
}

/// Never shows the assertion.
impl fmt::Debug for SignedAssertion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SignedAssertion")
    }
}
