//! `tls_client_auth_san_dns`, `_uri`, `_ip` and `_email`
//! ([RFC 8705 §2.1.2](https://www.rfc-editor.org/rfc/rfc8705#section-2.1.2)): one kind of name, compared whole.

use super::{client, issued, mismatch, proved, server, showing, untrusted};
use crate::row::{Expect, Row};
use crate::scene::invalid_client;
use crate::x509::{AlternativeName, Draft, Extension, dn};

pub(super) fn rows() -> Vec<Row> {
    [dns(), uri(), ip(), email(), of_other_kinds(), several(), malformed(), registration()].concat()
}

const DNS: &str = "tls_client_auth_san_dns";
const URI: &str = "tls_client_auth_san_uri";
const IP: &str = "tls_client_auth_san_ip";
const EMAIL: &str = "tls_client_auth_san_email";

const FIELDS: [&str; 4] = [DNS, URI, IP, EMAIL];

/// A certificate of nobody in particular with these names.
fn of(names: &[AlternativeName]) -> Vec<u8> {
    with_extension(Extension::alternative_names(names))
}

fn with_extension(names: Extension) -> Vec<u8> {
    issued(&Draft::client(dn("CN=somebody")).with(names))
}

fn shown(what: String, field: &str, registered: &str, certificate: Vec<u8>, matches: bool) -> Row {
    let expect = if matches { proved(&certificate) } else { mismatch() };
    server(what).client(client(field, registered)).send(showing([certificate]), expect).row()
}

/// Rows for one kind: what is registered, what the certificate has, whether that is the same.
fn compared(field: &str, make: fn(&str) -> AlternativeName, pairs: &[(&str, &str, bool)]) -> Vec<Row> {
    pairs
        .iter()
        .map(|(registered, in_certificate, matches)| {
            let what =
                format!("{field}: {registered:?} is registered, and the certificate has {in_certificate:?}");
            shown(what, field, registered, of(&[make(in_certificate)]), *matches)
        })
        .collect()
}

fn dns() -> Vec<Row> {
    compared(
        DNS,
        AlternativeName::dns,
        &[
            ("c.example.com", "c.example.com", true),
            ("c.example.com", "C.EXAMPLE.COM", true),
            ("C.Example.Com", "c.example.com", true),
            ("c.example.com", "*.example.com", false),
            ("c.example.com", "*", false),
            ("c.example.com", "c.example.com.", false),
            ("c.example.com", "xc.example.com", false),
            ("c.example.com", "x.c.example.com", false),
            ("c.example.com", "example.com", false),
            ("c.example.com", ".example.com", false),
            ("c.example.com", "c.example.com.evil.example", false),
            ("c.example.com", "c.example.com\0.evil.example", false),
            ("c.example.com", "c.example.com\0", false),
            ("c.example.com", " c.example.com", false),
            ("c.example.com", "c.example.com,evil.example", false),
            ("c.example.com", "evil.test, DNS:c.example.com", false),
            ("c.example.com", "", false),
            ("c-1.example.com", "c-1.example.com", true),
            ("_c.example.com", "_c.example.com", true),
            ("localhost", "localhost", true),
            ("xn--bcher-kva.example", "xn--bcher-kva.example", true),
            ("xn--bcher-kva.example", "XN--BCHER-KVA.example", true),
            ("xn--bcher-kva.example", "bücher.example", false),
            ("xn--bcher-kva.example", "bucher.example", false),
        ],
    )
}

fn uri() -> Vec<Row> {
    compared(
        URI,
        AlternativeName::uri,
        &[
            ("https://c.example.com/id", "https://c.example.com/id", true),
            ("https://c.example.com/id", "https://C.example.com/id", false),
            ("https://c.example.com/id", "HTTPS://c.example.com/id", false),
            ("https://c.example.com/id", "https://c.example.com/ID", false),
            ("https://c.example.com/id", "https://c.example.com/id/", false),
            ("https://c.example.com/id", "https://c.example.com:443/id", false),
            ("https://c.example.com/id", "https://c.example.com/i%64", false),
            ("https://c.example.com/id", "https://c.example.com/id?x", false),
            ("https://c.example.com/id", "https://c.example.com/id\0", false),
            ("https://c.example.com/id", "https://c.example.com/id,https://evil.example", false),
            ("https://c.example.com/id", "https://c.example.com/", false),
            ("spiffe://example.com/c", "spiffe://example.com/c", true),
            ("spiffe://example.com/c", "spiffe://example.com/c/d", false),
            ("spiffe://example.com/c", "spiffe://example.com", false),
            (
                "urn:uuid:F81D4FAE-7DEC-11D0-A765-00A0C91E6BF6",
                "urn:uuid:F81D4FAE-7DEC-11D0-A765-00A0C91E6BF6",
                true,
            ),
        ],
    )
}

