//! The secrets of a registered client: made here, kept as hashes unless they are somebody's key, and rotated.

use std::time::{Duration, SystemTime};

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::algorithm::Algorithm;
use crate::auth_method::AuthMethod;
use crate::metadata::{ClientMetadata, MetadataError, SecretEntry, Timestamp};
use crate::secret::{ClientSecret, GeneratedSecret, HashError, MacKey, sha256};

/// How long secrets live.
#[derive(Clone, Copy)]
pub(super) struct SecretDates {
    pub(super) now: SystemTime,
    /// For how long an old secret is valid beside a new one.
    pub(super) overlap: Duration,
    /// For how long a new one is; for ever without.
    pub(super) lifetime: Option<Duration>,
}

impl SecretDates {
    fn after(&self, time: Duration) -> Option<Timestamp> {
        self.now.checked_add(time).map(Timestamp)
    }
}

/// Gives the client the secrets that its methods and ID tokens need, and no others. A new one is made where none that it
/// has is enough, or where it is asked for; then those before it end after the overlap.
///
/// Returned is the new one, to be shown once.
///
/// # Errors
/// [`HashError`] when the operating system gives no random numbers.
pub(super) fn settle(
    metadata: &mut ClientMetadata,
    renew: bool,
    dates: &SecretDates,
) -> Result<Option<GeneratedSecret>, HashError> {
    let need = Need::of(metadata);
    if need.is_none() {
        metadata.client_secret = None;
        metadata.client_secrets.clear();
        metadata.client_secret_expires_at = None;
        return Ok(None);
    }
    list_secrets(metadata);
    let entries = &mut metadata.client_secrets;
    entries.retain(|entry| need.is_served_by(entry));
    for entry in entries.iter_mut().filter(|_| need.key.is_none()) {
        // Nobody's key any more.
        if let Some(secret) = entry.secret.take() {
            entry.secret_hash = Some(sha256(&secret));
        }
    }
    if !renew && entries.last().is_some_and(|current| need.is_met_by(current)) {
        return Ok(None);
    }
    let secret = match need.new_key {
        Some(algorithm) => ClientSecret::generate_for_mac(algorithm)?,
        None => ClientSecret::generate()?,
    };
    let (now, end) = (Timestamp(dates.now), dates.after(dates.overlap));
    entries.retain(|entry| ends_at(entry).is_none_or(|end| end > now));
    for entry in entries.iter_mut() {
        entry.expires_at = ends_at(entry).into_iter().chain(end).min();
    }
    let oldest = entries.len().saturating_sub(MOST_OLD_SECRETS);
    entries.drain(..oldest);
    entries.push(SecretEntry {
        label: Some(label(dates.now)),
        secret: need.key.map(|_| secret.expose().to_owned()),
        secret_hash: need.key.is_none().then(|| secret.hash()),
        not_before: None,
        // Never, and not the end of others that RFC 7591's client_secret_expires_at may be.
        expires_at: Some(dates.lifetime.and_then(|lifetime| dates.after(lifetime)).unwrap_or(NEVER)),
    });
    Ok(Some(secret))
}

/// Takes `client_secret_expires_at` for what [`current_end`] shows it as: the end of the secret that the client has got
/// last, of those that are [listed](list_secrets). None of those before it outlives it, or gets more time.
pub(super) fn end_secrets(metadata: &mut ClientMetadata) {
    let end = metadata.client_secret_expires_at.take();
    let Some((current, older)) = metadata.client_secrets.split_last_mut() else { return };
    current.expires_at = end.or(Some(NEVER));
    for entry in older {
        entry.expires_at = ends_at(entry).into_iter().chain(ends_at(current)).min();
    }
}

/// The end of the secret that the client has got last; `None` without one. [`SystemTime::UNIX_EPOCH`] is never, as in
/// `client_secret_expires_at`.
pub(super) fn current_end(metadata: &ClientMetadata) -> Option<Timestamp> {
    let own = match metadata.client_secrets.last() {
        Some(current) => current.expires_at,
        None => metadata.client_secret.is_some().then_some(metadata.client_secret_expires_at)?,
    };
    Some(own.or(metadata.client_secret_expires_at).unwrap_or(NEVER))
}

