//! An attribute of a name: its type, and its value made ready to be compared.

use std::fmt::Write as _;

use super::NameError;
use super::attribute_type::AttributeType;
use super::prepare::{is_seen, prepare};
use super::{rfc4514, string};
use crate::certificate::der::Element;

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Attribute {
    kind: AttributeType,
    value: AttributeValue,
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum AttributeValue {
    /// Prepared, when the matching rule of the type is known; else as it is.
    Text(Box<str>),
    /// A whole element.
    Der(Box<[u8]>),
}

impl Attribute {
    /// An attribute with a text, whichever string type that is going to have. With it comes how to write it.
    pub(super) fn with_text(kind: AttributeType, text: &str) -> Result<(Self, String), NameError> {
        if text.is_empty() {
            return Err(NameError("has an empty value"));
        }
        if !is_seen(text) {
            return Err(NameError("has a value with characters that nobody sees, or with no others"));
        }
        let mut written = format!("{kind}=");
        rfc4514::escape_onto(&mut written, text);
        let compared = if kind.ignores_case() { prepare(text) } else { text.into() };
        Ok((Attribute { kind, value: AttributeValue::Text(compared) }, written))
    }

    /// An attribute with a value in DER. With it comes how to write it.
    pub(super) fn with_der(kind: AttributeType, value: Element<'_>) -> Result<(Self, String), NameError> {
        if let Some(text) = string::text(value, &kind)? {
            return Attribute::with_text(kind, &text);
        }
        if !value.is_der_throughout() {
            return Err(NameError("has a value that is not DER"));
        }
        let mut written = format!("{kind}=#");
        for octet in value.octets {
            let _ = write!(written, "{octet:02x}");
        }
        Ok((Attribute { kind, value: AttributeValue::Der(value.octets.into()) }, written))
    }
}
