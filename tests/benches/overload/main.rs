//! A token endpoint that is asked for more than it can do: what that costs those who ask for little.
//!
//! `cargo bench -p countersign-tests --bench overload`, or one part of it with `-- slow-secrets`, `-- goodput` or
//! `-- reload`. Each server is a process of its own; this one asks. What is
//! compared is measured in turns in one run. Prints a table, with the target beside each figure, and fails when one is
//! missed. Takes a minute, and wants both of two cores for itself.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::cast_precision_loss)]
#![allow(clippy::disallowed_methods, reason = "a benchmark reads the clock")]

mod callers;
mod flood;
mod goodput;
mod reload;
mod requests;
mod server;
mod slow_secrets;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let Some(position) = arguments.iter().position(|argument| argument == server::SERVE) {
        match arguments[position + 1].as_str() {
            slow_secrets::NAME => slow_secrets::serve(),
            goodput::NAME => goodput::serve(),
            other => panic!("there is no server {other:?}"),
        }
        return;
    }
    let mut table = Table { missed: Vec::new() };
    for (name, measure) in PARTS {
        // All of them, unless one is named.
        if !PARTS.iter().any(|(name, _)| arguments.iter().any(|argument| argument == name))
            || arguments.iter().any(|argument| argument == name)
        {
            measure(&mut table);
        }
    }
    assert!(table.missed.is_empty(), "missed: {:?}", table.missed);
}

type Part = (&'static str, fn(&mut Table));

const PARTS: [Part; 3] = [
    (slow_secrets::NAME, slow_secrets::measure),
    (goodput::NAME, goodput::measure),
    (reload::NAME, reload::measure),
];

/// What was measured.
pub(crate) struct Table {
    missed: Vec<String>,
}

impl Table {
    /// A line with a heading and the heads of its columns.
    pub(crate) fn heading(&self, name: &str, figure: &str) {
        println!("\n{name:<58} {figure:>20}   target");
    }

    /// One line.
    pub(crate) fn line(&mut self, name: &str, figure: &str, target: &str, reached: bool) {
        println!("{name:<58} {figure:>20}   {target}{}", if reached { "" } else { "   MISSED" });
        if !reached {
            self.missed.push(format!("{name}: {figure}"));
        }
    }

    /// A figure without a target.
    pub(crate) fn note(&self, name: &str, figure: &str) {
        println!("{name:<58} {figure:>20}");
    }
}

/// The one in the middle.
pub(crate) fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}

/// What this part of the figures does not exceed.
pub(crate) fn quantile(figures: &mut [f64], part: f64) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[((figures.len() - 1) as f64 * part) as usize]
}
