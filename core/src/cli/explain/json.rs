//! An explanation for machines.

use serde_json::{Value, json};

use super::explanation::{Check, Explanation, State};
use crate::auth_method::ClientClass;
use crate::reason::Reason;

pub(super) fn explanation(explanation: &Explanation) -> Value {
    let checks: Vec<Value> = explanation.checks.iter().map(check).collect();
    let mut object = match &explanation.outcome {
        Ok(client) => json!({
            "authenticated": client.class() != ClientClass::Public,
            "accepted": true,
            "client_id": client.client_id(),
            "method": client.method().as_str(),
            "alg": client.algorithm(),
            "kid": client.key_id(),
            "secret_label": client.secret_label(),
        }),
        Err(refusal) => json!({
            "authenticated": false,
            "accepted": false,
            "reason": refusal.reason().code(),
            "expected": refusal.expected(),
            "got": refusal.got(),
            "cause": refusal.reason().cause(),
            "cure": refusal.reason().cure(),
            "status": refusal.status(),
            "answer": serde_json::from_slice::<Value>(refusal.body()).unwrap_or_default(),
        }),
    };
    if let Some(members) = object.as_object_mut() {
        members.insert("checks".to_owned(), checks.into());
        members.insert("notes".to_owned(), explanation.notes.clone().into());
    }
    object
}

pub(super) fn reason(reason: Reason) -> Value {
    json!({ "reason": reason.code(), "cause": reason.cause(), "cure": reason.cure() })
}

fn check(check: &Check) -> Value {
    let state = match check.state {
        State::Passed => "passed",
        State::Failed => "failed",
        State::NotReached => "not_reached",
        State::NotMade => "not_made",
    };
    json!({ "check": check.name, "reason": check.reason.code(), "state": state, "seen": check.seen })
}
