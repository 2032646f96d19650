//! A URL through its days, second by second.

use super::*;

const SECOND: Duration = Duration::from_secs(1);

fn entry() -> Entry {
    Entry::new(Target::read("https://client.example/jwks", false).unwrap(), 0)
}

fn fetched(lifetime: u32) -> Result<Fetched, FetchError> {
    Ok(Fetched { keys: Arc::default(), lifetime: lifetime * SECOND, serve_stale: 3600 * SECOND, jitter: 0 })
}

fn failed() -> Result<Fetched, FetchError> {
    Err(FetchError::new(FailureKind::Connect, "refused"))
}

/// An entry whose set was fetched at second 0.
fn filled(lifetime: u32) -> (Entry, Arc<KeySet>) {
    let entry = entry();
    let next = entry.look(Duration::ZERO);
    assert!(matches!(next.answer, Answer::Wait(_)));
    entry.land(Duration::ZERO, next.departure.unwrap(), fetched(lifetime));
    let keys = entry.fresh(Duration::ZERO).unwrap();
    (entry, keys)
}

#[test]
fn everyone_joins_the_fetch_under_way_and_learns_of_its_end() {
    let entry = entry();
    let first = entry.look(Duration::ZERO);
    let others =
        [entry.look(Duration::ZERO), entry.look_again(SECOND, &Arc::default()), entry.look(2 * SECOND)];
    assert!(others.iter().all(|next| next.departure.is_none()));
    entry.land(2 * SECOND, first.departure.unwrap(), fetched(600));
    let kept = entry.fresh(2 * SECOND).unwrap();
    for next in others {
        let Answer::Wait(flight) = next.answer else { panic!("does not wait") };
        let outcome = flight.borrow().clone().unwrap();
        assert!(Arc::ptr_eq(&outcome.unwrap(), &kept));
    }
}

#[test]
fn a_set_is_renewed_in_the_background_at_four_fifths_of_its_lifetime() {
    let (entry, keys) = filled(600);
    assert!(entry.fresh(479 * SECOND).is_some());
    let next = entry.look(479 * SECOND);
    assert!(matches!(next.answer, Answer::Keys(_)) && next.departure.is_none());
    assert!(entry.fresh(480 * SECOND).is_none());
    let next = entry.look(480 * SECOND);
    assert!(matches!(&next.answer, Answer::Keys(kept) if Arc::ptr_eq(kept, &keys)));
    // One is enough.
    let second = entry.look(481 * SECOND);
    assert!(matches!(second.answer, Answer::Keys(_)) && second.departure.is_none());
    entry.land(482 * SECOND, next.departure.unwrap(), fetched(600));
    assert!(!Arc::ptr_eq(&entry.fresh(482 * SECOND).unwrap(), &keys));
}

#[test]
fn chance_renews_earlier_and_never_later() {
    for (jitter, first) in [(0, 480), (128, 456), (255, 433)] {
        let entry = entry();
        let departure = entry.look(Duration::ZERO).departure.unwrap();
        let fetched = fetched(600).map(|fetched| Fetched { jitter, ..fetched });
        entry.land(Duration::ZERO, departure, fetched);
        assert!(
            entry.fresh((first - 1) * SECOND).is_some() && entry.fresh(first * SECOND).is_none(),
            "{jitter}"
        );
    }
}

#[test]
fn a_set_past_its_lifetime_is_waited_for_once_and_then_served_stale() {
    let (entry, keys) = filled(60);
    let next = entry.look(60 * SECOND);
    assert!(matches!(next.answer, Answer::Wait(_)));
    entry.land(61 * SECOND, next.departure.unwrap(), failed());
    assert!(entry.last_good(61 * SECOND).is_some());
    // The host is known to fail: nobody waits for it again, though it is asked.
    let next = entry.look(62 * SECOND);
    assert!(matches!(&next.answer, Answer::Stale(stale) if Arc::ptr_eq(stale, &keys)));
    entry.land(62 * SECOND, next.departure.unwrap(), failed());
    assert!(entry.look(63 * SECOND).departure.is_none());
    assert!(matches!(entry.look(3659 * SECOND).answer, Answer::Stale(_)));
    // The bound.
    assert!(entry.last_good(3660 * SECOND).is_none());
    assert!(matches!(entry.look(3660 * SECOND).answer, Answer::Wait(_)));
}

