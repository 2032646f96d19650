//! What a server answers while something it depends on is broken. `tests/faults` runs this.
//!
//! A wrong accept, a wrong answer or a server that does not recover is a failure. The last ratio compares how long takes
//! what does not need the broken part, with and without the fault; the target is below 1.1.
#![allow(clippy::unwrap_used)]

use std::time::Duration;

use countersign_tests::fault_table::{Outcome, Pace, rows};

fn main() {
    let filter = std::env::args().skip(1).find(|argument| !argument.starts_with('-')).unwrap_or_default();
    let rows: Vec<_> =
        rows().into_iter().filter(|row| row.name.to_lowercase().contains(&filter.to_lowercase())).collect();
    if rows.is_empty() {
        eprintln!("no row has this in its name: {filter}");
        std::process::exit(2);
    }
    println!(
        "{:<31} {:>7} {:>7} {:>9} {:>9} {:>6} {:>9}  answers to right credentials meanwhile",
        "broken", "wrong", "wrong", "others'", "while", "ratio", "recovered"
    );
    println!(
        "{:<31} {:>7} {:>7} {:>9} {:>9} {:>6} {:>9}",
        "", "accepts", "rejects", "p99 µs", "broken", "", "after ms"
    );
    let mut failed = 0;
    for row in rows {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let outcome = runtime.block_on(async {
            let playing = tokio::spawn(async move { (row.set)(PACE).await.play(PACE).await });
            playing.await.unwrap()
        });
        print(row.name, &outcome);
        let is_right =
            (outcome.wrong_accepts, outcome.wrong_rejects) == (0, 0) && outcome.surprises.is_empty();
        failed += u32::from(!is_right);
    }
    if failed > 0 {
        println!("{failed} rows are not as they should be");
        std::process::exit(1);
    }
}

fn print(name: &str, outcome: &Outcome) {
    let micros = |time: Duration| time.as_secs_f64() * 1e6;
    let recovered = outcome.recovered_after.map_or("never".to_owned(), |time| time.as_millis().to_string());
    let answers: Vec<_> = outcome.answers.iter().map(|(kind, count)| format!("{count} × {kind}")).collect();
    println!(
        "{name:<31} {:>7} {:>7} {:>9.1} {:>9.1} {:>6.2} {recovered:>9}  {}",
        outcome.wrong_accepts,
        outcome.wrong_rejects,
        micros(outcome.p99_whole),
        micros(outcome.p99_broken),
        outcome.ratio(),
        answers.join(", ")
    );
    for surprise in &outcome.surprises {
        println!("  ✗ {surprise}");
    }
}

const PACE: Pace = Pace { whole: Duration::from_secs(2), broken: Duration::from_secs(2), rounds: 3 };
