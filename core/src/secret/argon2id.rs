//! Argon2 ([RFC 9106](https://www.rfc-editor.org/rfc/rfc9106)): the slow hash for secrets that people chose.

use argon2::password_hash::phc::Output;
use argon2::{Algorithm, Argon2, Params, PasswordHash, PasswordHasher, Version};
use aws_lc_rs::rand;
use subtle::ConstantTimeEq as _;

use super::HashError;
use super::hash_memory::HashMemory;
use super::slow_hash::Cost;

/// The hash of a secret that a person chose, for a registry: `$argon2id$v=19$m=19456,t=2,p=1$…`, at the parameters of the
/// OWASP Password Storage Cheat Sheet (19 MiB, 2 passes, 1 lane).
///
/// Takes tens of milliseconds: not for an async thread.
///
/// # Errors
/// [`HashError`] when the operating system gives no random numbers.
pub fn argon2id(secret: &str) -> Result<String, HashError> {
    let mut salt = [0_u8; 16];
    rand::fill(&mut salt).map_err(|_| HashError("the operating system gives no random numbers"))?;
    let failed = |_| HashError("Argon2id failed");
    let parameters = Params::new(19 * 1024, 2, 1, None).map_err(|_| HashError("Argon2id failed"))?;
    let hasher = Argon2::new(Algorithm::Argon2id, Version::V0x13, parameters);
    hasher.hash_password_with_salt(secret.as_bytes(), &salt).map(|hash| hash.to_string()).map_err(failed)
}

/// A stored Argon2 hash, of any of its three kinds.
pub(super) struct Argon2Hash {
    hash: PasswordHash,
    parameters: Params,
    algorithm: Algorithm,
    version: Version,
}

impl Argon2Hash {
    /// Reads the PHC format. A stored row is hostile input: its parameters must not cost more than a server can bear.
    pub(super) fn parse(stored: &str) -> Result<Self, HashError> {
        let mut hash = PasswordHash::new(stored).map_err(|_| HashError("is no Argon2 hash in PHC format"))?;
        let algorithm =
            Algorithm::try_from(hash.algorithm.as_str()).map_err(|_| HashError("is not an Argon2 hash"))?;
        if hash.hash.is_none() || hash.salt.is_none() {
            return Err(HashError("is an Argon2 hash without its salt or output"));
        }
        // What the first version wrote names none.
        let version = *hash.version.get_or_insert(Version::V0x10.into());
        let version =
            Version::try_from(version).map_err(|_| HashError("is an Argon2 hash of an unknown version"))?;
        if hash.params.get("keyid").is_some() {
            return Err(HashError("is an Argon2 hash under a key that is not stored with it"));
        }
        let parameters =
            Params::try_from(&hash).map_err(|_| HashError("is an Argon2 hash with unknown parameters"))?;
        if parameters.m_cost() > 256 * 1024 || parameters.t_cost() > 16 || parameters.p_cost() > 16 {
            return Err(HashError("asks for more than 256 MiB, 16 passes or 16 lanes"));
        }
        Ok(Argon2Hash { hash, parameters, algorithm, version })
    }

    pub(super) fn verify(&self, secret: &[u8], memory: &mut HashMemory) -> bool {
        let (Some(salt), Some(expected)) = (&self.hash.salt, &self.hash.hash) else { return false };
        let hasher = Argon2::new(self.algorithm, self.version, self.parameters.clone());
        let mut output = [0_u8; Output::MAX_LENGTH];
        let Some(output) = output.get_mut(..expected.len()) else { return false };
        let blocks = memory.blocks(self.parameters.block_count());
        let computed = hasher.hash_password_into_with_memory(secret, salt, output, blocks);
        memory.trim();
        computed.is_ok() && bool::from(output.ct_eq(expected.as_ref()))
    }

    pub(super) fn cost(&self) -> Cost {
        let kind = match self.hash.algorithm.as_str() {
            "argon2id" => "argon2id",
            "argon2i" => "argon2i",
            _ => "argon2d",
        };
        let parameters = &self.parameters;
        Cost { kind, parameters: [parameters.m_cost(), parameters.t_cost(), parameters.p_cost()] }
    }

    /// Below every setting of the OWASP Password Storage Cheat Sheet, or not Argon2id 1.3?
    pub(super) fn is_weak(&self) -> bool {
        let work = u64::from(self.parameters.m_cost()) * u64::from(self.parameters.t_cost());
        self.hash.algorithm.as_str() != "argon2id"
            || self.hash.version != Some(Version::V0x13.into())
            || self.parameters.m_cost() < 7 * 1024
            || work < 5 * 7 * 1024
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_made_is_read_and_strong() {
        let stored = argon2id("hunter2").unwrap();
        assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{stored}");
        let hash = Argon2Hash::parse(&stored).unwrap();
        let mut memory = HashMemory::default();
        assert!(hash.verify(b"hunter2", &mut memory) && !hash.verify(b"hunter3", &mut memory));
        // In memory that was used before.
        assert!(hash.verify(b"hunter2", &mut memory) && !hash.is_weak());
        assert_ne!(stored, argon2id("hunter2").unwrap());
    }

    /// By `argon2` of the reference implementation: `echo -n password | argon2 somesalt -v 10 -t 2 -m 8 -p 1`.
    #[test]
    fn a_hash_without_a_version_is_of_the_first() {
        let stored = "$argon2i$m=256,t=2,p=1$c29tZXNhbHQ$/U3YPXYsSb3q9XxHvc0MLxur+GP960kN9j7emXX8zwY";
        let hash = Argon2Hash::parse(stored).unwrap();
        let mut memory = HashMemory::default();
        assert!(hash.verify(b"password", &mut memory) && !hash.verify(b"Password", &mut memory));
        assert!(hash.is_weak());
    }

    #[test]
    fn hostile_rows_are_refused() {
        let end = "$c29tZXNhbHQ$/U3YPXYsSb3q9XxHvc0MLxur+GP960kN9j7emXX8zwY";
        let refused = |start: &str| Argon2Hash::parse(&format!("{start}{end}")).err().map(|error| error.0);
        assert_eq!(refused("$argon2id$v=19$m=19456,t=2,p=1"), None);
        let too_much = Some("asks for more than 256 MiB, 16 passes or 16 lanes");
        assert_eq!(refused("$argon2id$v=19$m=262145,t=2,p=1"), too_much);
        assert_eq!(refused("$argon2id$v=19$m=4294967295,t=4294967295,p=1"), too_much);
        assert_eq!(refused("$argon2id$v=19$m=19456,t=17,p=1"), too_much);
        assert_eq!(refused("$argon2id$v=19$m=19456,t=2,p=17"), too_much);
        assert_eq!(refused("$argon2id$v=18$m=64,t=1,p=1"), Some("is an Argon2 hash of an unknown version"));
        assert!(refused("$argon2id$v=19$m=64,t=1,p=1,keyid=AAAA").is_some());
        assert!(refused("$argon2x$v=19$m=64,t=1,p=1").is_some());
        assert!(refused("$argon2id$v=19$m=0,t=0,p=0").is_some());
        for cut in ["$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ", "$argon2id", "$", "", "$argon2id$é$é"] {
            assert!(Argon2Hash::parse(cut).is_err(), "{cut}");
        }
    }
}
