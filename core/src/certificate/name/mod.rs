//! Distinguished names ([RFC 5280 §4.1.2.4](https://www.rfc-editor.org/rfc/rfc5280#section-4.1.2.4)), compared by
//! distinguishedNameMatch ([RFC 4517 §4.2.15](https://www.rfc-editor.org/rfc/rfc4517#section-4.2.15)) and never as
//! text.

mod attribute;
mod attribute_type;
mod prepare;
mod rfc4514;
mod string;
#[cfg(test)]
mod tests;

use std::fmt;
use std::hash::{Hash, Hasher};

use self::attribute::Attribute;
use self::attribute_type::AttributeType;
use super::der::{Element, OBJECT_IDENTIFIER, SEQUENCE, SET};

/// A name such as `CN=client one,O=Example Ltd,C=DE`, of a registration or out of a certificate.
///
/// Two are equal when they have the same relative names in the same order, and each of these the same attributes in any
/// order. Attributes are told apart by their OID. The text of the attributes that have a short name here is compared as
/// [RFC 5280 §7.1](https://www.rfc-editor.org/rfc/rfc5280#section-7.1) asks, whichever string type it came in: without
/// regard to case, to the Unicode normalization form, and to how many spaces stand where. The text of any other
/// attribute is compared as it is, and what is not text by its DER octets.
///
/// In one thing this is stricter than the preparation of
/// [RFC 4518 §2](https://www.rfc-editor.org/rfc/rfc4518#section-2): a name with control characters, or characters that
/// nobody sees, is none at all, where that would leave them out of the comparison. Such names cannot be made, so they
/// equal nothing.
///
/// The comparison is prepared when the name is read. `Display` writes it as RFC 4514 does.
///
/// ```
/// use countersign::certificate::DistinguishedName;
///
/// let name = DistinguishedName::from_rfc4514("CN=client one,O=Example Ltd,C=DE")?;
/// assert_eq!(name, DistinguishedName::from_rfc4514("cn=Client  One, o=EXAMPLE LTD, c=de")?);
/// assert_ne!(name, DistinguishedName::from_rfc4514("C=DE,O=Example Ltd,CN=client one")?);
/// assert_ne!(name, DistinguishedName::from_rfc4514(r"CN=client one\,O=Example Ltd\,C=DE")?);
/// assert!(DistinguishedName::from_rfc4514("").is_err());
/// # Ok::<(), countersign::certificate::NameError>(())
/// ```
#[derive(Clone)]
pub struct DistinguishedName {
    /// In the order of the certificate. The attributes of each relative name are sorted.
    relative_names: Box<[Box<[Attribute]>]>,
    text: Box<str>,
}

/// An attribute, and how it is written.
type Written = (Attribute, String);

impl DistinguishedName {
    /// Reads the string form of [RFC 4514](https://www.rfc-editor.org/rfc/rfc4514): the relative name that comes last
    /// in the certificate comes first.
    ///
    /// Besides the short names of RFC 4514 §3 those that common tools print are known, such as `emailAddress`,
    /// `serialNumber`, `GN` and `organizationIdentifier`; any other attribute is written as a dotted OID. Spaces
    /// around `,`, `+` and `=` are left out.
    ///
    /// # Errors
    /// [`NameError`] when it is empty, longer than 16384 octets or not in that form, when a value is empty, or when it
    /// has characters that nobody sees. The forms of other tools, with slashes or quotes, are not taken.
    pub fn from_rfc4514(text: &str) -> Result<Self, NameError> {
        if text.len() > MAX_TEXT_OCTETS {
            return Err(NameError("is longer than 16384 octets"));
        }
        let mut relative_names = rfc4514::parse(text)?;
        relative_names.reverse();
        Ok(DistinguishedName::new(relative_names))
    }

    /// Reads the `Name` of a certificate; nothing may follow it.
    ///
    /// # Errors
    /// [`NameError`] when it is empty, longer than 4096 octets or not a `Name` in DER, when a value is empty or not what
    /// its string type allows, or when it has characters that nobody sees.
    pub fn from_der(der: &[u8]) -> Result<Self, NameError> {
        if der.len() > MAX_DER_OCTETS {
            return Err(NameError("is longer than 4096 octets"));
        }
        let relative_names = Element::only(der)
            .filter(|name| name.tag == SEQUENCE)
            .and_then(Element::members)
            .ok_or(NOT_A_NAME)?
            .into_iter()
            .map(relative_name)
            .collect::<Result<Vec<_>, _>>()?;
        if relative_names.is_empty() {
            return Err(EMPTY);
        }
        Ok(DistinguishedName::new(relative_names))
    }

    fn new(relative_names: Vec<Vec<Written>>) -> Self {
        let mut text = String::new();
        for (position, attributes) in relative_names.iter().rev().enumerate() {
            for (attribute, (_, written)) in attributes.iter().enumerate() {
                text.push_str(match (position, attribute) {
                    (0, 0) => "",
                    (_, 0) => ",",
                    _ => "+",
                });
                text.push_str(written);
            }
        }
        let compared = relative_names.into_iter().map(|attributes| {
            let mut attributes: Box<[Attribute]> =
                attributes.into_iter().map(|(attribute, _)| attribute).collect();
            attributes.sort_unstable();
            attributes
        });
        DistinguishedName { relative_names: compared.collect(), text: text.into() }
    }
}

impl PartialEq for DistinguishedName {
    fn eq(&self, other: &Self) -> bool {
        self.relative_names == other.relative_names
    }
}

impl Eq for DistinguishedName {}

impl Hash for DistinguishedName {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.relative_names.hash(state);
    }
}

impl fmt::Display for DistinguishedName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for DistinguishedName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("DistinguishedName").field(&self.text).finish()
    }
}

/// What is wrong with a name, as text for the operator: `has an empty value`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NameError(pub(super) &'static str);

impl fmt::Display for NameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for NameError {}

/// RFC 5280 §4.1.2.4: a `RelativeDistinguishedName`, one attribute or more.
fn relative_name(element: Element<'_>) -> Result<Vec<Written>, NameError> {
    let attributes = Some(element).filter(|set| set.tag == SET).and_then(Element::members);
    match attributes {
        Some(attributes) if !attributes.is_empty() => attributes.into_iter().map(attribute).collect(),
        _ => Err(NOT_A_NAME),
    }
}

fn attribute(element: Element<'_>) -> Result<Written, NameError> {
    let members = Some(element).filter(|pair| pair.tag == SEQUENCE).and_then(Element::members);
    let Some([kind, value]) = members.as_deref() else { return Err(NOT_A_NAME) };
    let kind = Some(kind)
        .filter(|kind| kind.tag == OBJECT_IDENTIFIER)
        .and_then(|kind| AttributeType::from_oid(kind.content))
        .ok_or(NOT_A_NAME)?;
    Attribute::with_der(kind, *value)
}

/// Far more than a name needs: one letter may stand for eighteen in NFKC, and whoever shows a certificate makes us
/// prepare them.
const MAX_DER_OCTETS: usize = 4096;
/// An octet of DER takes four of text at most, in an OID.
const MAX_TEXT_OCTETS: usize = 4 * MAX_DER_OCTETS;

const EMPTY: NameError = NameError("is empty");
const NOT_A_NAME: NameError = NameError("is not a Name in DER");
