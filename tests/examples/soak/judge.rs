//! Whether an answer is right.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::World;
use crate::bed::{FURTHEST_STEP, LEEWAY};
use crate::request::{Drawn, Proof, Truth};
use crate::subject::{Entry, Standing};
use crate::weather::Dependency;

/// What a caller got, and when.
pub(crate) struct Answer {
    pub(crate) node: usize,
    pub(crate) sent: Instant,
    pub(crate) sent_at: i64,
    pub(crate) answered: Instant,
    /// `None`: nothing.
    pub(crate) status: Option<u16>,
    /// The client that the handler saw, or the `error`.
    pub(crate) text: String,
}

/// The sum of all verdicts.
#[derive(Default)]
pub(crate) struct Tally {
    pub(crate) decisions: u64,
    pub(crate) abandoned: u64,
    pub(crate) wrong_accepts: u64,
    pub(crate) wrong_rejects: u64,
    pub(crate) by_status: BTreeMap<u16, u64>,
    /// What was sent, and how it was answered: 200, 503, anything else.
    pub(crate) by_name: BTreeMap<&'static str, [u64; 3]>,
    /// How often a client of each kind was accepted, rightly, and how often when nothing else would have been right.
    pub(crate) accepted: BTreeMap<String, [u64; 2]>,
    pub(crate) slowest: Duration,
}

pub(crate) type Score = Mutex<Tally>;

/// What would be right.
struct Right {
    accept: bool,
    refuse: bool,
    unavailable: bool,
}

/// Scores it.
pub(crate) async fn judge(world: &World, drawn: &Drawn, truth: &Truth, answer: &Answer) {
    let took = answer.answered - answer.sent;
    let mut right = right(world, drawn, truth, answer);
    if !right.is(drawn, truth, answer) || took >= LONGEST {
        // Whether the machine was too busy at that moment is known a moment later.
        sleep(A_MOMENT).await;
        right = self::right(world, drawn, truth, answer);
    }
    let is_right = right.is(drawn, truth, answer);
    if let (Some(200), Some(sent)) = (answer.status, &drawn.assertion) {
        world.weather.passes(answer.node, sent.issued_at, answer.sent);
    }
    let is_accept = answer.status == Some(200);
    let mut tally = world.score.lock().unwrap();
    tally.decisions += 1;
    tally.slowest = tally.slowest.max(took);
    let column = match answer.status {
        Some(200) => 0,
        Some(503) => 1,
        _ => 2,
    };
    tally.by_name.entry(drawn.name).or_default()[column] += 1;
    *tally.by_status.entry(answer.status.unwrap_or_default()).or_default() += 1;
    if is_accept && is_right {
        let [times, certain] = tally.accepted.entry(drawn.subject.kind_name().to_owned()).or_default();
        *times += 1;
        *certain += u64::from(!right.refuse && !right.unavailable);
    }
    if is_right && took.saturating_sub(world.weather.lateness(answer.sent, answer.answered)) < LONGEST {
        return;
    }
    *(if is_accept && !is_right { &mut tally.wrong_accepts } else { &mut tally.wrong_rejects }) += 1;
    let wrong = tally.wrong_accepts + tally.wrong_rejects;
    drop(tally);
    if wrong <= MOST_SHOWN {
        show(world, drawn, answer, is_accept);
    }
}

impl Right {
    fn is(&self, drawn: &Drawn, truth: &Truth, answer: &Answer) -> bool {
        match (answer.status, answer.text.as_str()) {
            (Some(200), client) => self.accept && client == drawn.subject.id && !is_dead(drawn, answer),
            (Some(400 | 401), "invalid_client") => self.refuse,
            (Some(400), "invalid_request") => matches!(truth, Truth::Wrong),
            (Some(503), "temporarily_unavailable") => self.unavailable,
            _ => false,
        }
    }
}

