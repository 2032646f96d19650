//! The string form of a name ([RFC 4514](https://www.rfc-editor.org/rfc/rfc4514)).

use super::attribute::Attribute;
use super::attribute_type::AttributeType;
use super::{NameError, Written};
use crate::certificate::der::Element;

/// Reads the string form. The relative names are in the order of the text.
pub(super) fn parse(text: &str) -> Result<Vec<Vec<Written>>, NameError> {
    if text.trim().is_empty() {
        return Err(NameError("is empty"));
    }
    if text.starts_with('/') {
        return Err(NameError(
            "has slashes between its parts; RFC 4514 writes CN=client one,O=Example Ltd,C=DE",
        ));
    }
    let mut relative_names = Vec::new();
    let mut attributes = Vec::new();
    let mut rest = text;
    loop {
        let (kind, after) = rest.split_once('=').ok_or(NameError("has a part without ="))?;
        let kind = AttributeType::from_text(kind.trim_matches(' '))
            .ok_or(NameError("has an attribute type that is neither a known short name nor a dotted OID"))?;
        let after = after.trim_start_matches(' ');
        let (attribute, after) = match after.strip_prefix('#') {
            Some(digits) => hexadecimal(kind, digits)?,
            None => string(kind, after)?,
        };
        attributes.push(attribute);
        let Some((separator, after)) = after.split_at_checked(1) else {
            relative_names.push(attributes);
            return Ok(relative_names);
        };
        if separator == "," {
            relative_names.push(std::mem::take(&mut attributes));
        }
        rest = after;
    }
}

/// RFC 4514 §2.4: a value as it must be written to be read again.
pub(super) fn escape_onto(written: &mut String, value: &str) {
    for (position, character) in value.char_indices() {
        let is_special = match character {
            ' ' => position == 0 || position + 1 == value.len(),
            '#' => position == 0,
            '"' | '+' | ',' | ';' | '<' | '>' | '\\' => true,
            _ => false,
        };
        if is_special {
            written.push('\\');
        }
        written.push(character);
    }
}

/// §3: `hexstring`, without its `#`. The digits are a whole element.
fn hexadecimal(kind: AttributeType, text: &str) -> Result<(Written, &str), NameError> {
    const PROBLEM: NameError = NameError("has a value after # that is not DER in hexadecimal");
    let (digits, rest) = text.split_at(text.find([',', '+']).unwrap_or(text.len()));
    let digits = digits.trim_end_matches(' ').as_bytes();
    let (pairs, []) = digits.as_chunks() else { return Err(PROBLEM) };
    let octets = pairs.iter().map(|[high, low]| octet(*high, *low)).collect::<Option<Vec<_>>>();
    let octets = octets.ok_or(PROBLEM)?;
    Ok((Attribute::with_der(kind, Element::only(&octets).ok_or(PROBLEM)?)?, rest))
}

/// §3: `string`. With it comes the rest, which is empty or begins with a separator.
fn string(kind: AttributeType, text: &str) -> Result<(Written, &str), NameError> {
    let mut octets = Vec::new();
    // Spaces at the end count when they are escaped.
    let mut end = 0;
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        rest = match first {
            b',' | b'+' => break,
            b'"' | b';' | b'<' | b'>' => {
                return Err(NameError("has one of the characters \";<> without a backslash before it"));
            }
            b'\\' => {
                let (escaped, after) = escaped(after)?;
                octets.push(escaped);
                end = octets.len();
                after
            }
            plain => {
                octets.push(*plain);
                if *plain != b' ' {
                    end = octets.len();
                }
                after
            }
        };
    }
    octets.truncate(end);
    let value = str::from_utf8(&octets).map_err(|_| NameError("has a value that is not UTF-8"))?;
    // Only ASCII has gone through the reader as a whole character, so this is a boundary.
    let rest = text.get(text.len() - rest.len()..).unwrap_or_default();
    Ok((Attribute::with_text(kind, value)?, rest))
}

/// §3: `pair`, without its backslash.
fn escaped(text: &[u8]) -> Result<(u8, &[u8]), NameError> {
    match text {
        [special @ (b' ' | b'"' | b'#' | b'+' | b',' | b';' | b'<' | b'=' | b'>' | b'\\'), rest @ ..] => {
            Ok((*special, rest))
        }
        [high, low, rest @ ..] => Ok((octet(*high, *low).ok_or(NOTHING_ESCAPED)?, rest)),
        _ => Err(NOTHING_ESCAPED),
    }
}

fn octet(high: u8, low: u8) -> Option<u8> {
    let digit = |digit: u8| char::from(digit).to_digit(16);
    u8::try_from(digit(high)? << 4 | digit(low)?).ok()
}

const NOTHING_ESCAPED: NameError =
    NameError("has a backslash before neither a special character nor two hexadecimal digits");
