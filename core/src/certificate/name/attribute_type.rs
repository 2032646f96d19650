//! The types of attributes: their OIDs, and the short names that go for some of them
//! ([RFC 4514 §3](https://www.rfc-editor.org/rfc/rfc4514#section-3)).

use std::fmt;

/// An OID, as the content of its DER encoding.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct AttributeType(Box<[u8]>);

impl AttributeType {
    /// Reads a short name, in any case, or a dotted OID.
    pub(super) fn from_text(text: &str) -> Option<Self> {
        let is_known = |known: &&Known| known.names.iter().any(|name| name.eq_ignore_ascii_case(text));
        if let Some(known) = KNOWN.iter().find(is_known) {
            return Some(AttributeType(known.oid.into()));
        }
        // RFC 2253 §4: its predecessor put a prefix before the number.
        let dotted = match text.split_at_checked(4) {
            Some((prefix, dotted)) if prefix.eq_ignore_ascii_case("OID.") => dotted,
            _ => text,
        };
        from_dotted(dotted)
    }

    /// Reads the content of an OBJECT IDENTIFIER.
    pub(super) fn from_oid(oid: &[u8]) -> Option<Self> {
        arcs(oid)?;
        Some(AttributeType(oid.into()))
    }

    /// Is its matching rule known? That of every short name ignores case.
    pub(super) fn ignores_case(&self) -> bool {
        self.known().is_some()
    }

    /// Is its text an IA5String?
    pub(super) fn is_ia5(&self) -> bool {
        self.known().is_some_and(|known| known.is_ia5)
    }

    fn known(&self) -> Option<&'static Known> {
        KNOWN.iter().find(|known| *known.oid == *self.0)
    }
}

impl fmt::Display for AttributeType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(name) = self.known().and_then(|known| known.names.first()) {
            return f.write_str(name);
        }
        for (position, arc) in arcs(&self.0).into_iter().flatten().enumerate() {
            write!(f, "{}{arc}", if position == 0 { "" } else { "." })?;
        }
        Ok(())
    }
}

/// RFC 4512 §1.4: `numericoid`.
fn from_dotted(text: &str) -> Option<AttributeType> {
    let mut arcs = text.split('.').map(|arc| {
        let is_number =
            arc.bytes().all(|octet| octet.is_ascii_digit()) && (arc == "0" || !arc.starts_with('0'));
        is_number.then(|| arc.parse::<u128>().ok()).flatten()
    });
    let (first, second) = (arcs.next()??, arcs.next()??);
    if first > 2 || (first < 2 && second > 39) {
        return None;
    }
    let mut oid = Vec::new();
    push_arc(&mut oid, second.checked_add(first * 40)?);
    for arc in arcs {
        push_arc(&mut oid, arc?);
    }
    Some(AttributeType(oid.into()))
}

/// X.690 §8.19.2: seven bits an octet, the last of which has its high bit clear.
fn push_arc(oid: &mut Vec<u8>, arc: u128) {
    let digits = (128 - arc.leading_zeros()).div_ceil(7).max(1);
    for digit in (0..digits).rev() {
        let low = (arc >> (7 * digit) & 0x7f) as u8;
        oid.push(if digit == 0 { low } else { low | 0x80 });
    }
}

/// The numbers of an OID; `None` for one that is not in DER, or whose numbers no UUID needs (X.667).
fn arcs(oid: &[u8]) -> Option<Vec<u128>> {
    let mut arcs = Vec::new();
    let mut arc: Option<u128> = None;
    for octet in oid {
        let low = u128::from(octet & 0x7f);
        let so_far = match arc {
            None if *octet == 0x80 => return None,
            None => low,
            Some(high) if high > u128::MAX >> 7 => return None,
            Some(high) => high << 7 | low,
        };
        arc = Some(so_far);
        if octet & 0x80 == 0 {
            if arcs.is_empty() {
                let first = (so_far / 40).min(2);
                arcs.push(first);
                arcs.push(so_far - first * 40);
            } else {
                arcs.push(so_far);
            }
            arc = None;
        }
    }
    (arc.is_none() && !arcs.is_empty()).then_some(arcs)
}

struct Known {
    /// The first is the one that is written.
    names: &'static [&'static str],
    oid: &'static [u8],
    is_ia5: bool,
}

const fn known(names: &'static [&'static str], oid: &'static [u8]) -> Known {
    Known { names, oid, is_ia5: false }
}

/// Those of RFC 4514 §3, and what OpenSSL, Java and Windows call others. The equality rule of each is caseIgnoreMatch or,
/// for an IA5String, caseIgnoreIA5Match.
const KNOWN: [Known; 28] = [
    known(&["CN", "commonName"], &[0x55, 4, 3]),
    known(&["SN", "surname"], &[0x55, 4, 4]),
    known(&["serialNumber"], &[0x55, 4, 5]),
    known(&["C", "countryName"], &[0x55, 4, 6]),
    known(&["L", "localityName"], &[0x55, 4, 7]),
    known(&["ST", "stateOrProvinceName", "S"], &[0x55, 4, 8]),
    known(&["STREET", "streetAddress"], &[0x55, 4, 9]),
    known(&["O", "organizationName"], &[0x55, 4, 10]),
    known(&["OU", "organizationalUnitName"], &[0x55, 4, 11]),
    known(&["title", "T"], &[0x55, 4, 12]),
    known(&["description"], &[0x55, 4, 13]),
    known(&["businessCategory"], &[0x55, 4, 15]),
    known(&["postalCode"], &[0x55, 4, 17]),
    known(&["name"], &[0x55, 4, 41]),
    known(&["GN", "givenName", "G"], &[0x55, 4, 42]),
    known(&["initials"], &[0x55, 4, 43]),
    known(&["generationQualifier", "GENERATION"], &[0x55, 4, 44]),
    known(&["dnQualifier", "DNQ"], &[0x55, 4, 46]),
    known(&["pseudonym"], &[0x55, 4, 65]),
    known(&["organizationIdentifier"], &[0x55, 4, 97]),
    known(&["UID", "userId"], &[0x09, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 0x64, 1, 1]),
    Known {
        names: &["DC", "domainComponent"],
        oid: &[0x09, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 0x64, 1, 25],
        is_ia5: true,
    },
    Known {
        names: &["emailAddress", "E", "EMAIL"],
        oid: &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 1],
        is_ia5: true,
    },
    Known { names: &["unstructuredName"], oid: &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 2], is_ia5: true },
    known(&["unstructuredAddress"], &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 8]),
    known(&["jurisdictionL", "jurisdictionLocalityName"], &[0x2b, 6, 1, 4, 1, 0x82, 0x37, 60, 2, 1, 1]),
    known(
        &["jurisdictionST", "jurisdictionStateOrProvinceName"],
        &[0x2b, 6, 1, 4, 1, 0x82, 0x37, 60, 2, 1, 2],
    ),
    known(&["jurisdictionC", "jurisdictionCountryName"], &[0x2b, 6, 1, 4, 1, 0x82, 0x37, 60, 2, 1, 3]),
];
