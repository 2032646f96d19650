//! One fetch, from its turn to its outcome: a task that belongs to the cache, not to the request that caused
//! it.

use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::rand;
use rustls::ClientConfig;

use super::cache::{Cache, weight};
use super::counters::Counts;
use super::dialer::Dialer;
use super::document;
#[cfg(not(all(test, shuttle)))]
use super::download::download;
use super::entry::{Departure, Entry, Fetched, Flight, Outcome};
use super::error::{FailureKind, FetchError};
use super::limits::FETCH_TIMEOUT;
#[cfg(all(test, shuttle))]
use super::models::download;
use super::turns::Turns;
use crate::clock::Clock;
use crate::sync::runtime::Handle;
use crate::sync::time::{Instant, timeout, timeout_at};

/// What all fetches of a fetcher have in common.
#[derive(Clone)]
pub(super) struct Shared {
    pub(super) cache: Arc<Cache>,
    pub(super) turns: Arc<Turns>,
    pub(super) counts: Arc<Counts>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) dialer: Dialer,
    pub(super) tls: Result<Arc<ClientConfig>, FetchError>,
    pub(super) serve_stale: Duration,
}

/// Starts the fetch that is due.
pub(super) fn depart(shared: &Arc<Shared>, entry: &Arc<Entry>, departure: Departure) {
    let fetch = Fetch { shared: Arc::clone(shared), entry: Arc::clone(entry), departure: Some(departure) };
    match Handle::try_current() {
        Ok(runtime) => drop(runtime.spawn(fetch.run())),
        Err(_) => fetch.land(Err(interrupted("there is no tokio runtime here to fetch with"))),
    }
}

/// Waits for what comes of a fetch. A request that stops waiting leaves it as it is.
pub(super) async fn landed(mut flight: Flight) -> Outcome {
    let outcome = flight.wait_for(Option::is_some);
    let outcome = match Handle::try_current() {
        // A fetch keeps its own time. This is for one whose thread is stuck.
        Ok(_) => timeout(FETCH_TIMEOUT + GRACE, outcome).await,
        Err(_) => Ok(outcome.await),
    };
    match outcome {
        Ok(Ok(outcome)) => outcome.clone().unwrap_or_else(|| Err(interrupted("the fetch has no outcome"))),
        Ok(Err(_)) => Err(interrupted("the fetch was given up")),
        Err(_) => Err(FetchError::new(FailureKind::Timeout, "the fetch does not end")),
    }
}

struct Fetch {
    shared: Arc<Shared>,
    entry: Arc<Entry>,
    departure: Option<Departure>,
}

impl Fetch {
    async fn run(self) {
        let outcome = self.fetch().await;
        self.land(outcome);
    }

    async fn fetch(&self) -> Result<Fetched, FetchError> {
        let (shared, target) = (&*self.shared, &self.entry.target);
        let deadline = Instant::now() + FETCH_TIMEOUT;
        let _turn = shared.turns.take(target.host(), deadline).await?;
        shared.counts.fetches.add(1);
        let download = download(shared.dialer.clone(), shared.tls.clone()?, target);
        let download = timeout_at(deadline, download)
            .await
            .map_err(|_| FetchError::new(FailureKind::Timeout, "the host did not answer in time"))??;
        let keys = Arc::new(document::read(&download.octets)?);
        let weight = weight(&keys, download.octets.len());
        shared.cache.weigh_set(&self.entry, weight, shared.clock.monotonic())?;
        Ok(Fetched {
            keys,
            lifetime: download.lifetime,
            serve_stale: shared.serve_stale,
            jitter: any_octet(),
        })
    }

    fn land(mut self, fetched: Result<Fetched, FetchError>) {
        self.end(fetched);
    }

    fn end(&mut self, fetched: Result<Fetched, FetchError>) {
        let Some(departure) = self.departure.take() else { return };
        if let Err(failure) = &fetched {
            self.shared.counts.failed(failure.kind());
        }
        self.entry.land(self.shared.clock.monotonic(), departure, fetched);
    }
}

/// Its runtime was shut down, or it panicked: nobody is left waiting, and the next request may try again.
impl Drop for Fetch {
    fn drop(&mut self) {
        self.end(Err(interrupted("the fetch was cut short")));
    }
}

fn interrupted(detail: &'static str) -> FetchError {
    FetchError::new(FailureKind::Interrupted, detail)
}

/// Where there is no randomness, sets fetched together are renewed together, and nothing else is lost.
fn any_octet() -> u8 {
    let mut octet = [0];
    let _ = rand::fill(&mut octet);
    let [octet] = octet;
    octet
}

const GRACE: Duration = Duration::from_millis(500);
