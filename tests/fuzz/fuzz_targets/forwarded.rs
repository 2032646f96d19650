//! Any octets as the header fields of a proxy: the first line is the field with the certificate, each other one a line of
//! the field with the chain. Nothing panics; a stranger is refused; and what is read is DER that stands in the field,
//! found there by another reader.
#![no_main]

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign::Reason;
use countersign::forwarded::{CertificateHeader, SourceHeader, TrustedProxy};
use libfuzzer_sys::fuzz_target;

const PROXY: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
const STRANGER: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 2));

fuzz_target!(|input: &[u8]| {
    let lines: Vec<&[u8]> = input.split(|octet| *octet == b'\n').collect();
    for format in ["client-cert", "xfcc", "nginx", "haproxy", "traefik", "aws-alb", "aws-alb-verify"] {
        certificates(format.parse().expect("a format"), &lines);
    }
    for header in [SourceHeader::Forwarded, SourceHeader::XForwardedFor] {
        source(header, &lines);
    }
});

fn certificates(header: CertificateHeader, lines: &[&[u8]]) {
    let chain_name = header.chain_name().unwrap_or("no-chain").to_owned();
    let names = std::iter::once(header.name().to_owned()).chain(std::iter::repeat(chain_name));
    let fields: Vec<(String, &[u8])> = names.zip(lines.iter().copied()).collect();
    let fields = fields.as_slice();
    let is_leaf_only = matches!(header.format(), "nginx" | "aws-alb-verify");
    let proxy = TrustedProxy::new([PROXY.to_string()], header).expect("a proxy");

    for peer in [Some(STRANGER), None] {
        let refused = proxy.certificates(&fields, peer, None).expect_err("a stranger's header");
        assert_eq!(refused.reason(), Reason::ForwardedCertificateRefused);
    }
    let certificates = match proxy.certificates(&fields, Some(PROXY), None) {
        Ok(Some(certificates)) => certificates,
        Ok(None) => return,
        Err(failure) => return assert_eq!(failure.reason(), Reason::ForwardedCertificateRefused),
    };
    let sent = text(lines);
    assert!(sent.contains(&STANDARD.encode(certificates.leaf())), "a leaf that was not sent");
    let others: Vec<&[u8]> = certificates.intermediates().collect();
    assert!(others.len() < if is_leaf_only { 1 } else { 10 }, "{} certificates too many", others.len());
    let together = STANDARD.encode(others.concat());
    let each_was_sent = others.iter().all(|other| sent.contains(&STANDARD.encode(other)));
    assert!(each_was_sent || sent.contains(&together), "a chain that was not sent");
    for der in others.into_iter().chain([certificates.leaf()]) {
        assert_eq!(length(der), Some(der.len()), "{der:x?}");
    }
}

/// Everything that was sent, unescaped where that is possible, without blanks and line breaks.
fn text(lines: &[&[u8]]) -> String {
    let mut octets = lines.concat().into_iter();
    let mut text = Vec::new();
    while let Some(octet) = octets.next() {
        let digits = octets.as_slice().get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        match digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(escaped) if octet == b'%' => {
                text.push(escaped);
                octets.nth(1);
            }
            _ => text.push(octet),
        }
    }
    text.retain(|octet| !octet.is_ascii_whitespace());
    String::from_utf8_lossy(&text).into_owned()
}

/// How long a SEQUENCE says it is, its own beginning included.
fn length(der: &[u8]) -> Option<usize> {
    let (&[0x30, first], rest) = der.split_first_chunk::<2>()? else { return None };
    if first < 0x80 {
        return Some(2 + usize::from(first));
    }
    let octets = rest.get(..usize::from(first - 0x80))?;
    Some(2 + octets.len() + octets.iter().fold(0, |length, octet| length * 256 + usize::from(*octet)))
}

fn source(header: SourceHeader, lines: &[&[u8]]) {
    let fields: Vec<(&str, &[u8])> = lines.iter().map(|line| (header.name(), *line)).collect();
    let fields = fields.as_slice();
    let proxy = TrustedProxy::new(["192.0.2.1", "10.0.0.0/8"], CertificateHeader::nginx()).expect("a proxy");
    let proxy = proxy.forwarded_for(header);
    assert_eq!(proxy.source(&fields, Some(STRANGER)), Some(STRANGER));
    let source = proxy.source(&fields, Some(PROXY)).expect("an address");
    let is_written =
        |piece: &[u8]| std::str::from_utf8(piece).is_ok_and(|piece| address(piece) == Some(source));
    let mut pieces = lines.iter().flat_map(|line| line.split(|octet| b",;=\" \t".contains(octet)));
    assert!(source == PROXY || pieces.any(is_written), "{source} was not sent");
}

fn address(text: &str) -> Option<IpAddr> {
    let bare = text.trim_start_matches('[').trim_end_matches(']');
    let address = text.parse::<SocketAddr>().map(|address| address.ip());
    let address = address.or_else(|_| text.parse()).or_else(|_| bare.parse::<Ipv6Addr>().map(IpAddr::V6));
    Some(address.ok()?.to_canonical())
}
