//! What the operator reads on standard error: one line for each decision, one for each error of a handler.

use std::io::Write as _;
use std::sync::Arc;

use countersign::observer::{Decision, Observer};

/// Takes one line without its end. No line holds a secret or an assertion.
pub(crate) type Log = Arc<dyn Fn(&str) + Send + Sync>;

/// Lines to standard error. When nobody reads it any more, the server goes on.
pub(crate) fn standard_error() -> Log {
    Arc::new(|line| {
        let _ = writeln!(std::io::stderr().lock(), "{line}");
    })
}

/// Writes each decision to a log: a refused request with its reason, what was expected, what came and the cure.
pub(crate) struct LoggedDecisions(pub(crate) Log);

impl Observer for LoggedDecisions {
    fn decided(&self, decision: &Decision<'_>) {
        match decision.refusal() {
            Some(refusal) => (self.0)(&format!("{decision} cure={:?}", refusal.reason().cure())),
            None => (self.0)(&decision.to_string()),
        }
    }
}