#[test]
fn a_failing_host_is_asked_after_1_2_4_and_at_most_60_seconds() {
    let entry = entry();
    let mut asked = Vec::new();
    for second in 0..400 {
        let now = second * SECOND;
        let next = entry.look(now);
        match next.departure {
            Some(departure) => {
                asked.push(second);
                entry.land(now, departure, failed());
            }
            None => assert!(matches!(next.answer, Answer::TooSoon(Err(_)))),
        }
    }
    assert_eq!(asked, [0, 1, 3, 7, 15, 31, 63, 123, 183, 243, 303, 363]);
    let departure = entry.look(423 * SECOND).departure.unwrap();
    entry.land(423 * SECOND, departure, fetched(60));
    let departure = entry.look(483 * SECOND).departure.unwrap();
    entry.land(483 * SECOND, departure, failed());
    assert!(entry.look(484 * SECOND).departure.is_some(), "a success begins the pauses anew");
}

#[test]
fn an_unknown_kid_causes_a_fetch_once_in_thirty_seconds_from_the_last_attempt() {
    let (entry, keys) = filled(600);
    for second in 0..30 {
        let next = entry.look_again(second * SECOND, &keys);
        assert!(matches!(next.answer, Answer::TooSoon(Ok(kept)) if Arc::ptr_eq(&kept, &keys)));
    }
    let departure = entry.look_again(30 * SECOND, &keys).departure.unwrap();
    entry.land(31 * SECOND, departure, failed());
    for second in 31..60 {
        // Nothing can be said.
        assert!(matches!(entry.look_again(second * SECOND, &keys).answer, Answer::TooSoon(Err(_))));
        // And for the keys that are known, nothing changes.
        assert!(entry.fresh(second * SECOND).is_some());
    }
    let departure = entry.look_again(60 * SECOND, &keys).departure.unwrap();
    entry.land(60 * SECOND, departure, fetched(600));
    // Another request had the first set in hand: the second is new to it.
    assert!(
        matches!(entry.look_again(61 * SECOND, &keys).answer, Answer::Keys(new) if !Arc::ptr_eq(&new, &keys))
    );
}

#[test]
fn an_unknown_kid_does_not_shorten_the_pause_of_a_dead_host() {
    let (entry, keys) = filled(60);
    let mut now = 60 * SECOND;
    for _ in 0..8 {
        let departure = entry.look(now).departure.unwrap();
        entry.land(now, departure, failed());
        now += 60 * SECOND;
    }
    let last = now - 60 * SECOND;
    assert!(entry.look_again(last + 59 * SECOND, &keys).departure.is_none());
    assert!(entry.look_again(last + 60 * SECOND, &keys).departure.is_some());
}

#[test]
fn a_fetch_that_got_no_turn_is_no_attempt() {
    let (entry, keys) = filled(600);
    let departure = entry.look_again(40 * SECOND, &keys).departure.unwrap();
    entry.land(42 * SECOND, departure, Err(FetchError::new(FailureKind::Busy, "")));
    assert!(entry.look_again(42 * SECOND, &keys).departure.is_none());
    assert!(entry.look_again(43 * SECOND, &keys).departure.is_some());
}

#[test]
fn a_set_that_found_no_room_is_not_fetched_at_once_again() {
    let (entry, _) = filled(60);
    let departure = entry.look(60 * SECOND).departure.unwrap();
    entry.land(60 * SECOND, departure, Err(FetchError::new(FailureKind::NoRoom, "")));
    assert!(entry.last_good(60 * SECOND).is_none());
    assert!(entry.look(89 * SECOND).departure.is_none());
    assert!(entry.look(90 * SECOND).departure.is_some());
}

