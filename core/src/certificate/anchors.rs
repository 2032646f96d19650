//! The certificate authorities whose clients a server knows by name.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::digest::{Context, SHA256};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, TrustAnchor};
use webpki::anchor_from_trusted_cert;

use crate::config_error::ConfigError;

/// Who may vouch for the certificates of `tls_client_auth`
/// ([RFC 8705 §2.1](https://www.rfc-editor.org/rfc/rfc8705#section-2.1)).
///
/// Keep them few, and private where you can: whoever gets a certificate with a client's name from any of them is that
/// client ([§7.4](https://www.rfc-editor.org/rfc/rfc8705#section-7.4)). Never the operating system's store. A client may
/// have anchors of its own, which then count alone: [`Client::with_trust_anchors`](crate::Client::with_trust_anchors).
/// To exchange them while the server runs, see [`ReloadableTrustAnchors`](super::ReloadableTrustAnchors).
///
/// An anchor is trusted because it stands here: its own dates and signature are not looked at
/// ([RFC 5280 §6.1.1](https://www.rfc-editor.org/rfc/rfc5280#section-6.1.1)). Revocation lists are not read; leave an
/// issuing authority out, or a client's certificate short-lived.
#[derive(Clone)]
pub struct TrustAnchors(Arc<Trusted>);

struct Trusted {
    who: Who,
    /// Names the set in the memory of validated paths, so that another set finds nothing of this one's.
    id: [u8; 32],
}

enum Who {
    Anchors(Vec<TrustAnchor<'static>>),
    Listener,
}

impl TrustAnchors {
    /// Nobody. For a server that knows self-signed certificates alone, or clients that bring anchors of their own.
    pub fn none() -> Self {
        TrustAnchors(Arc::new(Trusted { who: Who::Anchors(Vec::new()), id: [0; 32] }))
    }

    /// The certificates of a PEM file; anything else in it is passed over.
    ///
    /// # Errors
    /// [`ConfigError`] when it holds no certificate, or one that cannot be read or cannot be an anchor, which is counted.
    pub fn from_pem(pem: impl AsRef<[u8]>) -> Result<Self, ConfigError> {
        let mut certificates = Vec::new();
        for certificate in CertificateDer::pem_slice_iter(pem.as_ref()) {
            let position = certificates.len() + 1;
            certificates.push(certificate.map_err(|error| {
                let problem = format!("certificate {position} is no PEM, or was cut off: {error}");
                ConfigError::new("client_ca", problem, "give certificates in PEM")
            })?);
        }
        if certificates.is_empty() {
            return Err(ConfigError::new(
                "client_ca",
                "holds no certificate",
                "give the certificates of the issuing authorities in PEM, or no anchors at all by TrustAnchors::none()",
            ));
        }
        Self::from_der(certificates)
    }

    /// Certificates in DER.
    ///
    /// # Errors
    /// [`ConfigError`] for one that cannot be an anchor.
    pub fn from_der<C: AsRef<[u8]>>(certificates: impl IntoIterator<Item = C>) -> Result<Self, ConfigError> {
        let (mut anchors, mut id) = (Vec::new(), Context::new(&SHA256));
        for (position, certificate) in certificates.into_iter().enumerate() {
            let der = CertificateDer::from_slice(certificate.as_ref());
            let anchor = anchor_from_trusted_cert(&der).map_err(|error| {
                ConfigError::new(
                    "client_ca",
                    format!("certificate {} cannot be an anchor: {error}", position + 1),
                    "give the certificate of a certificate authority",
                )
            })?;
            anchors.push(anchor.to_owned());
            // Each is DER and so bounds itself.
            id.update(certificate.as_ref());
        }
        let mut digest = [0; 32];
        digest.copy_from_slice(id.finish().as_ref());
        Ok(TrustAnchors(Arc::new(Trusted { who: Who::Anchors(anchors), id: digest })))
    }

    /// Whoever ends the TLS connections has validated the path, and marked it so
    /// ([`PeerCertificates::with_verified_chain`](super::PeerCertificates::with_verified_chain)): a proxy that passes
    /// on the leaf alone, or a listener with anchors of its own. A chain without that mark is refused.
    pub fn of_the_listener() -> Self {
        TrustAnchors(Arc::new(Trusted { who: Who::Listener, id: [1; 32] }))
    }

    /// Can nothing be trusted?
    pub fn is_empty(&self) -> bool {
        matches!(&self.0.who, Who::Anchors(anchors) if anchors.is_empty())
    }

    /// `None` where the listener has validated the path.
    pub(super) fn anchors(&self) -> Option<&[TrustAnchor<'static>]> {
        match &self.0.who {
            Who::Anchors(anchors) => Some(anchors),
            Who::Listener => None,
        }
    }

    pub(super) fn id(&self) -> &[u8; 32] {
        &self.0.id
    }
}

impl fmt::Debug for TrustAnchors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.anchors() {
            Some(anchors) => write!(f, "TrustAnchors({})", anchors.len()),
            None => f.write_str("TrustAnchors(of the listener)"),
        }
    }
}
