//! The test suite. One binary: linking is what costs.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

mod adapters;
mod cancellation;
mod certificates_at_once;
mod client_certificates;
mod configuration;
mod corpus;
mod discovery;
mod explain;
#[cfg(unix)]
mod fault_proxy;
#[cfg(unix)]
mod fault_table;
mod faults;
mod fetch;
mod figures;
mod forwarded;
mod log;
mod ml_dsa;
mod mutual_tls;
mod observers;
mod outages;
mod own_methods;
mod ports;
mod printed;
mod promises;
mod properties;
mod proven_with;
mod public_keys;
mod readiness;
mod redaction;
mod registration;
mod registry;
mod regressions;
mod replay_memory;
#[cfg(unix)]
mod replay_postgres;
mod replay_redis;
mod replay_sqlite;
mod rows;
mod secrets;
#[cfg(unix)]
mod servers;
mod sign;
mod stores;
mod threat_model;
mod throttle;
mod trust_anchors;
mod wire;
mod wycheproof;
