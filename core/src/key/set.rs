//! A JWK Set, and the choice of a key from it.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::{KeyProblem, VerificationKey};
use crate::algorithm::Algorithm;
use crate::reason::Reason;
use crate::refusal::Failure;

/// The public keys of one client.
///
/// A key that is broken or of an unknown type is left out and listed in [`problems`](KeySet::problems). A private
/// or symmetric key refuses the whole set: whoever published it must learn of it.
///
/// With the feature `x509` the first certificate of a key's `x5c` gives its thumbprints, and a key that is not the one
/// in that certificate is left out ([RFC 7517 §4.7](https://www.rfc-editor.org/rfc/rfc7517#section-4.7)). Without it
/// `x5c` is ignored.
#[derive(Clone, Debug, Default)]
pub struct KeySet {
    keys: Arc<[VerificationKey]>,
    problems: Arc<[KeyProblem]>,
}

impl KeySet {
    /// Reads a JWK Set document, [RFC 7517 §5](https://www.rfc-editor.org/rfc/rfc7517#section-5).
    ///
    /// # Errors
    /// [`KeySetError`] when it is not an object with an array `keys`, holds more than [`MAX_KEYS`] keys, or holds
    /// a private or symmetric key.
    pub fn from_jwks(document: &Value) -> Result<Self, KeySetError> {
        let members = document
            .get("keys")
            .and_then(Value::as_array)
            .ok_or(KeySetError("is not a JWK Set: an object with an array named keys"))?;
        if members.len() > MAX_KEYS {
            return Err(KeySetError("holds more than 100 keys"));
        }
        let mut keys = Vec::with_capacity(members.len());
        let mut problems = Vec::new();
        for (position, member) in members.iter().enumerate() {
            let read = match member.as_object() {
                Some(jwk) if holds_a_secret(jwk) => {
                    return Err(KeySetError(
                        "holds a private or symmetric key; publish the public part alone",
                    ));
                }
                Some(jwk) => VerificationKey::from_jwk(jwk),
                None => Err("is not an object"),
            };
            match read {
                Ok(key) => keys.push(key),
                Err(problem) => problems.push(KeyProblem {
                    position,
                    key_id: member.get("kid").and_then(Value::as_str).map(str::to_owned),
                    problem,
                }),
            }
        }
        Ok(KeySet { keys: keys.into(), problems: problems.into() })
    }

    /// This set with more keys at its end.
    #[cfg(feature = "x509")]
    pub(super) fn followed_by(self, more: Vec<VerificationKey>) -> Self {
        KeySet { keys: self.keys.iter().cloned().chain(more).collect(), ..self }
    }

    /// The usable keys, in the order of the set.
    pub fn keys(&self) -> impl Iterator<Item = &VerificationKey> {
        self.keys.iter()
    }

    /// The keys that were left out, and why.
    pub fn problems(&self) -> &[KeyProblem] {
        &self.problems
    }

    /// The keys to try for a signature: those named by `kid`, else by certificate thumbprint, else every key that
    /// fits; at most [`MAX_TRIED`].
    ///
    /// A `kid` that no key has can only mean a key without one, and a thumbprint a key without that thumbprint.
    ///
    /// # Errors
    /// [`Reason::KeyNotFound`] when no key has the name, [`Reason::KeyUnfit`] when those that have it do not fit.
    pub(crate) fn choose(
        &self,
        hint: &KeyHint<'_>,
        algorithm: Algorithm,
    ) -> Result<impl Iterator<Item = &VerificationKey>, Failure> {
        let named = self.keys.iter().any(|key| hint.names(key));
        let candidate =
            move |key: &&VerificationKey| if named { hint.names(key) } else { hint.may_mean(key) };
        let mut found = false;
        let mut fitting = false;
        for key in self.keys.iter().filter(candidate) {
            found = true;
            fitting |= key.fits(algorithm);
        }
        match (found, fitting) {
            (false, _) => Err(Failure::new(Reason::KeyNotFound).expected(self.names()).got(hint.to_string())),
            (true, false) => Err(Failure::new(Reason::KeyUnfit)
                .expected(format!("a key for {algorithm}"))
                .got(hint.to_string())),
            (true, true) => {
                Ok(self.keys.iter().filter(candidate).filter(move |key| key.fits(algorithm)).take(MAX_TRIED))
            }
        }
    }

    /// The keys' names. Of one key, as most clients have, no more than a copy: the time of a refusal does not tell its
    /// reason.
    fn names(&self) -> Cow<'static, str> {
        let mut names = self.keys.iter().map(|key| key.key_id.as_deref().unwrap_or("(no kid)"));
        let Some(first) = names.next() else { return "a registered key, of which there is none".into() };
        names.fold(first.to_owned(), |names, next| names + " or " + next).into()
    }
}

/// What a JWS header says about the key that signed it.
pub(crate) enum KeyHint<'h> {
    KeyId(&'h str),
    X5tS256(&'h str),
    X5t(&'h str),
    Nothing,
}

impl KeyHint<'_> {
    fn names(&self, key: &VerificationKey) -> bool {
        match self {
            KeyHint::KeyId(key_id) => key.key_id.as_deref() == Some(key_id),
            KeyHint::X5tS256(thumbprint) => key.x5t_s256.as_deref() == Some(thumbprint.trim_end_matches('=')),
            KeyHint::X5t(thumbprint) => key.x5t.as_deref() == Some(thumbprint.trim_end_matches('=')),
            KeyHint::Nothing => false,
        }
    }

    /// Has the key no name of this kind, by which it would have been named?
    fn may_mean(&self, key: &VerificationKey) -> bool {
        match self {
            KeyHint::KeyId(_) => key.key_id.is_none(),
            KeyHint::X5tS256(_) => key.x5t_s256.is_none(),
            KeyHint::X5t(_) => key.x5t.is_none(),
            KeyHint::Nothing => true,
        }
    }
}

impl fmt::Display for KeyHint<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            KeyHint::KeyId(key_id) => write!(f, "kid {key_id}"),
            KeyHint::X5tS256(thumbprint) => write!(f, "x5t#S256 {thumbprint}"),
            KeyHint::X5t(thumbprint) => write!(f, "x5t {thumbprint}"),
            KeyHint::Nothing => f.write_str("no kid"),
        }
    }
}

/// A key set that is refused as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeySetError(&'static str);

impl fmt::Display for KeySetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for KeySetError {}

/// Most keys of one set.
pub const MAX_KEYS: usize = 100;

/// Most keys tried for one signature, so that a large set is no lever to burn CPU.
const MAX_TRIED: usize = 4;

fn holds_a_secret(jwk: &Map<String, Value>) -> bool {
    const SECRET: [&str; 9] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"];
    jwk.get("kty").is_some_and(|kty| kty == "oct") || SECRET.iter().any(|member| jwk.contains_key(*member))
}
