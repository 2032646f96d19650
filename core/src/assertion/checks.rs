//! Whether a client assertion is meant for this server, now, once
//! ([RFC 7523 §3](https://www.rfc-editor.org/rfc/rfc7523#section-3), rfc7523bis §4).
//!
//! The same checks for every method that proves a client by a JWT; only the signature differs.

use std::time::{Duration, SystemTime};

use super::{Audiences, ClientAssertion, alg_not_allowed};
use crate::client::Client;
use crate::clock::unix_seconds;
use crate::method::{Claimed, Context};
use crate::policy::{AudienceShape, Fence, JtiRule};
use crate::reason::Reason;
use crate::refusal::Failure;

/// The registration fixes the algorithm; the header only ever agrees (RFC 8725 §3.1). That it is of the method's
/// family is why the method was chosen.
pub(crate) fn check_algorithm(assertion: &ClientAssertion<'_>, client: &Client) -> Result<(), Failure> {
    let algorithm = assertion.algorithm();
    match client.signing_algorithm() {
        Some(registered) if !registered.is_same_as(algorithm) => {
            Err(alg_not_allowed(&[registered], algorithm.as_str()))
        }
        _ => Ok(()),
    }
}

/// Checks every claim but the single use of `jti`, which is claimed last, after the signature.
///
/// # Errors
/// One of the reasons from [`Reason::IssMismatch`] to [`Reason::BeforeRestartFence`].
pub(crate) fn check(
    assertion: &ClientAssertion<'_>,
    client: &Client,
    client_id: &str,
    context: &Context<'_>,
) -> Result<(), Failure> {
    check_parties(assertion, client_id)?;
    check_audience(assertion, context)?;
    check_times(assertion, context)?;
    if assertion.jwt_id().is_none() && context.policy().jti == JtiRule::Required {
        return Err(Failure::new(Reason::JtiMissing).expected("jti").got("nothing"));
    }
    // A client that may reuse its assertions uses none up, so no memory of them can be lost.
    if client.reuses_assertions() { Ok(()) } else { check_fence(assertion, context) }
}

/// `iss` and `sub` are the client itself.
fn check_parties(assertion: &ClientAssertion<'_>, client_id: &str) -> Result<(), Failure> {
    for (reason, name) in
        [(Reason::IssMismatch, assertion.issuer()), (Reason::SubMismatch, assertion.subject())]
    {
        if name != client_id {
            return Err(Failure::new(reason).expected(client_id.to_owned()).got(name.to_owned()));
        }
    }
    Ok(())
}

/// Plain string comparison: no case folding, no tolerance for a slash (rfc7523bis §4).
fn check_audience(assertion: &ClientAssertion<'_>, context: &Context<'_>) -> Result<(), Failure> {
    let issuer_only = assertion.is_typed();
    let is_ours = |audience: &str| {
        if issuer_only {
            audience == context.issuer()
        } else {
            context.audiences().any(|ours| ours == audience)
        }
    };
    let shape = match (issuer_only, context.policy().audience_shape) {
        (true, AudienceShape::String) => AudienceShape::String,
        (true, _) => AudienceShape::StringOrSingle,
        (false, shape) => shape,
    };
    let accepted = match (&assertion.claims().audiences, shape) {
        (Audiences::String(_), _) => assertion.audiences().all(is_ours),
        (Audiences::Array(_), AudienceShape::String) => false,
        (Audiences::Array(all), AudienceShape::StringOrSingle) => {
            all.len() == 1 && assertion.audiences().all(is_ours)
        }
        (Audiences::Array(all), AudienceShape::AllOurs) => {
            !all.is_empty() && assertion.audiences().all(is_ours)
        }
        (Audiences::Array(_), AudienceShape::ContainsOurs) => assertion.audiences().any(is_ours),
    };
    if accepted {
        return Ok(());
    }
    let ours: Vec<&str> = if issuer_only { vec![context.issuer()] } else { context.audiences().collect() };
    let got: Vec<&str> = assertion.audiences().collect();
    let got = match &assertion.claims().audiences {
        Audiences::String(_) => got.concat(),
        Audiences::Array(_) => format!("[{}]", got.join(", ")),
    };
    Err(Failure::new(Reason::AudMismatch).expected(format!("{shape} {}", ours.join(" or "))).got(got))
}

