//! Is there a path from a client's certificate to somebody the server trusts?

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use moka::sync::Cache;
use rustls_pki_types::{CertificateDer, UnixTime};
use webpki::{ALL_VERIFICATION_ALGS, EndEntityCert, Error, KeyUsage, VerifiedPath};

use super::leaf::LeafCertificate;
use super::{PeerCertificates, ReloadableTrustAnchors, TrustAnchors};
use crate::reason::Reason;
use crate::refusal::Failure;

/// The server's side of mutual TLS: its anchors, and what it found out about certificates it has seen.
pub(crate) struct MutualTls {
    anchors: ReloadableTrustAnchors,
    /// Certificates by their hash, read once, and how many octets each has. One that cannot be read is not kept.
    read: Cache<[u8; 32], (Arc<LeafCertificate>, u32)>,
    /// The times until which the path of a certificate to a set of anchors holds. Only paths that were found: which
    /// other certificates came along does not matter then.
    validated: Cache<([u8; 32], [u8; 32]), SystemTime>,
}

/// A keep-alive connection asks again and again about one certificate; a client opens many connections.
const REMEMBERED: u64 = 10_000;

/// The same for what was read, since anybody can show certificates, and large ones.
const REMEMBERED_OCTETS: u64 = 16 * 1024 * 1024;

/// Longest time until a path is looked for again, so that nothing found out stays for ever.
const REMEMBERED_FOR: Duration = Duration::from_secs(3600);

/// Most certificates beside the leaf that are tried; a path has rarely more than two.
const MAX_INTERMEDIATES: usize = 8;

/// No certificate of a client comes near this; hashing and reading are bounded by it.
const MAX_OCTETS: usize = 64 * 1024;

impl MutualTls {
    pub(crate) fn new(anchors: ReloadableTrustAnchors) -> Self {
        MutualTls {
            anchors,
            read: Cache::builder()
                .weigher(|_, (_, octets): &(_, u32)| octets.saturating_add(512))
                .max_capacity(REMEMBERED_OCTETS)
                .time_to_live(REMEMBERED_FOR)
                .build(),
            validated: Cache::builder().max_capacity(REMEMBERED).time_to_live(REMEMBERED_FOR).build(),
        }
    }

    /// Those of this moment.
    pub(crate) fn anchors(&self) -> TrustAnchors {
        self.anchors.current()
    }

    /// What stands in the leaf, if it may authenticate a client now.
    ///
    /// # Errors
    /// [`Reason::CertificateExpired`] outside of its validity, [`Reason::CertificateUntrusted`] when it cannot be read.
    pub(crate) fn read(
        &self,
        certificates: &PeerCertificates,
        now: SystemTime,
    ) -> Result<Arc<LeafCertificate>, Failure> {
        let leaf = match self.read.get(certificates.digest()) {
            Some((leaf, _)) => leaf,
            None => {
                let octets = certificates.leaf().len();
                if octets > MAX_OCTETS {
                    return Err(untrusted("a certificate of more than 64 KiB"));
                }
                let leaf = LeafCertificate::from_der(certificates.leaf())
                    .map_err(|problem| untrusted(format!("a certificate that {problem}")))?;
                let leaf = Arc::new(leaf);
                self.read.insert(*certificates.digest(), (Arc::clone(&leaf), octets as u32));
                leaf
            }
        };
        if now < leaf.not_before() {
            return Err(outside_validity("one that is not yet valid"));
        }
        if now > leaf.not_after() {
            return Err(outside_validity("one that has expired"));
        }
        Ok(leaf)
    }

    /// What stands in the leaf, once there is a path from it to one of the anchors (RFC 5280 §6).
    ///
    /// # Errors
    /// Those of [`read`](MutualTls::read), and [`Reason::CertificateUntrusted`] when there is no path, or when the
    /// certificate is none that authenticates a client.
    pub(crate) fn validate(
        &self,
        certificates: &PeerCertificates,
        anchors: &TrustAnchors,
        now: SystemTime,
    ) -> Result<Arc<LeafCertificate>, Failure> {
        let leaf = self.read(certificates, now)?;
        if leaf.is_ca() {
            return Err(untrusted("the certificate of a certificate authority"));
        }
        if !leaf.may_sign() {
            return Err(untrusted("a certificate whose key usage lacks digitalSignature"));
        }
        if !leaf.has_acceptable_key() {
            return Err(untrusted("a certificate with a weak or unknown kind of key"));
        }
        let Some(trusted) = anchors.anchors() else {
            return match certificates.is_chain_verified() {
                true => Ok(leaf),
                false => Err(untrusted("a chain that the listener did not verify")),
            };
        };
        let key = (*anchors.id(), *certificates.digest());
        if self.validated.get(&key).is_some_and(|until| now <= until) {
            return Ok(leaf);
        }
        let until = find_path(certificates, trusted, now)?.min(leaf.not_after());
        self.validated.insert(key, until);
        Ok(leaf)
    }
}

