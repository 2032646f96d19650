//! What a trusted proxy passes on of a client whose TLS connection it ended: the certificate, and the address.
//!
//! Anyone can write a header field. So nothing here is read unless a [`TrustedProxy`] is configured, and then only from
//! connections that come from one of its addresses.
//!
//! | [`CertificateHeader`] | written by | holds |
//! | --- | --- | --- |
//! | `client-cert` | [RFC 9440](https://www.rfc-editor.org/rfc/rfc9440): Cloudflare and others | the certificate and, in a second field, its chain |
//! | `xfcc` | Envoy, Istio, Contour, Azure Container Apps | `Cert`, `Chain` or both |
//! | `nginx` | nginx, Apache httpd | the certificate |
//! | `haproxy` | HAProxy | the certificate and, in a second field, its chain |
//! | `traefik` | Traefik | the certificate and its chain |
//! | `aws-alb` | AWS Application Load Balancer, mutual TLS passthrough | the certificate and its chain |
//! | `aws-alb-verify` | the same, mutual TLS verify | the certificate |
//!
//! A subject or a fingerprint alone is never taken for a certificate, whichever header carries it.

mod address;
mod aws_alb;
mod certificate_header;
mod client_cert;
mod der;
mod escaped_pem;
mod format;
mod haproxy;
mod lines;
mod network;
mod nginx;
mod pairs;
mod source_header;
#[cfg(test)]
mod tests;
mod traefik;
mod trusted_proxy;
mod xfcc;

pub use self::certificate_header::CertificateHeader;
pub(crate) use self::network::first_of_network;
pub use self::source_header::SourceHeader;
pub(crate) use self::trusted_proxy::Nearest;
pub use self::trusted_proxy::TrustedProxy;

use crate::reason::Reason;
use crate::refusal::Failure;

/// Most octets of one header field, all its lines together.
const MOST_OCTETS: usize = 64 * 1024;

/// Most certificates of one client, the leaf included.
const MOST_CERTIFICATES: usize = 10;

fn refused(expected: &'static str, got: &'static str) -> Failure {
    Failure::new(Reason::ForwardedCertificateRefused).expected(expected).got(got)
}
