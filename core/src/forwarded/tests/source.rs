//! Where a request came from.

use super::*;
use crate::forwarded::SourceHeader;

const CLIENT: &str = "203.0.113.7";
const OTHER: &str = "10.0.0.2";

fn source(header: Option<SourceHeader>, lines: &[(&str, &str)], peer: &str) -> String {
    let mut proxy = TrustedProxy::new([PROXY, "10.0.0.0/8"], CertificateHeader::nginx()).unwrap();
    if let Some(header) = header {
        proxy = proxy.forwarded_for(header);
    }
    proxy.source(&lines, Some(peer.parse().unwrap())).unwrap().to_string()
}

#[track_caller]
fn assert_x_forwarded_for(values: &[&str], expected: &str) {
    let lines: Vec<_> = values.iter().map(|value| ("X-Forwarded-For", *value)).collect();
    assert_eq!(source(Some(SourceHeader::XForwardedFor), &lines, PROXY), expected, "{values:?}");
}

#[track_caller]
fn assert_forwarded(values: &[&str], expected: &str) {
    let lines: Vec<_> = values.iter().map(|value| ("Forwarded", *value)).collect();
    assert_eq!(source(Some(SourceHeader::Forwarded), &lines, PROXY), expected, "{values:?}");
}

#[test]
fn only_the_configured_header_of_a_trusted_proxy() {
    let lines = [
        ("X-Forwarded-For", "198.51.100.1"),
        ("Forwarded", "for=198.51.100.2"),
        ("X-Real-IP", "198.51.100.3"),
    ];
    assert_eq!(source(None, &lines, PROXY), PROXY);
    assert_eq!(source(Some(SourceHeader::XForwardedFor), &lines, PROXY), "198.51.100.1");
    assert_eq!(source(Some(SourceHeader::Forwarded), &lines, PROXY), "198.51.100.2");
    assert_eq!(source(Some(SourceHeader::XForwardedFor), &lines, CLIENT), CLIENT);
    assert_eq!(source(Some(SourceHeader::XForwardedFor), &[], PROXY), PROXY);
    assert_eq!(source(Some(SourceHeader::XForwardedFor), &lines, "::ffff:192.0.2.1"), "198.51.100.1");
    let proxy = TrustedProxy::new([PROXY], CertificateHeader::nginx()).unwrap();
    assert_eq!(proxy.forwarded_for(SourceHeader::Forwarded).source(&lines.as_slice(), None), None);
}

#[test]
fn the_nearest_address_that_is_not_trusted() {
    assert_x_forwarded_for(&[CLIENT], CLIENT);
    assert_x_forwarded_for(&["198.51.100.1, 203.0.113.7"], CLIENT);
    assert_x_forwarded_for(&["198.51.100.1, 203.0.113.7 ,10.0.0.2"], CLIENT);
    assert_x_forwarded_for(&["198.51.100.1", "203.0.113.7,10.0.0.2", "10.0.0.3"], CLIENT);
    assert_x_forwarded_for(&["10.0.0.9, 203.0.113.7, 10.0.0.2"], CLIENT);
    assert_x_forwarded_for(&["10.0.0.9, 10.0.0.2"], "10.0.0.9");
    assert_x_forwarded_for(&["::ffff:203.0.113.7, ::ffff:10.0.0.2"], CLIENT);
}

/// A proxy that says nothing is not to be taken for a client, and a client cannot make it look as if it said nothing.
#[test]
fn whose_failures_count_together() {
    let nearest = |header, lines: &[(&str, &str)], peer: &str| {
        let proxy = TrustedProxy::of_addresses([PROXY, "10.0.0.0/8"], header).unwrap();
        let nearest = proxy.nearest(&lines, peer.parse().unwrap());
        (nearest.address.to_string(), nearest.limited_as.map(|address| address.to_string()))
    };
    let known = |address: &str| (address.to_owned(), Some(address.to_owned()));
    let anybodys = |address: &str| (address.to_owned(), None);
    let garbled = |address: &str| (address.to_owned(), Some("::".to_owned()));
    let long = format!("{}{CLIENT}", "1.1.1.1,".repeat(10_000));
    for (value, expected) in [
        (CLIENT, known(CLIENT)),
        ("unknown", anybodys(PROXY)),
        ("", anybodys(PROXY)),
        ("10.0.0.2", anybodys(OTHER)),
        ("unknown, 10.0.0.2", anybodys(OTHER)),
        ("é, 203.0.113.7", garbled(PROXY)),
        (&long, garbled(PROXY)),
    ] {
        assert_eq!(nearest(SourceHeader::XForwardedFor, &[("x-forwarded-for", value)], PROXY), expected);
        assert_eq!(
            nearest(SourceHeader::XForwardedFor, &[("x-forwarded-for", value)], CLIENT),
            known(CLIENT)
        );
    }
    let two = [("x-forwarded-for", "é"), ("x-forwarded-for", CLIENT)];
    assert_eq!(nearest(SourceHeader::XForwardedFor, &two, PROXY), garbled(PROXY));
    assert_eq!(nearest(SourceHeader::XForwardedFor, &[], PROXY), anybodys(PROXY));
    for (value, expected) in [
        ("for=203.0.113.7", known(CLIENT)),
        ("for=unknown", anybodys(PROXY)),
        ("by=203.0.113.7", anybodys(PROXY)),
        ("x=\", for=203.0.113.7", garbled(PROXY)),
        ("x=\", for=203.0.113.7, for=10.0.0.2", garbled(PROXY)),
    ] {
        assert_eq!(nearest(SourceHeader::Forwarded, &[("forwarded", value)], PROXY), expected, "{value}");
    }
    let nested = [("forwarded", "x=\", for=203.0.113.7"), ("forwarded", "for=10.0.0.2")];
    assert_eq!(nearest(SourceHeader::Forwarded, &nested, PROXY), garbled(OTHER));
}

