//! Instructions of each decision, which no other work on the machine blurs: this program runs itself under
//! callgrind, once for each method, and counts only what is inside the decision.
//!
//! `cargo bench -p countersign-tests --bench instructions`. Needs the package valgrind. SHA-256 costs more here than on
//! the processor, whose instructions for it valgrind does not know.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::cast_precision_loss)]

mod bed;

use std::hint::black_box;
use std::process::Command;

use bytes::Bytes;
use countersign::Authenticator;
use countersign_tests::row::HttpRequest;

const CALLS: usize = 200;

fn main() {
    if let Ok(method) = std::env::var(METHOD) {
        return run(&method);
    }
    println!("{:<28} {:>14} {:>14} {:>10}", "instructions", "bare", "whole", "own");
    for method in bed::SECRETS {
        let whole = counted(method, "decide");
        println!("{method:<28} {:>14} {whole:>14} {whole:>10}", "-");
    }
    for (algorithm, client) in bed::SIGNERS {
        let (bare, whole) = (counted(client, "verify"), counted(client, "decide"));
        let name = format!("private_key_jwt {algorithm}");
        println!("{name:<28} {bare:>14} {whole:>14} {:>10}", whole.saturating_sub(bare));
    }
}

/// Instructions of one call of the function, in a run of this program for this method.
fn counted(method: &str, function: &str) -> u64 {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null", "--collect-atstart=no"])
        .arg(format!("--toggle-collect=instructions::{function}"))
        .arg(std::env::current_exe().unwrap())
        .env(METHOD, method)
        .output()
        .unwrap_or_else(|error| panic!("valgrind cannot be started ({error}): install the package valgrind"));
    let report = String::from_utf8_lossy(&output.stderr);
    let collected =
        report.lines().find_map(|line| line.split("Collected :").nth(1)?.trim().parse::<u64>().ok());
    collected.unwrap_or_else(|| panic!("callgrind counted nothing:\n{report}")) / CALLS as u64
}

fn run(method: &str) {
    let auth = bed::authenticator();
    let requests = if bed::SECRETS.contains(&method) {
        vec![bed::by_secret(method); CALLS]
    } else {
        let (bare, signed) =
            (bed::Bare::new(method), (0..CALLS).map(|_| bed::Signed::of(method)).collect::<Vec<_>>());
        signed.iter().for_each(|signed| verify(&bare, signed));
        bed::by_assertions(method, CALLS)
    };
    let bodies: Vec<Bytes> = requests.iter().map(|request| Bytes::from(request.body.clone())).collect();
    requests.iter().zip(&bodies).for_each(|(request, body)| decide(&auth, request, body));
}

#[inline(never)]
fn decide(auth: &Authenticator, request: &HttpRequest, body: &Bytes) {
    black_box(bed::authenticate(auth, request, body));
}

#[inline(never)]
fn verify(bare: &bed::Bare, signed: &bed::Signed) {
    bare.verify(black_box(signed));
}

/// Names the method in the run under callgrind.
const METHOD: &str = "COUNTERSIGN_BENCH_METHOD";
