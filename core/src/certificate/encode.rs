//! DER for tests, and what is none: every element is written as it is asked for.

use super::der::{OBJECT_IDENTIFIER, SEQUENCE, SET, UTF8_STRING};

pub(super) fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len();
    let header = match length {
        0..=0x7f => vec![tag, length as u8],
        0x80..=0xff => vec![tag, 0x81, length as u8],
        0x100..=0xffff => vec![tag, 0x82, (length >> 8) as u8, length as u8],
        _ => vec![tag, 0x83, (length >> 16) as u8, (length >> 8) as u8, length as u8],
    };
    [&header, content].concat()
}

pub(super) fn sequence(members: &[Vec<u8>]) -> Vec<u8> {
    element(SEQUENCE, &members.concat())
}

pub(super) const CN: &[u8] = &[0x55, 4, 3];
pub(super) const C: &[u8] = &[0x55, 4, 6];
pub(super) const O: &[u8] = &[0x55, 4, 10];

pub(super) fn attribute(oid: &[u8], tag: u8, value: &[u8]) -> Vec<u8> {
    sequence(&[element(OBJECT_IDENTIFIER, oid), element(tag, value)])
}

/// A name of relative names, each of which is the set of some attributes.
pub(super) fn name(relative_names: &[&[Vec<u8>]]) -> Vec<u8> {
    let sets: Vec<_> = relative_names.iter().map(|attributes| element(SET, &attributes.concat())).collect();
    sequence(&sets)
}

/// A name of single attributes with UTF-8 text.
pub(super) fn utf8_name(attributes: &[(&[u8], &str)]) -> Vec<u8> {
    let sets = attributes.iter().map(|(oid, text)| attribute(oid, UTF8_STRING, text.as_bytes()));
    sequence(&sets.map(|attribute| element(SET, &attribute)).collect::<Vec<_>>())
}

/// A certificate that nobody signed.
pub(super) struct Certificate {
    pub(super) version: Option<u8>,
    pub(super) subject: Vec<u8>,
    pub(super) validity: Vec<u8>,
    pub(super) key: Vec<u8>,
    pub(super) extensions: Vec<Vec<u8>>,
}

impl Certificate {
    pub(super) fn of(subject: Vec<u8>) -> Self {
        Certificate {
            version: Some(2),
            subject,
            validity: sequence(&[element(0x17, b"260101000000Z"), element(0x18, b"99991231235959Z")]),
            key: ed25519_key(&[0x42; 32]),
            extensions: Vec::new(),
        }
    }

    pub(super) fn with(mut self, extension: Vec<u8>) -> Self {
        self.extensions.push(extension);
        self
    }

    pub(super) fn der(&self) -> Vec<u8> {
        let mut parts = Vec::new();
        parts.extend(self.version.map(|version| element(0xa0, &element(0x02, &[version]))));
        parts.extend([element(0x02, &[1]), ed25519(), utf8_name(&[(CN, "CA")]), self.validity.clone()]);
        parts.extend([self.subject.clone(), self.key.clone()]);
        if !self.extensions.is_empty() {
            parts.push(element(0xa3, &sequence(&self.extensions)));
        }
        sequence(&[sequence(&parts), ed25519(), element(0x03, &[0; 65])])
    }
}

pub(super) fn ed25519_key(point: &[u8]) -> Vec<u8> {
    sequence(&[ed25519(), element(0x03, &[&[0], point].concat())])
}

fn ed25519() -> Vec<u8> {
    sequence(&[element(OBJECT_IDENTIFIER, &[0x2b, 0x65, 0x70])])
}

pub(super) const KEY_USAGE: u8 = 15;
pub(super) const SUBJECT_ALT_NAME: u8 = 17;
pub(super) const BASIC_CONSTRAINTS: u8 = 19;

/// An extension of RFC 5280, by the last number of its OID.
pub(super) fn extension(number: u8, value: &[u8]) -> Vec<u8> {
    sequence(&[element(OBJECT_IDENTIFIER, &[0x55, 0x1d, number]), element(0x04, value)])
}
