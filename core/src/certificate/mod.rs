//! The client's certificate: how it reaches the decision, and what is read in it
//! ([RFC 8705](https://www.rfc-editor.org/rfc/rfc8705)).

mod peer;

pub use self::peer::{CertificateOrigin, PeerCertificates};
