//! The shared case tables of Countersign.
//!
//! A [`Row`](row::Row) is one registered situation, a few requests and the answers they must get. Rows come from
//! two places: the corpus in `cases/` ([`corpus::corpus_rows`]) and the tables written by hand
//! ([`rows::hand_written`]). Every driver runs all of them unchanged, so that two adapters cannot drift apart.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

use std::sync::LazyLock;

pub mod assertion;
pub mod certificates;
pub mod corpus;
pub mod drivers;
pub mod encoding;
#[cfg(unix)]
pub mod fault_table;
#[cfg(unix)]
pub mod faults;
pub mod fixtures;
pub mod jwk;
pub mod members;
pub mod mutate;
pub mod patience;
pub mod registration;
pub mod replay_conformance;
pub mod request;
pub mod row;
pub mod rows;
pub mod scene;
pub mod serialization;
#[cfg(unix)]
pub mod servers;
pub mod x509;

mod der;
mod rsa;

/// Every row: the corpus first, then the tables written by hand. They are made once in a process.
pub fn all_rows() -> Vec<row::Row> {
    static ROWS: LazyLock<Vec<row::Row>> =
        LazyLock::new(|| [corpus::corpus_rows(), rows::hand_written()].concat());
    ROWS.clone()
}

/// The programs of the README compile.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
pub struct Readme;

/// Those of the manual too.
#[cfg(doctest)]
pub mod manual {
    #[doc = include_str!("../../core/src/manual/quick_start.md")]
    pub struct QuickStart;
    #[doc = include_str!("../../core/src/manual/defaults.md")]
    pub struct Defaults;
    #[doc = include_str!("../../core/src/manual/migrating.md")]
    pub struct Migrating;
}
