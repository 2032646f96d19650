//! The whole decision through the core, for each method, beside the bare signature check with a parsed key.
//!
//! `cargo bench -p countersign-tests --bench authenticate`. Compare the two lines of an algorithm in one run: their
//! difference is what Countersign adds.
//!
//! `cargo bench -p countersign-tests --bench authenticate -- timing` instead compares the times of refusals, and fails when
//! one of them tells why.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]
#![allow(clippy::disallowed_methods, reason = "a benchmark reads the clock")]

mod bed;
mod timing;

use std::hint::black_box;

use bytes::Bytes;
use criterion::{Criterion, criterion_group};

fn main() {
    if std::env::args().any(|argument| argument == "timing") {
        assert!(timing::run(), "the time of a refusal tells why");
        return;
    }
    benches();
    Criterion::default().configure_from_args().final_summary();
}

fn methods(criterion: &mut Criterion) {
    let auth = bed::authenticator();
    let mut group = criterion.benchmark_group("secret");
    for method in bed::SECRETS {
        let request = bed::by_secret(method);
        let body = Bytes::from(request.body.clone());
        group.bench_function(method, |bencher| {
            bencher.iter(|| black_box(bed::authenticate(&auth, &request, &body)));
        });
    }
    group.finish();
    for (algorithm, client) in bed::SIGNERS {
        let mut group = criterion.benchmark_group(algorithm);
        group.sample_size(20);
        let (bare, signed) = (bed::Bare::new(client), bed::Signed::of(client));
        group.bench_function("bare verification", |bencher| bencher.iter(|| bare.verify(black_box(&signed))));
        group.bench_function("private_key_jwt", |bencher| {
            // Every assertion passes once, so each iteration needs its own.
            bencher.iter_batched(
                || {
                    let request = bed::by_assertions(client, 1).remove(0);
                    let body = Bytes::from(request.body.clone());
                    (request, body)
                },
                |(request, body)| black_box(bed::authenticate(&auth, &request, &body)),
                criterion::BatchSize::SmallInput,
            );
        });
        group.finish();
    }
}

criterion_group!(benches, methods);
