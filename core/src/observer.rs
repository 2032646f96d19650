//! What the operator sees: one event for each decision.

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use crate::algorithm::Algorithm;
use crate::auth_method::AuthMethod;
use crate::authenticated::AuthenticatedClient;
use crate::endpoint::Endpoint;
use crate::refusal::Refusal;

/// Is told of every decision, as a port. Called on the request's own task: it should not block.
///
/// [`Decision`] is written as one line that is safe to log:
///
/// ```
/// use countersign::observer::{Decision, Observer};
///
/// struct StandardError;
///
/// impl Observer for StandardError {
///     fn decided(&self, decision: &Decision<'_>) {
///         eprintln!("{decision}");
///     }
/// }
/// ```
pub trait Observer: Send + Sync + 'static {
    /// A request was authenticated or refused.
    fn decided(&self, decision: &Decision<'_>);
}

impl<O: Observer + ?Sized> Observer for std::sync::Arc<O> {
    fn decided(&self, decision: &Decision<'_>) {
        (**self).decided(decision);
    }
}

/// One decision, with what is known about it. Holds no secret, no assertion and no `jti`.
#[derive(Debug)]
#[non_exhaustive]
pub struct Decision<'d> {
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
}

impl Decision<'_> {
    /// The refusal, if it was one.
    pub fn refusal(&self) -> Option<&Refusal> {
        self.outcome.err()
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
        if let Some(client_id) = self.client_id {
            write!(f, " client={}", Escaped(client_id))?;
        }
        if let Some(method) = self.method {
            write!(f, " method={}", method.as_str().escape_default())?;
        }
        if let Some(algorithm) = self.algorithm {
            write!(f, " alg={algorithm}")?;
        }
        if let Some(key_id) = self.key_id {
            write!(f, " kid={}", Escaped(key_id))?;
        }
        if let Ok(client) = self.outcome
            && let Some(label) = client.secret_label()
        {
            write!(f, " secret={}", Escaped(label))?;
        }
        if let Some(source) = self.source {
            write!(f, " source={source}")?;
        }
        if let Err(refusal) = self.outcome {
            if let Some(expected) = refusal.expected() {
                write!(f, " expected={}", Escaped(expected))?;
            }
            if let Some(got) = refusal.got() {
                write!(f, " got={}", Escaped(got))?;
            }
        }
        write!(f, " us={}", self.elapsed.as_micros())
    }
}

/// Text in quotes: printable ASCII as it is, everything else escaped, cut after 256 characters. So neither a
/// line break, nor a terminal's escape code, nor a look-alike letter gets into a log line.
struct Escaped<'t>(&'t str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const MOST: usize = 256;
        let mut characters = self.0.chars();
        write!(f, "\"")?;
        for character in characters.by_ref().take(MOST) {
            match character {
                '\'' => f.write_str("'")?,
                other => write!(f, "{}", other.escape_default())?,
            }
        }
        f.write_str(if characters.next().is_some() { "…\"" } else { "\"" })
    }
}

#[cfg(test)]
mod tests {
    use super::Escaped;

    #[test]
    fn text_of_the_caller_cannot_forge_a_line() {
        let hostile = "x\"\r\nauthenticated \u{1b}[31m\u{2028}";
        let line = Escaped(hostile).to_string();
        assert!(line.bytes().all(|byte| matches!(byte, 0x20..=0x7e)), "{line}");
        assert!(Escaped(&"a".repeat(10_000)).to_string().len() < 300);
    }
}
