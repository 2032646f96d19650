//! Comparing a presented secret with those of a client, at the same cost whatever comes of it.

use std::sync::Arc;
use std::time::SystemTime;

use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::slow::MOST_FOR_ONE_ATTEMPT;
use super::{ClientSecret, Kind, SlowHashes, sha256};
use crate::method::{Proof, Verification};
use crate::reason::Reason;
use crate::refusal::Failure;

/// Compares secrets; knows the pool that slow hashes run on.
pub(crate) struct Secrets {
    slow: SlowHashes,
}

impl Secrets {
    pub(crate) fn new(slow: SlowHashes) -> Self {
        Secrets { slow }
    }

    /// A client with a slow hash exists: from now on every failed attempt costs one.
    pub(crate) fn note(&self, secrets: &[ClientSecret]) {
        if let Some(hash) = secrets.iter().find_map(slow_hash) {
            self.slow.expect(hash, secrets.iter().filter(|secret| secret.is_slow()).count());
        }
    }

    /// Compares with every secret, live or not, so that the answer's time does not tell which one it was.
    pub(crate) fn verify<'a>(
        &'a self,
        presented: &'a str,
        secrets: &'a [ClientSecret],
        now: SystemTime,
    ) -> Verification<'a> {
        let digest = sha256(presented);
        let mut matched = None;
        for secret in secrets {
            let equal = match &secret.kind {
                Kind::Raw(raw) => bool::from(raw.sha256.ct_eq(&digest)),
                Kind::Sha256(sha256) => bool::from(sha256.ct_eq(&digest)),
                Kind::Argon2(_) => false,
            };
            if equal && !presented.is_empty() && matched.is_none_or(|known| outcome(known, now).is_err()) {
                matched = Some(secret);
            }
        }
        match matched {
            Some(secret) if outcome(secret, now).is_ok() => Verification::done(outcome(secret, now)),
            _ if self.slow.expected() > 0 || secrets.iter().any(ClientSecret::is_slow) => {
                Verification::later(self.verify_slowly(presented, secrets, matched, now))
            }
            Some(expired) => Verification::done(outcome(expired, now)),
            None => Verification::done(Err(mismatch())),
        }
    }

    async fn verify_slowly(
        &self,
        presented: &str,
        secrets: &[ClientSecret],
        expired: Option<&ClientSecret>,
        now: SystemTime,
    ) -> Result<Proof, Failure> {
        let presented = Arc::new(Zeroizing::new(presented.to_owned()));
        let mut best = expired.map_or(Err(mismatch()), |secret| outcome(secret, now));
        let mut hashes = 0;
        let (live, dead): (Vec<_>, Vec<_>) = secrets
            .iter()
            .filter_map(|secret| Some((secret, slow_hash(secret)?)))
            .partition(|(secret, _)| outcome(secret, now).is_ok());
        for (secret, hash) in live.into_iter().chain(dead).take(MOST_FOR_ONE_ATTEMPT) {
            hashes += 1;
            if self.slow.verify(&presented, hash).await? && !presented.is_empty() {
                best = outcome(secret, now);
                if best.is_ok() {
                    return best;
                }
            }
        }
        for _ in hashes..self.slow.expected() {
            self.slow.verify_decoy(&presented).await?;
        }
        best
    }
}

fn slow_hash(secret: &ClientSecret) -> Option<&Arc<argon2::PasswordHash>> {
    match &secret.kind {
        Kind::Argon2(hash) => Some(hash),
        _ => None,
    }
}

/// What a secret that matched amounts to today.
pub(crate) fn outcome(secret: &ClientSecret, now: SystemTime) -> Result<Proof, Failure> {
    let label = || secret.label.as_deref().unwrap_or("(no label)").to_owned();
    if secret.expires_at.is_some_and(|end| now >= end) {
        return Err(Failure::new(Reason::SecretExpired)
            .expected("a secret before its expiry date")
            .got(label()));
    }
    if secret.not_before.is_some_and(|start| now < start) {
        return Err(Failure::new(Reason::SecretNotYetValid)
            .expected("a secret after its not_before")
            .got(label()));
    }
    Ok(Proof { secret_label: secret.label.clone(), ..Proof::default() })
}

fn mismatch() -> Failure {
    Failure::new(Reason::SecretMismatch).expected("one of the client's secrets").got("another one")
}
