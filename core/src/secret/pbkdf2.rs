//! PBKDF2 ([RFC 8018 §5.2](https://www.rfc-editor.org/rfc/rfc8018#section-5.2)), for hashes that come from elsewhere.

use std::num::NonZeroU32;

use aws_lc_rs::pbkdf2::{self, Algorithm, PBKDF2_HMAC_SHA256, PBKDF2_HMAC_SHA512};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;

use super::HashError;
use super::slow_hash::Cost;

/// A stored PBKDF2 hash with SHA-256 or SHA-512.
pub(super) struct Pbkdf2Hash {
    function: &'static Function,
    iterations: NonZeroU32,
    salt: Vec<u8>,
    output: Vec<u8>,
}

/// A hash function, and the octets that one run of it makes.
struct Function {
    name: &'static str,
    algorithm: &'static Algorithm,
    octets: usize,
}

impl Pbkdf2Hash {
    /// Reads the PHC format, `$pbkdf2-sha256$i=600000$<salt>$<hash>`, and passlib's, `$pbkdf2-sha256$600000$<salt>$<hash>`,
    /// whose base64 has `.` for `+`. A stored row is hostile input: it must not cost more than a server can bear.
    pub(super) fn parse(stored: &str) -> Result<Self, HashError> {
        let malformed = HashError("is no PBKDF2 hash: $pbkdf2-sha256$i=<iterations>$<salt>$<hash>");
        let fields: Vec<&str> = stored.split('$').collect();
        let ["", name, parameters, salt, output] = *fields else { return Err(malformed) };
        let function = FUNCTIONS
            .iter()
            .find(|function| function.name == name)
            .ok_or(HashError("is a PBKDF2 hash with another function than SHA-256 or SHA-512"))?;
        let (mut iterations, mut length) = (None, None);
        for parameter in parameters.split(',') {
            let (slot, number) = match parameter.split_once('=') {
                None | Some(("i", _)) => (&mut iterations, parameter.trim_start_matches("i=")),
                Some(("l", number)) => (&mut length, number),
                Some(_) => return Err(HashError("is a PBKDF2 hash with unknown parameters")),
            };
            if slot.replace(decimal(number).ok_or(malformed)?).is_some() {
                return Err(malformed);
            }
        }
        let iterations = iterations.and_then(NonZeroU32::new).ok_or(malformed)?;
        if iterations.get() > MOST_ITERATIONS {
            return Err(HashError("asks for more than 2,000,000 iterations"));
        }
        let decode = |text: &str| STANDARD_NO_PAD.decode(text.replace('.', "+")).map_err(|_| malformed);
        let (salt, output) = (decode(salt)?, decode(output)?);
        if length.is_some_and(|length| usize::try_from(length) != Ok(output.len())) {
            return Err(malformed);
        }
        if !(8..=64).contains(&salt.len()) || !(16..=64).contains(&output.len()) {
            return Err(HashError("has a salt outside 8 to 64 octets, or an output outside 16 to 64"));
        }
        Ok(Pbkdf2Hash { function, iterations, salt, output })
    }

    pub(super) fn verify(&self, secret: &[u8]) -> bool {
        pbkdf2::verify(*self.function.algorithm, self.iterations, &self.salt, secret, &self.output).is_ok()
    }

    pub(super) fn cost(&self) -> Cost {
        let runs = self.output.len().div_ceil(self.function.octets);
        Cost {
            kind: self.function.name,
            parameters: [self.iterations.get(), u32::try_from(runs).unwrap_or(u32::MAX), 0],
        }
    }
}

/// Digits and nothing else: no sign, no leading zero.
fn decimal(text: &str) -> Option<u32> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0');
    plain.then(|| text.parse().ok()).flatten()
}

static FUNCTIONS: [Function; 2] = [
    Function { name: "pbkdf2-sha256", algorithm: &PBKDF2_HMAC_SHA256, octets: 32 },
    Function { name: "pbkdf2-sha512", algorithm: &PBKDF2_HMAC_SHA512, octets: 64 },
];

