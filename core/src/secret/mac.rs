//! A secret as the key of a MAC, for `client_secret_jwt`.

use std::fmt;
use std::sync::OnceLock;

use aws_lc_rs::hmac;
use zeroize::Zeroizing;

use crate::algorithm::Algorithm;

/// The octets of a secret, ready to verify `HS256`, `HS384` and `HS512`.
pub struct MacKey {
    octets: Zeroizing<Vec<u8>>,
    ready: [OnceLock<hmac::Key>; 3],
}

impl MacKey {
    /// The key of these octets: the UTF-8 text of a client secret (OpenID Connect Core §10.1).
    pub fn new(octets: impl Into<Vec<u8>>) -> Self {
        MacKey { octets: Zeroizing::new(octets.into()), ready: Default::default() }
    }

    /// Is the algorithm a MAC, and the key at least as long as its hash
    /// ([RFC 7518 §3.2](https://www.rfc-editor.org/rfc/rfc7518#section-3.2))?
    pub fn fits(&self, algorithm: Algorithm) -> bool {
        Self::least_octets(algorithm).is_some_and(|least| self.octets.len() >= least)
    }

    /// Is this the tag of the message, in its full length? Compared in constant time. `false` too for a key that
    /// does not fit.
    pub fn verify(&self, algorithm: Algorithm, message: &[u8], tag: &[u8]) -> bool {
        let Some((mac, cell)) = self.slot(algorithm).filter(|_| self.fits(algorithm)) else { return false };
        let key = cell.get_or_init(|| hmac::Key::new(mac, &self.octets));
        hmac::verify(key, message, tag).is_ok()
    }

    /// The shortest key of a MAC algorithm; `None` for a signature.
    pub const fn least_octets(algorithm: Algorithm) -> Option<usize> {
        match algorithm {
            Algorithm::HS256 => Some(32),
            Algorithm::HS384 => Some(48),
            Algorithm::HS512 => Some(64),
            _ => None,
        }
    }

    fn slot(&self, algorithm: Algorithm) -> Option<(hmac::Algorithm, &OnceLock<hmac::Key>)> {
        let [hs256, hs384, hs512] = &self.ready;
        match algorithm {
            Algorithm::HS256 => Some((hmac::HMAC_SHA256, hs256)),
            Algorithm::HS384 => Some((hmac::HMAC_SHA384, hs384)),
            Algorithm::HS512 => Some((hmac::HMAC_SHA512, hs512)),
            _ => None,
        }
    }
}

/// Shows nothing of the key.
impl fmt::Debug for MacKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MacKey").finish_non_exhaustive()
    }
}
