//! What threads and tasks share and wait for, where model checks look at it.
//!
//! A build has [`std::sync`] here, and tokio's time and runtime. Under `cfg(shuttle)` they are those of a checker that
//! runs the threads of a test one at a time and draws who is next at each step, thousands of times: `tests/models`. What
//! follows is checked by it, and so takes its locks, atomics, timeouts and tasks from here: the replay store in memory,
//! the throttle of one process, the cache in front of a database of clients and the fetcher of key sets.
//!
//! What the checker does not see:
//!
//! - The insides of moka, and of tokio's channels, semaphores and notifications. An operation of theirs is one step,
//!   which is what they promise. Whom they wake, and that nobody is forgotten, is seen.
//! - `Arc`, `OnceLock` and the statistics, whose operations are no steps of their own.
//! - Weak memory: each atomic acts as `SeqCst`. What is `Relaxed` here is a number by itself, and tells nothing about
//!   other memory; that is under a lock.
//! - The network, and the thread on which a database is asked: a task stands for each.

#[cfg(test)]
#[cfg(shuttle)]
pub(crate) mod checker;
#[cfg(shuttle)]
mod mishaps;
#[cfg(shuttle)]
pub(crate) mod runtime;
#[cfg(shuttle)]
pub(crate) mod time;

#[cfg(shuttle)]
pub(crate) use shuttle::{future as task, sync::*};
#[cfg(not(shuttle))]
pub(crate) use std::sync::*;
#[cfg(all(not(shuttle), feature = "cache"))]
pub(crate) use tokio::task;
#[cfg(all(not(shuttle), any(feature = "cache", feature = "fetch")))]
pub(crate) use tokio::{runtime, time};

/// How hash maps draw their keys; under the checker there is nothing to draw, so that a schedule can be run again.
#[cfg(shuttle)]
pub(crate) type RandomState = std::hash::BuildHasherDefault<std::hash::DefaultHasher>;
#[cfg(not(shuttle))]
pub(crate) use std::collections::hash_map::RandomState;
