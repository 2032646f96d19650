//! From the client's certificate to an authority ([RFC 5280 §6](https://www.rfc-editor.org/rfc/rfc5280#section-6)).

use super::{NAME, der, expired, issued, mismatch, proved, showing, untrusted, with_named};
use crate::certificates;
use crate::row::Row;
use crate::x509::{Draft, Extension, certificate, chain, dn};

pub(super) fn rows() -> Vec<Row> {
    [authorities(), intermediates(), dates(), unreadable()].concat()
}

fn authorities() -> Vec<Row> {
    let refused = [
        ("an authority that nobody knows", "forged-same-dn-other-ca"),
        ("an authority with the name of a trusted one", "same-dn-ca1-twin"),
        ("an authority of the operating system", "leaf-from-webpki-like-ca"),
        ("itself", "selfsigned-same-dn"),
        ("an intermediate with the name of a trusted one", "leaf-by-fake-ca"),
    ];
    let mut rows: Vec<Row> = refused
        .into_iter()
        .map(|(who, recipe)| {
            with_named(format!("the right name, certified by {who}"))
                .send(showing([der(recipe)]), untrusted())
                .row()
        })
        .collect();
    let forged = [der("leaf-by-fake-ca"), der("fake-intermediate-same-dn"), der("fake-root-same-dn")];
    let twin = [der("same-dn-ca1-twin"), der("CA-1b")];
    rows.extend([
        with_named("either of two trusted authorities")
            .send(showing([der("c-tls-dn")]), proved(&der("c-tls-dn")))
            .send(showing([der("same-dn-ca2")]), proved(&der("same-dn-ca2")))
            .row(),
        with_named("a forged chain does not vouch for itself").send(showing(forged), untrusted()).row(),
        with_named("a forged authority in the chain does not vouch for itself")
            .send(showing(twin), untrusted())
            .row(),
        with_named("a certificate by OpenSSL under an RSA authority")
            .send(
                showing([certificates::der("client one sha256")]),
                proved(&certificates::der("client one sha256")),
            )
            .send(showing([certificates::der("client one sha1")]), untrusted())
            .send(showing([certificates::der("client one md5")]), untrusted())
            .row(),
        with_named("what another client was believed is not believed again")
            .send(showing([der("c-tls-dn")]), proved(&der("c-tls-dn")))
            .send(showing([der("same-dn-ca1-twin")]), untrusted())
            .send(showing([der("selfsigned-same-dn"), der("c-tls-dn")]), untrusted())
            .row(),
        with_named("the signature of a certificate is looked at")
            .send(showing([flipped(&der("c-tls-dn"))]), untrusted())
            .row(),
        with_named("revocation lists are not read")
            .send(showing([der("revoked")]), proved(&der("revoked")))
            .row(),
    ]);
    rows
}

/// Another last bit, which is one of the signature.
fn flipped(der: &[u8]) -> Vec<u8> {
    let mut der = der.to_vec();
    *der.last_mut().unwrap() ^= 1;
    der
}

