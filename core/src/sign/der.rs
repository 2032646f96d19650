//! As much DER as it takes to read the numbers of an RSA key ([RFC 8017 Appendix A.1.2](https://www.rfc-editor.org/rfc/rfc8017#appendix-A.1.2)).

use zeroize::Zeroizing;

/// The integers of the `RSAPrivateKey` in a PKCS#8 document, without their sign octets: version, n, e, d, p, q, dp,
/// dq, qi. `None` for anything else.
pub(super) fn rsa_numbers(pkcs8: &[u8]) -> Option<Vec<Zeroizing<Vec<u8>>>> {
    let (mut info, _) = value(pkcs8, SEQUENCE)?;
    (_, info) = value(info, INTEGER)?;
    (_, info) = value(info, SEQUENCE)?;
    let (key, _) = value(info, OCTET_STRING)?;
    let (mut numbers, _) = value(key, SEQUENCE)?;
    let mut found = Vec::with_capacity(9);
    while !numbers.is_empty() {
        let (number, rest) = value(numbers, INTEGER)?;
        found.push(Zeroizing::new(number.iter().copied().skip_while(|octet| *octet == 0).collect()));
        numbers = rest;
    }
    (found.len() == 9).then_some(found)
}

/// The content of the value at the start, which must have this tag, and what follows it.
fn value(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (found, rest) = der.split_first()?;
    let (first, rest) = rest.split_first()?;
    let (length, rest) = match usize::from(*first) {
        short @ 0..0x80 => (short, rest),
        long => {
            let (octets, rest) = rest.split_at_checked(long - 0x80)?;
            if octets.len() > 4 {
                return None;
            }
            (octets.iter().fold(0, |length, octet| length << 8 | usize::from(*octet)), rest)
        }
    };
    if *found == tag { rest.split_at_checked(length) } else { None }
}

const INTEGER: u8 = 0x02;
const OCTET_STRING: u8 = 0x04;
const SEQUENCE: u8 = 0x30;
