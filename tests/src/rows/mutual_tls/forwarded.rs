//! Certificates that a proxy passes on, by whom they are believed
//! ([RFC 9440 §4](https://www.rfc-editor.org/rfc/rfc9440#section-4)).

use serde_json::json;

use super::formats::{byte_sequence, client_cert};
use super::{
    ID, SELF_SIGNED, by_id, der, forwarded_refused, mismatch, no_certificate, proved, recognised, server,
    showing, untrusted, with_named,
};
use crate::request::Request;
use crate::row::{Endpoint, Row};
use crate::rows::{by_basic, by_es256, by_none, by_post, good_assertion, good_basic, good_none, good_post};
use crate::scene::{Scene, accepted_with, invalid_client, invalid_request};
use crate::x509::jwk;

pub(super) fn rows() -> Vec<Row> {
    [from_the_proxy(), from_outside(), without_proxy(), beside_others()].concat()
}

/// The address of the proxy.
const PROXY: &str = "192.0.2.80";

/// One from which anybody can come.
const OUTSIDE: &str = "198.51.100.7";

/// A server behind a proxy that speaks RFC 9440.
fn behind_proxy(name: &str) -> Scene {
    with_named(name).behind_proxy("192.0.2.80/32", "client-cert")
}

/// The client's request as the proxy passes it on.
fn passed_on(leaf: &[u8]) -> Request {
    with_header(by_id().from(PROXY), leaf)
}

fn with_header(request: Request, leaf: &[u8]) -> Request {
    client_cert(&[leaf.to_vec()])
        .into_iter()
        .fold(request, |request, (name, value)| request.header(name, value))
}

fn chain_passed_on(chain: &[Vec<u8>]) -> Request {
    let fields = client_cert(chain).into_iter();
    fields.fold(by_id().from(PROXY), |request, (name, value)| request.header(name, value))
}

fn from_the_proxy() -> Vec<Row> {
    let forged = [der("leaf-by-fake-ca"), der("fake-intermediate-same-dn"), der("fake-root-same-dn")];
    let (one, two, own) = (der("c-tls-dn"), der("c-tls-dn2"), der("c-self"));
    vec![
        behind_proxy("a certificate that the proxy passes on").send(passed_on(&one), proved(&one)).row(),
        behind_proxy("another client's certificate, passed on").send(passed_on(&two), mismatch()).row(),
        behind_proxy("a forged certificate, passed on")
            .send(passed_on(&der("forged-same-dn-other-ca")), untrusted())
            .row(),
        behind_proxy("a forged chain, passed on").send(chain_passed_on(&forged), untrusted()).row(),
        behind_proxy("a self-signed certificate, passed on")
            .client(json!({
                "client_id": ID, "token_endpoint_auth_method": SELF_SIGNED, "jwks": {"keys": [jwk("c-self")]},
            }))
            .send(passed_on(&own), recognised(&own))
            .send(passed_on(&one), mismatch())
            .row(),
        behind_proxy("the proxy's word goes before the proxy's own certificate")
            .send(passed_on(&one).certificates([two.clone()]), proved(&one))
            .send(passed_on(&two).certificates([one.clone()]), mismatch())
            .row(),
        behind_proxy("the proxy's own certificate is not the client's")
            .send(showing([one.clone()]).from(PROXY), no_certificate())
            .row(),
        behind_proxy("the proxy passes on nothing").send(by_id().from(PROXY), no_certificate()).row(),
        behind_proxy("the proxy passes on an empty field")
            .send(by_id().from(PROXY).header("Client-Cert", ""), no_certificate())
            .send(showing([one.clone()]).from(PROXY).header("Client-Cert", ""), no_certificate())
            .row(),
        behind_proxy("two lines with a certificate")
            .send(with_header(passed_on(&one), &two), forwarded_refused())
            .send(with_header(passed_on(&two), &one), forwarded_refused())
            .send(with_header(passed_on(&one), &one), forwarded_refused())
            .row(),
        behind_proxy("a line with a certificate and an empty one")
            .send(passed_on(&one).header("Client-Cert", ""), forwarded_refused())
            .row(),
        behind_proxy("a certificate passed on in small letters")
            .send(by_id().from(PROXY).header("client-cert", byte_sequence(&one)), proved(&one))
            .row(),
        behind_proxy("a field that another proxy would have written")
            .send(by_id().from(PROXY).header("X-SSL-Client-Cert", byte_sequence(&one)), no_certificate())
            .row(),
        behind_proxy("a certificate without client_id, passed on")
            .send(with_header(Request::token().from(PROXY), &one), invalid_request(400, "client_id_missing"))
            .row(),
        behind_proxy("a certificate at introspection, passed on")
            .send(passed_on(&one).at(Endpoint::Introspection), proved(&one))
            .send(
                with_header(passed_on(&one), &one).at(Endpoint::Introspection),
                invalid_client(401, "forwarded_certificate_refused"),
            )
            .row(),
        with_named("a proxy of a network, over IPv4 and IPv6")
            .behind_proxy("192.0.2.0/24", "client-cert")
            .send(passed_on(&one), proved(&one))
            .send(with_header(by_id().from("::ffff:192.0.2.80"), &one), proved(&one))
            .send(with_header(by_id().from("192.0.3.80"), &one), forwarded_refused())
            .row(),
        with_named("a proxy with an IPv6 address")
            .behind_proxy("2001:db8::/64", "client-cert")
            .send(with_header(by_id().from("2001:db8::7"), &one), proved(&one))
            .send(with_header(by_id().from("2001:db8:0:1::7"), &one), forwarded_refused())
            .row(),
    ]
}

