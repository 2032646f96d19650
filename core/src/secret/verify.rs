//! Comparing a presented secret with those of a client, at the same cost whatever comes of it.

use std::sync::Arc;
use std::time::SystemTime;

use zeroize::Zeroizing;

use super::decoys::{Decoys, MOST_FOR_ONE_CLIENT};
use super::generated::is_generated;
use super::pepper::Peppers;
use super::slow_hash::SlowHash;
use super::verified::VerifiedSecrets;
use super::{ClientSecret, Rehash, SlowHashes, WeakHash};
use crate::client::Client;
use crate::config_error::ConfigError;
use crate::method::{Context, Proof, Verification};
use crate::reason::Reason;
use crate::refusal::Failure;

/// Compares secrets; knows the peppers, and the pool that slow hashes run on.
pub(crate) struct Secrets {
    peppers: Peppers,
    slow: SlowHashes,
    decoys: Decoys,
    verified: VerifiedSecrets,
    /// Compared with in place of the secrets that a client has fewer of.
    filler: ClientSecret,
}

impl Secrets {
    /// # Errors
    /// [`ConfigError`] when the operating system gives no random numbers.
    pub(crate) fn new(peppers: Peppers, slow: SlowHashes) -> Result<Self, ConfigError> {
        let broken =
            || ConfigError::new("secrets", "the operating system gives no random numbers", "see its own log");
        let filler = ClientSecret::generate().map_err(|_| broken())?.client_secret();
        let verified = VerifiedSecrets::new().ok_or_else(broken)?;
        Ok(Secrets { peppers, slow, decoys: Decoys::new(), verified, filler })
    }

    /// A client has these secrets: from now on every failed attempt costs as many slow hashes as one of its.
    pub(crate) fn note(&self, secrets: &[ClientSecret]) {
        self.decoys.note(secrets);
    }

    /// Some client has a secret under a slow hash.
    pub(crate) fn assume_slow_hashes(&self) {
        self.decoys.assume();
    }

    pub(super) fn peppers(&self) -> &Peppers {
        &self.peppers
    }

    pub(super) fn slow(&self) -> &SlowHashes {
        &self.slow
    }

