//! A decision with its checks around it.

use serde::{Serialize, Serializer};
use serde_json::{Value, json};

use super::checks::{ROWS, Row};
use super::facts::Facts;
use super::phase::Phase;
use super::rehearsal::Told;
use crate::auth_method::ClientClass;
use crate::authenticated::AuthenticatedClient;
use crate::reason::Reason;
use crate::refusal::Refusal;

/// What a server says to a request, and why.
///
/// Serialized it is an object with `accepted`, what was proved or why not (`reason`, `expected`, `got`, `cause`, `cure`,
/// and the `status` and `answer` of the caller), `checks` and `notes`.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Explanation {
    /// The server's own decision.
    pub outcome: Result<AuthenticatedClient, Refusal>,
    /// The checks that apply to the request, in the server's order.
    pub checks: Vec<Check>,
    /// The client that the request names, if it could be read that far. Text of the request.
    pub client_id: Option<String>,
    /// What the assertion's `jti` is known by to observers, see [`Decision::jwt_id_hash`](crate::observer::Decision).
    pub jwt_id_hash: Option<String>,
    /// What else there is to know.
    pub notes: Vec<String>,
}

/// One check.
#[derive(Clone, Debug)]
pub struct Check {
    /// The reason under which it refuses.
    pub reason: Reason,
    /// What it is about, in words.
    pub name: &'static str,
    /// What came of it.
    pub state: State,
    /// What was seen. Text of the request: escape it before it reaches a terminal.
    pub seen: Option<String>,
}

/// What came of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It passed.
    Passed,
    /// It is why the request was refused.
    Failed,
    /// The request was refused before.
    NotReached,
    /// It is not made here: single use, since that would use the assertion up.
    NotMade,
}

impl Explanation {
    pub(super) fn new(
        facts: Facts,
        phase: Phase,
        seen: Told,
        outcome: Result<AuthenticatedClient, Refusal>,
    ) -> Self {
        let checks = match &outcome {
            Ok(client) => passed(&facts, client),
            Err(refusal) => refused(&facts, phase, refusal),
        };
        let (client_id, jwt_id_hash) = (facts.client_id, seen.jwt_id_hash);
        Explanation { outcome, checks, client_id, jwt_id_hash, notes: Vec::new() }
    }

    /// The check that failed.
    pub fn failed(&self) -> Option<&Check> {
        self.checks.iter().find(|check| check.state == State::Failed)
    }
}

impl Serialize for Explanation {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = match &self.outcome {
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
            members.insert("checks".to_owned(), json!(self.checks));
            members.insert("notes".to_owned(), json!(self.notes));
        }
        object.serialize(serializer)
    }
}

impl Serialize for Check {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Check { reason, name, state, seen } = self;
        json!({ "check": name, "reason": reason.code(), "state": state.as_str(), "seen": seen })
            .serialize(serializer)
    }
}

impl State {
    /// `passed`, `failed`, `not_reached` or `not_made`.
    pub fn as_str(self) -> &'static str {
        match self {
            State::Passed => "passed",
            State::Failed => "failed",
            State::NotReached => "not_reached",
            State::NotMade => "not_made",
        }
    }
}

fn passed(facts: &Facts, client: &AuthenticatedClient) -> Vec<Check> {
    let made = |row: &&Row| row.reason != Reason::Replayed || !client.client().reuses_assertions();
    ROWS.iter()
        .filter(|row| (row.applies)(facts))
        .filter(made)
        .map(|row| match row.reason {
            Reason::Replayed => check(row, State::NotMade, None),
            _ => check(row, State::Passed, (row.shows)(facts)),
        })
        .collect()
}

fn refused(facts: &Facts, phase: Phase, refusal: &Refusal) -> Vec<Check> {
    let is_reason = |row: &&Row| row.reason == refusal.reason();
    let failing = ROWS
        .iter()
        .position(|row| is_reason(&row) && row.phase == phase && (row.applies)(facts))
        .or_else(|| ROWS.iter().position(|row| is_reason(&row) && row.phase == phase))
        .or_else(|| ROWS.iter().position(|row| is_reason(&row)));
    let mut checks = Vec::new();
    for (position, row) in ROWS.iter().enumerate() {
        if Some(position) == failing {
            checks.push(check(row, State::Failed, refusal.got().map(str::to_owned)));
            continue;
        }
        if !(row.applies)(facts) {
            continue;
        }
        // Within a step only what stands above a check of the same step was made before it.
        let was_made = row.phase < phase
            || row.phase == phase
                && phase.is_ordered()
                && failing.is_some_and(|failing| {
                    position < failing && ROWS.get(failing).is_some_and(|row| row.phase == phase)
                });
        match was_made {
            true => checks.push(check(row, State::Passed, (row.shows)(facts))),
            false => checks.push(check(row, State::NotReached, None)),
        }
    }
    checks
}

fn check(row: &Row, state: State, seen: Option<String>) -> Check {
    Check { reason: row.reason, name: row.name, state, seen }
}