#[test]
fn proxies_of_addresses_pass_on_no_certificate() {
    let proxy = TrustedProxy::of_addresses([PROXY], SourceHeader::XForwardedFor).unwrap();
    let lines: &[(&str, &str)] = &[("Client-Cert", ":MAMCAQA=:"), ("X-SSL-Client-Cert", "x")];
    let handshake = PeerCertificates::from_handshake([der(9)]).unwrap();
    let shown = |peer: &str| proxy.certificates(&lines, Some(peer.parse().unwrap()), Some(&handshake));
    assert!(shown(PROXY).unwrap().is_none(), "the handshake was the proxy's own");
    assert_eq!(shown(CLIENT).unwrap().unwrap().leaf(), handshake.leaf());
    let nobody: [&str; 0] = [];
    assert!(TrustedProxy::of_addresses(nobody, SourceHeader::Forwarded).is_err());
    assert!(TrustedProxy::of_addresses(["0.0.0.0/0"], SourceHeader::Forwarded).is_err());
}

#[test]
fn what_is_no_address_ends_at_the_proxy_that_wrote_it() {
    for invention in
        ["", "unknown", "_hidden", "1.2.3", "localhost", "1.2.3.4.5", "203.0.113.7 x", "[::1", "::g"]
    {
        assert_x_forwarded_for(&[invention], PROXY);
        assert_x_forwarded_for(&[&format!("198.51.100.1, {invention}")], PROXY);
        assert_x_forwarded_for(&[&format!("198.51.100.1, {invention}, 10.0.0.2")], OTHER);
        assert_x_forwarded_for(&[&format!("{invention}, 203.0.113.7")], CLIENT);
        assert_x_forwarded_for(&[invention, "203.0.113.7, 10.0.0.2"], CLIENT);
    }
    assert_x_forwarded_for(&[&format!("{}{CLIENT}", "1.1.1.1,".repeat(10_000))], PROXY);
}

#[test]
fn addresses_with_ports_and_brackets() {
    for written in ["2001:db8:1::7", "2001:DB8:1:0::7", "[2001:db8:1::7]", "[2001:db8:1::7]:4711"] {
        assert_x_forwarded_for(&[written], "2001:db8:1::7");
        assert_forwarded(&[&format!("for=\"{written}\"")], "2001:db8:1::7");
    }
    assert_x_forwarded_for(&["203.0.113.7:4711"], CLIENT);
    assert_forwarded(&["for=\"203.0.113.7:4711\""], CLIENT);
}

#[test]
fn the_elements_of_forwarded() {
    assert_forwarded(&["for=203.0.113.7"], CLIENT);
    assert_forwarded(&["For=203.0.113.7;proto=https;by=192.0.2.1;host=\"as.example.com\""], CLIENT);
    assert_forwarded(&["for=198.51.100.1, for=203.0.113.7;by=10.0.0.2 , for=10.0.0.2;by=192.0.2.1"], CLIENT);
    assert_forwarded(&["for=198.51.100.1", "for=203.0.113.7", "for=10.0.0.2"], CLIENT);
    assert_forwarded(&[", for=203.0.113.7"], CLIENT);
    assert_forwarded(&["for=203.0.113.7;host=\"a,for=198.51.100.1\""], CLIENT);
    assert_forwarded(&["for=203.0.113.7;host=\"a\\\",for=198.51.100.1;x=\\\"\""], CLIENT);
}

#[test]
fn elements_that_name_nobody() {
    for invention in ["for=unknown", "for=_hidden", "for=\"_hidden:_port\"", "by=203.0.113.7", "for="] {
        assert_forwarded(&[invention], PROXY);
        assert_forwarded(&[&format!("for=198.51.100.1, {invention}, for=10.0.0.2")], OTHER);
    }
    assert_forwarded(&["for=198.51.100.1;for=203.0.113.7"], PROXY);
    assert_forwarded(&["for=198.51.100.1,"], PROXY);
    // A quote that the client opened, for the proxy's own words to disappear in.
    assert_forwarded(&["for=198.51.100.1;x=\", for=203.0.113.7"], PROXY);
    assert_forwarded(&["for=\", for=203.0.113.7;host=\",for=198.51.100.1;x=\""], PROXY);
    assert_forwarded(&["for=198.51.100.1;x=\"", "for=203.0.113.7"], CLIENT);
    assert_forwarded(&["for=198.51.100.1;x=\"", "for=10.0.0.2"], OTHER);
}

#[test]
fn names() {
    for header in [SourceHeader::Forwarded, SourceHeader::XForwardedFor] {
        assert_eq!(header.to_string().parse::<SourceHeader>().unwrap(), header);
    }
    let error = "x-real-ip".parse::<SourceHeader>().unwrap_err();
    assert_eq!(error.setting(), "proxy.forwarded_for");
}
