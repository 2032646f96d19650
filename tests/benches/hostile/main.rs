//! How much memory a hostile request, or a hostile host of a key set, can make the server take for one request: the most
//! that was held at a time, above what an idle server holds.
//!
//! `cargo bench -p countersign-tests --bench hostile`. Prints a table and fails when anything is over its target. What
//! Rust's allocator hands out is counted; parsed keys, which lie on the heap of the C library, are in `clients`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

#[path = "../../suite/fetch/bed.rs"]
#[allow(dead_code, reason = "the benchmark uses a part of it")]
mod bed;
mod bomb;
mod documents;
#[path = "../../suite/fetch/host.rs"]
#[allow(dead_code, reason = "the benchmark uses a part of it")]
mod host;
mod requests;
mod rows;

fn main() {
    let mut table = Table { over: Vec::new() };
    println!("{:<64} {:>10} {:>10}   target", "memory at its most", "answer", "octets");
    requests::measure(&mut table);
    documents::measure(&mut table);
    rows::measure(&mut table);
    assert!(table.over.is_empty(), "over target: {:?}", table.over);
}

/// What was measured.
struct Table {
    over: Vec<String>,
}

impl Table {
    /// One line. The answer shows that the input was what its name says.
    fn line(&mut self, name: &str, answer: &str, octets: u64) {
        println!("{name:<64} {answer:>10} {octets:>10}   {MOST}");
        if octets > MOST {
            self.over.push(format!("{name}: {octets}"));
        }
    }
}

/// A mebibyte.
const MOST: u64 = 1 << 20;
