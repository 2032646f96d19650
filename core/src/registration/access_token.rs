//! Bearer tokens of registration ([RFC 6750 §2.1](https://www.rfc-editor.org/rfc/rfc6750#section-2.1)): read, made,
//! compared. Only their SHA-256 is kept.

use subtle::ConstantTimeEq;

use super::event::Outcome;
use super::failure::Failure;
use crate::request::Headers;
use crate::secret::{GeneratedSecret, HashError, sha256_octets};

/// A new token of 256 random bits, `cr_…`: for whoever hands out initial access tokens. Keep its
/// [`hash`](GeneratedSecret::hash).
///
/// # Errors
/// [`HashError`] when the operating system gives no random numbers.
pub fn generate_token() -> Result<GeneratedSecret, HashError> {
    GeneratedSecret::new("cr_", 32)
}

/// The token of a request.
pub(super) struct Bearer<'h> {
    pub(super) token: &'h str,
    pub(super) sha256: [u8; 32],
}

impl<'h> Bearer<'h> {
    /// # Errors
    /// [`Outcome::TokenMissing`] when there is not exactly one `Authorization`, of the scheme `Bearer`.
    pub(super) fn read(headers: &'h dyn Headers) -> Result<Self, Failure> {
        let missing = |what: &str| Failure::new(Outcome::TokenMissing, what);
        let (mut line, mut count) = (None, 0_usize);
        headers.each("authorization", &mut |value| {
            line.get_or_insert(value);
            count += 1;
        });
        let line = match (line, count) {
            (Some(line), 1) => line,
            (None, _) => return Err(missing("no Authorization")),
            _ => return Err(missing("more than one Authorization")),
        };
        let line = std::str::from_utf8(line).map_err(|_| missing("an Authorization that is not ASCII"))?;
        let token = line
            .split_once(' ')
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("Bearer"))
            .map(|(_, token)| token.trim_matches(' '))
            .ok_or_else(|| missing("an Authorization of another scheme than Bearer"))?;
        if token.is_empty() || token.len() > MOST_OCTETS || !token.bytes().all(is_of_token) {
            return Err(missing("a Bearer without a token that can be read"));
        }
        Ok(Bearer { token, sha256: sha256_octets(token) })
    }

    /// Is this its hash? The same work where there is none.
    pub(super) fn is(&self, stored: Option<&[u8; 32]>) -> bool {
        let same = self.sha256.ct_eq(stored.unwrap_or(&[0; 32]));
        bool::from(same) & stored.is_some()
    }
}

/// `b64token` of RFC 6750 §2.1.
fn is_of_token(octet: u8) -> bool {
    octet.is_ascii_alphanumeric() || b"-._~+/=".contains(&octet)
}

/// Ours have 46.
const MOST_OCTETS: usize = 1024;
