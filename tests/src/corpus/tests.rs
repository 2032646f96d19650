//! The sidecar and the corpus belong together.

use std::collections::BTreeSet;

use super::*;
use crate::all_rows;

#[test]
fn every_case_has_a_verdict_and_every_verdict_a_case() {
    let ids: BTreeSet<_> = cases().into_iter().map(|case| case.id).collect();
    let judged: BTreeSet<_> = verdicts().into_keys().collect();
    assert_eq!(ids, judged);
}

#[test]
fn a_verdict_is_an_answer_or_a_test_or_a_reason_to_wait() {
    for (id, verdict) in verdicts() {
        let answers = verdict.outcome().is_some();
        let says = [verdict.skip.is_some(), !verdict.test.0.is_empty(), answers];
        let said = says.iter().filter(|says| **says).count();
        assert_eq!(said, 1, "{id}: a verdict skips, or names tests, or an answer in full");
        let of_rows = verdict.status.is_some() || verdict.accept || !verdict.patch.is_null();
        assert!(verdict.makes_rows() || !of_rows && verdict.variants.is_empty(), "{id}: there is no row");
        for (label, variant) in &verdict.variants {
            assert!(variant.makes_rows() && variant.variants.is_empty(), "{id} {label}");
            let nothing = variant.status.or(variant.accept.then_some(200)).is_none();
            assert!(nothing || variant.outcome().is_some(), "{id} {label}: an answer in full, or none");
        }
    }
}

#[test]
fn a_verdict_that_the_corpus_does_not_allow_says_why() {
    let verdicts = verdicts();
    for case in cases() {
        let verdict = &verdicts[&case.id];
        for judged in verdict.variants.values().chain([verdict]) {
            let Some(outcome) = judged.outcome() else { continue };
            let noted = judged.note.is_some() || verdict.note.is_some();
            assert!(noted || allows(&case, &outcome), "{}: {outcome:?} wants a note", case.id);
        }
    }
}

/// What these groups ask for is all here, but for mutual TLS.
#[test]
fn no_case_of_the_finished_groups_waits() {
    const FINISHED: [&str; 17] = [
        "OIDF", "ALG", "HDR", "JWSF", "KEY", "SIG", "WYCH", "TIME", "AUD", "CLM", "REPL", "BASIC", "FORM",
        "MULTI", "PUB", "JWKS", "CVE",
    ];
    const MUTUAL_TLS: &str = "needs tls_client_auth and self_signed_tls_client_auth";
    for (id, verdict) in verdicts() {
        let group = id.split('-').next().unwrap_or_default();
        let waits = verdict.skip.as_deref().filter(|reason| *reason != MUTUAL_TLS);
        assert!(waits.is_none() || !FINISHED.contains(&group), "{id} waits: {waits:?}");
    }
}

fn allows(case: &Case, outcome: &Outcome) -> bool {
    let (status, error) = match outcome {
        Outcome::Accepted { .. } => (200, None),
        Outcome::Refused { status, error, .. } => (*status, Some(error)),
    };
    let error_fits =
        error.is_none_or(|error| case.expect_error.is_empty() || case.expect_error.contains(error));
    case.expect_status.contains(&status) && error_fits
}

#[test]
fn the_corpus_makes_rows() {
    let (rows, verdicts) = (corpus_rows(), verdicts());
    let run: BTreeSet<_> = rows.iter().filter_map(|row| row.name.split(' ').next()).collect();
    let due: BTreeSet<_> =
        verdicts.iter().filter(|(_, verdict)| verdict.makes_rows()).map(|(id, _)| id.as_str()).collect();
    assert_eq!(run, due);
    assert!(rows.len() >= 600, "{} rows", rows.len());
}

#[test]
fn every_row_can_be_told_from_the_others_and_can_be_built() {
    let rows = all_rows();
    assert!(rows.len() >= 1700, "{} rows", rows.len());
    let names: BTreeSet<_> = rows.iter().map(|row| &row.name).collect();
    assert_eq!(names.len(), rows.len(), "two rows have the same name");
    for row in &rows {
        let ids: BTreeSet<_> = row.setup.clients.iter().map(|client| client["client_id"].as_str()).collect();
        assert_eq!(ids.len(), row.setup.clients.len(), "{}: a client is registered twice", row.name);
        assert!(
            row.steps.iter().any(|step| matches!(step, Step::Send { .. })),
            "{}: nothing is sent",
            row.name
        );
    }
}

#[test]
fn no_placeholder_of_the_case_language_is_sent() {
    for row in corpus_rows() {
        for step in &row.steps {
            let Step::Send { request, .. } = step else { continue };
            let headers = request.headers.iter().flat_map(|(_, value)| value);
            let sent: Vec<u8> = request.body.iter().chain(headers).copied().collect();
            let sent = String::from_utf8_lossy(&sent);
            for placeholder in ["%40now", "%40secret", "%40issuer", "%40variant", "@cred", "%40repeat"] {
                assert!(!sent.contains(placeholder), "{}: {placeholder}", row.name);
            }
        }
    }
}
