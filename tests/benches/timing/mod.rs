//! Does the time of a refusal tell why it was refused?
//!
//! Every class of a table is refused with the same bytes; here their times are compared, twice over:
//!
//! - As the nearest attacker sees them: over one loopback connection to the layer, pair by pair, in the manner of dudect
//!   (Reparaz, Balasch and Verbauwhede, 2017): samples in random order, the slow tail cropped at several percentiles,
//!   Welch's t of what is left. A |t| of 4.5 or more is a difference that chance does not make; one of less than 100 ns,
//!   a few mispredicted branches, is let pass.
//! - The decision alone, in this process, where nanoseconds show that no network lets through: a tenth of the samples is
//!   faster than the time that is printed, and no two classes may be more than 10 % apart there.
//!
//! A pair that differs twice in a row fails the benchmark.

#![allow(clippy::disallowed_methods, reason = "a benchmark reads the clock")]

mod classes;
mod connection;
mod statistics;
mod tables;

use std::fmt::Write as _;
use std::hint::black_box;
use std::time::Instant;

use countersign::Authenticator;

use self::classes::{Class, Prepared, Random};
use self::connection::Connection;
use self::statistics::{Estimate, Welch, crops, quantile};

/// Measures every table; false when a difference showed twice.
pub(crate) fn run() -> bool {
    println!(
        "1: the decision alone, fastest tenth. 2: over a loopback connection, median. Then |t| of 2 by pairs\n"
    );
    let mut random = Random::new();
    let mut same = true;
    for table in tables::ALL {
        let mut suspected = table(&mut random).differences(&mut random);
        if !suspected.is_empty() {
            println!("Once more, for {}:", named(&suspected));
            let again = table(&mut random).differences(&mut random);
            suspected.retain(|pair| again.contains(pair));
        }
        if !suspected.is_empty() {
            println!("A DIFFERENCE, twice: {}\n", named(&suspected));
        }
        same &= suspected.is_empty();
    }
    same
}

/// Classes whose requests are as long as each other, against one server.
pub(crate) struct Table {
    name: &'static str,
    auth: Authenticator,
    classes: Vec<Class>,
    /// Of each class.
    samples: usize,
}

/// Two classes by their numbers, the faster first.
type Pair = (usize, usize);

impl Table {
    /// Each class is refused for its own reason, and all with one answer.
    fn check_answers(&self, connection: &mut Connection) {
        for class in &self.classes {
            for request in &class.requests {
                let refusal = request.decide(&self.auth).unwrap_err();
                assert_eq!(refusal.reason(), class.reason, "{}: {refusal:?}", class.name);
                connection.check(&request.octets);
            }
        }
    }

    /// Measures and prints; the pairs with a difference.
    fn differences(&self, random: &mut Random) -> Vec<Pair> {
        let mut connection = Connection::open(&self.auth);
        self.check_answers(&mut connection);
        let alone = self
            .measure(self.samples.min(2_000), random, |request| drop(black_box(request.decide(&self.auth))));
        let alone: Vec<f64> = alone.iter().map(|times| quantile(times, 0.1)).collect();
        let over = self.measure(self.samples, random, |request| connection.send(&request.octets));
        let estimates: Vec<Vec<Estimate>> = {
            let crops = crops(&over);
            over.iter().map(|times| crops.iter().map(|crop| Estimate::new(times, *crop)).collect()).collect()
        };
        // Above zero where the first is faster; of the crop in which the two differ most.
        let welch = |a: usize, b: usize| {
            let crops = estimates[a].iter().zip(&estimates[b]).map(|(a, b)| Welch::new(a, b));
            crops.max_by(|one, other| one.t.abs().total_cmp(&other.t.abs())).unwrap()
        };
        let differ = |a: usize, b: usize| {
            let Welch { t, difference } = welch(a, b);
            t >= MOST_T && difference >= MOST_NANOSECONDS
        };
        let apart = |a: usize, b: usize| alone[b] / alone[a] - 1.0;
        let classes = 0..self.classes.len();

        let least = estimates.iter().map(|estimates| estimates[0].error).fold(0.0, f64::max);
        println!(
            "{}: {} samples of each class; at the least, a difference of {:.0} ns shows in 2",
            self.name,
            self.samples,
            MOST_T * (2.0 * least).sqrt()
        );
        for (a, class) in self.classes.iter().enumerate() {
            let mut line = format!("{:>2} {:<34}", a + 1, class.name);
            let _ = write!(line, "{:>9.0} ns {:>9.0} ns ", alone[a], quantile(&over[a], 0.5));
            (0..a).for_each(|b| _ = write!(line, " {:>4.1}", welch(a, b).t.abs()));
            println!("{line}");
        }
        println!();
        let pairs = classes.clone().flat_map(|a| classes.clone().map(move |b| (a, b)));
        pairs.filter(|(a, b)| differ(*a, *b) || apart(*a, *b) >= MOST_APART).collect()
    }

    /// Nanoseconds of every sample of each class, taken in random order.
    fn measure(
        &self,
        samples: usize,
        random: &mut Random,
        mut refuse: impl FnMut(&Prepared),
    ) -> Vec<Vec<f64>> {
        let warm_up = samples / 20;
        let mut times = vec![Vec::with_capacity(samples); self.classes.len()];
        for round in [warm_up, samples] {
            times.iter_mut().for_each(Vec::clear);
            let mut order: Vec<usize> =
                (0..self.classes.len()).flat_map(|class| vec![class; round]).collect();
            random.shuffle(&mut order);
            for class in order {
                let requests = &self.classes[class].requests;
                let request = &requests[random.below(requests.len())];
                let began = Instant::now();
                refuse(request);
                times[class].push(began.elapsed().as_nanos() as f64);
            }
        }
        times
    }
}

fn named(pairs: &[Pair]) -> String {
    let name = |(faster, slower): &Pair| format!("{} and {}", faster + 1, slower + 1);
    pairs.iter().map(name).collect::<Vec<_>>().join(", ")
}

const MOST_T: f64 = 4.5;
const MOST_NANOSECONDS: f64 = 100.0;
const MOST_APART: f64 = 0.1;
