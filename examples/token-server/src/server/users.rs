//! The people of this server: `users.json`, for the password and authorization_code grants.

use std::collections::HashMap;
use std::sync::Arc;

use argon2::Argon2;
use argon2::password_hash::PasswordVerifier;
use argon2::password_hash::phc::PasswordHash;
use aws_lc_rs::{constant_time, digest};
use serde::Deserialize;
use serde_json::{Map, Value};
use tokio::sync::Semaphore;

/// An entry of `users.json`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct UserEntry {
    pub(crate) username: String,
    password: Option<String>,
    /// An Argon2 hash as a PHC string, `$argon2id$v=19$…`.
    password_hash: Option<String>,
    /// Members of the ID token, such as `name` and `email`.
    #[serde(default)]
    claims: Map<String, Value>,
}

pub(crate) struct User {
    pub(crate) username: String,
    pub(crate) claims: Map<String, Value>,
    password: Arc<Password>,
}

impl User {
    /// `sub` of this user's tokens: the claim of that name, else the user name.
    pub(crate) fn subject(&self) -> &str {
        self.claims.get("sub").and_then(Value::as_str).unwrap_or(&self.username)
    }
}

impl TryFrom<UserEntry> for User {
    type Error = &'static str;

    fn try_from(entry: UserEntry) -> Result<Self, Self::Error> {
        let password = match (entry.password, entry.password_hash) {
            (Some(password), None) => Password::Plain(sha256(&password)),
            (None, Some(hash)) => {
                let hash = PasswordHash::new(&hash).map_err(|_| NO_HASH)?;
                argon2::Algorithm::try_from(hash.algorithm.as_str()).map_err(|_| NO_HASH)?;
                Password::Hashed(Box::new(hash))
            }
            _ => return Err("give exactly one of password and password_hash"),
        };
        Ok(User { username: entry.username, claims: entry.claims, password: Arc::new(password) })
    }
}

enum Password {
    /// SHA-256 of it, so that comparing takes the same time whatever its length.
    Plain([u8; 32]),
    Hashed(Box<PasswordHash>),
}

impl Password {
    fn matches(&self, attempt: &str) -> bool {
        match self {
            Password::Plain(digest) => {
                constant_time::verify_slices_are_equal(digest, &sha256(attempt)).is_ok()
            }
            Password::Hashed(hash) => Argon2::default().verify_password(attempt.as_bytes(), &**hash).is_ok(),
        }
    }
}

/// Every user, by name.
pub(crate) struct Users {
    by_name: HashMap<String, User>,
    /// An Argon2 hash takes a core and 19 MiB for some 50 ms: so few at a time, the others wait.
    hashing: Arc<Semaphore>,
}

impl Users {
    pub(crate) fn new(users: Vec<User>) -> Self {
        let by_name = users.into_iter().map(|user| (user.username.clone(), user)).collect();
        Users { by_name, hashing: Arc::new(Semaphore::new(HASHES_AT_ONCE)) }
    }

    pub(crate) fn find(&self, username: &str) -> Option<&User> {
        self.by_name.get(username)
    }

    /// The user with this name and password. For a name that is not there another user's password is checked,
    /// so that the time taken does not tell.
    pub(crate) async fn log_in(&self, username: &str, password: &str) -> Option<&User> {
        let known = self.by_name.get(username);
        let checked = Arc::clone(&known.or_else(|| self.by_name.values().next())?.password);
        let matches = match *checked {
            Password::Plain(_) => checked.matches(password),
            Password::Hashed(_) => self.hash_elsewhere(checked, password.to_owned()).await,
        };
        known.filter(|_| matches)
    }

    async fn hash_elsewhere(&self, expected: Arc<Password>, attempt: String) -> bool {
        let Ok(permit) = Arc::clone(&self.hashing).acquire_owned().await else { return false };
        let work = tokio::task::spawn_blocking(move || {
            // Hashing that has begun is not cancelled with the request, so the permit goes along.
            let _permit = permit;
            expected.matches(&attempt)
        });
        work.await.unwrap_or(false)
    }
}

fn sha256(text: &str) -> [u8; 32] {
    let mut octets = [0; 32];
    octets.copy_from_slice(digest::digest(&digest::SHA256, text.as_bytes()).as_ref());
    octets
}

const NO_HASH: &str = "password_hash is not an Argon2 hash as a PHC string, $argon2id$v=19$…";

const HASHES_AT_ONCE: usize = 2;

#[cfg(test)]
mod tests {
    use argon2::PasswordHasher as _;

    use super::*;

    fn user(json: &str) -> Result<User, &'static str> {
        User::try_from(serde_json::from_str::<UserEntry>(json).unwrap())
    }

    #[test]
    fn a_user_has_one_password() {
        assert!(user(r#"{"username":"u","password":"p"}"#).is_ok());
        assert!(user(r#"{"username":"u"}"#).is_err());
        assert!(user(r#"{"username":"u","password_hash":"$2b$12$abc"}"#).is_err());
    }

    #[tokio::test]
    async fn hashed_and_plain_passwords_log_in() {
        let cheap = argon2::Params::new(8, 1, 1, None).unwrap();
        let cheap = Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, cheap);
        let hash: PasswordHash = cheap.hash_password_with_salt(b"password", b"somesalt").unwrap();
        let hashed = format!(r#"{{"username":"h","password_hash":"{hash}"}}"#);
        let users =
            Users::new(vec![user(r#"{"username":"p","password":"plain"}"#).unwrap(), user(&hashed).unwrap()]);
        assert!(users.log_in("p", "plain").await.is_some());
        assert!(users.log_in("h", "password").await.is_some());
        for (name, password) in
            [("p", "password"), ("h", "plain"), ("nobody", "plain"), ("nobody", "password")]
        {
            assert!(users.log_in(name, password).await.is_none());
        }
    }
}
