//! A decision that outlives its request.

use std::net::IpAddr;
use std::time::{Duration, SystemTime};

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use time::OffsetDateTime;
use time::format_description::well_known::Iso8601;
use time::format_description::well_known::iso8601::{Config, EncodedConfig, TimePrecision};

use super::decision::Decision;
use super::escape::escaped;
use crate::algorithm::Algorithm;
use crate::auth_method::ClientClass;
use crate::endpoint::Endpoint;
use crate::reason::Reason;
use crate::refusal::Refusal;
use crate::secret::WeakHash;

/// A [`Decision`] by itself: owned, at most about 2 KiB, with every text escaped and cut as
/// [the module](crate::observer) says, so that it can be shown as it is.
///
/// Serialized it is a flat object without empty members:
///
/// ```json
/// {"time": "2027-01-15T08:00:00.000000Z", "result": "refused", "reason": "replayed", "endpoint": "token",
///  "client_id": "billing", "method": "private_key_jwt", "alg": "ES256", "kid": "2026-11",
///  "jti_hash": "6ee0eb490ff832101cf82a3d387c35f2", "source": "192.0.2.7", "expected": "a new jti",
///  "got": "one used before", "duration_us": 91}
/// ```
///
/// beside them, where they are known, `class`, `jkt`, `secret_label`, `weak_hash` and `certificate` (`x5t#S256`).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Event {
    /// When it was decided, by the server's clock.
    pub time: SystemTime,
    /// Why the request was refused; `None` when the client was authenticated.
    pub reason: Option<Reason>,
    /// The endpoint.
    pub endpoint: Endpoint,
    /// The client: proved, or only claimed when the request was refused.
    pub client_id: Option<Box<str>>,
    /// What the client was let in as.
    pub class: Option<ClientClass>,
    /// The method that was tried.
    pub method: Option<Box<str>>,
    /// The algorithm of an assertion.
    pub algorithm: Option<Algorithm>,
    /// The `kid` of an assertion.
    pub key_id: Option<Box<str>>,
    /// The JWK thumbprint of the key that proved the client.
    pub key_thumbprint: Option<Box<str>>,
    /// The label of the secret that matched.
    pub secret_label: Option<Box<str>>,
    /// Why the hash that the secret matched should be replaced.
    pub weak_hash: Option<WeakHash>,
    /// The `x5t#S256` of the connection's certificate.
    pub certificate_thumbprint: Option<Box<str>>,
    /// What the assertion's `jti` is known by, see [`Decision::jwt_id_hash`].
    pub jwt_id_hash: Option<Box<str>>,
    /// Where the request came from.
    pub source: Option<IpAddr>,
    /// What would have been accepted.
    pub expected: Option<Box<str>>,
    /// What came.
    pub got: Option<Box<str>>,
    /// How long the decision took.
    pub elapsed: Duration,
}

impl Event {
    /// Was the client authenticated?
    pub fn is_authenticated(&self) -> bool {
        self.reason.is_none()
    }

    /// Octets of memory that it takes.
    pub(super) fn octets(&self) -> usize {
        size_of::<Event>() + self.texts().into_iter().flatten().map(str::len).sum::<usize>()
    }

    fn texts(&self) -> [Option<&str>; 9] {
        [
            &self.client_id,
            &self.method,
            &self.key_id,
            &self.key_thumbprint,
            &self.secret_label,
            &self.certificate_thumbprint,
            &self.jwt_id_hash,
            &self.expected,
            &self.got,
        ]
        .map(Option::as_deref)
    }
}

impl From<&Decision<'_>> for Event {
    fn from(decision: &Decision<'_>) -> Self {
        let own = |text: Option<&str>| text.map(|text| escaped(text).into());
        let refusal = decision.refusal();
        Event {
            time: decision.time,
            reason: refusal.map(Refusal::reason),
            endpoint: decision.endpoint,
            client_id: own(decision.client_id),
            class: decision.class(),
            method: own(decision.method.map(|method| method.as_str())),
            algorithm: decision.algorithm,
            key_id: own(decision.key_id),
            key_thumbprint: own(decision.key_thumbprint()),
            secret_label: own(decision.secret_label()),
            weak_hash: decision.weak_hash(),
            certificate_thumbprint: own(decision.certificate_thumbprint()),
            jwt_id_hash: decision.jwt_id_hash().map(Into::into),
            source: decision.source,
            expected: own(refusal.and_then(Refusal::expected)),
            got: own(refusal.and_then(Refusal::got)),
            elapsed: decision.elapsed,
        }
    }
}

impl Serialize for Event {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut members = serializer.serialize_map(None)?;
        members.serialize_entry("time", &timestamp(self.time))?;
        members.serialize_entry("result", result(self.is_authenticated()))?;
        for (name, text) in [
            ("reason", self.reason.map(Reason::code)),
            ("endpoint", Some(self.endpoint.as_str())),
            ("client_id", self.client_id.as_deref()),
            ("class", self.class.map(ClientClass::as_str)),
            ("method", self.method.as_deref()),
            ("alg", self.algorithm.map(Algorithm::as_str)),
            ("kid", self.key_id.as_deref()),
            ("jkt", self.key_thumbprint.as_deref()),
            ("secret_label", self.secret_label.as_deref()),
            ("weak_hash", self.weak_hash.map(WeakHash::as_str)),
            ("certificate", self.certificate_thumbprint.as_deref()),
            ("jti_hash", self.jwt_id_hash.as_deref()),
        ] {
            if let Some(text) = text {
                members.serialize_entry(name, text)?;
            }
        }
        if let Some(source) = self.source {
            members.serialize_entry("source", &source)?;
        }
        for (name, text) in [("expected", self.expected.as_deref()), ("got", self.got.as_deref())] {
            if let Some(text) = text {
                members.serialize_entry(name, text)?;
            }
        }
        members.serialize_entry("duration_us", &self.elapsed.as_micros())?;
        members.end()
    }
}

/// The word for it, in every observer.
pub(super) fn result(is_authenticated: bool) -> &'static str {
    if is_authenticated { "authenticated" } else { "refused" }
}

/// RFC 3339 in UTC, always as long, so that text order is the order of time.
pub(super) fn timestamp(time: SystemTime) -> String {
    const MICROSECONDS: EncodedConfig = Config::DEFAULT
        .set_time_precision(TimePrecision::Second { decimal_digits: std::num::NonZero::new(6) })
        .encode();
    OffsetDateTime::from(time).format(&Iso8601::<MICROSECONDS>).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_rfc_3339_and_of_one_length() {
        let at = |nanoseconds| timestamp(SystemTime::UNIX_EPOCH + Duration::new(1_800_000_000, nanoseconds));
        assert_eq!(at(0), "2027-01-15T08:00:00.000000Z");
        assert_eq!(at(1_500), "2027-01-15T08:00:00.000001Z");
        assert_eq!(timestamp(SystemTime::UNIX_EPOCH), "1970-01-01T00:00:00.000000Z");
    }
}