fn right(world: &World, drawn: &Drawn, truth: &Truth, answer: &Answer) -> Right {
    let (subject, weather) = (&drawn.subject, &world.weather);
    let within =
        |dependency, before| weather.is_within(answer.node, dependency, before, answer.sent, answer.answered);
    let lag = if within(Dependency::Registry, LONG_LAG) { LONG_LAG } else { LAG };
    let entries = subject.entry.over(answer.sent - lag, answer.answered);
    let excused = |dependency| weather.excuses(answer.node, dependency, answer.sent, answer.answered);
    let is_broken = |entry: &Entry| entry.standing == Standing::Broken;
    let unavailable = entries.iter().any(is_broken) || excused(Dependency::Registry);
    let (Truth::Good(proof) | Truth::Again(proof)) = truth else {
        let unavailable = unavailable || excused(Dependency::Replay) || excused(Dependency::Keys);
        return Right { accept: false, refuse: true, unavailable };
    };
    let (may_have_key, may_lack_key) = match &proof.key {
        None => (true, false),
        Some(key) => {
            let lag = if within(Dependency::Keys, LONG_KEYS_LAG) { LONG_KEYS_LAG } else { KEYS_LAG };
            let sets = subject.published.over(answer.sent - lag, answer.answered);
            let has = |set: &Vec<Arc<countersign_tests::jwk::PrivateJwk>>| {
                set.iter().any(|published| published.kid() == Some(key))
            };
            (sets.iter().any(has), !sets.iter().all(has))
        }
    };
    let is_fenced = drawn.assertion.as_ref().is_some_and(|sent| weather.fences(answer.node, sent.issued_at));
    let is_good = |entry: &Entry| is_good(entry, proof);
    Right {
        accept: entries.iter().any(is_good) && may_have_key,
        refuse: matches!(truth, Truth::Again(_))
            || is_fenced
            || may_lack_key
            || entries.iter().any(|entry| !is_good(entry) && !is_broken(entry)),
        unavailable: unavailable
            || drawn.assertion.is_some() && excused(Dependency::Replay)
            || proof.key.is_some() && excused(Dependency::Keys),
    }
}

fn is_good(entry: &Entry, proof: &Proof) -> bool {
    entry.standing == Standing::Registered
        && proof.secret.as_ref().is_none_or(|secret| *secret == entry.secret)
}

/// Had it expired by every clock before it was sent?
fn is_dead(drawn: &Drawn, answer: &Answer) -> bool {
    drawn.assertion.as_ref().is_some_and(|sent| answer.sent_at > sent.expires_at + LEEWAY + FURTHEST_STEP)
}

fn show(world: &World, drawn: &Drawn, answer: &Answer, is_accept: bool) {
    let client = &drawn.subject.id;
    println!(
        "{}: {client}, {}, by the node on {:?}: {:?} {:?} after {:?}{}",
        if is_accept { "WRONG ACCEPT" } else { "WRONG REJECT" },
        drawn.name,
        world.bed.nodes[answer.node].framework,
        answer.status,
        answer.text,
        answer.answered - answer.sent,
        drawn.assertion.as_ref().map_or_else(String::new, |sent| format!(
            "; assertion {}, issued {} s and expired {} s before it was sent",
            sent.number,
            answer.sent_at - sent.issued_at,
            answer.sent_at - sent.expires_at,
        )),
    );
    for line in world.log.about(client) {
        println!("    {line}");
    }
}

/// How long after a change a node may still go by what was before: two seconds, and what this machine adds.
const LAG: Duration = Duration::from_millis(2500);

/// The same while its registry is out of reach: a load that was under way, and the lifetime of what it brought.
const LONG_LAG: Duration = Duration::from_secs(6);

/// How long a node may go by the keys that were published before: their lifetime, by the fetcher's clock, and a fetch. It
/// is as long until a new key is looked for again.
const KEYS_LAG: Duration = Duration::from_secs(9);

/// The same while the host fails.
const LONG_KEYS_LAG: Duration = Duration::from_secs(14);

/// Longer than the machine can be late without being found out.
const A_MOMENT: Duration = Duration::from_secs(1);

/// No answer takes as long.
const LONGEST: Duration = Duration::from_secs(8);

const MOST_SHOWN: u64 = 20;
