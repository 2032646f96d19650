//! The string types of ASN.1 ([RFC 5280 §4.1.2.4](https://www.rfc-editor.org/rfc/rfc5280#section-4.1.2.4)).

use std::borrow::Cow;

use super::NameError;
use super::attribute_type::AttributeType;
use crate::certificate::der::{
    BMP_STRING, Element, IA5_STRING, PRINTABLE_STRING, TELETEX_STRING, UNIVERSAL_STRING, UTF8_STRING,
};

/// The text of a value; `None` when it is compared by its octets.
///
/// That is so for everything but a DirectoryString, or an IA5String where the type asks for one; and for a TeletexString
/// with other than the plainest characters, which some write in T.61 and most in ISO 8859-1.
///
/// # Errors
/// When it holds what its string type does not allow.
pub(super) fn text<'a>(value: Element<'a>, kind: &AttributeType) -> Result<Option<Cow<'a, str>>, NameError> {
    let octets = value.content;
    let text = match value.tag {
        UTF8_STRING => str::from_utf8(octets).ok().map(Cow::Borrowed),
        PRINTABLE_STRING => ascii(octets, is_printable),
        IA5_STRING if kind.is_ia5() => ascii(octets, |_| true),
        TELETEX_STRING => match ascii(octets, is_plain_teletex) {
            Some(text) => Some(text),
            None => return Ok(None),
        },
        BMP_STRING => from_units(octets, |[high, low]: [u8; 2]| u32::from_be_bytes([0, 0, high, low])),
        UNIVERSAL_STRING => from_units(octets, u32::from_be_bytes),
        _ => return Ok(None),
    };
    text.map(Some).ok_or(NameError("has a value with characters that its string type does not have"))
}

fn ascii(octets: &[u8], is_allowed: fn(u8) -> bool) -> Option<Cow<'_, str>> {
    let text = str::from_utf8(octets).ok()?;
    octets.iter().all(|octet| octet.is_ascii() && is_allowed(*octet)).then_some(Cow::Borrowed(text))
}

/// X.680 §41.4.
fn is_printable(octet: u8) -> bool {
    octet.is_ascii_alphanumeric() || b" '()+,-./:=?".contains(&octet)
}

/// The characters of T.61 that are where ASCII has them, and printed so.
fn is_plain_teletex(octet: u8) -> bool {
    is_printable(octet) || b"!\"%&*;<>@_".contains(&octet)
}

/// Text of fixed width. UCS-2 has no surrogates, so half of a character is none.
fn from_units<const WIDTH: usize>(octets: &[u8], code: fn([u8; WIDTH]) -> u32) -> Option<Cow<'static, str>> {
    let (units, rest) = octets.as_chunks::<WIDTH>();
    if !rest.is_empty() {
        return None;
    }
    units.iter().map(|unit| char::from_u32(code(*unit))).collect::<Option<String>>().map(Cow::Owned)
}