    /// Compares with every secret, live or not, so that the answer's time does not tell which one it was.
    pub(crate) fn verify<'a>(
        &'a self,
        presented: &'a str,
        client: &'a Client,
        context: &'a Context<'a>,
    ) -> Verification<'a> {
        let now = context.now();
        let digests = self.peppers.digests(presented);
        let mut matched: Option<&ClientSecret> = None;
        let mut slow = false;
        for position in 0..client.secrets().len().max(LEAST_COMPARED) {
            let secret = client.secrets().get(position).unwrap_or(&self.filler);
            slow |= secret.is_slow();
            if secret.has_digest(&digests, &self.peppers)
                && !presented.is_empty()
                && matched.is_none_or(|known| !is_live(known, now))
            {
                matched = Some(secret);
            }
        }
        match matched.filter(|secret| is_live(secret, now)) {
            Some(secret) => self.proved(presented, secret, client, context),
            None if slow || self.decoys.are_needed() => match self.remembered(presented, client, context) {
                Some(proof) => Verification::done(Ok(proof)),
                None => Verification::later(self.verify_slowly(presented, client, matched, context)),
            },
            None => Verification::done(self.failed(matched, client, now)),
        }
    }

    /// A fast hash matched.
    fn proved<'a>(
        &'a self,
        presented: &'a str,
        secret: &'a ClientSecret,
        client: &'a Client,
        context: &'a Context<'a>,
    ) -> Verification<'a> {
        let outdated = secret
            .peppered()
            .filter(|hash| self.peppers.current().is_some_and(|current| *current.id() != *hash.pepper_id));
        let Some(hash) = outdated else { return Verification::done(outcome(secret, context.now())) };
        Verification::later(async move {
            let weak_hash = WeakHash::OldPepper;
            let label = secret.label().map(|label| &**label);
            let rehash =
                Rehash { secrets: self, secret: presented, label, identity: &hash.identity, weak_hash };
            context.offer_rehash(client, &rehash).await;
            outcome(secret, context.now()).map(|proof| Proof { weak_hash: Some(weak_hash), ..proof })
        })
    }

    /// A live secret under a slow hash that was verified a moment ago.
    fn remembered(&self, presented: &str, client: &Client, context: &Context<'_>) -> Option<Proof> {
        let live = client.secrets().iter().filter(|secret| is_live(secret, context.now()));
        let mut slow = live.filter_map(|secret| Some((secret, secret.slow_hash()?)));
        let (secret, hash) = slow.find(|(_, hash)| {
            let entry = self.verified.entry(client.id(), hash, presented);
            self.verified.holds(&entry, context.monotonic())
        })?;
        let proof = outcome(secret, context.now()).ok()?;
        Some(Proof { weak_hash: weakness(hash, presented), ..proof })
    }

    async fn verify_slowly(
        &self,
        presented: &str,
        client: &Client,
        mut matched: Option<&ClientSecret>,
        context: &Context<'_>,
    ) -> Result<Proof, Failure> {
        let now = context.now();
        let owned = Arc::new(Zeroizing::new(presented.to_owned()));
        let slow = client.secrets().iter().filter_map(|secret| Some((secret, secret.slow_hash()?)));
        let (live, dead): (Vec<_>, Vec<_>) = slow.partition(|(secret, _)| is_live(secret, now));
        let mut computed = Vec::new();
        for (secret, hash) in live.into_iter().chain(dead).take(MOST_FOR_ONE_CLIENT) {
            computed.push(hash.cost());
            if !self.compute(&owned, hash).await? || presented.is_empty() {
                continue;
            }
            matched = Some(secret);
            if is_live(secret, now) {
                return self.proved_slowly(presented, secret, hash, client, context).await;
            }
        }
        for decoy in &*self.decoys.rows() {
            let own = computed.iter().filter(|cost| **cost == decoy.hash.cost()).count();
            for _ in own..decoy.count {
                self.compute(&owned, &decoy.hash).await?;
            }
        }
        self.failed(matched, client, now)
    }

    /// Is it the hash of this secret?
    async fn compute(&self, secret: &Arc<Zeroizing<String>>, hash: &Arc<SlowHash>) -> Result<bool, Failure> {
        let (secret, hash) = (Arc::clone(secret), Arc::clone(hash));
        self.slow.run(move |memory| hash.verify(&secret, memory)).await
    }

    async fn proved_slowly(
        &self,
        presented: &str,
        secret: &ClientSecret,
        hash: &SlowHash,
        client: &Client,
        context: &Context<'_>,
    ) -> Result<Proof, Failure> {
        self.verified.remember(self.verified.entry(client.id(), hash, presented), context.monotonic());
        let weak_hash = weakness(hash, presented);
        if let Some(weak_hash) = weak_hash {
            let (label, identity) = (secret.label().map(|label| &**label), hash.identity());
            let rehash = Rehash { secrets: self, secret: presented, label, identity, weak_hash };
            context.offer_rehash(client, &rehash).await;
        }
        outcome(secret, context.now()).map(|proof| Proof { weak_hash, ..proof })
    }

    /// The failure: the dates of the secret that matched, or that none did.
    fn failed(
        &self,
        matched: Option<&ClientSecret>,
        client: &Client,
        now: SystemTime,
    ) -> Result<Proof, Failure> {
        if let Some(dead) = matched {
            return outcome(dead, now);
        }
        // The time of an answer does not tell the reason: every failure has one text of its own, and that of a decoy,
        // which is thrown away, has none.
        let useless = client.secrets().iter().find_map(|secret| self.problem(secret));
        let failure = Failure::new(Reason::SecretMismatch).expected("one of the client's secrets");
        let got = useless.unwrap_or("another one");
        Err(if client.is_decoy() { failure } else { failure.got(got.to_owned()) })
    }

    /// What keeps a secret from ever matching here.
    pub(crate) fn problem<'s>(&self, secret: &'s ClientSecret) -> Option<&'s str> {
        match secret.peppered() {
            Some(hash) if self.peppers.position(&hash.pepper_id).is_some() => None,
            _ => secret.useless.as_deref(),
        }
    }
}

fn weakness(hash: &SlowHash, presented: &str) -> Option<WeakHash> {
    if is_generated(presented) { Some(WeakHash::SlowForGenerated) } else { hash.weakness() }
}

fn is_live(secret: &ClientSecret, now: SystemTime) -> bool {
    secret.expires_at.is_none_or(|end| now < end) && secret.not_before.is_none_or(|start| now >= start)
}

fn label(secret: &ClientSecret) -> &str {
    secret.label.as_deref().unwrap_or("(no label)")
}

/// What a secret that matched amounts to today.
pub(crate) fn outcome(secret: &ClientSecret, now: SystemTime) -> Result<Proof, Failure> {
    if secret.expires_at.is_some_and(|end| now >= end) {
        return Err(Failure::new(Reason::SecretExpired)
            .expected("a secret before its expiry date")
            .got(label(secret).to_owned()));
    }
    if secret.not_before.is_some_and(|start| now < start) {
        return Err(Failure::new(Reason::SecretNotYetValid)
            .expected("a secret after its not_before")
            .got(label(secret).to_owned()));
    }
    Ok(Proof { secret_label: secret.label.clone(), ..Proof::default() })
}

/// A client with fewer secrets costs as much as one with so many.
const LEAST_COMPARED: usize = 4;