fn intermediates() -> Vec<Row> {
    let (leaf, intermediate, root) = (der("via-intermediate"), der("intermediate"), der("CA-1"));
    let bystander = der("c-tls-dn2");
    let short_lived =
        Draft::authority(dn("CN=short-lived,O=Harness")).valid(-60, 60).issued_by(&certificate("CA-1"));
    let below_short_lived = Draft::client(dn(NAME)).issued_by(&short_lived).der;
    let eight: Vec<Vec<u8>> = (1..=7).map(|number| der(&format!("bomb {number}"))).collect();
    let with = |others: Vec<Vec<u8>>| showing(std::iter::once(leaf.clone()).chain(others));
    let mut rows = vec![
        with_named("an intermediate certificate that is missing, and then shown")
            .send(showing([leaf.clone()]), untrusted())
            .send(showing([leaf.clone(), root.clone()]), untrusted())
            .send(showing([leaf.clone(), intermediate.clone()]), proved(&leaf))
            .row(),
        with_named("an intermediate certificate behind others")
            .send(with(vec![root.clone(), bystander.clone(), intermediate.clone()]), proved(&leaf))
            .row(),
        with_named("the root beside the intermediate certificate")
            .send(with(vec![intermediate.clone(), root.clone()]), proved(&leaf))
            .row(),
        with_named("an intermediate certificate twice")
            .send(with(vec![intermediate.clone(), intermediate.clone()]), proved(&leaf))
            .row(),
        with_named("an intermediate certificate beside one that cannot be read")
            .send(with(vec![b"no certificate".to_vec(), intermediate.clone()]), proved(&leaf))
            .row(),
        with_named("the client's certificate behind its intermediate one")
            .send(showing([intermediate.clone(), leaf.clone()]), untrusted())
            .row(),
        with_named("the right certificate in second place")
            .send(showing([der("attacker-leaf"), der("c-tls-dn")]), mismatch())
            .send(showing([der("forged-same-dn-other-ca"), der("c-tls-dn")]), untrusted())
            .row(),
        with_named("eight certificates beside the client's are looked at")
            .send(with([eight.clone(), vec![intermediate.clone()]].concat()), proved(&leaf))
            .row(),
        with_named("nine are not")
            .send(with([eight, vec![root, intermediate.clone()]].concat()), untrusted())
            .row(),
        with_named("an intermediate certificate that has expired")
            .send(showing(chain("via-expired-intermediate")), expired())
            .row(),
        with_named("an intermediate certificate that expires between two requests")
            .send(showing([below_short_lived.clone(), short_lived.der.clone()]), proved(&below_short_lived))
            .advance(61)
            .send(showing([below_short_lived.clone(), short_lived.der]), expired())
            .row(),
    ];
    let bad = [
        ("through a certificate of no authority", "via-nonca-intermediate"),
        ("longer than an authority allows", "pathlen"),
        ("with a wildcard, where an authority may certify one host", "nc-dns-wildcard"),
        ("with a URI, where an authority may certify those of one host", "nc-uri"),
        ("among twenty authorities that certified each other", "pathbomb"),
    ];
    rows.extend(bad.map(|(what, recipe)| {
        with_named(format!("a path {what}")).send(showing(chain(recipe)), untrusted()).row()
    }));
    rows
}

fn dates() -> Vec<Row> {
    let valid = |from, until| issued(&Draft::client(dn(NAME)).valid(from, until));
    let (until_now, from_now, from_soon) = (valid(-60, 0), valid(0, 60), valid(1, 60));
    vec![
        with_named("a certificate in its last second, and after it")
            .send(showing([until_now.clone()]), proved(&until_now))
            .advance(1)
            .send(showing([until_now]), expired())
            .row(),
        with_named("a certificate in its first second, and before it")
            .send(showing([from_now.clone()]), proved(&from_now))
            .advance(-1)
            .send(showing([from_now]), expired())
            .row(),
        with_named("a certificate that becomes valid")
            .send(showing([from_soon.clone()]), expired())
            .advance(1)
            .send(showing([from_soon.clone()]), proved(&from_soon))
            .row(),
        with_named("a certificate that has expired").send(showing([der("expired")]), expired()).row(),
        with_named("a certificate of tomorrow").send(showing([der("future")]), expired()).row(),
        with_named("a certificate that ends before it begins")
            .send(showing([valid(60, -60)]), expired())
            .row(),
    ]
}

fn unreadable() -> Vec<Row> {
    let one = der("c-tls-dn");
    let twice = Draft::client(dn(NAME)).with_another(Extension::purposes(&[2]));
    [
        ("nothing at all", Vec::new()),
        ("a word", b"certificate".to_vec()),
        ("a certificate in base64", crate::x509::pem(&one).into_bytes()),
        ("a certificate with an octet behind it", der("c-tls-dn trailing")),
        ("a certificate of indefinite length", der("c-tls-dn ber")),
        ("a certificate that is cut off", one[..one.len() - 1].to_vec()),
        ("half a certificate", one[..one.len() / 2].to_vec()),
        ("a certificate with an extension twice", issued(&twice)),
        ("more than 64 KiB", vec![0x30; 64 * 1024 + 1]),
    ]
    .into_iter()
    .map(|(what, leaf)| {
        with_named(format!("shown as a certificate: {what}")).send(showing([leaf]), untrusted()).row()
    })
    .collect()
}