fn ip() -> Vec<Row> {
    let row = |registered: &str, octets: &[u8], matches: bool| {
        let what = format!("{IP}: {registered:?} is registered, and the certificate has {octets:?}");
        shown(what, IP, registered, of(&[AlternativeName::Ip(octets.to_vec())]), matches)
    };
    let v6 = [0x20, 0x01, 0x0D, 0xB8, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1];
    let other = [0x20, 0x01, 0x0D, 0xB8, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 2];
    let v4 = [192, 0, 2, 1];
    let mapped = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 192, 0, 2, 1];
    let with_mask = [192, 0, 2, 1, 255, 255, 255, 255];
    vec![
        row("2001:db8::1:0:0:1", &v6, true),
        row("2001:DB8::1:0:0:1", &v6, true),
        row("2001:0db8:0:0:1:0:0:1", &v6, true),
        row("2001:db8:0:0:1::1", &v6, true),
        row("2001:0db8:0000:0000:0001:0000:0000:0001", &v6, true),
        row("2001:db8::1:0:0:1", &other, false),
        row("2001:db8::1:0:0:2", &other, true),
        row("192.0.2.1", &v4, true),
        row("192.0.2.2", &v4, false),
        row("192.0.2.1", &mapped, false),
        row("::ffff:192.0.2.1", &mapped, true),
        row("::ffff:c000:201", &mapped, true),
        row("::ffff:192.0.2.1", &v4, false),
        row("192.0.2.1", &with_mask, false),
        row("192.0.2.1", &v4[..3], false),
        row("192.0.2.1", &[], false),
        row("0.0.0.0", &[], false),
        row("::", &[0; 4], false),
    ]
}

fn email() -> Vec<Row> {
    compared(
        EMAIL,
        AlternativeName::email,
        &[
            ("Ops@example.com", "Ops@example.com", true),
            ("Ops@example.com", "Ops@EXAMPLE.com", true),
            ("Ops@Example.com", "Ops@example.com", true),
            ("Ops@example.com", "ops@example.com", false),
            ("Ops@example.com", "Ops@example.org", false),
            ("Ops@example.com", "Ops@mail.example.com", false),
            ("Ops@example.com", "example.com", false),
            ("Ops@example.com", "@example.com", false),
            ("Ops@example.com", "Ops@example.com\0@evil.example", false),
            ("Ops@example.com", "<Ops@example.com>", false),
            ("Ops@example.com", "Ops <Ops@example.com>", false),
            ("Ops@example.com", "Ops@example.com,x@evil.example", false),
            ("Ops+1@example.com", "Ops+1@example.com", true),
            ("Ops+1@example.com", "Ops@example.com", false),
        ],
    )
}

/// The same text as a name of each kind.
fn of_other_kinds() -> Vec<Row> {
    let text = "c.example.com";
    let others = [
        ("a URI", vec![AlternativeName::uri(text)]),
        ("a mailbox", vec![AlternativeName::email(text)]),
        ("the octets of an address", vec![AlternativeName::Ip(text.as_bytes().to_vec())]),
        ("the name of a Windows user", vec![AlternativeName::PrincipalName(text.to_owned())]),
        ("a URI of that host", vec![AlternativeName::uri("https://c.example.com")]),
        ("a mailbox at that host", vec![AlternativeName::email("c@c.example.com")]),
    ];
    let mut rows: Vec<Row> = others
        .into_iter()
        .map(|(kind, names)| {
            shown(format!("a registered host name is not {kind}"), DNS, text, of(&names), false)
        })
        .collect();
    let mailbox_as_user = [AlternativeName::PrincipalName("Ops@example.com".to_owned())];
    rows.extend([
        shown(
            "a registered host name is no common name".to_owned(),
            DNS,
            text,
            issued(&Draft::client(dn("CN=c.example.com"))),
            false,
        ),
        shown(
            "a registered address is no host name".to_owned(),
            IP,
            "192.0.2.1",
            of(&[AlternativeName::dns("192.0.2.1")]),
            false,
        ),
        shown(
            "a registered URI is no host name".to_owned(),
            URI,
            "urn:c",
            of(&[AlternativeName::dns("urn:c")]),
            false,
        ),
        shown(
            "a registered mailbox is no Windows user".to_owned(),
            EMAIL,
            "Ops@example.com",
            of(&mailbox_as_user),
            false,
        ),
        shown(
            "a registered mailbox is no address in the subject".to_owned(),
            EMAIL,
            "Ops@example.com",
            issued(&Draft::client(dn("emailAddress=Ops@example.com"))),
            false,
        ),
    ]);
    rows
}

