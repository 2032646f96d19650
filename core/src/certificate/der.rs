//! DER as [X.690 §10](https://www.itu.int/rec/T-REC-X.690) has it: each value has one encoding.
//!
//! The reader of certificates takes lengths with leading zeros and leaves some octets unread. Here nothing of the kind
//! passes, so two octet strings that differ are never the same certificate or name.

/// A tag, the octets it holds, and the whole of it.
#[derive(Clone, Copy)]
pub(super) struct Element<'a> {
    pub(super) tag: u8,
    pub(super) content: &'a [u8],
    pub(super) octets: &'a [u8],
}

impl<'a> Element<'a> {
    /// The one element of `octets`; `None` when something follows it, too.
    pub(super) fn only(octets: &'a [u8]) -> Option<Self> {
        Element::first(octets).filter(|element| element.octets.len() == octets.len())
    }

    /// The first element of `octets`.
    fn first(octets: &'a [u8]) -> Option<Self> {
        let (tag, rest) = octets.split_first().filter(|(tag, _)| is_of_der(**tag))?;
        let (length, header) = match *rest.first()? {
            short @ 0..=0x7f => (usize::from(short), 2),
            // 0x80 is the indefinite length of BER.
            long @ 0x81..=0x84 => {
                let octets = rest.get(1..)?.get(..usize::from(long & 0x7f))?;
                let length = octets.iter().fold(0, |length, octet| length << 8 | usize::from(*octet));
                if length < 0x80 || octets.first() == Some(&0) {
                    return None;
                }
                (length, 2 + octets.len())
            }
            _ => return None,
        };
        let octets = octets.get(..header.checked_add(length)?)?;
        Some(Element { tag: *tag, content: octets.get(header..)?, octets })
    }

    /// What a SEQUENCE, a SET or another constructed element holds; `None` when it is not all elements.
    pub(super) fn members(self) -> Option<Vec<Element<'a>>> {
        let mut rest = self.content;
        let mut members = Vec::new();
        while !rest.is_empty() {
            let member = Element::first(rest)?;
            rest = rest.get(member.octets.len()..)?;
            members.push(member);
        }
        Some(members)
    }

    /// Is everything inside DER, down to the primitive elements?
    pub(super) fn is_der_throughout(self) -> bool {
        self.is_der_down_to(MAX_DEPTH)
    }

    fn is_der_down_to(self, depth: usize) -> bool {
        if self.tag & CONSTRUCTED == 0 {
            return true;
        }
        depth > 0
            && self
                .members()
                .is_some_and(|members| members.into_iter().all(|member| member.is_der_down_to(depth - 1)))
    }
}

/// Tags of more than one octet are nowhere in a certificate, and a string in pieces is BER.
fn is_of_der(tag: u8) -> bool {
    let is_universal = tag & CLASS == 0;
    let is_constructed = tag & CONSTRUCTED != 0;
    tag & 0x1f != 0x1f && (!is_universal || is_constructed == matches!(tag | CONSTRUCTED, SEQUENCE | SET))
}

pub(super) const OBJECT_IDENTIFIER: u8 = 0x06;
pub(super) const UTF8_STRING: u8 = 0x0c;
pub(super) const PRINTABLE_STRING: u8 = 0x13;
pub(super) const TELETEX_STRING: u8 = 0x14;
pub(super) const IA5_STRING: u8 = 0x16;
pub(super) const UNIVERSAL_STRING: u8 = 0x1c;
pub(super) const BMP_STRING: u8 = 0x1e;
pub(super) const SEQUENCE: u8 = 0x30;
pub(super) const SET: u8 = 0x31;

const CLASS: u8 = 0xc0;
const CONSTRUCTED: u8 = 0x20;

/// A certificate is some ten deep.
const MAX_DEPTH: usize = 32;
