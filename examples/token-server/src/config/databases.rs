//! `registry` and `replay`: URLs of databases.

use std::path::PathBuf;

use toml::Spanned;

use super::problem::Problem;
use super::source::Source;
use super::store_url::StoreUrl;
use crate::registry::RegistryAt;
use crate::replay::Replay;

impl Source<'_> {
    /// `registry`. What is written there may hold a password, so no message repeats it.
    pub(super) fn registry(
        &self,
        registry: Option<Spanned<String>>,
        beside: impl Fn(String) -> PathBuf,
    ) -> Result<RegistryAt, Problem> {
        let Some(registry) = registry else { return Ok(RegistryAt::Memory) };
        let value = registry.as_ref();
        match value.split_once("://").unwrap_or((value, "")) {
            ("memory", "") => Ok(RegistryAt::Memory),
            ("sqlite", file) if !file.is_empty() => Ok(RegistryAt::Sqlite(beside(file.to_owned()))),
            ("postgres" | "postgresql", _) => Ok(RegistryAt::Postgres(StoreUrl::new(value))),
            _ => {
                let message = "registry is none of \"memory\", \"sqlite://registry.db\" and \"postgres://…\"";
                Err(self.problem(&registry, message))
            }
        }
    }

    /// `replay`. The same holds.
    pub(super) fn replay(
        &self,
        replay: Option<Spanned<String>>,
        beside: impl Fn(String) -> PathBuf,
    ) -> Result<Replay, Problem> {
        let Some(replay) = replay else { return Ok(Replay::Memory) };
        let value = replay.as_ref();
        match value.split_once("://").unwrap_or((value, "")) {
            ("memory", "") => Ok(Replay::Memory),
            ("sqlite", file) if !file.is_empty() => Ok(Replay::Sqlite(beside(file.to_owned()))),
            ("postgres" | "postgresql", _) => Ok(Replay::Postgres(StoreUrl::new(value))),
            (scheme, _) if is_redis(scheme) => Ok(Replay::Redis(StoreUrl::new(value))),
            _ => {
                let message = "replay is none of \"memory\", \"sqlite://replay.db\", \"postgres://…\" and \"redis://…\"";
                Err(self.problem(&replay, message))
            }
        }
    }
}

/// Also of several servers that make a cluster.
fn is_redis(scheme: &str) -> bool {
    let of_one = scheme.strip_suffix("+cluster").unwrap_or(scheme);
    matches!(of_one, "redis" | "rediss" | "valkey" | "valkeys")
}
