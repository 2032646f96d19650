//! The clients that the page shows: those that break first.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use countersign::Client;
use countersign::fetch::CachedKeySet;
use countersign::observer::MethodUse;
use countersign::secret::SecretUse;
use countersign::store::{ClientRegistry as _, ClientStore as _};
use serde::Serialize;
use tokio::sync::Mutex;
use tokio::task::yield_now;
use tokio::time::Instant;

use super::client_row::{ClientRow, Known};
use super::deadline::{self, Deadline, Uses};
use super::key_use::KeyUse;
use super::{MOST_ROWS, matches};
use crate::setup::Running;

/// The clients of the registry, as they were read a moment ago: the page asks every few seconds, from any number of
/// windows.
#[derive(Default)]
pub(crate) struct Registered(Mutex<Option<(Instant, Part)>>);

/// The first clients of the registry, and whether there are more.
#[derive(Clone, Default)]
struct Part {
    clients: Arc<[Arc<Client>]>,
    is_whole: bool,
    problem: Option<String>,
}

#[derive(Serialize)]
pub(super) struct ClientRows {
    rows: Vec<ClientRow>,
    /// Clients that were found beside those in `rows`.
    more: usize,
    /// Was the whole registry looked through? Where not, a client is still found by its exact id.
    is_whole: bool,
    /// Why the registry could not be read.
    problem: Option<String>,
}

/// What the observers know.
pub(super) struct Seen<'s> {
    pub(super) methods: &'s MethodUse,
    pub(super) secrets: &'s SecretUse,
    pub(super) keys: &'s KeyUse,
    /// The key sets by URI.
    pub(super) key_sets: HashMap<&'s str, &'s CachedKeySet>,
    pub(super) now: SystemTime,
}

/// A client, and by what it is sorted.
struct Candidate {
    client: Arc<Client>,
    is_registered: bool,
    problems: Vec<String>,
    deadline: Option<Deadline>,
}

impl Registered {
    /// The clients whose id or method has this text in it, soonest to break first.
    pub(super) async fn rows(&self, running: &Running, seen: &Seen<'_>, text: &str) -> ClientRows {
        let part = self.part(running).await;
        let file = running.clients.file.current();
        let mut known: HashSet<&str> = HashSet::new();
        let mut candidates = Vec::new();
        let of_file = file.iter().map(|client| (client, false));
        let of_registry = part.clients.iter().map(|client| (client, true));
        for (client, is_registered) in of_file.chain(of_registry) {
            if is_meant(client, text) && known.insert(client.id()) {
                candidates.push(candidate(client, is_registered, running, seen));
                // Each may have a hundred keys, and a load balancer asks here whether this node is ready.
                yield_now().await;
            }
        }
        if candidates.is_empty()
            && !part.is_whole
            && let Ok(Some(client)) = running.clients.find(text).await
        {
            candidates.push(candidate(&client, true, running, seen));
        }
        candidates.sort_by(|one, other| one.urgency(seen.now).cmp(&other.urgency(seen.now)));
        let more = candidates.len().saturating_sub(MOST_ROWS);
        candidates.truncate(MOST_ROWS);
        ClientRows {
            rows: candidates.into_iter().map(|candidate| row(candidate, seen)).collect(),
            more,
            is_whole: part.is_whole,
            problem: part.problem,
        }
    }

    async fn part(&self, running: &Running) -> Part {
        let mut kept = self.0.lock().await;
        if let Some((read_at, part)) = &*kept
            && read_at.elapsed() < KEPT_FOR
        {
            return part.clone();
        }
        let part = read(running).await;
        *kept = Some((Instant::now(), part.clone()));
        part
    }
}

async fn read(running: &Running) -> Part {
    let mut clients: Vec<Arc<Client>> = Vec::new();
    let mut after = String::new();
    let mut seen = 0;
    loop {
        let page = match running.clients.registry.page(&after, PAGE).await {
            Ok(page) => page,
            Err(error) => {
                return Part { clients: clients.into(), is_whole: false, problem: Some(error.to_string()) };
            }
        };
        seen += page.len();
        let is_last = page.len() < PAGE;
        if let Some(last) = page.last() {
            after.clone_from(&last.metadata.client_id);
        }
        // What cannot be read is refused when it asks, with an event that says so.
        for entry in &page {
            clients.extend(Client::from_stored(&entry.metadata).ok().map(Arc::new));
            yield_now().await;
        }
        if is_last || seen >= MOST_READ {
            return Part { clients: clients.into(), is_whole: is_last, problem: None };
        }
    }
}