/// The time until which the certificates between leaf and anchor are valid.
fn find_path(
    certificates: &PeerCertificates,
    anchors: &[rustls_pki_types::TrustAnchor<'_>],
    now: SystemTime,
) -> Result<SystemTime, Failure> {
    let der = CertificateDer::from(certificates.leaf());
    let intermediates: Vec<CertificateDer<'_>> =
        certificates.intermediates().map(CertificateDer::from).collect();
    if intermediates.len() > MAX_INTERMEDIATES
        || intermediates.iter().any(|certificate| certificate.len() > MAX_OCTETS)
    {
        return Err(untrusted("more than eight intermediate certificates, or a huge one"));
    }
    let since_epoch = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let leaf = EndEntityCert::try_from(&der).map_err(explain)?;
    let path = leaf
        .verify_for_usage(
            ALL_VERIFICATION_ALGS,
            anchors,
            &intermediates,
            UnixTime::since_unix_epoch(since_epoch),
            KeyUsage::client_auth(),
            None,
            None,
        )
        .map_err(explain)?;
    Ok(valid_until(&path, now))
}

/// Of the intermediate certificates on the path. One whose dates this crate cannot read is looked at again each time.
fn valid_until(path: &VerifiedPath<'_>, now: SystemTime) -> SystemTime {
    let ends = path.intermediate_certificates().map(|certificate| {
        LeafCertificate::from_der(&certificate.der()).map_or(now, |certificate| certificate.not_after())
    });
    ends.min().unwrap_or(now + REMEMBERED_FOR)
}

fn explain(error: Error) -> Failure {
    match error {
        Error::CertExpired { .. } => outside_validity("an expired certificate on its path"),
        Error::CertNotValidYet { .. } => outside_validity("a certificate on its path that is not yet valid"),
        Error::UnknownIssuer => untrusted("one whose issuer is not among them"),
        Error::CaUsedAsEndEntity => untrusted("the certificate of a certificate authority"),
        other => untrusted(format!("one that fails: {other}")),
    }
}

fn untrusted(got: impl Into<std::borrow::Cow<'static, str>>) -> Failure {
    Failure::new(Reason::CertificateUntrusted)
        .expected("a client certificate with a path to a trust anchor")
        .got(got)
}

fn outside_validity(got: &'static str) -> Failure {
    Failure::new(Reason::CertificateExpired).expected("a certificate within its validity").got(got)
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, KeyPair};

    use super::*;

    fn shown() -> PeerCertificates {
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::default().self_signed(&key).unwrap();
        PeerCertificates::from_handshake([certificate.der().to_vec()]).unwrap()
    }

    #[test]
    fn what_nobody_verified_passes_nowhere() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000);
        for anchors in [TrustAnchors::none(), TrustAnchors::of_the_listener()] {
            let mutual_tls = MutualTls::new(anchors.clone().into());
            let failure = mutual_tls.validate(&shown(), &anchors, now).unwrap_err();
            assert_eq!(failure.reason(), Reason::CertificateUntrusted);
        }
    }

    /// The mark counts only where the operator says that the listener validates, and never for the dates.
    #[test]
    fn a_listener_that_validates_is_believed_where_it_is_named() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000);
        let marked = shown().with_verified_chain();
        let listener = TrustAnchors::of_the_listener();
        let mutual_tls = MutualTls::new(listener.clone().into());
        assert!(mutual_tls.validate(&marked, &listener, now).is_ok());
        assert!(mutual_tls.validate(&marked, &TrustAnchors::none(), now).is_err());
        let failure = mutual_tls.validate(&marked, &listener, SystemTime::UNIX_EPOCH).unwrap_err();
        assert_eq!(failure.reason(), Reason::CertificateExpired);
    }
}
