//! What a certificate may be used for ([RFC 5280 §4.2](https://www.rfc-editor.org/rfc/rfc5280#section-4.2)).

use super::{NAME, der, issued, proved, showing, untrusted, with_named};
use crate::certificates;
use crate::fixtures::fixtures;
use crate::row::{Expect, Row};
use crate::x509::{Draft, Extension, dn};

pub(super) fn rows() -> Vec<Row> {
    [uses(), keys()].concat()
}

const PURPOSES: u8 = 37;
const KEY_USAGE: u8 = 15;

fn uses() -> Vec<Row> {
    let one = || Draft::client(dn(NAME));
    let taken = [
        ("clientAuth", one()),
        ("clientAuth among others", one().with(Extension::purposes(&[1, 2, 3]))),
        ("every use, since it names none", one().without(PURPOSES)),
        ("every key usage, since it names none", one().without(KEY_USAGE)),
        ("nothing in particular", Draft::bare(dn(NAME))),
        ("digitalSignature among others", one().with(Extension::key_usage(0xE0))),
        (
            "clientAuth, and said to be of no authority",
            one().with(Extension::standard(19, true, vec![0x30, 0])),
        ),
    ];
    let refused = [
        ("serverAuth", one().with(Extension::purposes(&[1]))),
        ("code signing", one().with(Extension::purposes(&[3]))),
        ("anything, in the word that RFC 5280 has for it", one().with(Extension::any_purpose())),
        ("key encipherment", one().with(Extension::key_usage(0x20))),
        ("certifying others", Draft::authority(dn(NAME))),
        ("certifying others, and signing", Draft::authority(dn(NAME)).with(Extension::key_usage(0x86))),
        ("what nobody knows", one().with(Extension::critical_and_unknown())),
        ("whatever, before there were uses (version 1)", one().version_1()),
        ("what cannot be read", one().with(Extension::standard(KEY_USAGE, true, vec![0x05, 0x00]))),
    ];
    let row = |(what, leaf): (&str, Vec<u8>), expect: Expect| {
        with_named(format!("a certificate for {what}")).send(showing([leaf]), expect).row()
    };
    let taken = taken.map(|(what, draft)| (what, issued(&draft)));
    let taken = taken.into_iter().map(|(what, leaf)| row((what, leaf.clone()), proved(&leaf)));
    let refused = refused.into_iter().map(|(what, draft)| row((what, issued(&draft)), untrusted()));
    let mut rows: Vec<Row> = taken.chain(refused).collect();
    rows.push(
        with_named("the certificate of an authority itself").send(showing([der("CA-1")]), untrusted()).row(),
    );
    rows.push(
        with_named("the certificate of an authority made by OpenSSL")
            .send(showing([certificates::der("rsa authority")]), untrusted())
            .row(),
    );
    rows
}

/// RFC 8705 §7.1 leaves it to the server which keys are strong enough.
fn keys() -> Vec<Row> {
    let with_key = |name: &str| issued(&Draft::client(dn(NAME)).key(fixtures().key(name)));
    let rsa = with_key("c-pkjwt-rs256");
    vec![
        with_named("a certificate of an RSA key of 2048 bits")
            .send(showing([rsa.clone()]), proved(&rsa))
            .row(),
        with_named("a certificate of an RSA key of 1024 bits")
            .send(showing([with_key("rsa1024")]), untrusted())
            .row(),
    ]
}
