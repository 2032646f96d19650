//! Plays a scene.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use countersign::Authenticator;
use tokio::task::{JoinSet, block_in_place};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep};

use super::credential::Credential;
use super::judge::Judge;
use super::prober::Prober;
use super::{Act, Make, Scene};
use crate::patience::PATIENCE;

/// How long everything takes.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// While all is whole.
    pub whole: Duration,
    /// While something is broken.
    pub broken: Duration,
    /// How often it is broken, where that can be done again.
    pub rounds: u32,
}

impl Pace {
    /// How many right credentials a scene will need at this many a second, and some for what comes after.
    pub fn credentials(self, per_second: u32) -> u64 {
        let seconds = (self.whole + self.broken).as_secs_f64() * f64::from(self.rounds);
        (seconds * f64::from(per_second)) as u64 + 200
    }
}

/// What came of it.
#[derive(Debug)]
pub struct Outcome {
    /// Of credentials that prove nothing, or nothing more. None is right.
    pub wrong_accepts: u32,
    /// What right credentials that need the broken part were answered meanwhile.
    pub answers: BTreeMap<String, u32>,
    /// Of right ones that do not need it, at any time. None is right.
    pub wrong_rejects: u32,
    /// The 99th percentile of the time for those: that of each fifth of a second, and the median of these.
    pub p99_whole: Duration,
    /// The same while something was broken.
    pub p99_broken: Duration,
    /// From the moment it was whole again (or was harmed, where that is done in a moment) to the next right one that was
    /// accepted: the longest. `None` when none was within a minute.
    pub recovered_after: Option<Duration>,
    /// What is wrong with the answers, in words. Empty is right.
    pub surprises: Vec<String>,
}

impl Outcome {
    /// How much longer the others took.
    pub fn ratio(&self) -> f64 {
        self.p99_broken.as_secs_f64() / self.p99_whole.as_secs_f64()
    }
}

impl Scene {
    /// Plays it, on a runtime of several threads.
    pub async fn play(mut self, pace: Pace) -> Outcome {
        let prober = Prober::start(self.auth.clone(), std::mem::take(&mut self.others));
        let mut senders = Senders::new(&self);
        let (whole, broken) = (Arc::new(Judge::default()), Arc::new(Judge::default()));
        let rounds = if self.can_be_broken_again { pace.rounds } else { 1 };
        let mut recovered_after = Some(Duration::ZERO);
        for _ in 0..rounds {
            senders.send_for(pace.whole * pace.rounds / rounds, &whole, None).await;
            block_in_place(&mut self.harm);
            broken.is_mended(false);
            prober.is_broken(true);
            let mut recovered = None;
            if self.is_momentary {
                recovered = senders.recover(&broken).await;
            }
            // What was on its way to the server arrives.
            sleep(Duration::from_millis(50)).await;
            let again = self.repeats.map(|every| (every, &mut self.harm));
            let time = (pace.broken * pace.rounds / rounds).max(self.at_least);
            senders.send_for(time, &broken, again).await;
            // On a busy machine what is to be seen may not come so soon.
            let late = Instant::now();
            while !broken.has_heard(self.expected) && late.elapsed() < PATIENCE {
                let again = self.repeats.map(|every| (every, &mut self.harm));
                senders.send_for(Duration::from_secs(1), &broken, again).await;
            }
            prober.is_broken(false);
            broken.is_mended(true);
            block_in_place(&mut self.heal);
            if !self.is_momentary {
                recovered = senders.recover(&whole).await;
            }
            recovered_after = recovered_after.zip(recovered).map(|(one, other)| one.max(other));
            senders.all_are_answered().await;
        }
        senders.send_all_again(&whole).await;
        let times = prober.stop();
        let answers = broken.to_right();
        let wrong_accepts =
            [&whole, &broken].iter().map(|judge| judge.wrong_accepts.load(Ordering::SeqCst)).sum::<u32>();
        Outcome {
            wrong_accepts: wrong_accepts + times.wrong_accepts,
            wrong_rejects: times.wrong_rejects,
            p99_whole: times.whole,
            p99_broken: times.broken,
            surprises: self.surprises(&answers, recovered_after),
            recovered_after,
            answers,
        }
    }

