//! The URL of a database, which may hold a password.

use std::fmt;

/// A URL such as `postgres://name:password@host/database`. Shown without whoever logs in there.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct StoreUrl(String);

impl StoreUrl {
    pub(crate) fn new(url: impl Into<String>) -> Self {
        StoreUrl(url.into())
    }

    /// All of it, for the driver alone.
    pub(crate) fn with_password(&self) -> &str {
        &self.0
    }
}

/// The scheme, the host and the path: what an operator needs to know which one is meant.
impl fmt::Display for StoreUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some((scheme, rest)) = self.0.split_once("://") else { return f.write_str("…") };
        // A password may stand before the last `@`, unencoded, or be a parameter: where nobody can tell, nothing is shown.
        let (before, host) = rest.rsplit_once('@').unwrap_or(("", rest));
        if before.contains(['?', '#']) {
            return write!(f, "{scheme}://…");
        }
        let shown = host.split(['?', '#']).next().unwrap_or_default();
        write!(f, "{scheme}://{shown}")
    }
}

impl fmt::Debug for StoreUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_never_shown() {
        for (url, shown) in [
            ("postgres://as:hunter2@db.example:5432/clients", "postgres://db.example:5432/clients"),
            ("postgres://as:hunt@er2@db.example/clients", "postgres://db.example/clients"),
            ("postgres://as:hunt/er2?@db.example/clients", "postgres://…"),
            ("postgres://db.example/clients?password=hunt@er2", "postgres://…"),
            ("postgres:///clients?host=/run/pg&password=hunter2", "postgres:///clients"),
            ("redis://:hunter2@127.0.0.1", "redis://127.0.0.1"),
            ("redis://127.0.0.1:6379/1", "redis://127.0.0.1:6379/1"),
            ("hunter2", "…"),
        ] {
            let text = format!("{} {:?}", StoreUrl::new(url), StoreUrl::new(url));
            assert_eq!(text, format!("{shown} {shown}"));
            assert!(!text.contains("hunt") && !text.contains("er2"));
        }
    }
}
