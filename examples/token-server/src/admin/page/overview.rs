//! `GET /overview`: everything that the page shows, as JSON.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::SystemTime;

use countersign::fetch::CachedKeySet;
use countersign::observer::Event;
use serde::Serialize;
use serde_json::{Value, json};

use super::clients::Seen;
use super::{MOST_ROWS, matches, seconds};
use crate::admin::Listening;

/// What has this text in it; everything for the empty one.
pub(super) async fn overview(listening: &Listening, text: &str) -> Value {
    let (admin, running) = (&listening.admin, &listening.running);
    let now = now();
    let key_sets = running.fetcher.cached(usize::MAX);
    let seen = Seen {
        methods: &admin.methods,
        secrets: &admin.secrets,
        keys: &admin.keys,
        key_sets: key_sets.iter().map(|set| (&*set.uri, set)).collect(),
        now,
    };
    json!({
        "now": seconds(now),
        "issuer": running.auth.issuer(),
        "version": env!("CARGO_PKG_VERSION"),
        "started_at": seconds(admin.secrets.began_at()),
        "authenticated": admin.tally.authenticated(),
        "refused": admin.tally.refused(),
        "health": admin.health.report(),
        "refusals": refusals(&admin.events.events(), text),
        "clients": listening.registered.rows(running, &seen, text).await,
        "key_sets": key_sets_of(listening, &key_sets, text),
        "replay": replay(listening),
        "demo": listening.demo,
    })
}

/// The newest refusals, those of one client for one reason together; and what can be done about each reason.
fn refusals(events: &[Arc<Event>], text: &str) -> Value {
    let mut groups: HashMap<_, usize> = HashMap::new();
    let mut rows: Vec<Refusals> = Vec::new();
    for event in events {
        let Some(reason) = event.reason else { continue };
        let texts = [event.client_id.as_deref(), event.method.as_deref(), Some(reason.code())];
        if !text.is_empty() && !texts.into_iter().flatten().any(|shown| matches(shown, text)) {
            continue;
        }
        let group =
            (event.client_id.as_deref(), reason.code(), event.method.as_deref(), event.endpoint.as_str());
        let position = *groups.entry(group).or_insert(rows.len());
        match rows.get_mut(position) {
            Some(known) => known.times += 1,
            None => rows.push(Refusals { newest: event, times: 1 }),
        }
    }
    let more = rows.len().saturating_sub(MOST_ROWS);
    rows.truncate(MOST_ROWS);
    let reasons: BTreeMap<&str, Value> = rows
        .iter()
        .filter_map(|row| row.newest.reason)
        .map(|reason| (reason.code(), json!({ "cause": reason.cause(), "cure": reason.cure() })))
        .collect();
    json!({ "rows": rows, "more": more, "reasons": reasons })
}

/// Refusals that are alike.
#[derive(Serialize)]
struct Refusals<'e> {
    #[serde(flatten)]
    newest: &'e Event,
    times: usize,
}

fn key_sets_of(listening: &Listening, sets: &[CachedKeySet], text: &str) -> Value {
    let fetcher = &listening.running.fetcher;
    let (counters, in_use) = (fetcher.counters(), fetcher.cache_use());
    let meant: Vec<&CachedKeySet> = sets.iter().filter(|set| matches(&set.uri, text)).collect();
    let rows: Vec<Value> = meant
        .iter()
        .take(MOST_ROWS)
        .map(|set| {
            json!({
                "uri": set.uri,
                "keys": set.keys,
                "age": set.age.map(|age| age.as_secs()),
                "fresh_for": set.fresh_for.map(|time| time.as_secs()),
                "served_for": set.served_for.map(|time| time.as_secs()),
                "failure": set.failure.as_ref().map(ToString::to_string),
                "failures": set.failures,
                "is_fetching": set.is_fetching,
            })
        })
        .collect();
    let failures: BTreeMap<&str, u64> =
        counters.all_failures().map(|(kind, count)| (kind.code(), count)).collect();
    json!({
        "more": meant.len() - rows.len(),
        "rows": rows,
        "urls": in_use.urls,
        "octets": in_use.octets,
        "room": in_use.room,
        "fetches": counters.fetches,
        "joined": counters.joined,
        "served_stale": counters.served_stale,
        "failures": failures,
    })
}

fn replay(listening: &Listening) -> Value {
    let replay = &listening.running.replay;
    let in_use = replay.in_use();
    json!({
        "kind": replay.kind,
        "entries": in_use.map(|in_use| in_use.entries),
        "capacity": in_use.map(|in_use| in_use.capacity),
        "memory_lost_at": replay.memory_lost_at().map(seconds),
    })
}

#[allow(clippy::disallowed_methods, reason = "shown beside the times of the server's own clock")]
fn now() -> SystemTime {
    SystemTime::now()
}