/// About a second, with SHA-256.
const MOST_ITERATIONS: u32 = 2_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_spellings_are_read() {
        for (stored, secret) in VECTORS {
            let hash = Pbkdf2Hash::parse(stored).unwrap_or_else(|error| panic!("{stored}: {error}"));
            assert!(hash.verify(secret.as_bytes()), "{stored}");
            assert!(!hash.verify(b"another"), "{stored}");
            assert!(!hash.verify(b""), "{stored}");
        }
    }

    #[test]
    fn hostile_rows_are_refused() {
        let end = "N2YMIWQsBWBMae09x1jrPQ$1t8iyB2A.WF/Z5JZv.lfCIhXXN33N23OSgQYThBYRfk";
        let refused =
            |parameters: &str| Pbkdf2Hash::parse(&format!("$pbkdf2-sha256${parameters}${end}")).err();
        assert_eq!(refused("2000000"), None);
        assert_eq!(refused("i=2000000,l=32"), None);
        assert_eq!(refused("2000001"), Some(HashError("asks for more than 2,000,000 iterations")));
        for parameters in
            ["0", "", "i=", "-1", "+1", "1e3", "4294967296", "i=1,i=2", "1,2", "i=1,l=31", "i=1,x=2", "01"]
        {
            assert!(refused(parameters).is_some(), "{parameters}");
        }
        for stored in [
            "$pbkdf2-sha1$1000$N2YMIWQsBWBMae09x1jrPQ$1t8iyB2A.WF/Z5JZv.lfCIhXXN33N23OSgQYThBYRfk",
            "$pbkdf2-sha256$1000$N2YMIWQs$",
            "$pbkdf2-sha256$1000$$1t8iyB2A.WF/Z5JZv.lfCIhXXN33N23OSgQYThBYRfk",
            "$pbkdf2-sha256$1000$N2YMIWQsBWBMae09x1jrPQ$AAAA",
            "$pbkdf2-sha256$1000$N2YMIWQsBWBMae09x1jrPQ$1t8iyB2A.WF/Z5JZv.lfCIhXXN33N23OSgQYThBYRfk$",
            "$pbkdf2-sha256$1000$N2YMIWQsBWBMae09x1jrPQ=$1t8iyB2A.WF/Z5JZv.lfCIhXXN33N23OSgQYThBYRfk",
            "pbkdf2-sha256$1000",
            "$é",
        ] {
            assert!(Pbkdf2Hash::parse(stored).is_err(), "{stored}");
        }
    }

    /// From passlib's documentation, and by Python's hashlib.
    const VECTORS: &[(&str, &str)] = &[
        (
            "$pbkdf2-sha256$29000$N2YMIWQsBWBMae09x1jrPQ$1t8iyB2A.WF/Z5JZv.lfCIhXXN33N23OSgQYThBYRfk",
            "toomanysecrets",
        ),
        (
            "$pbkdf2-sha256$i=1000$MDEyMzQ1Njc4OWFiY2RlZg$zvHHzRHzCmIlBEWDYDHVrQkfHev0JJQWmtD4sBrwMKw",
            "hunter2-hunter2",
        ),
        (
            "$pbkdf2-sha256$i=3,l=48$MDEyMzQ1Njc4OWFiY2RlZg$C6O7ihpNY9ua8r84EzdcGrYFexFFY8N1xVTPwrLZ2QsNK9m5SWfQgW1TvGhnh4vv",
            "x",
        ),
        (
            "$pbkdf2-sha512$i=1200$c2FsdHNhbHRzYWx0$n+btUfYsh+OaevgayZniyD5n0a38Pwfb26LZPY2vXPB7/eAI2fMicQcUJraCw/UbHixPW3/JZKevUuMNZ3QfXw",
            "péssword",
        ),
    ];
}
