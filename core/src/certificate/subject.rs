//! The subject that a client's certificate has to show
//! ([RFC 8705 §2.1.2](https://www.rfc-editor.org/rfc/rfc8705#section-2.1.2)).

use std::fmt;

use super::{DistinguishedName, GeneralName, LeafCertificate, NameError};

/// The one subject by which a client with `tls_client_auth` is known: a distinguished name or one of four kinds of
/// subjectAltName.
///
/// A certificate says who its client is in each of its names, but only the registered kind counts: a host name in the
/// common name, or the same text as a URI, is no `dNSName`.
///
/// ```
/// use countersign::certificate::CertificateSubject;
///
/// let subject = CertificateSubject::dns("C.example.com")?;
/// assert_eq!(subject.to_string(), "DNS c.example.com");
/// assert_eq!(subject.metadata_field(), "tls_client_auth_san_dns");
/// assert!(CertificateSubject::dns("*.example.com").is_err());
/// # Ok::<(), countersign::certificate::NameError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateSubject(Expected);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Expected {
    Name(DistinguishedName),
    AlternativeName(GeneralName),
}

impl CertificateSubject {
    /// `tls_client_auth_subject_dn`: the whole subject, as [`DistinguishedName::from_rfc4514`] reads it.
    ///
    /// # Errors
    /// [`NameError`] when it is empty, not RFC 4514, or has characters that nobody sees.
    pub fn dn(name: &str) -> Result<Self, NameError> {
        DistinguishedName::from_rfc4514(name).map(|name| CertificateSubject(Expected::Name(name)))
    }

    /// `tls_client_auth_san_dns`: a `dNSName`, compared without regard to case. There are no wildcards.
    ///
    /// # Errors
    /// [`NameError`] when it is empty, has a wildcard, is not a host name in its ASCII form, or is an IP address.
    pub fn dns(name: &str) -> Result<Self, NameError> {
        GeneralName::dns(name).map(CertificateSubject::alternative_name)
    }

    /// `tls_client_auth_san_uri`: a `uniformResourceIdentifier`, compared octet by octet.
    ///
    /// # Errors
    /// [`NameError`] when it is empty, has no scheme, or has a character that no URI has.
    pub fn uri(uri: &str) -> Result<Self, NameError> {
        GeneralName::uri(uri).map(CertificateSubject::alternative_name)
    }

    /// `tls_client_auth_san_ip`: an `iPAddress`, compared as octets. An IPv4 address is not equal to the IPv6 address
    /// that maps it.
    ///
    /// # Errors
    /// [`NameError`] when it is not an IPv4 address in dotted decimal or an IPv6 address.
    pub fn ip(address: &str) -> Result<Self, NameError> {
        GeneralName::ip(address).map(CertificateSubject::alternative_name)
    }

    /// `tls_client_auth_san_email`: an `rfc822Name`, of which only the domain ignores case.
    ///
    /// # Errors
    /// [`NameError`] when it is empty or not a plain `local-part@domain` in ASCII.
    pub fn email(mailbox: &str) -> Result<Self, NameError> {
        GeneralName::email(mailbox).map(CertificateSubject::alternative_name)
    }

    fn alternative_name(name: GeneralName) -> Self {
        CertificateSubject(Expected::AlternativeName(name))
    }

    /// Is this the subject of the certificate, or one of its alternative names? Says nothing about who issued it.
    pub fn matches(&self, certificate: &LeafCertificate) -> bool {
        match &self.0 {
            Expected::Name(name) => certificate.subject() == Some(name),
            Expected::AlternativeName(name) => certificate.alternative_names().contains(name),
        }
    }

    /// What the certificate shows of this kind, for the operator.
    pub(crate) fn shown_by(&self, certificate: &LeafCertificate) -> String {
        let shown: Vec<String> = match &self.0 {
            Expected::Name(_) => certificate.subject().iter().map(|name| format!("DN {name}")).collect(),
            Expected::AlternativeName(expected) => {
                let same_kind =
                    |name: &&GeneralName| std::mem::discriminant(*name) == std::mem::discriminant(expected);
                certificate
                    .alternative_names()
                    .iter()
                    .filter(same_kind)
                    .take(MOST_SHOWN)
                    .map(GeneralName::to_string)
                    .collect()
            }
        };
        if shown.is_empty() { "no name of that kind".to_owned() } else { shown.join(" and ") }
    }

    /// The name of the client metadata that registers it.
    pub fn metadata_field(&self) -> &'static str {
        match &self.0 {
            Expected::Name(_) => "tls_client_auth_subject_dn",
            Expected::AlternativeName(GeneralName::Dns(_)) => "tls_client_auth_san_dns",
            Expected::AlternativeName(GeneralName::Uri(_)) => "tls_client_auth_san_uri",
            Expected::AlternativeName(GeneralName::Ip(_)) => "tls_client_auth_san_ip",
            Expected::AlternativeName(GeneralName::Email(_)) => "tls_client_auth_san_email",
        }
    }
}

/// A certificate can have thousands of names, and a log line has no use for them.
const MOST_SHOWN: usize = 4;

impl fmt::Display for CertificateSubject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Expected::Name(name) => write!(f, "DN {name}"),
            Expected::AlternativeName(name) => name.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests;