#[test]
fn what_could_not_be_fetched_again_yet_is_not_forgotten() {
    let (entry, keys) = filled(600);
    assert!(!entry.may_be_forgotten(29 * SECOND) && entry.may_be_forgotten(30 * SECOND));
    let departure = entry.look_again(30 * SECOND, &keys).departure.unwrap();
    assert!(!entry.may_be_forgotten(100 * SECOND));
    entry.land(100 * SECOND, departure, failed());
    assert!(!entry.may_be_forgotten(100 * SECOND) && entry.may_be_forgotten(101 * SECOND));
}

/// Whatever is asked for in whatever order, and whatever comes of it.
#[test]
fn no_story_fetches_too_often_or_serves_what_is_over() {
    for seed in 1..=300_u64 {
        Story::new(seed).run();
    }
}

struct Story {
    entry: Entry,
    random: u64,
    now: Duration,
    departure: Option<Departure>,
    /// When the last attempt began that reached the host, and when the host was last found to fail.
    asked_at: Option<Duration>,
    failed_at: Option<Duration>,
    good: Option<(Arc<KeySet>, Duration)>,
}

impl Story {
    fn new(seed: u64) -> Self {
        Story {
            entry: entry(),
            random: seed.wrapping_mul(0x9E37_79B9_7F4A_7C15),
            now: Duration::ZERO,
            departure: None,
            asked_at: None,
            failed_at: None,
            good: None,
        }
    }

    fn run(&mut self) {
        for _ in 0..1000 {
            match self.any(4) {
                0 => {
                    let later = self.any(4);
                    self.now += [SECOND / 2, SECOND, 13 * SECOND, 600 * SECOND][later];
                }
                1 => self.ask(false),
                2 => self.ask(true),
                _ => self.land(),
            }
        }
    }

    fn ask(&mut self, again: bool) {
        let stale = self.good.as_ref().map(|(keys, _)| Arc::clone(keys)).unwrap_or_default();
        let next = if again { self.entry.look_again(self.now, &stale) } else { self.entry.look(self.now) };
        if let Some(departure) = next.departure {
            assert!(self.departure.is_none(), "two at a time");
            let since = |then: Option<Duration>| then.map_or(Duration::MAX, |then| self.now - then);
            let least = if self.failed_at.is_some() && !again { FIRST_PAUSE } else { REFETCH_INTERVAL };
            assert!(since(self.asked_at) >= least, "too soon: {:?}", since(self.asked_at));
            assert!(since(self.failed_at) >= FIRST_PAUSE);
            self.departure = Some(departure);
        }
        match next.answer {
            Answer::Keys(keys) | Answer::Stale(keys) => {
                let (good, over) = self.good.as_ref().expect("there is a set to serve");
                assert!(Arc::ptr_eq(&keys, good) && self.now < *over);
            }
            Answer::TooSoon(Ok(keys)) => assert!(again && Arc::ptr_eq(&keys, &stale)),
            Answer::TooSoon(Err(_)) => assert!(self.departure.is_none()),
            Answer::Wait(_) => assert!(self.departure.is_some(), "nobody lands"),
        }
    }

    fn land(&mut self) {
        let Some(departure) = self.departure.take() else { return };
        let kind = [FailureKind::Connect, FailureKind::Busy, FailureKind::Interrupted, FailureKind::NoRoom]
            .get(self.any(8))
            .copied();
        let fetched = match kind {
            None => fetched(60 * (1 + self.random as u32 % 10)),
            Some(kind) => Err(FetchError::new(kind, "")),
        };
        if kind != Some(FailureKind::Busy) {
            self.asked_at = Some(self.departed_at());
        }
        self.failed_at = kind.map(|_| self.now);
        match &fetched {
            Ok(Fetched { keys, lifetime, serve_stale, .. }) => {
                self.good = Some((Arc::clone(keys), self.now + *lifetime + *serve_stale));
            }
            Err(_) if kind == Some(FailureKind::NoRoom) => self.good = None,
            Err(_) => {}
        }
        self.entry.land(self.now, departure, fetched);
    }

    fn departed_at(&self) -> Duration {
        self.entry.state().asked_at.expect("it was asked for")
    }

    fn any(&mut self, of: usize) -> usize {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        (self.random >> 32) as usize % of
    }
}
