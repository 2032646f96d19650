//! A decision with its checks around it.

use super::checks::{ROWS, Row};
use super::facts::Facts;
use super::phase::Phase;
use super::request::HttpRequest;
use super::situation::Server;
use crate::authenticated::AuthenticatedClient;
use crate::reason::Reason;
use crate::refusal::Refusal;

/// What a server says to a request, and why.
#[derive(Clone, Debug)]
pub struct Explanation {
    /// The server's own decision.
    pub outcome: Result<AuthenticatedClient, Refusal>,
    /// The checks that apply to the request, in the server's order.
    pub checks: Vec<Check>,
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
    /// It cannot be made here: single use, of which this command remembers nothing.
    NotMade,
}

impl Explanation {
    pub(super) fn new(
        server: &Server,
        request: &HttpRequest,
        phase: Phase,
        outcome: Result<AuthenticatedClient, Refusal>,
    ) -> Self {
        let facts = Facts::of(server, request, &outcome);
        let checks = match &outcome {
            Ok(client) => passed(&facts, client),
            Err(refusal) => refused(&facts, phase, refusal),
        };
        let mut notes = Vec::new();
        if let Some(client_id) = &facts.client_id {
            let unloaded = server.refused.iter().filter(|refused| refused.client_id == *client_id);
            notes.extend(unloaded.map(ToString::to_string));
        }
        Explanation { outcome, checks, notes }
    }

    /// The check that failed.
    pub fn failed(&self) -> Option<&Check> {
        self.checks.iter().find(|check| check.state == State::Failed)
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
