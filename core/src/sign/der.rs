//! As much DER as it takes to read the numbers of an RSA key
//! ([RFC 8017 Appendix A.1](https://www.rfc-editor.org/rfc/rfc8017#appendix-A.1)) and the seed of an ML-DSA key.

use zeroize::Zeroizing;

/// A number in big-endian octets, without its sign octet.
pub(super) type Number = Zeroizing<Vec<u8>>;

/// n and e of an `RSAPublicKey`. `None` for anything else.
pub(super) fn rsa_public_numbers(pkcs1: &[u8]) -> Option<Vec<Number>> {
    numbers(pkcs1).filter(|numbers| numbers.len() == 2)
}

/// The numbers of the `RSAPrivateKey` in a PKCS#8 document: version, n, e, d, p, q, dp, dq, qi. `None` for anything
/// else.
pub(super) fn rsa_private_numbers(pkcs8: &[u8]) -> Option<Vec<Number>> {
    numbers(pkcs8_key(pkcs8)?).filter(|numbers| numbers.len() == 9)
}

/// The seed in the PKCS#8 document of an ML-DSA key that is kept by its seed
/// ([RFC 9881 §6](https://www.rfc-editor.org/rfc/rfc9881#section-6)). `None` for anything else.
#[cfg(feature = "ml-dsa")]
pub(super) fn ml_dsa_seed(pkcs8: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let (seed, rest) = value(pkcs8_key(pkcs8)?, SEED)?;
    rest.is_empty().then(|| Zeroizing::new(seed.to_vec()))
}

/// The content of a PKCS#8 document's `privateKey`
/// ([RFC 5958 §2](https://www.rfc-editor.org/rfc/rfc5958#section-2)).
fn pkcs8_key(pkcs8: &[u8]) -> Option<&[u8]> {
    let (info, _) = value(pkcs8, SEQUENCE)?;
    let (_version, rest) = value(info, INTEGER)?;
    let (_algorithm, rest) = value(rest, SEQUENCE)?;
    value(rest, OCTET_STRING).map(|(key, _)| key)
}

/// A sequence of integers and nothing else.
fn numbers(der: &[u8]) -> Option<Vec<Number>> {
    let (mut rest, _) = value(der, SEQUENCE)?;
    let mut found = Vec::new();
    while !rest.is_empty() {
        let (number, after) = value(rest, INTEGER)?;
        found.push(Zeroizing::new(number.iter().copied().skip_while(|octet| *octet == 0).collect()));
        rest = after;
    }
    Some(found)
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
#[cfg(feature = "ml-dsa")]
const SEED: u8 = 0x80;
