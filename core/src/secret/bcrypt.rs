//! bcrypt, for hashes that come from elsewhere.

use base64::Engine as _;
use base64::alphabet::BCRYPT;
use base64::engine::GeneralPurpose;
use base64::engine::general_purpose::NO_PAD;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::HashError;
use super::slow_hash::{Cost, MOST_BCRYPT_OCTETS};

/// A stored bcrypt hash: `$2a$`, `$2b$` or `$2y$`, which differ only in mistakes of old implementations.
pub(super) struct BcryptHash {
    cost: u32,
    salt: [u8; 16],
    output: [u8; 23],
}

impl BcryptHash {
    /// Reads `$2b$<cost>$<salt and hash>`. A stored row is hostile input: it must not cost more than a server can bear.
    pub(super) fn parse(stored: &str) -> Result<Self, HashError> {
        let malformed = HashError("is no bcrypt hash: $2b$<cost>$ and 53 characters");
        let fields: Vec<&str> = stored.split('$').collect();
        let ["", _, cost, rest] = *fields else { return Err(malformed) };
        if cost.len() != 2 || rest.len() != 53 {
            return Err(malformed);
        }
        let cost: u32 = cost
            .bytes()
            .all(|byte| byte.is_ascii_digit())
            .then(|| cost.parse().ok())
            .flatten()
            .ok_or(malformed)?;
        if !(4..=MOST_COST).contains(&cost) {
            return Err(HashError("has a bcrypt cost outside 4 to 14"));
        }
        let decode = |text: Option<&str>| text.and_then(|text| BASE64.decode(text).ok()).ok_or(malformed);
        Ok(BcryptHash {
            cost,
            salt: decode(rest.get(..22))?.try_into().map_err(|_| malformed)?,
            output: decode(rest.get(22..))?.try_into().map_err(|_| malformed)?,
        })
    }

    /// bcrypt looks at no more than 72 octets, and goes round from a zero octet to the beginning: several secrets have
    /// one hash. Those that it does not tell apart never match; the work is done all the same.
    pub(super) fn verify(&self, secret: &[u8]) -> bool {
        let mut key = Zeroizing::new([0_u8; MOST_BCRYPT_OCTETS]);
        for (place, octet) in key.iter_mut().zip(secret) {
            *place = *octet;
        }
        // With the zero octet that ends it, where there is room for it.
        let used = (secret.len() + 1).min(MOST_BCRYPT_OCTETS);
        let output = bcrypt::bcrypt(self.cost, self.salt, key.get(..used).unwrap_or(&[0]));
        let equal = output.get(..self.output.len()).is_some_and(|output| output.ct_eq(&self.output).into());
        equal && secret.len() <= MOST_BCRYPT_OCTETS && !secret.contains(&0)
    }

    pub(super) fn cost(&self) -> Cost {
        Cost { kind: "bcrypt", parameters: [self.cost, 0, 0] }
    }
}

const BASE64: GeneralPurpose = GeneralPurpose::new(&BCRYPT, NO_PAD);

/// About a second.
const MOST_COST: u32 = 14;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_made_is_read() {
        for (stored, secret) in VECTORS {
            let hash = BcryptHash::parse(stored).unwrap_or_else(|error| panic!("{stored}: {error}"));
            assert!(hash.verify(secret.as_bytes()), "{stored}");
            assert!(!hash.verify(b"another"), "{stored}");
        }
    }

    #[test]
    fn no_two_secrets_match_one_hash() {
        let of_72 = BcryptHash::parse(OF_72_OCTETS).unwrap();
        assert!(of_72.verify(&[b'L'; 72]));
        assert!(!of_72.verify(&[b'L'; 73]));
        assert!(!of_72.verify(&[b'L'; 71]));
        assert!(!of_72.verify(&[[b'L'; 72].as_slice(), b"-tail"].concat()));
        assert!(!of_72.verify(&[b'L'; 100_000]));
        // "a" and a zero octet, over and over, is what bcrypt makes of "a".
        let of_a = BcryptHash::parse("$2a$06$m0CrhHm10qJ3lXRY.5zDGO3rS2KdeeWLuGmsfGlMfOxih58VYVfxe").unwrap();
        assert!(of_a.verify(b"a"));
        assert!(!of_a.verify(b"a\0a") && !of_a.verify(b"a\0"));
    }

    #[test]
    fn hostile_rows_are_refused() {
        let rest = "m0CrhHm10qJ3lXRY.5zDGO3rS2KdeeWLuGmsfGlMfOxih58VYVfxe";
        let refused = |start: &str| BcryptHash::parse(&format!("{start}{rest}")).err();
        assert_eq!(refused("$2b$14$"), None);
        for start in
            ["$2b$15$", "$2b$31$", "$2b$03$", "$2b$00$", "$2b$4$", "$2b$+4$", "$2b$99$", "$2b$$", "$2b$"]
        {
            assert!(refused(start).is_some(), "{start}");
        }
        for rest in [&rest[1..], &format!("{rest}a"), &rest.replace('m', "!"), &rest.replace('m', "é"), ""] {
            assert!(BcryptHash::parse(&format!("$2b$06${rest}")).is_err(), "{rest}");
        }
    }

    /// By libxcrypt.
    const VECTORS: &[(&str, &str)] = &[
        ("$2a$04$abcdefghijklmnopqrstuuV3duMsC0HpUex6N9qapiuOHHWkwRXVm", "hunter2"),
        ("$2b$05$CCCCCCCCCCCCCCCCCCCCC.COREUz9E34cVXl2vPeVtA6zdO4Kt.1q", "hunter2"),
        ("$2y$04$N9qo8uLOickgx2ZMRZoMyePlmWrD.VnEkvUq8nyNfFhe9ZnFGlb8W", "péssword-中"),
        ("$2b$04$abcdefghijklmnopqrstuubyCG3zY1GIXMyxfivm.ClDiInHzxjiq", ""),
    ];
    const OF_72_OCTETS: &str = "$2b$04$abcdefghijklmnopqrstuu7/zMZAUYj3VGa7NZJX2XEVuxa.TRrIa";
}
