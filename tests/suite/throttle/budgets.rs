//! The arithmetic of the budgets, beside a model that lets time pass second by second, and beside the crate `governor`.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::time::Duration;

use countersign::throttle::{Attempted, FailureLimits, Throttle};
use countersign_tests::drivers::SetClock;
use countersign_tests::row::NOW;
use futures_util::FutureExt as _;
use governor::clock::{Clock as _, FakeRelativeClock};
use governor::{Quota, RateLimiter};
use proptest::collection::vec;
use proptest::prelude::*;

const CLIENTS: [&str; 3] = ["billing", "reports", "nobody"];

/// The first two are one source.
const ADDRESSES: [(&str, usize); 4] =
    [("2001:db8::1", 0), ("2001:db8::ffff:2", 0), ("2001:db8:0:1::1", 1), ("198.51.100.7", 2)];

const AT_A_CLIENT: (u32, u64) = (3, 6);
const IN_ALL: (u32, u64) = (7, 2);
const TRUSTED_FOR: u64 = 50;

#[derive(Clone, Debug)]
enum Event {
    Pass(u64),
    Fail(usize, usize),
    Succeed(usize, usize),
}

fn event() -> impl Strategy<Value = Event> {
    let attempt = || (0..CLIENTS.len(), 0..ADDRESSES.len());
    prop_oneof![
        2 => (1..40_u64).prop_map(Event::Pass),
        6 => attempt().prop_map(|(client, address)| Event::Fail(client, address)),
        1 => attempt().prop_map(|(client, address)| Event::Succeed(client, address)),
    ]
}

/// What is owed, in seconds. Each second one is forgiven.
#[derive(Default)]
struct Model {
    of_pair: HashMap<(usize, usize), u64>,
    of_source: HashMap<usize, u64>,
    trusted: HashMap<(usize, usize), u64>,
}

impl Model {
    fn apply(&mut self, event: &Event) {
        match *event {
            Event::Pass(seconds) => (0..seconds).for_each(|_| self.second()),
            Event::Fail(client, address) => {
                let source = ADDRESSES[address].1;
                if !self.trusted.contains_key(&(client, source)) {
                    owe(self.of_pair.entry((client, source)).or_default(), AT_A_CLIENT);
                    owe(self.of_source.entry(source).or_default(), IN_ALL);
                }
            }
            Event::Succeed(client, address) => {
                let source = ADDRESSES[address].1;
                self.trusted.insert((client, source), TRUSTED_FOR);
                let failures =
                    self.of_pair.remove(&(client, source)).unwrap_or_default().div_ceil(AT_A_CLIENT.1);
                let owed = self.of_source.entry(source).or_default();
                *owed = owed.saturating_sub(failures * IN_ALL.1);
            }
        }
    }

    fn second(&mut self) {
        for map in [&mut self.of_pair, &mut self.trusted] {
            map.values_mut().for_each(|seconds| *seconds -= 1);
            map.retain(|_, seconds| *seconds > 0);
        }
        self.of_source.values_mut().for_each(|seconds| *seconds = seconds.saturating_sub(1));
        self.of_source.retain(|_, seconds| *seconds > 0);
    }

    fn wait(&self, client: usize, address: usize) -> Option<u64> {
        let source = ADDRESSES[address].1;
        if self.trusted.contains_key(&(client, source)) {
            return None;
        }
        let over = |owed: Option<&u64>, (at_once, interval): (u32, u64)| {
            owed.copied().unwrap_or_default().saturating_sub(u64::from(at_once - 1) * interval)
        };
        let wait = over(self.of_pair.get(&(client, source)), AT_A_CLIENT)
            .max(over(self.of_source.get(&source), IN_ALL));
        (wait > 0).then_some(wait)
    }
}

/// No wait is longer than ten minutes.
fn owe(seconds: &mut u64, (at_once, interval): (u32, u64)) {
    *seconds = (*seconds + interval).min(u64::from(at_once - 1) * interval + 600);
}

proptest! {
    #[test]
    fn whoever_has_to_wait_has_to_wait_as_in_the_model(events in vec(event(), 1..150)) {
        let clock = SetClock::new(NOW);
        let limits = FailureLimits::with_clock(clock.clone())
            .at_a_client(AT_A_CLIENT.0, Duration::from_secs(AT_A_CLIENT.1))
            .in_all(IN_ALL.0, Duration::from_secs(IN_ALL.1))
            .trusting_success_for(Duration::from_secs(TRUSTED_FOR));
        let mut model = Model::default();
        for event in &events {
            match *event {
                Event::Pass(seconds) => clock.advance(seconds.cast_signed()),
                Event::Fail(client, address) => now(limits.failed(&attempted(client, address))),
                Event::Succeed(client, address) => now(limits.succeeded(&attempted(client, address))),
            }
            model.apply(event);
            for client in 0..CLIENTS.len() {
                for address in 0..ADDRESSES.len() {
                    let wait = now(limits.check(&attempted(client, address))).err();
                    let wait = wait.map(|refused| refused.wait().as_secs());
                    prop_assert_eq!(wait, model.wait(client, address), "after {:?}", event);
                }
            }
        }
    }

    /// One failure after another, each counted where there was room: the same as a rate limiter of every attempt.
    #[test]
    fn one_attempt_after_another_is_limited_as_by_governor(
        at_once in 1..30_u32,
        interval in 1..100_u64,
        pauses in vec(prop_oneof![3 => Just(0), 1 => 1..200_u64], 1..200),
    ) {
        let (clock, theirs_clock) = (SetClock::new(NOW), FakeRelativeClock::default());
        let limits = FailureLimits::with_clock(clock.clone())
            .at_a_client(at_once, Duration::from_secs(interval))
            .in_all(u32::MAX, Duration::ZERO);
        let quota = Quota::with_period(Duration::from_secs(interval)).unwrap();
        let quota = quota.allow_burst(NonZeroU32::new(at_once).unwrap());
        let theirs = RateLimiter::direct_with_clock(quota, theirs_clock.clone());
        for pause in pauses {
            clock.advance(pause.cast_signed());
            theirs_clock.advance(Duration::from_secs(pause));
            let attempt = attempted(0, 0);
            let ours = now(limits.check(&attempt)).map_err(|refused| refused.wait());
            let theirs = theirs.check().map_err(|refused| refused.wait_time_from(theirs_clock.now()));
            prop_assert_eq!(ours, theirs);
            if ours.is_ok() {
                now(limits.failed(&attempt));
            }
        }
    }
}

fn attempted(client: usize, address: usize) -> Attempted<'static> {
    Attempted::new("", CLIENTS[client], ADDRESSES[address].0.parse().unwrap())
}

fn now<T>(call: impl Future<Output = T>) -> T {
    call.now_or_never().expect("nothing to wait for")
}
