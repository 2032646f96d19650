//! What is read in the client's own certificate
//! ([RFC 5280 §4.1](https://www.rfc-editor.org/rfc/rfc5280#section-4.1)).

use std::collections::HashSet;
use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use x509_parser::certificate::{X509Certificate, X509CertificateParser};
use x509_parser::error::X509Error;
use x509_parser::extensions::{BasicConstraints, KeyUsage};
use x509_parser::nom::Parser as _;
use x509_parser::oid_registry::{
    OID_X509_EXT_BASIC_CONSTRAINTS, OID_X509_EXT_KEY_USAGE, OID_X509_EXT_SUBJECT_ALT_NAME, Oid,
};
use x509_parser::prelude::FromDer;
use x509_parser::time::ASN1Time;

use super::der::{Element, SEQUENCE};
use super::{DistinguishedName, GeneralName, NameError};
use crate::key;

/// The client's own certificate: whom it names, when, and what its key is for.
///
/// Reading it says nothing about whether any of it is true.
#[derive(Clone, Debug)]
pub struct LeafCertificate {
    subject: Option<DistinguishedName>,
    alternative_names: Box<[GeneralName]>,
    not_before: SystemTime,
    not_after: SystemTime,
    may_sign: bool,
    is_ca: bool,
    has_acceptable_key: bool,
}

impl LeafCertificate {
    /// Reads a certificate of version 1, 2 or 3; nothing may follow it. Extensions that are not needed here are not
    /// looked into.
    ///
    /// # Errors
    /// [`CertificateError`] when it is not DER throughout or not a certificate, has an extension twice, or when its key
    /// usage, its basic constraints or its dates cannot be read.
    pub fn from_der(der: &[u8]) -> Result<Self, CertificateError> {
        const NOT_A_CERTIFICATE: CertificateError = CertificateError("is not a DER certificate");
        let parts = Element::only(der).filter(|whole| whole.is_der_throughout()).and_then(Element::members);
        let Some([_, _, _]) = parts.as_deref() else { return Err(NOT_A_CERTIFICATE) };
        let Ok(([], certificate)) = X509CertificateParser::new().with_deep_parse_extensions(false).parse(der)
        else {
            return Err(NOT_A_CERTIFICATE);
        };
        if certificate.version().0 > 2 {
            return Err(CertificateError("is of a version that does not exist"));
        }
        let mut seen = HashSet::new();
        if !certificate.extensions().iter().all(|extension| seen.insert(&extension.oid)) {
            return Err(CertificateError("has an extension twice (RFC 5280 §4.2)"));
        }
        let key_usage: Option<KeyUsage> = extension(&certificate, &OID_X509_EXT_KEY_USAGE)
            .map_err(|Unreadable| CertificateError("has a key usage that cannot be read"))?;
        let constraints: Option<BasicConstraints> = extension(&certificate, &OID_X509_EXT_BASIC_CONSTRAINTS)
            .map_err(|Unreadable| CertificateError("has basic constraints that cannot be read"))?;
        let validity = certificate.validity();
        Ok(LeafCertificate {
            subject: DistinguishedName::from_der(certificate.subject().as_raw()).ok(),
            alternative_names: alternative_names(&certificate).unwrap_or_default(),
            not_before: system_time(validity.not_before)?,
            not_after: system_time(validity.not_after)?,
            may_sign: key_usage.is_none_or(|usage| usage.digital_signature()),
            is_ca: constraints.is_some_and(|constraints| constraints.ca),
            has_acceptable_key: key::is_acceptable(certificate.public_key()),
        })
    }

    /// The subject; `None` when it is empty, or not a name that can be compared.
    pub fn subject(&self) -> Option<&DistinguishedName> {
        self.subject.as_ref()
    }

    /// The names of the subjectAltName that can be compared. Those of other kinds, and malformed ones, are left out.
    pub fn alternative_names(&self) -> &[GeneralName] {
        &self.alternative_names
    }

    /// The first second in which it is valid.
    pub fn not_before(&self) -> SystemTime {
        self.not_before
    }

    /// The last second in which it is valid.
    pub fn not_after(&self) -> SystemTime {
        self.not_after
    }

    /// May its key make the signature of a handshake: has it no key usage, or one with `digitalSignature`?
    pub fn may_sign(&self) -> bool {
        self.may_sign
    }

    /// Is it the certificate of a CA?
    pub fn is_ca(&self) -> bool {
        self.is_ca
    }

    /// Is its key one that a JWK would be taken with: RSA of 2048 to 8192 bits, P-256, P-384, P-521 or Ed25519?
    pub fn has_acceptable_key(&self) -> bool {
        self.has_acceptable_key
    }
}

/// What is wrong with a certificate, as text for the operator: `is not a DER certificate`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CertificateError(&'static str);

impl fmt::Display for CertificateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for CertificateError {}

struct Unreadable;

fn extension<'a, T: FromDer<'a, X509Error>>(
    certificate: &X509Certificate<'a>,
    oid: &Oid<'_>,
) -> Result<Option<T>, Unreadable> {
    let Some(value) = extension_value(certificate, oid) else { return Ok(None) };
    let is_der = Element::only(value).is_some_and(Element::is_der_throughout);
    match T::from_der(value) {
        Ok(([], extension)) if is_der => Ok(Some(extension)),
        _ => Err(Unreadable),
    }
}

fn extension_value<'a>(certificate: &X509Certificate<'a>, oid: &Oid<'_>) -> Option<&'a [u8]> {
    certificate.extensions().iter().find(|extension| extension.oid == *oid).map(|extension| extension.value)
}

/// RFC 5280 §4.2.1.6. `None` when there are none, or the whole of them cannot be read.
fn alternative_names(certificate: &X509Certificate<'_>) -> Option<Box<[GeneralName]>> {
    let value = extension_value(certificate, &OID_X509_EXT_SUBJECT_ALT_NAME)?;
    let names = Element::only(value).filter(|names| names.tag == SEQUENCE)?.members()?;
    Some(names.into_iter().filter_map(general_name).collect())
}

fn general_name(name: Element<'_>) -> Option<GeneralName> {
    let text =
        |read: fn(&str) -> Result<GeneralName, NameError>| read(str::from_utf8(name.content).ok()?).ok();
    match name.tag {
        RFC822_NAME => text(GeneralName::email),
        DNS_NAME => text(GeneralName::dns),
        UNIFORM_RESOURCE_IDENTIFIER => text(GeneralName::uri),
        IP_ADDRESS => GeneralName::ip_octets(name.content).ok(),
        _ => None,
    }
}

fn system_time(time: ASN1Time) -> Result<SystemTime, CertificateError> {
    let seconds = time.timestamp();
    let distance = Duration::from_secs(seconds.unsigned_abs());
    if seconds < 0 { UNIX_EPOCH.checked_sub(distance) } else { UNIX_EPOCH.checked_add(distance) }
        .ok_or(CertificateError("has a date that this machine cannot hold"))
}

const RFC822_NAME: u8 = 0x81;
const DNS_NAME: u8 = 0x82;
const UNIFORM_RESOURCE_IDENTIFIER: u8 = 0x86;
const IP_ADDRESS: u8 = 0x87;

#[cfg(test)]
mod tests;
