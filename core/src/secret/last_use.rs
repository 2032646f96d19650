//! When each secret was last used, so that an operator sees which one can go.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use time::OffsetDateTime;

use crate::client::Client;
use crate::clock::{Clock, SystemClock};
use crate::observer::{Decision, Observer, Uses};

/// An observer that keeps the last use of each secret, by client and label.
///
/// In memory, and so since it was made: "unused" means unused since [`began_at`](SecretUse::began_at). Secrets of one
/// client that share a label, or have none, are one to it. Room for 100,000 secrets; those for which there is none are
/// not kept, and [`is_complete`](SecretUse::is_complete) says so.
///
/// ```
/// use std::sync::Arc;
/// use countersign::{AuthMethod, Authenticator, Client, secret::{ClientSecret, SecretUse}, store::Clients};
///
/// let client = Client::new("billing")
///     .with_method(AuthMethod::CLIENT_SECRET_BASIC)
///     .with_secret(ClientSecret::generated("cs_…").with_label("2025"))
///     .with_secret(ClientSecret::generated("cs_…").with_label("2026"));
/// let uses = Arc::new(SecretUse::new());
/// let auth = Authenticator::builder()
///     .issuer("https://as.example.com")
///     .clients(Clients::new([client.clone()])?)
///     .observer(Arc::clone(&uses))
///     .build()?;
/// // On an operator's page:
/// for last_use in uses.of(&client) {
///     println!("{last_use}"); // secret "2025" unused since …
/// }
/// # Ok::<(), countersign::ConfigError>(())
/// ```
pub struct SecretUse {
    clock: Arc<dyn Clock>,
    began_at: SystemTime,
    seen: Mutex<Uses<Label>>,
}

type Label = Option<Box<str>>;

impl SecretUse {
    /// Begins now, by the system's clock.
    pub fn new() -> Self {
        Self::with_clock(SystemClock::default())
    }

    /// The same, under another clock.
    pub fn with_clock(clock: impl Clock) -> Self {
        let seen = Mutex::new(Uses::with_capacity(100_000));
        SecretUse { began_at: clock.now(), clock: Arc::new(clock), seen }
    }

    /// Room for this many secrets. Forgets what it has.
    #[must_use]
    pub fn with_capacity(self, secrets: usize) -> Self {
        SecretUse { seen: Mutex::new(Uses::with_capacity(secrets)), ..self }
    }

    /// Since when uses are kept.
    pub fn began_at(&self) -> SystemTime {
        self.began_at
    }

    /// Was there room for every secret that was used? Where not, an unused one may be one without room.
    pub fn is_complete(&self) -> bool {
        self.seen().is_complete()
    }

    /// When a secret of this client and label was last used, if it was since the beginning.
    pub fn last_use(&self, client_id: &str, label: Option<&str>) -> Option<SystemTime> {
        let seen = self.seen();
        let mut uses = seen.of(client_id).iter();
        uses.find(|(known, _)| known.as_deref() == label).map(|(_, uses)| uses.last)
    }

    /// The last use of each of the client's secrets, in their order.
    pub fn of(&self, client: &Client) -> Vec<LastUse> {
        let secrets = client.secrets().iter();
        secrets
            .map(|secret| {
                let label = secret.label().cloned();
                let used_at = self.last_use(client.id(), label.as_deref());
                LastUse { label, used_at, began_at: self.began_at }
            })
            .collect()
    }

    fn seen(&self) -> MutexGuard<'_, Uses<Label>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for SecretUse {
    fn default() -> Self {
        Self::new()
    }
}

impl Observer for SecretUse {
    fn decided(&self, decision: &Decision<'_>) {
        let Ok(client) = decision.outcome else { return };
        let label = client.secret_label();
        // A secret without a label shows only by the method that it belongs to.
        if label.is_none() && !client.method().as_str().starts_with("client_secret_") {
            return;
        }
        let now = self.clock.now();
        let is_so = |known: &Label| known.as_deref() == label;
        self.seen().note(client.client_id(), now, is_so, || label.map(Into::into));
    }
}

impl fmt::Debug for SecretUse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SecretUse")
            .field("began_at", &self.began_at)
            .field("secrets", &self.seen().len())
            .finish_non_exhaustive()
    }
}

/// When a secret was last used. Written as `secret "2025" unused since 2026-11-01T00:00:00Z`, or `secret "2026" used at …`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastUse {
    /// Its label.
    pub label: Option<Arc<str>>,
    /// When it was used last; `None`: not since `began_at`.
    pub used_at: Option<SystemTime>,
    /// Since when uses are kept.
    pub began_at: SystemTime,
}

impl LastUse {
    /// Since when it has not been used.
    pub fn unused_since(&self) -> SystemTime {
        self.used_at.unwrap_or(self.began_at)
    }
}

impl fmt::Display for LastUse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.label {
            Some(label) => write!(f, "secret \"{}\"", label.escape_default())?,
            None => f.write_str("a secret without a label")?,
        }
        let what = if self.used_at.is_some() { "used at" } else { "unused since" };
        write!(f, " {what} ")?;
        let seconds =
            self.unused_since().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
        let time =
            i64::try_from(seconds).ok().and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok());
        match time {
            Some(time) => write!(
                f,
                "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z",
                time.year(),
                u8::from(time.month()),
                time.day(),
                time.hour(),
                time.minute(),
                time.second()
            ),
            None => write!(f, "{seconds}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_line_says_when() {
        let at = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        let mut last_use = LastUse { label: Some("2\n5".into()), used_at: None, began_at: at(1_800_000_000) };
        assert_eq!(last_use.to_string(), r#"secret "2\n5" unused since 2027-01-15T08:00:00Z"#);
        last_use = LastUse { label: None, used_at: Some(at(0)), ..last_use };
        assert_eq!(last_use.to_string(), "a secret without a label used at 1970-01-01T00:00:00Z");
        last_use.used_at = Some(at(u64::MAX / 4));
        assert!(last_use.to_string().ends_with("used at 4611686018427387903"));
    }
}