fn several() -> Vec<Row> {
    let dns = AlternativeName::dns;
    let crowd = |count: usize| -> Vec<AlternativeName> {
        let others = (1..count).map(|number| dns(&format!("c{number}.example.com")));
        others.chain([dns("c.example.com")]).collect()
    };
    let mixed = [
        AlternativeName::PrincipalName("c@example.com".to_owned()),
        AlternativeName::email("Ops@example.com"),
        AlternativeName::Ip(vec![1, 2, 3]),
        dns("*.example.com"),
        dns("c.example.com"),
        AlternativeName::uri("urn:c"),
    ];
    let in_mixed = |field: &str, name: &str| {
        shown(format!("{field}: one of several names, of every kind"), field, name, of(&mixed), true)
    };
    vec![
        shown("the last of five names".to_owned(), DNS, "c.example.com", of(&crowd(5)), true),
        shown("the last of a thousand names".to_owned(), DNS, "c.example.com", of(&crowd(1000)), true),
        shown("none of a thousand names".to_owned(), DNS, "d.example.com", of(&crowd(1000)), false),
        in_mixed(DNS, "c.example.com"),
        in_mixed(URI, "urn:c"),
        in_mixed(EMAIL, "Ops@example.com"),
        shown("no name at all".to_owned(), DNS, "c.example.com", of(&[]), false),
    ]
}

fn malformed() -> Vec<Row> {
    const ALTERNATIVE_NAMES: u8 = 17;
    let raw = |octets: &[u8]| with_extension(Extension::standard(ALTERNATIVE_NAMES, false, octets.to_vec()));
    let good = b"\x30\x0f\x82\x0dc.example.com";
    let row = |what: &str, octets: &[u8], expect: fn(&[u8]) -> Expect| {
        let certificate = raw(octets);
        server(format!("alternative names {what}"))
            .client(client(DNS, "c.example.com"))
            .send(showing([certificate.clone()]), expect(&certificate))
            .row()
    };
    let twice = Draft::client(dn("CN=somebody"))
        .with(Extension::alternative_names(&[AlternativeName::dns("c.example.com")]))
        .with_another(Extension::alternative_names(&[AlternativeName::dns("evil.example")]));
    vec![
        row("as they ought to be", good, proved),
        row("that are not a sequence", &good[2..], |_| untrusted()),
        row("with an octet behind them", &[&good[..], &[0]].concat(), |_| untrusted()),
        row("that are cut off", &good[..good.len() - 1], |_| untrusted()),
        row("that are text", b"c.example.com", |_| untrusted()),
        row("that are constructed", b"\x30\x11\xa2\x0f\x0c\x0dc.example.com", |_| mismatch()),
        server("alternative names twice")
            .client(client(DNS, "c.example.com"))
            .send(showing([issued(&twice)]), untrusted())
            .row(),
    ]
}

fn registration() -> Vec<Row> {
    let refused = [
        (DNS, "*.example.com"),
        (DNS, "*"),
        (DNS, "c.example.com."),
        (DNS, "c..example.com"),
        (DNS, "bücher.example"),
        (DNS, "192.0.2.1"),
        (DNS, "c.example.com:443"),
        (DNS, "https://c.example.com"),
        (DNS, "c.example.com\0"),
        (URI, "c.example.com"),
        (URI, "https://c.example.com/a b"),
        (URI, "https://bücher.example/"),
        (IP, "c.example.com"),
        (IP, "192.0.2"),
        (IP, "192.0.2.01"),
        (IP, "192.0.2.1/32"),
        (IP, "[2001:db8::1]"),
        (IP, "fe80::1%eth0"),
        (EMAIL, "example.com"),
        (EMAIL, "@example.com"),
        (EMAIL, "Ops@"),
        (EMAIL, "Ops <Ops@example.com>"),
        (EMAIL, "Ops@bücher.example"),
        (EMAIL, "*@example.com "),
    ];
    let empty = FIELDS.map(|field| (field, ""));
    refused
        .into_iter()
        .chain(empty)
        .map(|(field, name)| {
            server(format!("a client whose {field} is {name:?} is not registered"))
                .client(client(field, name))
                .send(showing([of(&[AlternativeName::dns(name)])]), invalid_client(400, "unknown_client"))
                .row()
        })
        .collect()
}
