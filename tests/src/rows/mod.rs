//! The tables that are written by hand, one file for each theme.

mod algorithms;
mod assertion_header;
mod assertion_reuse;
mod assertion_shape;
mod audience;
mod basic;
mod basic_readings;
mod carriers;
mod certificates;
mod claims;
mod client_secret_jwt;
mod conformance;
mod endpoints;
mod form;
mod grants;
mod keys;
mod migration;
mod ml_dsa;
mod mutual_tls;
mod numbers;
mod policy;
mod post;
mod presets;
mod public;
mod replay;
mod secret_hashes;
mod secrets;
mod signatures;
mod throttle;
mod time;
mod transport;
mod x5c;

use crate::assertion::Assertion;
use crate::fixtures::fixtures;
use crate::request::Request;
use crate::row::{Endpoint, Expect, Row};
use crate::scene::accepted;

/// Every row that is not from the corpus.
pub fn hand_written() -> Vec<Row> {
    [
        transport::rows(),
        form::rows(),
        carriers::rows(),
        endpoints::rows(),
        basic::rows(),
        basic_readings::rows(),
        post::rows(),
        public::rows(),
        secrets::rows(),
        secret_hashes::rows(),
        assertion_shape::rows(),
        assertion_header::rows(),
        algorithms::rows(),
        claims::rows(),
        numbers::rows(),
        audience::rows(),
        time::rows(),
        keys::rows(),
        certificates::rows(),
        x5c::rows(),
        signatures::rows(),
        ml_dsa::rows(),
        replay::rows(),
        throttle::rows(),
        grants::rows(),
        migration::rows(),
        client_secret_jwt::rows(),
        mutual_tls::rows(),
        assertion_reuse::rows(),
        policy::rows(),
        presets::rows(),
        conformance::rows(),
    ]
    .concat()
}

/// `c-basic` with its own secret.
fn good_basic() -> Request {
    Request::token().basic("c-basic", &secret_of("c-basic"))
}

/// `c-post` with its own secret.
fn good_post() -> Request {
    Request::token().post("c-post", &secret_of("c-post"))
}

/// `c-none` by its name.
fn good_none() -> Request {
    Request::token().field("client_id", "c-none")
}

/// `c-pkjwt-es256` with a fresh assertion.
fn good_assertion() -> Request {
    signed(&es256())
}

/// A fresh assertion of `c-pkjwt-es256`, valid as it is.
fn es256() -> Assertion {
    Assertion::of("c-pkjwt-es256")
}

/// A request with this assertion.
fn signed(assertion: &Assertion) -> Request {
    Request::token().assertion(assertion.mint())
}

fn secret_of(client: &str) -> String {
    fixtures().client(client).secret().expect("a client with a secret")
}

fn by_basic() -> Expect {
    accepted("c-basic", "client_secret_basic")
}

fn by_post() -> Expect {
    accepted("c-post", "client_secret_post")
}

fn by_none() -> Expect {
    accepted("c-none", "none")
}

fn by_es256() -> Expect {
    accepted("c-pkjwt-es256", "private_key_jwt")
}

/// The status of a failed authentication without an `Authorization` header (RFC 7662 §2.3).
fn status_at(endpoint: Endpoint) -> u16 {
    if endpoint == Endpoint::Introspection { 401 } else { 400 }
}
