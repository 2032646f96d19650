//! Clients that register themselves: on both frameworks, over a restart, by every method, under an operator's eyes, and on
//! three nodes that share a database and a Redis. The authorities of clients' certificates, which are exchanged. And what a
//! browser may be told at the authorization endpoint. What an operator is told of used assertions and of key sets.
#![allow(clippy::disallowed_methods, clippy::indexing_slicing, reason = "a test, of real time")]

mod authorities;
mod browser;
mod configuration;
mod conformance;
mod disabled;
mod explained;
mod frameworks;
mod gauges;
mod http;
mod methods;
mod node;
mod nodes;
mod operators;
mod outages;
mod redirections;
mod restart;
mod strangers;

use std::error::Error;

type Outcome<T> = Result<T, Box<dyn Error>>;
