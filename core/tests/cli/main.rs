//! The command `countersign`, as it is typed. Beside the suite, since only this package knows where its binary is.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

mod authority;
mod bench;
mod explaining;
mod fetching;
mod making;
mod pinning;
mod readme;
mod server;
mod talking;
mod trying;
mod trying_tls;
