//! Whose turn it is: few fetches at once from one host, and not too many in all.

use std::collections::{HashMap, VecDeque};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::error::{FailureKind, FetchError};
use super::limits::{AT_ONCE_PER_HOST, FETCHES_PER_SECOND};
use crate::sync::time::{Duration, Instant, sleep_until, timeout_at};
use crate::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Hands out turns. Times are the runtime's: how fast a server may go out into the network is no matter of
/// what its clock shows.
#[derive(Default)]
pub(super) struct Turns {
    hosts: Hosts,
    begun: Mutex<VecDeque<Instant>>,
}

impl Turns {
    /// Waits for a turn at this host; it lasts until the turn is dropped.
    ///
    /// # Errors
    /// [`FailureKind::Busy`] when there is none before the deadline.
    pub(super) async fn take(&self, host: &str, deadline: Instant) -> Result<Turn, FetchError> {
        let busy = |detail| FetchError::new(FailureKind::Busy, detail);
        let mut turn = Turn {
            semaphore: self.semaphore(host),
            permit: None,
            host: host.into(),
            hosts: Arc::clone(&self.hosts),
        };
        let permit = timeout_at(deadline, Arc::clone(&turn.semaphore).acquire_owned()).await;
        turn.permit = Some(
            permit
                .ok()
                .and_then(Result::ok)
                .ok_or_else(|| busy("two fetches from this host are under way"))?,
        );
        let begin = reserve(&mut lock(&self.begun), Instant::now(), deadline)
            .ok_or_else(|| busy("too many key sets are fetched at once"))?;
        sleep_until(begin).await;
        Ok(turn)
    }

    #[cfg(all(test, shuttle))]
    pub(super) fn are_over(&self) -> bool {
        lock(&self.hosts).is_empty()
    }

    fn semaphore(&self, host: &str) -> Arc<Semaphore> {
        let mut hosts = lock(&self.hosts);
        let semaphore =
            hosts.entry(host.into()).or_insert_with(|| Arc::new(Semaphore::new(AT_ONCE_PER_HOST)));
        Arc::clone(semaphore)
    }
}

/// A turn at a host. The last to leave takes the host off the list, so that the list is as long as what is
/// going on.
pub(super) struct Turn {
    semaphore: Arc<Semaphore>,
    permit: Option<OwnedSemaphorePermit>,
    host: Box<str>,
    hosts: Hosts,
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut hosts = lock(&self.hosts);
        self.permit = None;
        // One in the list and one here: others are taken from the list only, which is locked.
        if Arc::strong_count(&self.semaphore) <= 2 {
            hosts.remove(&self.host);
        }
    }
}

type Hosts = Arc<Mutex<HashMap<Box<str>, Arc<Semaphore>>>>;

/// When the next fetch may begin: now, or a second after the one that is [`FETCHES_PER_SECOND`] before it.
/// The time is taken at once, so that nobody is overtaken. `None` when it comes after `latest`.
fn reserve(begun: &mut VecDeque<Instant>, now: Instant, latest: Instant) -> Option<Instant> {
    let begin = match begun.front() {
        Some(first) if begun.len() >= FETCHES_PER_SECOND => now.max(*first + Duration::from_secs(1)),
        _ => now,
    };
    if begin > latest {
        return None;
    }
    if begun.len() >= FETCHES_PER_SECOND {
        begun.pop_front();
    }
    begun.push_back(begin);
    Some(begin)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn at_most_fifty_begin_within_any_second() {
        let mut begun = VecDeque::new();
        let start = Instant::now();
        let latest = start + Duration::from_millis(2500);
        let begins: Vec<_> = (0..200).map_while(|_| reserve(&mut begun, start, latest)).collect();
        assert_eq!(begins.len(), 3 * FETCHES_PER_SECOND);
        for pair in begins.windows(FETCHES_PER_SECOND + 1) {
            assert!(pair[FETCHES_PER_SECOND] - pair[0] >= Duration::from_secs(1));
        }
        // What was refused takes no turn from those who come later.
        let later = start + Duration::from_secs(3);
        assert_eq!(reserve(&mut begun, later, later), Some(later));
    }

    #[test]
    fn a_host_is_listed_while_it_is_asked() {
        let turns = Turns::default();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            let later = Instant::now() + Duration::from_secs(600);
            let first = turns.take("a", later).await.ok().unwrap();
            let second = turns.take("a", later).await.ok().unwrap();
            let third = turns.take("a", Instant::now() + Duration::from_millis(20)).await;
            assert_eq!(third.err().map(|error| error.kind()), Some(FailureKind::Busy));
            assert!(turns.take("b", later).await.is_ok());
            drop(first);
            assert!(turns.take("a", later).await.is_ok());
            assert_eq!(lock(&turns.hosts).len(), 1);
            drop(second);
            assert!(lock(&turns.hosts).is_empty());
        });
    }
}
