//! Decisions as figures.

use std::borrow::Cow;

use ::metrics::{Label, Unit};

use super::escape::escaped;
use super::event::result;
use super::{Decision, Observer};
#[cfg(feature = "fetch")]
use crate::fetch::KeySetFetcher;
use crate::replay::ReplayStore;

/// Counts and times decisions with the crate `metrics`, whose recorder the program chooses. Behind the feature
/// `metrics`.
///
/// | name | kind | labels |
/// | --- | --- | --- |
/// | `client_auth_total` | counter | `endpoint`, `method`, `result`, `reason` |
/// | `client_auth_duration_seconds` | histogram | `endpoint`, `method`, `result` |
/// | `client_auth_replay_entries`, `client_auth_replay_capacity` | gauge | |
/// | `client_auth_key_set_fetches`, `…_joined`, `…_served_stale`, `…_cooled_down`, `…_refused_addresses` | gauge | |
/// | `client_auth_key_set_failures` | gauge | `kind` |
///
/// `result` is `authenticated` or `refused`. `method` is that of an enabled method, and empty where none was tried, and
/// `reason` is empty where nothing was refused. So the number of series is bounded, whatever callers send.
///
/// The gauges are set when the program calls [`record_replay`](Metrics::record_replay) or
/// [`record_key_sets`](Metrics::record_key_sets): when its exporter is asked, or on a timer. A replay store in Redis has
/// none.
///
/// ```
/// use std::sync::Arc;
/// use countersign::{AuthMethod, Authenticator, Client};
/// use countersign::{observer::Metrics, replay::MemoryReplayStore, store::Clients};
///
/// // After the recorder is installed, so that it hears the descriptions.
/// let metrics = Metrics::new();
/// let replay = Arc::new(MemoryReplayStore::new());
/// let auth = Authenticator::builder()
///     .issuer("https://as.example.com")
///     .clients(Clients::new([Client::new("app").with_method(AuthMethod::NONE)])?)
///     .replay(Arc::clone(&replay))
///     .endpoint(countersign::Endpoint::Token, "https://as.example.com/token")
///     .observer(metrics)
///     .build()?;
/// metrics.record_replay(&replay);
/// # Ok::<(), countersign::ConfigError>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Metrics {
    by_client: bool,
}

impl Metrics {
    /// Describes the figures to the recorder.
    pub fn new() -> Self {
        ::metrics::describe_counter!(TOTAL, "Requests that were authenticated or refused.");
        ::metrics::describe_histogram!(DURATION, Unit::Seconds, "Time that a decision took.");
        for (name, text) in GAUGES {
            ::metrics::describe_gauge!(name, text);
        }
        Metrics { by_client: false }
    }

    /// The counter has a label `client` too: a series for each registered client, method and reason. It is empty where
    /// the request names no registered client, since a stranger could otherwise make as many series as he likes.
    #[must_use]
    pub fn with_client_label(mut self) -> Self {
        self.by_client = true;
        self
    }

    /// Sets the gauges of a replay store that knows [how full it is](ReplayStore::in_use): exactly, in memory; as of a
    /// moment ago and for all processes, in SQLite; as of the last count and with this node's claims since, in PostgreSQL.
    /// For one in Redis it sets nothing: its `used_memory` against its `maxmemory` tells.
    #[allow(clippy::cast_precision_loss, reason = "a gauge is a double")]
    pub fn record_replay(&self, store: &impl ReplayStore) {
        let Some(in_use) = store.in_use() else { return };
        ::metrics::gauge!("client_auth_replay_entries").set(in_use.entries as f64);
        ::metrics::gauge!("client_auth_replay_capacity").set(in_use.capacity as f64);
    }

    /// Sets the gauges of the fetcher to its [`counters`](KeySetFetcher::counters). Behind the feature `fetch`, too.
    #[cfg(feature = "fetch")]
    #[cfg_attr(docsrs, doc(cfg(feature = "fetch")))]
    #[allow(clippy::cast_precision_loss, reason = "a gauge is a double")]
    pub fn record_key_sets(&self, fetcher: &KeySetFetcher) {
        let counters = fetcher.counters();
        for (name, count) in [
            ("client_auth_key_set_fetches", counters.fetches),
            ("client_auth_key_set_joined", counters.joined),
            ("client_auth_key_set_served_stale", counters.served_stale),
            ("client_auth_key_set_cooled_down", counters.cooled_down),
            ("client_auth_key_set_refused_addresses", counters.refused_addresses),
        ] {
            ::metrics::gauge!(name).set(count as f64);
        }
        for (kind, count) in counters.all_failures() {
            ::metrics::gauge!("client_auth_key_set_failures", "kind" => kind.code()).set(count as f64);
        }
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Metrics::new()
    }
}

impl Observer for Metrics {
    fn decided(&self, decision: &Decision<'_>) {
        let reason = decision.refusal().map_or("", |refusal| refusal.reason().code());
        let method = decision.method.map_or(Cow::Borrowed(""), |method| method.clone().into());
        let mut labels = vec![
            Label::from_static_parts("endpoint", decision.endpoint.as_str()),
            Label::new("method", method),
            Label::from_static_parts("result", result(decision.outcome.is_ok())),
        ];
        ::metrics::histogram!(DURATION, labels.clone()).record(decision.elapsed);
        labels.push(Label::from_static_parts("reason", reason));
        if self.by_client {
            let client_id = decision.client_id.filter(|_| decision.is_of_registered_client());
            labels.push(Label::new("client", escaped(client_id.unwrap_or_default()).into_owned()));
        }
        ::metrics::counter!(TOTAL, labels).increment(1);
    }
}

const TOTAL: &str = "client_auth_total";
const DURATION: &str = "client_auth_duration_seconds";

const GAUGES: [(&str, &str); 8] = [
    ("client_auth_replay_entries", "Used assertions that are remembered."),
    ("client_auth_replay_capacity", "Used assertions that can be remembered."),
    ("client_auth_key_set_fetches", "Fetches of key sets so far."),
    ("client_auth_key_set_joined", "Requests so far that waited for a fetch of another one."),
    ("client_auth_key_set_served_stale", "Requests so far that got a key set past its lifetime."),
    ("client_auth_key_set_cooled_down", "Requests so far for which it was too soon to fetch."),
    ("client_auth_key_set_refused_addresses", "Addresses so far that were not dialled."),
    ("client_auth_key_set_failures", "Fetches so far that failed."),
];
