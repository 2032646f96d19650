//! The client's certificate: how it reaches the decision, and what is read in it
//! ([RFC 8705](https://www.rfc-editor.org/rfc/rfc8705)).

#[cfg(feature = "mtls")]
mod anchors;
#[cfg(feature = "mtls")]
mod der;
#[cfg(all(test, feature = "mtls"))]
mod encode;
#[cfg(feature = "mtls")]
mod general_name;
#[cfg(feature = "mtls")]
mod leaf;
#[cfg(feature = "mtls")]
mod name;
#[cfg(feature = "mtls")]
mod path;
mod peer;
#[cfg(feature = "mtls")]
mod reloadable_anchors;
#[cfg(feature = "mtls")]
mod subject;

#[cfg(feature = "mtls")]
#[cfg_attr(docsrs, doc(cfg(feature = "mtls")))]
pub use self::anchors::TrustAnchors;
#[cfg(feature = "mtls")]
#[cfg_attr(docsrs, doc(cfg(feature = "mtls")))]
pub use self::general_name::GeneralName;
#[cfg(feature = "mtls")]
#[cfg_attr(docsrs, doc(cfg(feature = "mtls")))]
pub use self::leaf::{CertificateError, LeafCertificate};
#[cfg(feature = "mtls")]
#[cfg_attr(docsrs, doc(cfg(feature = "mtls")))]
pub use self::name::{DistinguishedName, NameError};
#[cfg(feature = "mtls")]
pub(crate) use self::path::MutualTls;
pub use self::peer::{CertificateOrigin, PeerCertificates};
#[cfg(feature = "mtls")]
#[cfg_attr(docsrs, doc(cfg(feature = "mtls")))]
pub use self::reloadable_anchors::ReloadableTrustAnchors;
#[cfg(feature = "mtls")]
#[cfg_attr(docsrs, doc(cfg(feature = "mtls")))]
pub use self::subject::CertificateSubject;