/// Is this the secret that the client has got last? For the `client_secret` of an update
/// ([RFC 7592 §2.2](https://www.rfc-editor.org/rfc/rfc7592#section-2.2)).
///
/// # Errors
/// [`MetadataError`] when it is not, or when that cannot be told in a moment: an imported hash may be slow, or need a
/// pepper.
pub(super) fn check_current(metadata: &ClientMetadata, claimed: &str) -> Result<(), MetadataError> {
    let current = match metadata.client_secrets.last() {
        Some(SecretEntry { secret: Some(secret), .. }) => Some(ClientSecret::raw(secret.as_str())),
        Some(SecretEntry { secret_hash: Some(hash), .. }) => Some(ClientSecret::stored(hash)),
        _ => metadata.client_secret.as_deref().map(ClientSecret::raw),
    };
    let is = |current: ClientSecret| !current.is_slow() && current.is(claimed, None).unwrap_or(false);
    if current.is_some_and(is) {
        return Ok(());
    }
    Err(MetadataError::new(
        "client_secret",
        "is not the client's current secret",
        "leave it out; clients do not choose their secrets (RFC 7592 §2.2)",
    ))
}

/// What secrets are for.
struct Need {
    /// Is one compared with what the client sends?
    compared: bool,
    /// The algorithm whose key it is, the one with the longest key where there are several.
    key: Option<Algorithm>,
    /// The algorithm whose key a new one is. A client of `client_secret_jwt` that has registered none may sign with any.
    new_key: Option<Algorithm>,
}

impl Need {
    fn of(metadata: &ClientMetadata) -> Self {
        let grants = metadata.grants();
        let has = |wanted: AuthMethod| grants.iter().any(|grant| *grant.method() == wanted);
        let symmetric = |name: &Option<String>| {
            let algorithm = name.as_deref().and_then(|name| name.parse::<Algorithm>().ok());
            algorithm.filter(|algorithm| algorithm.is_symmetric())
        };
        let signs_with = symmetric(&metadata.token_endpoint_auth_signing_alg);
        let id_tokens = symmetric(&metadata.id_token_signed_response_alg).filter(|_| !has(AuthMethod::NONE));
        let longest = |of_assertions: Algorithm| {
            let signs = has(AuthMethod::CLIENT_SECRET_JWT).then(|| signs_with.unwrap_or(of_assertions));
            signs.into_iter().chain(id_tokens).max_by_key(|key| MacKey::least_octets(*key))
        };
        Need {
            compared: has(AuthMethod::CLIENT_SECRET_BASIC) || has(AuthMethod::CLIENT_SECRET_POST),
            key: longest(Algorithm::HS256),
            new_key: longest(Algorithm::HS512),
        }
    }

    fn is_none(&self) -> bool {
        !self.compared && self.key.is_none()
    }

    /// Is it of any use at all?
    fn is_served_by(&self, entry: &SecretEntry) -> bool {
        self.compared || self.is_met_by(entry)
    }

    /// Is it enough alone?
    fn is_met_by(&self, entry: &SecretEntry) -> bool {
        match self.key.and_then(MacKey::least_octets) {
            Some(least) => entry.secret.as_ref().is_some_and(|secret| secret.len() >= least),
            None => true,
        }
    }
}

/// One list for all of them. A registration that was imported may have its secret where RFC 7591 has it. Where
/// `client_secret_expires_at` is the end of entries that have none of their own, they get it: an entry without one
/// would seem to last for ever, and the overlap would be more time, for one that has ended too.
pub(super) fn list_secrets(metadata: &mut ClientMetadata) {
    if let Some(secret) = metadata.client_secret.take() {
        let expires_at = metadata.client_secret_expires_at.take();
        let entry = SecretEntry { secret: Some(secret), expires_at, ..SecretEntry::default() };
        metadata.client_secrets.insert(0, entry);
    }
    if let Some(end) = metadata.client_secret_expires_at.take() {
        for entry in &mut metadata.client_secrets {
            entry.expires_at.get_or_insert(end);
        }
    }
}

fn ends_at(entry: &SecretEntry) -> Option<Timestamp> {
    entry.expires_at.and_then(Timestamp::unless_zero).map(Timestamp)
}

/// For logs: which of its secrets a client uses.
fn label(now: SystemTime) -> String {
    OffsetDateTime::from(now)
        .replace_nanosecond(0)
        .ok()
        .and_then(|now| now.format(&Rfc3339).ok())
        .map_or_else(|| "issued".to_owned(), |time| format!("issued {time}"))
}

/// 0, as RFC 7591 §3.2.1 writes it.
const NEVER: Timestamp = Timestamp(SystemTime::UNIX_EPOCH);

/// However often a secret is rotated within the overlap.
const MOST_OLD_SECRETS: usize = 3;
