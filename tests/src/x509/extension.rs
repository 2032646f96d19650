//! Extensions ([RFC 5280 §4.2](https://www.rfc-editor.org/rfc/rfc5280#section-4.2)).

use crate::der::{BIT_STRING, SEQUENCE, element, integer};

/// An extension: its identifier, whether who cannot read it has to refuse the certificate, its value.
#[derive(Clone, Debug)]
pub struct Extension {
    pub(super) oid: Vec<u8>,
    critical: bool,
    value: Vec<u8>,
}

impl Extension {
    /// One of the arc `id-ce`.
    pub fn standard(number: u8, critical: bool, value: Vec<u8>) -> Self {
        Extension { oid: vec![0x55, 0x1D, number], critical, value }
    }

    /// One that nobody knows, and that must be understood.
    pub fn critical_and_unknown() -> Self {
        Extension { oid: vec![0x2A, 0x03, 0x04], critical: true, value: vec![0x05, 0x00] }
    }

    /// The certificate of an authority, below which there may be so many more.
    pub fn authority(path_length: Option<u8>) -> Self {
        let length = path_length.map(|length| integer(&[length])).unwrap_or_default();
        let content = [element(0x01, &[0xFF]), length].concat();
        Extension::standard(19, true, element(SEQUENCE, &content))
    }

    /// `digitalSignature`.
    pub fn may_sign() -> Self {
        Extension::key_usage(0x80)
    }

    /// `keyCertSign` and `cRLSign`.
    pub fn may_certify() -> Self {
        Extension::key_usage(0x06)
    }

    /// The bits from the left: `digitalSignature`, `nonRepudiation`, `keyEncipherment`, …
    pub fn key_usage(bits: u8) -> Self {
        let unused = u8::try_from(bits.trailing_zeros()).unwrap();
        Extension::standard(15, true, element(BIT_STRING, &[unused, bits]))
    }

    /// `serverAuth` is 1, `clientAuth` 2, `codeSigning` 3.
    pub fn purposes(purposes: &[u8]) -> Self {
        let purpose = |number: &u8| element(0x06, &[0x2B, 6, 1, 5, 5, 7, 3, *number]);
        Extension::standard(
            37,
            false,
            element(SEQUENCE, &purposes.iter().flat_map(purpose).collect::<Vec<_>>()),
        )
    }

    /// `anyExtendedKeyUsage` and nothing else.
    pub fn any_purpose() -> Self {
        Extension::standard(37, false, element(SEQUENCE, &element(0x06, &[0x55, 0x1D, 37, 0])))
    }

    /// The other names of the subject.
    pub fn alternative_names(names: &[AlternativeName]) -> Self {
        let names: Vec<u8> = names.iter().flat_map(AlternativeName::to_der).collect();
        Extension::standard(17, false, element(SEQUENCE, &names))
    }

    /// An authority may certify these names alone.
    pub fn permitted(names: &[AlternativeName]) -> Self {
        let subtrees: Vec<u8> = names.iter().flat_map(|name| element(SEQUENCE, &name.to_der())).collect();
        Extension::standard(30, true, element(SEQUENCE, &element(0xA0, &subtrees)))
    }

    /// Where a list of revoked certificates would be.
    pub fn revocation_lists_at(urls: &[&str]) -> Self {
        let point = |url: &&str| {
            let name = element(0xA0, &element(0xA0, &AlternativeName::Uri((*url).to_owned()).to_der()));
            element(SEQUENCE, &name)
        };
        Extension::standard(31, false, element(SEQUENCE, &urls.iter().flat_map(point).collect::<Vec<_>>()))
    }

    /// Where the issuer would be asked about this certificate (1), or its own certificate be had (2).
    pub fn issuer_at(urls: &[(u8, &str)]) -> Self {
        let access = |(kind, url): &(u8, &str)| {
            let method = element(0x06, &[0x2B, 6, 1, 5, 5, 7, 48, *kind]);
            element(SEQUENCE, &[method, AlternativeName::Uri((*url).to_owned()).to_der()].concat())
        };
        let value = element(SEQUENCE, &urls.iter().flat_map(access).collect::<Vec<_>>());
        Extension { oid: vec![0x2B, 6, 1, 5, 5, 7, 1, 1], critical: false, value }
    }

    pub(super) fn to_der(&self) -> Vec<u8> {
        let critical = if self.critical { element(0x01, &[0xFF]) } else { Vec::new() };
        element(SEQUENCE, &[element(0x06, &self.oid), critical, element(0x04, &self.value)].concat())
    }
}

/// A name of the kinds that a certificate may have beside its subject.
#[derive(Clone, Debug)]
pub enum AlternativeName {
    /// dNSName.
    Dns(String),
    /// uniformResourceIdentifier.
    Uri(String),
    /// rfc822Name.
    Email(String),
    /// iPAddress, of whatever length.
    Ip(Vec<u8>),
    /// otherName: the name by which Windows knows a user.
    PrincipalName(String),
}

impl AlternativeName {
    /// A dNSName.
    pub fn dns(name: &str) -> Self {
        AlternativeName::Dns(name.to_owned())
    }

    /// A uniformResourceIdentifier.
    pub fn uri(uri: &str) -> Self {
        AlternativeName::Uri(uri.to_owned())
    }

    /// An rfc822Name.
    pub fn email(address: &str) -> Self {
        AlternativeName::Email(address.to_owned())
    }

    fn to_der(&self) -> Vec<u8> {
        match self {
            AlternativeName::Email(address) => element(0x81, address.as_bytes()),
            AlternativeName::Dns(name) => element(0x82, name.as_bytes()),
            AlternativeName::Uri(uri) => element(0x86, uri.as_bytes()),
            AlternativeName::Ip(octets) => element(0x87, octets),
            AlternativeName::PrincipalName(name) => {
                let oid = element(0x06, b"\x2b\x06\x01\x04\x01\x82\x37\x14\x02\x03");
                element(0xA0, &[oid, element(0xA0, &element(0x0C, name.as_bytes()))].concat())
            }
        }
    }
}
