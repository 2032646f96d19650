//! The certificates a client showed, as whoever ended its TLS connection saw them.

use std::fmt;
use std::sync::{Arc, OnceLock};

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// The certificates that a client showed in its TLS handshake, leaf first, in DER.
///
/// The handshake proved that the client holds the leaf's private key; nothing else about the certificates is taken
/// for granted. Made once for a connection, by whoever accepts it, and put into the extensions of each of its
/// requests. Cheap to clone.
///
/// Only ever made from a handshake that was verified, or from a header field of a trusted proxy that did so: anything
/// else lets everyone be everyone.
///
/// ```
/// use countersign::certificate::{CertificateOrigin, PeerCertificates};
///
/// # let der_from_the_handshake = vec![0x30, 0x03, 0x02, 0x01, 0x00];
/// let certificates = PeerCertificates::from_handshake([der_from_the_handshake]).ok_or("no certificate")?;
/// assert_eq!(certificates.origin(), CertificateOrigin::Handshake);
/// assert_eq!(certificates.thumbprint().len(), 43);
/// # Ok::<(), &str>(())
/// ```
#[derive(Clone)]
pub struct PeerCertificates(Arc<Shown>);

struct Shown {
    leaf: Box<[u8]>,
    intermediates: Box<[Box<[u8]>]>,
    origin: CertificateOrigin,
    chain_verified: bool,
    // Asked for once or more in each request of the connection.
    digest: OnceLock<[u8; 32]>,
    thumbprint: OnceLock<Box<str>>,
}

/// Who saw the certificates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CertificateOrigin {
    /// This server, in its own TLS handshake.
    Handshake,
    /// A trusted proxy, which passed them on in a header field.
    Proxy,
}

impl PeerCertificates {
    /// The certificates of a TLS handshake that this server made itself; `None` when there are none.
    ///
    /// `chain` is in the order of the handshake: the leaf, whose private key the handshake proved, comes first.
    pub fn from_handshake<C: Into<Vec<u8>>>(chain: impl IntoIterator<Item = C>) -> Option<Self> {
        Self::new(chain, CertificateOrigin::Handshake)
    }

    /// The certificates that a trusted proxy passed on; `None` when there are none.
    pub fn from_proxy<C: Into<Vec<u8>>>(chain: impl IntoIterator<Item = C>) -> Option<Self> {
        Self::new(chain, CertificateOrigin::Proxy)
    }

    fn new<C: Into<Vec<u8>>>(chain: impl IntoIterator<Item = C>, origin: CertificateOrigin) -> Option<Self> {
        let mut chain = chain.into_iter().map(|certificate| certificate.into().into_boxed_slice());
        let leaf = chain.next()?;
        Some(PeerCertificates(Arc::new(Shown {
            leaf,
            intermediates: chain.collect(),
            origin,
            chain_verified: false,
            digest: OnceLock::new(),
            thumbprint: OnceLock::new(),
        })))
    }

    /// Marks the chain as verified up to one of the anchors of whoever ended the connection. Alone this satisfies
    /// nothing: the core validates the path itself, unless it was told that the listener does, by
    /// `TrustAnchors::of_the_listener`.
    #[must_use]
    pub fn with_verified_chain(self) -> Self {
        let Shown { leaf, intermediates, origin, .. } = &*self.0;
        PeerCertificates(Arc::new(Shown {
            leaf: leaf.clone(),
            intermediates: intermediates.clone(),
            origin: *origin,
            chain_verified: true,
            digest: OnceLock::new(),
            thumbprint: OnceLock::new(),
        }))
    }

    /// The client's own certificate, in DER.
    pub fn leaf(&self) -> &[u8] {
        &self.0.leaf
    }

    /// The other certificates that were shown, in DER and in their order. Hints for a path, nothing more.
    pub fn intermediates(&self) -> impl Iterator<Item = &[u8]> {
        self.0.intermediates.iter().map(|certificate| &**certificate)
    }

    /// Who saw them.
    pub fn origin(&self) -> CertificateOrigin {
        self.0.origin
    }

    /// Was the chain verified before the core sees it?
    pub fn is_chain_verified(&self) -> bool {
        self.0.chain_verified
    }

    /// SHA-256 over the leaf.
    pub fn digest(&self) -> &[u8; 32] {
        self.0.digest.get_or_init(|| {
            let mut octets = [0; 32];
            octets.copy_from_slice(digest(&SHA256, &self.0.leaf).as_ref());
            octets
        })
    }

    /// The same in base64url without padding, as `x5t#S256` writes it
    /// ([RFC 8705 §3.1](https://www.rfc-editor.org/rfc/rfc8705#section-3.1)).
    pub fn thumbprint(&self) -> &str {
        self.0.thumbprint.get_or_init(|| URL_SAFE_NO_PAD.encode(self.digest()).into_boxed_str())
    }
}

impl fmt::Debug for PeerCertificates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PeerCertificates")
            .field("x5t#S256", &self.thumbprint())
            .field("intermediates", &self.0.intermediates.len())
            .field("origin", &self.0.origin)
            .field("chain_verified", &self.0.chain_verified)
            .finish()
    }
}
