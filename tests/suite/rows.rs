//! Every row through every driver.

use std::collections::BTreeSet;

use countersign::Reason;
use countersign_tests::all_rows;
use countersign_tests::drivers::{ActixExtractor, ActixMiddleware, Axum, Core, Driver, Hyper, run};
use countersign_tests::row::{Expect, Step};
use futures_util::future::LocalBoxFuture;

#[test]
fn every_row_through_the_core_without_a_runtime() {
    through::<Core>(|rows| futures_executor::block_on(rows));
}

#[test]
fn every_row_through_hyper() {
    through::<Hyper>(on_tokio);
}

#[test]
fn every_row_through_axum() {
    through::<Axum>(on_tokio);
}

#[test]
fn every_row_through_the_actix_middleware() {
    through::<ActixMiddleware>(on_actix);
}

#[test]
fn every_row_through_the_actix_extractor() {
    through::<ActixExtractor>(on_actix);
}

/// Rows that pass through no driver at all would pass unnoticed.
#[test]
fn there_are_rows_for_every_reason_that_a_request_can_cause() {
    let rows = all_rows();
    assert!(rows.len() >= 300, "only {} rows", rows.len());
    let names: BTreeSet<&str> = rows.iter().map(|row| row.name.as_str()).collect();
    assert_eq!(names.len(), rows.len(), "two rows have the same name");
    let covered: BTreeSet<&str> = rows
        .iter()
        .flat_map(|row| &row.steps)
        .filter_map(|step| match step {
            Step::Send { expect: Expect::Refused { reason, .. }, .. } => Some(reason.as_str()),
            Step::Send { expect: Expect::Throttled { .. }, .. } => Some("throttled"),
            _ => None,
        })
        .collect();
    let missing: Vec<&str> = Reason::ALL
        .iter()
        .filter(|reason| !TESTED_ELSEWHERE.contains(reason))
        .map(|reason| reason.code())
        .filter(|code| !covered.contains(code))
        .collect();
    assert!(missing.is_empty(), "no row for {missing:?}");
}

/// Reasons that need a broken port or a broken connection; `faults.rs` and `adapters.rs` provoke them. A `sub` that
/// is not the client's cannot be sent: the client is found by it.
const TESTED_ELSEWHERE: [Reason; 6] = [
    Reason::SubMismatch,
    Reason::BodyUnreadable,
    Reason::JwksUnavailable,
    Reason::StoreUnavailable,
    Reason::ReplayStoreFull,
    Reason::InternalError,
];

fn on_tokio(rows: LocalBoxFuture<'_, ()>) {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(rows);
}

fn on_actix(rows: LocalBoxFuture<'_, ()>) {
    actix_web::rt::System::new().block_on(rows);
}

fn through<D: Driver>(block_on: impl FnOnce(LocalBoxFuture<'_, ()>)) {
    block_on(Box::pin(async {
        let mut problems = Vec::new();
        let mut passed = 0;
        for row in all_rows() {
            if D::OVER_HTTP && !row.survives_a_socket() {
                continue;
            }
            match run::<D>(&row).await {
                Ok(_) => passed += 1,
                Err(problem) => problems.push(problem),
            }
        }
        println!("{}: {passed} rows passed", D::NAME);
        assert!(problems.is_empty(), "{} rows failed:\n{}", problems.len(), problems.join("\n"));
        assert!(passed >= 300, "only {passed} rows ran through {}", D::NAME);
    }));
}
