//! Decisions as `tracing` spans and events.

use ::tracing::{Level, Span, event, info_span};

use super::escape::escaped;
use super::event::result;
use super::{Decision, Observer};
use crate::algorithm::Algorithm;
use crate::auth_method::ClientClass;
use crate::endpoint::Endpoint;
use crate::reason::{Reason, RefusalKind};
use crate::refusal::Refusal;
use crate::secret::WeakHash;

/// A span `client_authentication` around each decision, and inside it one event with what is known, both of the target
/// `countersign`. Behind the feature `tracing`.
///
/// The event is of level `INFO` when the client was authenticated, `WARN` when it was refused, and `ERROR` when a
/// dependency is down or a bug showed. Its fields are those of [`Event`](super::Event), without the time, which the
/// subscriber knows; text of the caller is escaped. The span, of level `INFO`, has the field `endpoint` and tells what
/// stores and key sources say about themselves apart.
///
/// ```
/// use countersign::observer::{RingBuffer, Tracing};
/// use countersign::{AuthMethod, Authenticator, Client, store::Clients};
///
/// let auth = Authenticator::builder()
///     .issuer("https://as.example.com")
///     .clients(Clients::new([Client::new("app").with_method(AuthMethod::NONE)])?)
///     .observer((Tracing, RingBuffer::new(1_000))) // `Tracing` alone is the default
///     .build()?;
/// # Ok::<(), countersign::ConfigError>(())
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Tracing;

impl Observer for Tracing {
    fn decided(&self, decision: &Decision<'_>) {
        // The level of an event is fixed where it stands.
        macro_rules! tell {
            ($level:expr, $message:literal) => {
                event!(
                    target: TARGET,
                    $level,
                    result = result(decision.outcome.is_ok()),
                    reason = decision.refusal().map(|refusal| refusal.reason().code()),
                    endpoint = decision.endpoint.as_str(),
                    client_id = decision.client_id.map(escaped).as_deref(),
                    class = decision.class().map(ClientClass::as_str),
                    method = decision.method.map(|method| escaped(method.as_str())).as_deref(),
                    alg = decision.algorithm.map(Algorithm::as_str),
                    kid = decision.key_id.map(escaped).as_deref(),
                    jkt = decision.key_thumbprint(),
                    secret_label = decision.secret_label().map(escaped).as_deref(),
                    weak_hash = decision.weak_hash().map(WeakHash::as_str),
                    certificate = decision.certificate_thumbprint(),
                    jti_hash = decision.jwt_id_hash().as_deref(),
                    source = decision.source.map(display),
                    expected = decision.refusal().and_then(Refusal::expected).map(escaped).as_deref(),
                    got = decision.refusal().and_then(Refusal::got).map(escaped).as_deref(),
                    duration_us = microseconds(decision),
                    $message
                )
            };
        }
        match decision.refusal().map(Refusal::reason).map(Reason::kind) {
            None => tell!(Level::INFO, "client authenticated"),
            Some(RefusalKind::DependencyDown | RefusalKind::Bug) => {
                tell!(Level::ERROR, "client authentication failed");
            }
            Some(_) => tell!(Level::WARN, "client refused"),
        }
    }

    fn span(&self, endpoint: Endpoint) -> Span {
        info_span!(target: TARGET, "client_authentication", endpoint = endpoint.as_str())
    }
}

fn microseconds(decision: &Decision<'_>) -> u64 {
    u64::try_from(decision.elapsed.as_micros()).unwrap_or(u64::MAX)
}

const TARGET: &str = "countersign";
