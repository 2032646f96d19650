//! Proof Key for Code Exchange ([RFC 7636](https://www.rfc-editor.org/rfc/rfc7636)), as functions that the handlers
//! of the authorization and token endpoints call. It is not client authentication: authenticate first.

use std::fmt;

use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;

/// The challenge of an authorization request, to be kept with its code.
///
/// ```
/// use countersign::pkce::{Challenge, PkceError, check};
///
/// let challenge = Challenge::parse("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", Some("S256"), false)?;
/// check(Some(&challenge), Some("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"))?;
/// assert_eq!(check(Some(&challenge), None), Err(PkceError::VerifierMissing));
/// # Ok::<(), PkceError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Challenge {
    value: String,
    plain: bool,
}

impl Challenge {
    /// Reads `code_challenge` and `code_challenge_method`. No method means `plain` (RFC 7636 §4.3), which is taken
    /// only when [`Policy::pkce_plain`](crate::Policy::pkce_plain) says so.
    ///
    /// # Errors
    /// [`PkceError::MalformedChallenge`], [`PkceError::UnknownMethod`], [`PkceError::PlainNotAllowed`].
    pub fn parse(challenge: &str, method: Option<&str>, plain_allowed: bool) -> Result<Self, PkceError> {
        let plain = match method {
            Some("S256") => false,
            Some("plain") | None if plain_allowed => true,
            Some("plain") | None => return Err(PkceError::PlainNotAllowed),
            Some(_) => return Err(PkceError::UnknownMethod),
        };
        let is_digest = URL_SAFE_NO_PAD.decode(challenge).is_ok_and(|digest| digest.len() == 32);
        if if plain { !is_verifier(challenge) } else { !is_digest } {
            return Err(PkceError::MalformedChallenge);
        }
        Ok(Challenge { value: challenge.to_owned(), plain })
    }

    fn matches(&self, verifier: &str) -> bool {
        let digest;
        let transformed = if self.plain {
            verifier
        } else {
            digest = URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, verifier.as_bytes()));
            &digest
        };
        self.value.as_bytes().ct_eq(transformed.as_bytes()).into()
    }
}

/// Checks the `code_verifier` of a token request against the challenge that was kept with the code.
///
/// # Errors
/// [`PkceError::VerifierMissing`] where there was a challenge and there is no verifier,
/// [`PkceError::UnexpectedVerifier`] the other way round (a downgrade, RFC 9700 §4.8.2),
/// [`PkceError::MalformedVerifier`], [`PkceError::Mismatch`].
pub fn check(challenge: Option<&Challenge>, verifier: Option<&str>) -> Result<(), PkceError> {
    match (challenge, verifier) {
        (_, Some(verifier)) if !is_verifier(verifier) => Err(PkceError::MalformedVerifier),
        (Some(challenge), Some(verifier)) if challenge.matches(verifier) => Ok(()),
        (Some(_), Some(_)) => Err(PkceError::Mismatch),
        (Some(_), None) => Err(PkceError::VerifierMissing),
        (None, Some(_)) => Err(PkceError::UnexpectedVerifier),
        (None, None) => Ok(()),
    }
}

/// RFC 7636 §4.1: 43 to 128 unreserved characters.
fn is_verifier(text: &str) -> bool {
    (43..=128).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte))
}

/// What is wrong with a challenge or a verifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PkceError {
    /// The challenge is not 43 characters of base64url (`S256`), or not a verifier (`plain`).
    MalformedChallenge,
    /// `code_challenge_method` is neither `S256` nor `plain`.
    UnknownMethod,
    /// `plain`, which the policy does not take.
    PlainNotAllowed,
    /// The verifier is not 43 to 128 unreserved characters.
    MalformedVerifier,
    /// The authorization request had a challenge and the token request has no verifier.
    VerifierMissing,
    /// The token request has a verifier and the authorization request had no challenge.
    UnexpectedVerifier,
    /// The verifier does not belong to the challenge.
    Mismatch,
}

impl PkceError {
    /// The `error` of the answer, always with status 400.
    pub const fn error(self) -> &'static str {
        match self {
            PkceError::VerifierMissing | PkceError::Mismatch => "invalid_grant",
            _ => "invalid_request",
        }
    }
}

/// Fit for `error_description`.
impl fmt::Display for PkceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            PkceError::MalformedChallenge => "code_challenge is malformed",
            PkceError::UnknownMethod => "code_challenge_method is not supported",
            PkceError::PlainNotAllowed => "code_challenge_method must be S256",
            PkceError::MalformedVerifier => "code_verifier is malformed",
            PkceError::VerifierMissing => "code_verifier is missing",
            PkceError::UnexpectedVerifier => "code_verifier was sent for a code without code_challenge",
            PkceError::Mismatch => "code_verifier does not match",
        })
    }
}

impl std::error::Error for PkceError {}

#[cfg(test)]
mod tests {
    use super::*;

    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const S256: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    #[test]
    fn plain_is_a_switch() {
        assert_eq!(Challenge::parse(VERIFIER, Some("plain"), false), Err(PkceError::PlainNotAllowed));
        assert_eq!(Challenge::parse(VERIFIER, None, false), Err(PkceError::PlainNotAllowed));
        let challenge = Challenge::parse(VERIFIER, None, true).unwrap();
        assert_eq!(check(Some(&challenge), Some(VERIFIER)), Ok(()));
        assert_eq!(check(Some(&challenge), Some(S256)), Err(PkceError::Mismatch));
    }

    #[test]
    fn lengths_and_characters_are_those_of_the_specification() {
        let challenge = Challenge::parse(S256, Some("S256"), false).unwrap();
        for malformed in ["a".repeat(42), "a".repeat(129), format!("{}!", "a".repeat(42))] {
            assert_eq!(check(Some(&challenge), Some(&malformed)), Err(PkceError::MalformedVerifier));
        }
        assert_eq!(check(Some(&challenge), Some(&"a".repeat(128))), Err(PkceError::Mismatch));
        assert_eq!(check(None, Some(VERIFIER)), Err(PkceError::UnexpectedVerifier));
        assert_eq!(Challenge::parse(&S256[1..], Some("S256"), false), Err(PkceError::MalformedChallenge));
        assert_eq!(Challenge::parse(S256, Some("s256"), true), Err(PkceError::UnknownMethod));
    }
}
