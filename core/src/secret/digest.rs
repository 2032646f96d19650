//! What a fast hash leaves of a secret.

use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use subtle::{Choice, ConstantTimeEq};

/// The 32 octets of SHA-256, or of a MAC that is made with it.
#[derive(Clone, Copy)]
pub(super) struct Digest([u64; 4]);

impl Digest {
    /// SHA-256 of a text.
    pub(super) fn sha256(text: &str) -> Self {
        Digest::new(digest::digest(&digest::SHA256, text.as_bytes()).as_ref())
    }

    /// Of 32 octets; what is missing counts as 0.
    pub(super) fn new(octets: &[u8]) -> Self {
        let mut words = [0; 4];
        for (word, eight) in words.iter_mut().zip(octets.chunks_exact(8)) {
            *word = eight.iter().fold(0, |word, octet| word << 8 | u64::from(*octet));
        }
        Digest(words)
    }

    /// Reads hexadecimal or base64, in either alphabet, padded or not.
    pub(super) fn decode(text: &str) -> Option<Self> {
        let octets = if text.len() == 64 {
            decode_hexadecimal(text)?
        } else {
            [&URL_SAFE_NO_PAD, &URL_SAFE, &STANDARD_NO_PAD, &STANDARD]
                .into_iter()
                .find_map(|engine| engine.decode(text).ok())?
        };
        (octets.len() == 32).then(|| Digest::new(&octets))
    }

    /// Are they equal? In constant time.
    pub(super) fn same(&self, other: &Digest) -> Choice {
        let words = self.0.iter().zip(&other.0);
        words.fold(0, |difference, (own, other)| difference | (own ^ other)).ct_eq(&0)
    }

    /// The octets.
    pub(super) fn octets(&self) -> [u8; 32] {
        let mut octets = [0; 32];
        for (eight, word) in octets.chunks_exact_mut(8).zip(self.0) {
            eight.copy_from_slice(&word.to_be_bytes());
        }
        octets
    }

    /// In hexadecimal.
    pub(super) fn to_hexadecimal(self) -> String {
        self.0.iter().map(|word| format!("{word:016x}")).collect()
    }
}

fn decode_hexadecimal(text: &str) -> Option<Vec<u8>> {
    let digits = text.chars().map(|digit| digit.to_digit(16)).collect::<Option<Vec<u32>>>()?;
    digits
        .chunks(2)
        .map(|pair| u8::try_from(pair.iter().fold(0, |octet, digit| octet << 4 | digit)).ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_is_the_same_digest() {
        let hexadecimal = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
        assert_eq!(Digest::sha256("hello").to_hexadecimal(), hexadecimal);
        let octets = Digest::sha256("hello").octets();
        assert_eq!((octets[0], octets[31]), (0x2c, 0x24));
        for spelling in [
            hexadecimal,
            &hexadecimal.to_uppercase(),
            "LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=",
            "LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ",
            "LPJNul-wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=",
            "LPJNul-wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ",
        ] {
            let digest = Digest::decode(spelling).unwrap();
            assert!(bool::from(digest.same(&Digest::sha256("hello"))), "{spelling}");
            assert!(!bool::from(digest.same(&Digest::sha256("Hello"))));
        }
    }

    #[test]
    fn one_wrong_bit_anywhere_is_another_digest() {
        let right = [0x5a_u8; 32];
        for bit in 0..256 {
            let mut wrong = right;
            wrong[bit / 8] ^= 1 << (bit % 8);
            assert!(!bool::from(Digest::new(&wrong).same(&Digest::new(&right))), "bit {bit}");
        }
    }

    #[test]
    fn what_is_not_32_octets_is_none() {
        let sign = format!("+f{}", "0".repeat(62));
        for wrong in ["", "2cf2", "LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ==", &sign, &"é".repeat(32)] {
            assert!(Digest::decode(wrong).is_none(), "{wrong}");
        }
    }
}