fn is_meant(client: &Client, text: &str) -> bool {
    matches(client.id(), text) || client.grants().iter().any(|grant| matches(grant.method().as_str(), text))
}

fn candidate(client: &Arc<Client>, is_registered: bool, running: &Running, seen: &Seen<'_>) -> Candidate {
    let mut problems = running.auth.secret_problems(client);
    let of_keys = client.keys().problems();
    problems.extend(of_keys.iter().take(MOST_PROBLEMS).map(ToString::to_string));
    let more = of_keys.len().saturating_sub(MOST_PROBLEMS) + problems.len().saturating_sub(MOST_PROBLEMS);
    problems.truncate(MOST_PROBLEMS);
    if more > 0 {
        problems.push(format!("and {more} more"));
    }
    if let Some(set) = client.jwks_uri().and_then(|uri| seen.key_sets.get(&**uri))
        && let Some(failure) = &set.failure
    {
        problems.push(format!("its key set cannot be fetched: {failure}"));
    }
    let deadline = if deadline::is_possible(client) {
        let report = seen.methods.report([&**client]);
        let last_secret = last_secret(client, seen);
        let keys = seen.keys.of(client.id());
        report.clients.first().and_then(|methods| {
            let secret = last_secret.as_ref().map(|label| label.as_deref());
            deadline::next(client, &Uses { methods, secret, keys: &keys })
        })
    } else {
        None
    };
    Candidate { client: Arc::clone(client), is_registered, problems, deadline }
}

/// The label of the secret that the client used last.
fn last_secret(client: &Client, seen: &Seen<'_>) -> Option<Option<String>> {
    let uses = seen.secrets.of(client).into_iter();
    let last = uses.filter(|last_use| last_use.used_at.is_some()).max_by_key(|last_use| last_use.used_at)?;
    Some(last.label.map(|label| label.to_string()))
}

fn row(candidate: Candidate, seen: &Seen<'_>) -> ClientRow {
    let client = &*candidate.client;
    let mut report = seen.methods.report([client]);
    let uses = seen.secrets.of(client).into_iter();
    let secrets =
        uses.filter_map(|last_use| Some((last_use.label.map(|label| label.to_string()), last_use.used_at?)));
    let (secrets, keys) = (secrets.collect(), seen.keys.of(client.id()));
    // A report has a line for each client that it is asked for.
    let methods = report.clients.remove(0);
    Known {
        client,
        is_registered: candidate.is_registered,
        methods,
        secrets,
        keys,
        problems: candidate.problems,
        deadline: candidate.deadline,
    }
    .into()
}

impl Candidate {
    /// What ends comes first, by time. What has a problem has broken already, but anybody can register a client that has
    /// one: of the registry such a client stands below all that ends. What is disabled cannot break.
    fn urgency(&self, now: SystemTime) -> (bool, u8, Option<SystemTime>, &str) {
        let has_problem = !self.problems.is_empty();
        let broken = if has_problem && !self.is_registered { Some(now) } else { None };
        let at = broken.into_iter().chain(self.deadline.as_ref().map(|deadline| deadline.at)).min();
        let rank = match (at, has_problem) {
            (Some(_), _) => 0,
            (None, true) => 1,
            (None, false) => 2,
        };
        (self.client.is_disabled(), rank, at, self.client.id())
    }
}

/// Of a registry, which may have a million: enough to see what is wrong, and others are found by their ids.
const MOST_READ: usize = 2000;
const PAGE: usize = 500;
/// Of a row.
const MOST_PROBLEMS: usize = 10;
const KEPT_FOR: Duration = Duration::from_secs(15);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strangers_with_problems_stand_below_what_ends() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1000);
        let client = |id: &str, is_registered, problem: Option<&str>, ends: Option<u64>| Candidate {
            client: Arc::new(Client::new(id)),
            is_registered,
            problems: problem.map(str::to_owned).into_iter().collect(),
            deadline: ends.map(|ends| Deadline { at: now + Duration::from_secs(ends), what: String::new() }),
        };
        let mut candidates = [
            client("fine", false, None, None),
            client("stranger", true, Some("a key that cannot be read"), None),
            client("ends", true, None, Some(9000)),
            client("broken", false, Some("a secret that never matches"), None),
        ];
        candidates.sort_by(|one, other| one.urgency(now).cmp(&other.urgency(now)));
        let ids: Vec<&str> = candidates.iter().map(|candidate| candidate.client.id()).collect();
        assert_eq!(ids, ["broken", "ends", "stranger", "fine"]);
    }
}