fn from_outside() -> Vec<Row> {
    let (one, two) = (der("c-tls-dn"), der("c-tls-dn2"));
    let forged = || with_header(by_id().from(OUTSIDE), &one);
    vec![
        behind_proxy("a certificate in a header from outside").send(forged(), forwarded_refused()).row(),
        behind_proxy("a certificate in a header from outside, beside the attacker's own")
            .send(forged().certificates([two.clone()]), forwarded_refused())
            .row(),
        behind_proxy("a header from outside, beside the client's own certificate")
            .send(forged().certificates([one.clone()]), forwarded_refused())
            .row(),
        behind_proxy("an empty header from outside, beside the client's own certificate")
            .send(showing([one.clone()]).from(OUTSIDE).header("Client-Cert", ""), forwarded_refused())
            .row(),
        behind_proxy("a chain alone in a header from outside")
            .send(showing([one.clone()]).from(OUTSIDE).header("Client-Cert-Chain", ""), forwarded_refused())
            .row(),
        behind_proxy("a client that does not come through the proxy")
            .send(showing([one.clone()]).from(OUTSIDE), proved(&one))
            .send(by_id().from(OUTSIDE), no_certificate())
            .row(),
        behind_proxy("a header from an address that nobody knows")
            .send(with_header(by_id(), &one), forwarded_refused())
            .send(showing([one.clone()]), proved(&one))
            .row(),
        behind_proxy("an address in a header is not that of the connection")
            .send(forged().header("X-Forwarded-For", PROXY), forwarded_refused())
            .send(forged().header("Forwarded", "for=192.0.2.80"), forwarded_refused())
            .send(forged().header("X-Real-IP", PROXY), forwarded_refused())
            .row(),
        behind_proxy("a header from outside without client_id")
            .send(
                with_header(Request::token().from(OUTSIDE), &one),
                invalid_request(400, "client_id_missing"),
            )
            .row(),
        behind_proxy("an unknown client with a header from outside")
            .send(
                with_header(Request::token().field("client_id", "c-unknown").from(OUTSIDE), &one),
                invalid_client(400, "unknown_client"),
            )
            .row(),
    ]
}

/// Without a proxy in the configuration no header is read.
fn without_proxy() -> Vec<Row> {
    let one = der("c-tls-dn");
    let fields = [
        "Client-Cert",
        "X-SSL-Client-Cert",
        "X-Forwarded-Client-Cert",
        "X-Forwarded-Tls-Client-Cert",
        "X-Amzn-Mtls-Clientcert",
    ];
    let mut rows: Vec<Row> = fields
        .into_iter()
        .map(|field| {
            let value = byte_sequence(&one);
            with_named(format!("{field}, where no proxy is configured"))
                .send(by_id().from(PROXY).header(field, value.clone()), no_certificate())
                .send(showing([one.clone()]).from(OUTSIDE).header(field, value.clone()), proved(&one))
                .send(showing([der("c-tls-dn2")]).header(field, value), mismatch())
                .row()
        })
        .collect();
    rows.push(
        server("a header beside Basic, where no proxy is configured")
            .send(with_header(good_basic(), &one), by_basic())
            .row(),
    );
    rows
}

/// Who needs no certificate does not stumble over a bad one.
fn beside_others() -> Vec<Row> {
    let one = der("c-tls-dn");
    let outside = |request: Request| with_header(request.from(OUTSIDE), &one);
    let through = |request: Request| with_header(request.from(PROXY), &one);
    vec![
        behind_proxy("a header from outside beside other methods")
            .send(outside(good_basic()), by_basic())
            .send(outside(good_post()), by_post())
            .send(outside(good_none()), by_none())
            .send(outside(good_assertion()), by_es256())
            .row(),
        behind_proxy("a certificate beside other methods, passed on")
            .send(through(good_basic()), accepted_with("c-basic", "client_secret_basic", &one))
            .send(through(good_post()), accepted_with("c-post", "client_secret_post", &one))
            .send(through(good_none()), accepted_with("c-none", "none", &one))
            .send(through(good_assertion()), accepted_with("c-pkjwt-es256", "private_key_jwt", &one))
            .row(),
        behind_proxy("two lines beside other methods")
            .send(with_header(through(good_basic()), &one), by_basic())
            .row(),
        behind_proxy("something that cannot be read beside other methods")
            .send(good_basic().from(PROXY).header("Client-Cert", "NONE"), by_basic())
            .row(),
        behind_proxy("the proxy's own certificate beside other methods")
            .send(good_basic().from(PROXY).certificates([one.clone()]), by_basic())
            .row(),
    ]
}
