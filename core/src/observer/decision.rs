//! One decision, as an observer is told of it.

use std::fmt;
use std::net::IpAddr;
use std::time::{Duration, SystemTime};

use aws_lc_rs::digest::{SHA256, digest};

use super::escape::Escaped;
use crate::algorithm::Algorithm;
use crate::auth_method::{AuthMethod, ClientClass};
use crate::authenticated::AuthenticatedClient;
use crate::certificate::PeerCertificates;
use crate::endpoint::Endpoint;
use crate::refusal::Refusal;
use crate::secret::WeakHash;

/// One decision, with what is known about it. Shows no secret, no assertion and no `jti`.
///
/// Its `Display` is one line that is safe to log. What is a field is text as it came; see
/// [the module](crate::observer) for how it is escaped.
#[derive(Debug)]
#[non_exhaustive]
pub struct Decision<'d> {
    /// When it was made, by the server's clock.
    pub time: SystemTime,
    /// The endpoint.
    pub endpoint: Endpoint,
    /// The client: proved, or only claimed when the request was refused.
    pub client_id: Option<&'d str>,
    /// The method that was tried.
    pub method: Option<&'d AuthMethod>,
    /// The algorithm of an assertion.
    pub algorithm: Option<Algorithm>,
    /// The `kid` of an assertion.
    pub key_id: Option<&'d str>,
    /// Where the request came from.
    pub source: Option<IpAddr>,
    /// How long the decision took.
    pub elapsed: Duration,
    /// What was decided.
    pub outcome: Result<&'d AuthenticatedClient, &'d Refusal>,
    pub(crate) certificates: Option<&'d PeerCertificates>,
    pub(crate) jwt_id: Option<JwtId<'d>>,
}

impl<'d> Decision<'d> {
    /// The refusal, if it was one.
    pub fn refusal(&self) -> Option<&'d Refusal> {
        self.outcome.err()
    }

    /// Is the client registered? Where it is not, its `client_id` is any text of the caller's choice.
    pub fn is_of_registered_client(&self) -> bool {
        self.outcome.map_or_else(Refusal::is_of_registered_client, |_| true)
    }

    /// What the client was let in as.
    pub fn class(&self) -> Option<ClientClass> {
        self.outcome.ok().map(AuthenticatedClient::class)
    }

    /// The JWK thumbprint of the key that proved the client.
    pub fn key_thumbprint(&self) -> Option<&'d str> {
        self.outcome.ok().and_then(AuthenticatedClient::key_thumbprint)
    }

    /// The label of the secret that matched.
    pub fn secret_label(&self) -> Option<&'d str> {
        self.outcome.ok().and_then(AuthenticatedClient::secret_label)
    }

    /// Why the hash that the secret matched should be replaced.
    pub fn weak_hash(&self) -> Option<WeakHash> {
        self.outcome.ok().and_then(AuthenticatedClient::weak_hash)
    }

    /// The `x5t#S256` of the certificate that the connection showed, whichever method was tried. Computed once for a
    /// connection, by the first who asks.
    pub fn certificate_thumbprint(&self) -> Option<&'d str> {
        self.certificates.map(PeerCertificates::thumbprint)
    }

    /// The first 16 octets of SHA-256 over the assertion's `jti`, in hexadecimal. Two decisions about one assertion
    /// have the same, and `printf %s "$jti" | sha256sum | cut -c1-32` says it of a `jti` that a client has in its own
    /// log. Computed when it is asked for.
    pub fn jwt_id_hash(&self) -> Option<String> {
        let JwtId(jwt_id) = self.jwt_id?;
        let hash = digest(&SHA256, jwt_id.as_bytes());
        hash.as_ref().first_chunk().map(|octets| format!("{:032x}", u128::from_be_bytes(*octets)))
    }
}

/// `refused reason=… endpoint=… client="…" method=… kid="…" expected="…" got="…"`, or `authenticated endpoint=… …`.
/// Text of the caller is quoted and escaped.
impl fmt::Display for Decision<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.outcome {
            Ok(_) => write!(f, "authenticated endpoint={}", self.endpoint)?,
            Err(refusal) => write!(f, "refused reason={} endpoint={}", refusal.reason(), self.endpoint)?,
        }
        let quoted = |f: &mut fmt::Formatter<'_>, name: &str, text: Option<&str>| match text {
            Some(text) => write!(f, " {name}=\"{}\"", Escaped(text)),
            None => Ok(()),
        };
        quoted(f, "client", self.client_id)?;
        if let Some(class) = self.class() {
            write!(f, " class={class}")?;
        }
        if let Some(method) = self.method {
            write!(f, " method={}", method.as_str().escape_default())?;
        }
        if let Some(algorithm) = self.algorithm {
            write!(f, " alg={algorithm}")?;
        }
        quoted(f, "kid", self.key_id)?;
        if let Some(thumbprint) = self.key_thumbprint() {
            write!(f, " jkt={thumbprint}")?;
        }
        quoted(f, "secret", self.secret_label())?;
        if let Some(weak_hash) = self.weak_hash() {
            write!(f, " weak_hash={weak_hash}")?;
        }
        if let Some(thumbprint) = self.certificate_thumbprint() {
            write!(f, " certificate={thumbprint}")?;
        }
        if let Some(hash) = self.jwt_id_hash() {
            write!(f, " jti_hash={hash}")?;
        }
        if let Some(source) = self.source {
            write!(f, " source={source}")?;
        }
        quoted(f, "expected", self.refusal().and_then(Refusal::expected))?;
        quoted(f, "got", self.refusal().and_then(Refusal::got))?;
        write!(f, " us={}", self.elapsed.as_micros())
    }
}

/// The `jti` of the assertion that was presented. Nobody sees but its hash.
#[derive(Clone, Copy)]
pub(crate) struct JwtId<'d>(pub(crate) &'d str);

impl fmt::Debug for JwtId<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}
