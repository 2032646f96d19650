//! Distinguished names ([RFC 5280 §4.1.2.4](https://www.rfc-editor.org/rfc/rfc5280#section-4.1.2.4)).

use crate::der::{SEQUENCE, element};

/// How a text is encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Text {
    /// UTF8String.
    Utf8,
    /// PrintableString.
    Printable,
    /// TeletexString, of which everybody reads Latin 1.
    Teletex,
    /// BMPString, in UTF-16.
    Bmp,
    /// IA5String.
    Ia5,
}

/// One attribute of a relative distinguished name.
#[derive(Clone, Debug)]
pub struct Attribute(Vec<u8>);

impl Attribute {
    /// An attribute by its short name.
    pub fn new(kind: &str, text: Text, value: &str) -> Self {
        let (tag, octets) = match text {
            Text::Utf8 => (0x0C, value.as_bytes().to_vec()),
            Text::Printable => (0x13, value.as_bytes().to_vec()),
            Text::Teletex => (0x14, value.chars().map(|char| u8::try_from(char).expect("Latin 1")).collect()),
            Text::Bmp => (0x1E, value.encode_utf16().flat_map(u16::to_be_bytes).collect()),
            Text::Ia5 => (0x16, value.as_bytes().to_vec()),
        };
        Attribute::raw(kind, tag, &octets)
    }

    /// An attribute with whatever stands in it.
    pub fn raw(kind: &str, tag: u8, octets: &[u8]) -> Self {
        let oid: &[u8] = match kind {
            "CN" => &[0x55, 4, 3],
            "C" => &[0x55, 4, 6],
            "L" => &[0x55, 4, 7],
            "O" => &[0x55, 4, 10],
            "OU" => &[0x55, 4, 11],
            "organizationIdentifier" => &[0x55, 4, 97],
            "UID" => b"\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x01",
            "DC" => b"\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x19",
            "emailAddress" => b"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x01",
            other => panic!("no attribute is called {other:?}"),
        };
        Attribute(element(SEQUENCE, &[element(0x06, oid), element(tag, octets)].concat()))
    }
}

/// A name from its parts in the order of the certificate, which is that of RFC 4514 reversed.
pub fn name(parts: &[&[Attribute]]) -> Vec<u8> {
    let part = |attributes: &&[Attribute]| {
        let mut set: Vec<&[u8]> = attributes.iter().map(|attribute| &*attribute.0).collect();
        set.sort_unstable();
        element(0x31, &set.concat())
    };
    element(SEQUENCE, &parts.iter().flat_map(part).collect::<Vec<_>>())
}

/// The name that RFC 4514 writes so, if nothing in it is escaped; PrintableString where that can hold the text.
pub fn dn(text: &str) -> Vec<u8> {
    dn_as(text, Text::Printable)
}

/// The same, with the texts encoded so where they can be. A country is always a PrintableString.
pub fn dn_as(text: &str, encoding: Text) -> Vec<u8> {
    let attribute = |text: &str| {
        let (kind, value) = text.split_once('=').expect("type=value");
        let encoding = match encoding {
            _ if kind == "C" => Text::Printable,
            Text::Printable if !value.bytes().all(is_printable) => Text::Utf8,
            encoding => encoding,
        };
        Attribute::new(kind, encoding, value)
    };
    let parts = text.split(',').filter(|part| !part.is_empty()).rev();
    let parts: Vec<Vec<Attribute>> = parts.map(|part| part.split('+').map(attribute).collect()).collect();
    name(&parts.iter().map(Vec::as_slice).collect::<Vec<_>>())
}

fn is_printable(octet: u8) -> bool {
    octet.is_ascii_alphanumeric() || b" '()+,-./:=?".contains(&octet)
}
