//! What `--try-all` cannot provoke.

use countersign::Reason;

/// With every reason why not. README.md lists the same, and `tests/try_all.rs` sees that every other one is tried.
const UNTRIED: [(Reason, &str); 3] = [
    (Reason::SubMismatch, "the client is found by sub, so that a wrong one has another reason before"),
    (Reason::StoreUnavailable, "the stores of this run are in memory, which always answers"),
    (Reason::InternalError, "that takes a fault in the server itself"),
];

pub(super) fn print() {
    println!("\n{HEADING}");
    for (reason, why) in UNTRIED {
        println!("- {:<62} {why}", reason.code());
    }
}

const HEADING: &str = "Reasons that no request can cause here";
