//! An explanation for machines.

use serde_json::{Value, json};

use crate::explain::Explanation;
use crate::reason::Reason;

pub(super) fn explanation(explanation: &Explanation) -> Value {
    json!(explanation)
}

pub(super) fn reason(reason: Reason) -> Value {
    json!({ "reason": reason.code(), "cause": reason.cause(), "cure": reason.cure() })
}