    fn surprises(&self, answers: &BTreeMap<String, u32>, recovered_after: Option<Duration>) -> Vec<String> {
        let mut surprises: Vec<String> = answers
            .iter()
            .filter(|(kind, _)| !self.allowed.contains(&kind.as_str()))
            .map(|(kind, count)| format!("{count} right credentials were answered {kind}"))
            .collect();
        if !answers.contains_key(self.expected) {
            surprises.push(format!("no right credential was answered {}", self.expected));
        }
        if recovered_after.is_none() {
            surprises.push("it does not recover".to_owned());
        }
        surprises
    }
}

/// Those who send what needs the part that is broken.
struct Senders {
    auth: Authenticator,
    right: Make,
    wrong: Make,
    every: Duration,
    number: u64,
    sent: Vec<Arc<Credential>>,
    in_flight: JoinSet<()>,
}

impl Senders {
    fn new(scene: &Scene) -> Self {
        Senders {
            auth: scene.auth.clone(),
            right: Arc::clone(&scene.right),
            wrong: Arc::clone(&scene.wrong),
            every: Duration::from_secs(1) / scene.per_second,
            number: 0,
            sent: Vec::new(),
            in_flight: JoinSet::new(),
        }
    }

    /// One after the other at a steady pace, whether they are answered or not: seven of ten are right, two were sent
    /// before, and one is wrong.
    async fn send_for(&mut self, time: Duration, judge: &Arc<Judge>, again: Option<(Duration, &mut Act)>) {
        let until = Instant::now() + time;
        let mut again = again.map(|(every, harm)| (Instant::now() + every, every, harm));
        let mut pace = interval(self.every);
        pace.set_missed_tick_behavior(MissedTickBehavior::Skip);
        while Instant::now() < until {
            pace.tick().await;
            if let Some((at, every, harm)) = &mut again
                && Instant::now() >= *at
            {
                block_in_place(harm);
                *at += *every;
            }
            self.number += 1;
            match self.number % 10 {
                0 => self.send(Arc::new((self.wrong)(self.number)), true, judge),
                5 | 8 if !self.sent.is_empty() => {
                    // Some that were sent just now, and some of long ago.
                    let number = (self.number * 7919 % self.sent.len() as u64) as usize;
                    self.send(Arc::clone(&self.sent[number]), false, judge);
                }
                _ => {
                    let credential = self.next_right();
                    self.send(credential, true, judge);
                }
            }
        }
    }

    fn next_right(&mut self) -> Arc<Credential> {
        let credential = Arc::new((self.right)(self.sent.len() as u64));
        self.sent.push(Arc::clone(&credential));
        credential
    }

    fn send(&mut self, credential: Arc<Credential>, is_first: bool, judge: &Arc<Judge>) {
        let (auth, judge) = (self.auth.clone(), Arc::clone(judge));
        self.in_flight.spawn(async move {
            let answer = credential.send(&auth).await;
            judge.hear(&credential, is_first, &answer);
        });
    }

    /// Fresh ones, until the first is accepted, and how long that took.
    async fn recover(&mut self, judge: &Arc<Judge>) -> Option<Duration> {
        let started = Instant::now();
        while started.elapsed() < PATIENCE {
            let credential = self.next_right();
            let answer = credential.send(&self.auth).await;
            judge.hear(&credential, true, &answer);
            if answer.is_accepted {
                return Some(started.elapsed());
            }
            sleep(Duration::from_millis(5)).await;
        }
        None
    }

    async fn all_are_answered(&mut self) {
        while self.in_flight.join_next().await.is_some() {}
    }

    /// What was accepted before must not be now, if it is good for once.
    async fn send_all_again(&mut self, judge: &Arc<Judge>) {
        for credential in std::mem::take(&mut self.sent) {
            self.send(credential, false, judge);
            if self.in_flight.len() >= 16 {
                self.in_flight.join_next().await;
            }
        }
        self.all_are_answered().await;
    }
}
