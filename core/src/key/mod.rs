//! A client's public keys ([RFC 7517](https://www.rfc-editor.org/rfc/rfc7517)), each parsed once into a key that
//! is ready to verify.

mod jwk;
mod material;
#[cfg(feature = "ml-dsa")]
mod ml_dsa;
#[cfg(feature = "x509")]
mod public_keys;
mod set;
#[cfg(feature = "x509")]
mod spki;
mod verify;
#[cfg(feature = "x509")]
mod x509;

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

pub use self::jwk::KeyProblem;
#[cfg(feature = "x509")]
#[cfg_attr(docsrs, doc(cfg(feature = "x509")))]
pub use self::public_keys::PublicKeyError;
pub(crate) use self::set::KeyHint;
pub use self::set::{KeySet, KeySetError, MAX_KEYS};
#[cfg(feature = "mtls")]
pub(crate) use self::spki::is_acceptable;

use crate::algorithm::Algorithm;
use material::KeyMaterial;

/// One public key of a client.
#[derive(Clone)]
pub struct VerificationKey {
    pub(crate) key_id: Option<Arc<str>>,
    pub(crate) algorithm: Option<Algorithm>,
    pub(crate) usable: bool,
    pub(crate) x5t: Option<Box<str>>,
    pub(crate) x5t_s256: Option<Box<str>>,
    /// First and last second of the whole certificate from which the two were computed; without one they are what the
    /// JWK says.
    certificate: Option<(SystemTime, SystemTime)>,
    material: KeyMaterial,
}

impl VerificationKey {
    /// The `kid`, if the key has one.
    pub fn key_id(&self) -> Option<&Arc<str>> {
        self.key_id.as_ref()
    }

    /// The JWK thumbprint with SHA-256, base64url ([RFC 7638](https://www.rfc-editor.org/rfc/rfc7638)).
    pub fn thumbprint(&self) -> &Arc<str> {
        &self.material.thumbprint
    }

    /// The SHA-256 thumbprint, base64url without padding, of the certificate that was registered with the key, as
    /// `x5t#S256` writes it ([RFC 8705 §3.1](https://www.rfc-editor.org/rfc/rfc8705#section-3.1)). A JWK that names
    /// a thumbprint without showing the certificate (`x5c`) has none.
    ///
    /// Certificates are read with the feature `x509`.
    pub fn certificate_thumbprint(&self) -> Option<&str> {
        self.x5t_s256.as_deref().filter(|_| self.certificate.is_some())
    }

    /// The first second in which the certificate that was registered with the key is valid.
    pub fn certificate_begins_at(&self) -> Option<SystemTime> {
        self.certificate.map(|(first, _)| first)
    }

    /// The last second in which the certificate that was registered with the key is valid. It says when the client has to
    /// have another; a signature is not judged by it.
    pub fn certificate_ends_at(&self) -> Option<SystemTime> {
        self.certificate.map(|(_, last)| last)
    }

    /// May the key verify signatures of this algorithm: by its type and curve, and by its own `alg`, `use` and
    /// `key_ops`?
    pub fn fits(&self, algorithm: Algorithm) -> bool {
        self.usable
            && self.algorithm.is_none_or(|own| own.is_same_as(algorithm))
            && self.material.public.supports(algorithm)
    }

    /// Is there work in verifying a signature of so many octets?
    pub(crate) fn takes_signature_of(&self, octets: usize) -> bool {
        self.material.public.takes_signature_of(octets)
    }

    /// Does the signature verify? `false` too for an algorithm that the key does not fit.
    pub fn verify(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> bool {
        self.fits(algorithm) && self.material.public.verify(algorithm, message, signature)
    }
}

impl fmt::Debug for VerificationKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerificationKey")
            .field("key_id", &self.key_id)
            .field("algorithm", &self.algorithm)
            .field("thumbprint", &self.material.thumbprint)
            .finish_non_exhaustive()
    }
}
