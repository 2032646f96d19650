//! The fetcher under every order that the checker draws: one fetch of a URL at a time, an answer for all, and bounds
//! that hold. The network is left out; what resolves names here answers for the hosts.

use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use rustls::ClientConfig;
use shuttle::future::{JoinHandle, block_on, spawn, yield_now};

use super::dialer::Dialer;
use super::download::Download;
use super::error::{FailureKind, FetchError};
use super::limits::AT_ONCE_PER_HOST;
use super::target::Target;
use super::{KeySetFetcher, Resolver};
use crate::key::KeySet;
use crate::key_source::{KeySource, KeySourceError};
use crate::sync::Arc;
use crate::sync::checker::{Mishaps, SetClock, check, check_with};

const URL: &str = "https://client.example/jwks";

/// Stands for the exchange with a host.
pub(super) async fn download(
    dialer: Dialer,
    _: Arc<ClientConfig>,
    target: &Target,
) -> Result<Download, FetchError> {
    let answered = dialer.resolver.resolve(target.host()).await;
    answered.map_err(|error| FetchError::new(FailureKind::Connect, error.to_string()))?;
    Ok(Download { octets: br#"{"keys":[]}"#.to_vec(), lifetime: Duration::from_secs(600) })
}

/// What a check counts for itself is no step, and std's.
#[derive(Default)]
struct Hosts {
    fetches: AtomicUsize,
    under_way: AtomicUsize,
    most_under_way: AtomicUsize,
    failing: bool,
}

struct UnderWay<'a>(&'a Hosts);

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.under_way.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Resolver for Arc<Hosts> {
    async fn resolve(&self, _: &str) -> io::Result<Vec<IpAddr>> {
        self.fetches.fetch_add(1, Ordering::SeqCst);
        let now = 1 + self.under_way.fetch_add(1, Ordering::SeqCst);
        self.most_under_way.fetch_max(now, Ordering::SeqCst);
        let _under_way = UnderWay(self);
        yield_now().await;
        yield_now().await;
        match self.failing {
            true => Err(io::Error::other("nobody answers")),
            false => Ok(vec![IpAddr::V4(Ipv4Addr::LOCALHOST)]),
        }
    }
}

struct Scene {
    hosts: Arc<Hosts>,
    clock: SetClock,
    fetcher: Arc<KeySetFetcher>,
}

impl Scene {
    fn new(hosts: Hosts, octets: usize) -> Self {
        let (hosts, clock) = (Arc::new(hosts), SetClock::at(1000));
        let fetcher = KeySetFetcher::new().clock(clock.clone()).resolver(Arc::clone(&hosts));
        Scene { hosts, clock, fetcher: Arc::new(fetcher.cache_octets(octets)) }
    }

    fn usual() -> Self {
        Self::new(Hosts::default(), 1024 * 1024)
    }

    /// A request on a task of its own.
    fn request(&self, url: &'static str) -> JoinHandle<Result<Arc<KeySet>, KeySourceError>> {
        let fetcher = Arc::clone(&self.fetcher);
        spawn(async move { fetcher.keys(url).await })
    }

    fn fetches(&self) -> usize {
        self.hosts.fetches.load(Ordering::SeqCst)
    }

    fn most_at_once(&self) -> usize {
        self.hosts.most_under_way.load(Ordering::SeqCst)
    }

    /// Lets the fetches end that nobody waits for.
    async fn at_rest(&self) {
        while self.fetcher.cached(10).iter().any(|set| set.is_fetching) {
            yield_now().await;
        }
    }

    fn nothing_is_left_under_way(&self) {
        assert_eq!(self.hosts.under_way.load(Ordering::SeqCst), 0);
        assert!(self.fetcher.shared.turns.are_over());
    }
}

#[test]
fn requests_for_one_url_share_one_fetch() {
    check(|| {
        block_on(async {
            let scene = Scene::usual();
            let requests = [scene.request(URL), scene.request(URL), scene.request(URL)];
            let mut sets = Vec::new();
            for request in requests {
                sets.push(request.await.unwrap().unwrap());
            }
            assert!(sets.windows(2).all(|pair| Arc::ptr_eq(&pair[0], &pair[1])));
            assert_eq!(scene.fetches(), 1);
            scene.nothing_is_left_under_way();
        });
    });
}

/// Whoever caused the fetch.
#[test]
fn a_request_that_goes_away_takes_nothing_along() {
    check(|| {
        block_on(async {
            let scene = Scene::usual();
            let (leaves, stays) = (scene.request(URL), scene.request(URL));
            leaves.abort();
            assert!(stays.await.unwrap().is_ok());
            let _ = leaves.await;
            scene.at_rest().await;
            assert_eq!(scene.fetches(), 1);
        });
    });
}

/// The runtime that fetched is shut down, or the host is late.
#[test]
fn nobody_waits_in_vain_when_fetches_die_or_are_late() {
    check_with(Mishaps { timeouts: true, shutdowns: true }, || {
        block_on(async {
            let scene = Scene::usual();
            for request in [scene.request(URL), scene.request(URL), scene.request(URL)] {
                drop(request.await.unwrap());
            }
            scene.at_rest().await;
            Mishaps::default().allow();
            assert!(scene.most_at_once() <= 1);
            // After the longest pause it is fetched by whoever asks next, if there is no set yet.
            scene.clock.advance(60);
            assert!(scene.fetcher.keys(URL).await.is_ok());
            scene.nothing_is_left_under_way();
        });
    });
}

#[test]
fn a_failure_is_told_to_all_and_the_host_is_left_alone() {
    check(|| {
        block_on(async {
            let scene = Scene::new(Hosts { failing: true, ..Hosts::default() }, 1024 * 1024);
            for request in [scene.request(URL), scene.request(URL), scene.request(URL)] {
                assert!(request.await.unwrap().is_err());
            }
            assert_eq!(scene.fetches(), 1);
            assert!(scene.fetcher.keys(URL).await.is_err());
            assert_eq!(scene.fetches(), 1);
        });
    });
}

/// An unknown `kid` of several requests, some with the old set in hand when the new one is there.
#[test]
fn a_set_that_lacks_a_key_is_fetched_again_once() {
    check(|| {
        block_on(async {
            let scene = Scene::usual();
            let old = scene.fetcher.keys(URL).await.unwrap();
            scene.clock.advance(40);
            let again = [(); 3].map(|()| {
                let (fetcher, old) = (Arc::clone(&scene.fetcher), Arc::clone(&old));
                spawn(async move { fetcher.refreshed(URL, &old).await })
            });
            let meanwhile = scene.request(URL);
            for request in again {
                assert!(!Arc::ptr_eq(&request.await.unwrap().unwrap(), &old));
            }
            assert!(meanwhile.await.unwrap().is_ok());
            assert_eq!((scene.fetches(), scene.most_at_once()), (2, 1));
            scene.nothing_is_left_under_way();
        });
    });
}

#[test]
fn a_host_is_asked_by_two_at_once_whatever_its_urls() {
    check(|| {
        block_on(async {
            let scene = Scene::usual();
            let first = scene.request("https://client.example/1");
            let mut others =
                vec![scene.request("https://client.example/2"), scene.request("https://client.example/3")];
            assert!(first.await.unwrap().is_ok());
            // While the others are under way or wait for their turn.
            others.push(scene.request("https://client.example/4"));
            others.push(scene.request("https://client.example/5"));
            for request in others {
                assert!(request.await.unwrap().is_ok());
            }
            assert_eq!(scene.fetches(), 5);
            assert!(scene.most_at_once() <= AT_ONCE_PER_HOST);
            scene.at_rest().await;
            scene.nothing_is_left_under_way();
        });
    });
}

/// URLs that push each other out, while the clock goes on. There is room for two, and for the set of one of them.
#[test]
fn the_cache_is_never_larger_than_its_room() {
    check(|| {
        block_on(async {
            let room = 2180;
            let scene = Scene::new(Hosts::default(), room);
            let requests =
                ["https://a.example/", "https://b.example/", "https://c.example/", "https://a.example/"]
                    .map(|url| scene.request(url));
            let clock = scene.clock.clone();
            let time = spawn(async move {
                for _ in 0..3 {
                    yield_now().await;
                    clock.advance(20);
                }
            });
            for request in requests {
                // There is an answer, also where there is no room.
                drop(request.await.unwrap());
                assert!(scene.fetcher.cache_use().octets <= room);
            }
            time.await.unwrap();
            scene.at_rest().await;
            let (counted, there) = scene.fetcher.shared.cache.weights();
            assert_eq!(counted, there);
        });
    });
}
