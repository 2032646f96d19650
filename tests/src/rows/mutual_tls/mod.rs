//! Mutual TLS ([RFC 8705](https://www.rfc-editor.org/rfc/rfc8705)): the certificate of the connection is the credential,
//! and the form names the client.

mod alternative_names;
mod beside_others;
mod distinguished_names;
mod formats;
mod forwarded;
mod grants;
mod paths;
mod self_signed;
mod use_of_certificates;

use serde_json::{Value, json};

use crate::request::Request;
use crate::row::{Expect, Row};
use crate::scene::{Scene, accepted_with, invalid_client, scene};
use crate::x509::{self, Draft, certificate};

pub(super) fn rows() -> Vec<Row> {
    [
        beside_others::rows(),
        grants::rows(),
        paths::rows(),
        use_of_certificates::rows(),
        distinguished_names::rows(),
        alternative_names::rows(),
        self_signed::rows(),
        forwarded::rows(),
        formats::rows(),
    ]
    .concat()
}

const ID: &str = "c-mtls";

const PKI: &str = "tls_client_auth";
const SELF_SIGNED: &str = "self_signed_tls_client_auth";

/// The subject of most certificates here.
const NAME: &str = "CN=client one,O=Example Ltd,C=DE";

/// A server with mutual TLS and the authorities of the corpus.
fn server(name: impl Into<String>) -> Scene {
    scene(name).mutual_tls(x509::anchors())
}

/// A client that is known by one name of a certificate.
fn client(field: &str, name: &str) -> Value {
    json!({"client_id": ID, "token_endpoint_auth_method": PKI, field: name})
}

/// The same, known by [`NAME`].
fn named() -> Value {
    client("tls_client_auth_subject_dn", NAME)
}

/// A server that knows [`named`].
fn with_named(name: impl Into<String>) -> Scene {
    server(name).client(named())
}

/// The client's request without any certificate.
fn by_id() -> Request {
    Request::token().field("client_id", ID)
}

/// The client's request on a connection with these certificates.
fn showing<C: Into<Vec<u8>>>(chain: impl IntoIterator<Item = C>) -> Request {
    by_id().certificates(chain)
}

/// A certificate of the corpus.
fn der(recipe: &str) -> Vec<u8> {
    certificate(recipe).der.clone()
}

/// Signed by the authority that everybody trusts.
fn issued(draft: &Draft) -> Vec<u8> {
    draft.issued_by(&certificate("CA-1")).der
}

/// By its name, and the handler sees this certificate.
fn proved(certificate: &[u8]) -> Expect {
    accepted_with(ID, PKI, certificate)
}

/// By itself.
fn recognised(certificate: &[u8]) -> Expect {
    accepted_with(ID, SELF_SIGNED, certificate)
}

fn mismatch() -> Expect {
    invalid_client(400, "certificate_mismatch")
}

fn untrusted() -> Expect {
    invalid_client(400, "certificate_untrusted")
}

/// Also before its validity.
fn expired() -> Expect {
    invalid_client(400, "certificate_expired")
}

fn no_certificate() -> Expect {
    invalid_client(400, "no_certificate")
}

fn forwarded_refused() -> Expect {
    invalid_client(400, "forwarded_certificate_refused")
}
