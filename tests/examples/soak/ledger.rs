//! Which assertions got a request as far as the handler. That is where a token would be issued, whatever the caller hears.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

use tokio::time::Instant;

/// By the numbers that requests carry in a parameter of their own.
#[derive(Default)]
pub(crate) struct Ledger(Mutex<Pages>);

#[derive(Default)]
struct Pages {
    twice: u64,
    entered: HashMap<u64, (u32, Instant)>,
    looked_through_at: usize,
}

impl Ledger {
    /// The handler is entered with this assertion.
    pub(crate) fn enter(&self, number: u64) {
        let now = Instant::now();
        let mut pages = self.0.lock().unwrap();
        let times = &mut pages.entered.entry(number).or_insert((0, now)).0;
        *times += 1;
        if *times > 1 {
            let times = *times;
            pages.twice += 1;
            if pages.twice <= MOST_SHOWN {
                println!("WRONG ACCEPT: assertion {number} came to a handler {times} times");
            }
        }
        if pages.entered.len() > 2 * pages.looked_through_at {
            pages.entered.retain(|_, (_, since)| now.duration_since(*since) < KEPT);
            pages.looked_through_at = pages.entered.len().max(2000);
        }
    }

    /// How often an assertion came that had come before.
    pub(crate) fn twice(&self) -> u64 {
        self.0.lock().unwrap().twice
    }
}

const MOST_SHOWN: u64 = 20;

/// Longer than anybody sends an assertion again.
const KEPT: Duration = Duration::from_secs(120);
