//! What is printed, and whether it is good enough.

use std::collections::HashSet;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::World;
use crate::process::{descriptors, memory, slope};

/// What was measured on the way.
pub(crate) struct Measured {
    memory: Vec<(f64, f64)>,
    most_descriptors: usize,
    descriptors_at_start: usize,
    started: Instant,
    next_line: Instant,
}

impl Measured {
    pub(crate) fn start() -> Self {
        let descriptors = descriptors();
        Measured {
            memory: Vec::new(),
            most_descriptors: descriptors,
            descriptors_at_start: descriptors,
            started: Instant::now(),
            next_line: Instant::now() + LINES_EVERY,
        }
    }

    /// A line every ten seconds, until the time is over or this is so.
    pub(crate) async fn watch(&mut self, world: &World, until: Instant, is_enough: impl Fn() -> bool) {
        while Instant::now() < until && !is_enough() {
            sleep(Duration::from_secs(1)).await;
            let (memory, descriptors) = (memory(), descriptors());
            self.memory.push((self.started.elapsed().as_secs_f64(), memory as f64));
            self.most_descriptors = self.most_descriptors.max(descriptors);
            if Instant::now() >= self.next_line {
                self.next_line += LINES_EVERY;
                let tally = world.score.lock().unwrap();
                println!(
                    "[{:4} s] {:6} decisions, {:3} faults and changes, {} wrong accepts, {} wrong rejects, {:.1} MiB, {descriptors} descriptors",
                    self.started.elapsed().as_secs(),
                    tally.decisions,
                    world.weather.counts().values().sum::<u64>(),
                    tally.wrong_accepts + world.ledger.twice(),
                    tally.wrong_rejects,
                    memory as f64 / MEBIBYTE,
                );
            }
        }
    }

    /// The tables and the last line; is all well?
    pub(crate) fn print(&self, world: &World, kinds: &HashSet<&str>, ended: Instant) -> bool {
        let has_accepted = world.has_accepted(kinds);
        let tally = world.score.lock().unwrap();
        println!("\n{:<28} {:>8} {:>8} {:>8}", "sent", "200", "503", "others");
        for (name, [accepted, unavailable, others]) in &tally.by_name {
            println!("{name:<28} {accepted:>8} {unavailable:>8} {others:>8}");
        }
        println!("{:<28} {:>8}", "went away before the answer", tally.abandoned);
        println!("\n{:<28} {:>8}", "status", "answers");
        for (status, times) in &tally.by_status {
            println!("{status:<28} {times:>8}");
        }
        println!("\n{:<28} {:>8}", "fault or change", "times");
        for (kind, times) in world.weather.counts() {
            println!("{kind:<28} {times:>8}");
        }
        println!("\n{:<28} {:>8} {:>8}", "accepted", "rightly", "had to be");
        for (kind, [times, certain]) in &tally.accepted {
            println!("{kind:<28} {times:>8} {certain:>8}");
        }
        let kept_up = world.weather.kept_up(ended, Instant::now());
        if !has_accepted && kept_up < ENOUGH_CALM {
            println!(
                "NOT CHECKED: whether a client of each kind is accepted when it must be; the machine was late"
            );
        }
        let wrong_accepts = tally.wrong_accepts + world.ledger.twice();
        let is_fine = [
            self.memory_is_flat(),
            self.print_descriptors(),
            wrong_accepts == 0,
            tally.wrong_rejects == 0,
            expect(
                kinds.iter().all(|kind| tally.accepted.contains_key(*kind)),
                "a client of each kind was accepted",
            ),
            expect(
                has_accepted || kept_up < ENOUGH_CALM,
                "a client of each kind was accepted when it had to be",
            ),
        ];
        println!("slowest answer               {:>8.1} s", tally.slowest.as_secs_f64());
        println!(
            "{} decisions, {wrong_accepts} wrong accepts, {} wrong rejects",
            tally.decisions, tally.wrong_rejects
        );
        is_fine.iter().all(|fine| *fine)
    }

    /// Of the second half: what is remembered for a while has its size by then.
    fn memory_is_flat(&self) -> bool {
        let slope = slope(&self.memory[self.memory.len() / 2..]);
        let least = self.memory.iter().map(|point| point.1).fold(f64::INFINITY, f64::min);
        let last = self.memory.last().map_or(0.0, |point| point.1);
        println!(
            "\nmemory {:.1} to {:.1} MiB, slope of the second half {:.0} octets a minute",
            least / MEBIBYTE,
            last / MEBIBYTE,
            slope
        );
        let minutes = self.started.elapsed().as_secs_f64() / 60.0;
        // The allocator takes some MiB at once, at any time, and keeps them.
        let most = (24.0 * MEBIBYTE / minutes.max(1.0)).max(MEBIBYTE / 4.0);
        expect(slope < most, &format!("at most {most:.0} octets a minute"))
    }

    /// Are no more open than the pools may hold?
    pub(crate) fn descriptors_are_back(&self) -> bool {
        descriptors() <= self.descriptors_at_start + MORE_DESCRIPTORS
    }

    fn print_descriptors(&self) -> bool {
        println!(
            "open descriptors {} at the start, {} at most, {} at the end",
            self.descriptors_at_start,
            self.most_descriptors,
            descriptors()
        );
        expect(
            self.descriptors_are_back(),
            &format!("at most {MORE_DESCRIPTORS} more than at the start, which the pools may hold"),
        )
    }
}

fn expect(is_so: bool, what: &str) -> bool {
    if !is_so {
        println!("NOT AS IT SHOULD BE: {what}");
    }
    is_so
}

const LINES_EVERY: Duration = Duration::from_secs(10);
/// When the faults are over and the machine has kept up for so long, nothing excuses that a kind was not accepted.
const ENOUGH_CALM: Duration = Duration::from_secs(15);

const MEBIBYTE: f64 = 1024.0 * 1024.0;

/// At the start no node has looked up a client. Then it has ten connections at most for that, eight of them in a pool,
/// each of which is three descriptors here: its own and both of the proxy. The operator has eight, and each node may still
/// be fetching a key set. The probe has two, and a runtime.
const MORE_DESCRIPTORS: usize = 2 * 10 * 3 + 8 + 2 * 3 + 8;
