//! What a server says about itself.

use redis::aio::MultiplexedConnection;
use redis::{ErrorKind, ServerErrorKind};

use super::trouble::Trouble;

/// From `INFO`. A member is empty when the server did not name it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Health {
    role: String,
    replication_id: String,
    max_memory: String,
    max_memory_policy: String,
}

impl Health {
    /// Asks a server. `None` when it may not say, and `is_unchecked` takes it all the same.
    pub(crate) async fn of(
        connection: &mut MultiplexedConnection,
        is_unchecked: bool,
    ) -> Result<Option<Self>, Trouble> {
        match redis::cmd("INFO").query_async::<String>(connection).await {
            Ok(text) => Ok(Some(Health::read(&text))),
            Err(error) => match error.kind() {
                ErrorKind::Server(ServerErrorKind::BusyLoading) => Err(error.into()),
                ErrorKind::Server(_) if is_unchecked => Ok(None),
                ErrorKind::Server(_) => Err(untold(&error)),
                _ => Err(error.into()),
            },
        }
    }

    fn read(text: &str) -> Self {
        let mut health = Health::default();
        for (name, value) in text.lines().filter_map(|line| line.split_once(':')) {
            match name {
                "role" => health.role = value.to_owned(),
                "master_replid" => health.replication_id = value.to_owned(),
                "maxmemory" => health.max_memory = value.to_owned(),
                "maxmemory_policy" => health.max_memory_policy = value.to_owned(),
                _ => {}
            }
        }
        health
    }

    /// Is this one that can be written to?
    pub(crate) fn check_primary(&self, is_unchecked: bool) -> Result<(), Trouble> {
        match &*self.role {
            "master" => Ok(()),
            "" if is_unchecked => Ok(()),
            "" => Err(untold(&"INFO names no role")),
            role => {
                Err(Trouble::new(format!("the server is a replica (role {role}): name its primary instead")))
            }
        }
    }

    /// Does it keep what it was told to keep, when its memory is full?
    pub(crate) fn check_keeps(&self, is_unchecked: bool) -> Result<(), Trouble> {
        match (&*self.max_memory, &*self.max_memory_policy) {
            ("0", _) | (_, "noeviction") => Ok(()),
            (_, "") if is_unchecked => Ok(()),
            (_, "") => Err(untold(&"INFO names no maxmemory_policy")),
            (_, policy) => Err(Trouble::new(format!(
                "the server forgets keys when its memory is full (maxmemory-policy {policy}): set maxmemory-policy \
                 noeviction, or give the used assertions a server of their own"
            ))),
        }
    }

    /// What changes when another process has become the primary, or the same one has started again.
    pub(crate) fn replication_id(&self) -> &str {
        &self.replication_id
    }
}

fn untold(error: &dyn std::fmt::Display) -> Trouble {
    Trouble::new(format!(
        "the server does not say whether it may forget keys ({error}): let this user run INFO (ACL SETUSER … +info), or \
         see to both yourself and say RedisServers::danger_unchecked"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn health(policy: &str, max_memory: &str, role: &str) -> Health {
        let text = format!(
            "# Server\r\nredis_version:7.0.15\r\nmaxmemory:{max_memory}\r\nmaxmemory_policy:{policy}\r\nrole:{role}\r\n\
             master_replid:abc\r\n"
        );
        Health::read(&text)
    }

    #[test]
    fn a_server_that_forgets_or_follows_is_refused() {
        assert!(health("noeviction", "1000", "master").check_keeps(false).is_ok());
        assert!(health("allkeys-lru", "0", "master").check_keeps(false).is_ok());
        for policy in ["allkeys-lru", "volatile-lru", "volatile-ttl", "volatile-random", "anything"] {
            for is_unchecked in [false, true] {
                let error = health(policy, "1000", "master").check_keeps(is_unchecked).unwrap_err();
                assert!(error.to_string().contains(policy), "{error}");
            }
        }
        assert!(health("noeviction", "0", "master").check_primary(false).is_ok());
        assert!(health("noeviction", "0", "slave").check_primary(true).is_err());
    }

    #[test]
    fn a_server_that_does_not_say_is_refused_unless_unchecked() {
        let silent = Health::read("redis_version:7.0.15\r\n");
        assert!(silent.check_primary(false).is_err() && silent.check_keeps(false).is_err());
        assert!(silent.check_primary(true).is_ok() && silent.check_keeps(true).is_ok());
    }
}