fn check_times(assertion: &ClientAssertion<'_>, context: &Context<'_>) -> Result<(), Failure> {
    let (claims, policy) = (assertion.claims(), context.policy());
    let now = unix_seconds(context.now());
    let leeway = policy.leeway.as_secs_f64();
    check_expiry(assertion, context, context.now())?;
    let ahead = policy.leeway.min(policy.future_ceiling).as_secs_f64();
    for (name, time) in [("nbf", claims.not_before), ("iat", claims.issued_at)] {
        if let Some(time) = time.filter(|time| *time > now + ahead) {
            return Err(Failure::new(Reason::NotYetValid)
                .expected(format!("{name} at most {ahead} s after {now:.0}"))
                .got(format!("{time}")));
        }
    }
    // From now, which also bounds an assertion without `iat`, and from `iat`, which bounds one minted long ago.
    let longest = (policy.max_lifetime + policy.leeway).as_secs_f64();
    let from = claims.issued_at.map_or(now, |issued_at| issued_at.min(now));
    if claims.expires_at - from > longest {
        return Err(Failure::new(Reason::LifetimeTooLong)
            .expected(format!("at most {} s, plus {leeway} s of leeway", policy.max_lifetime.as_secs()))
            .got(format!("{} s", claims.expires_at - from)));
    }
    Ok(())
}

fn check_expiry(
    assertion: &ClientAssertion<'_>,
    context: &Context<'_>,
    now: SystemTime,
) -> Result<(), Failure> {
    let (now, leeway) = (unix_seconds(now), context.policy().leeway.as_secs_f64());
    let expires_at = assertion.claims().expires_at;
    if now < expires_at + leeway {
        return Ok(());
    }
    Err(Failure::new(Reason::Expired)
        .expected(format!("exp after {now:.0}, less {leeway} s of leeway"))
        .got(format!("{expires_at}")))
}

/// After the memory of used assertions was lost at T, one that may have been used before T is refused. `iat`
/// counts whole seconds, so T does too.
fn check_fence(assertion: &ClientAssertion<'_>, context: &Context<'_>) -> Result<(), Failure> {
    let Some(lost_at) = context.replay_memory_lost_at() else { return Ok(()) };
    let policy = context.policy();
    let lost_at = unix_seconds(lost_at).floor();
    let latest_expiry = lost_at + (policy.max_lifetime + policy.leeway * 3).as_secs_f64();
    if policy.fence == Fence::Off || unix_seconds(context.now()) > latest_expiry {
        return Ok(());
    }
    let issued_at = assertion.claims().issued_at;
    let refused = match (policy.fence, issued_at) {
        (Fence::Strict, None) => true,
        (Fence::Strict, Some(issued_at)) => issued_at <= lost_at + policy.leeway.as_secs_f64(),
        (_, issued_at) => issued_at.is_some_and(|issued_at| issued_at < lost_at),
    };
    if refused {
        return Err(Failure::new(Reason::BeforeRestartFence)
            .expected(format!(
                "an assertion issued after {lost_at:.0}, when the memory of used ones was lost"
            ))
            .got(issued_at.map_or("no iat".to_owned(), |issued_at| format!("iat {issued_at}"))));
    }
    Ok(())
}

/// The last step, after the signature: uses up the `jti`, unless the client may reuse its assertions.
///
/// # Errors
/// Those of [`Context::claim_once`].
pub(crate) async fn use_up(
    assertion: &ClientAssertion<'_>,
    client: &Client,
    client_id: &str,
    context: &Context<'_>,
) -> Result<Option<Claimed>, Failure> {
    match assertion.jwt_id() {
        Some(jwt_id) if !client.reuses_assertions() => {
            let claimed = context.claim_once(client_id, jwt_id, remember_for(assertion, context)).await?;
            // While a slow store answered, the assertion may have expired and its twin been forgotten.
            check_expiry(assertion, context, context.clock_now())?;
            // And the claim may have been what showed that the store had lost its memory.
            check_fence(assertion, context)?;
            Ok(Some(claimed))
        }
        _ => Ok(None),
    }
}

/// How long a used `jti` must be remembered: until the assertion can no longer pass, with the leeway and a
/// second for rounding. The leeway once more, since it can pass for longer by the clock of another node that shares the
/// store, or by this one's once that is set back.
fn remember_for(assertion: &ClientAssertion<'_>, context: &Context<'_>) -> Duration {
    let policy = context.policy();
    let left = assertion.claims().expires_at - unix_seconds(context.now());
    let longest = (policy.max_lifetime + policy.leeway).as_secs_f64();
    Duration::from_secs_f64(left.clamp(0.0, longest)) + policy.leeway * 2 + Duration::from_secs(1)
}
