//! Every format by what proxies really send, and by what clients slip in. The certificates are any DER: what is in one is
//! read elsewhere.

mod aws_alb;
mod client_cert;
mod configuration;
mod haproxy;
mod nginx;
mod proxy;
mod source;
mod traefik;
mod xfcc;

use std::net::IpAddr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{CertificateHeader, TrustedProxy};
use crate::certificate::{CertificateOrigin, PeerCertificates};
use crate::reason::Reason;
use crate::refusal::Failure;

const PROXY: &str = "192.0.2.1";

/// A SEQUENCE of 0x130 octets, with all three of `+`, `/` and `=` in its base64.
fn der(filling: u8) -> Vec<u8> {
    let mut octets = vec![0x30, 0x82, 0x01, 0x2c, filling, 0, 0xfb, 0xef, 0xbe, 0xff, 0xff, 0xff];
    octets.resize(0x130, filling);
    assert!(['+', '/', '='].into_iter().all(|character| base64(&octets).contains(character)));
    octets
}

/// What no certificate may be: something behind it, an indefinite length, too long a length, no SEQUENCE, nothing.
fn not_der() -> [Vec<u8>; 5] {
    [
        [der(1), vec![0]].concat(),
        vec![0x30, 0x80, 0x02, 0x01, 0x05, 0x00, 0x00],
        vec![0x30, 0x81, 0x01, 0x00],
        vec![0x04, 0x01, 0x00],
        vec![],
    ]
}

fn base64(octets: &[u8]) -> String {
    STANDARD.encode(octets)
}

/// As OpenSSL writes it.
fn pem(der: &[u8]) -> String {
    let base64 = base64(der);
    let lines: Vec<&str> =
        base64.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
    format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n"))
}

/// Escapes all but letters, digits and `kept`.
fn escaped(text: &str, kept: &str) -> String {
    text.chars()
        .map(|character| match character {
            _ if character.is_ascii_alphanumeric() || kept.contains(character) => character.to_string(),
            _ => format!("%{:02X}", u32::from(character)),
        })
        .collect()
}

/// What a request with these lines carries, when it comes from the trusted proxy.
fn read(header: CertificateHeader, lines: &[(&str, &str)]) -> Result<Option<Vec<Vec<u8>>>, Failure> {
    let proxy = TrustedProxy::new([PROXY], header).unwrap();
    let certificates = proxy.certificates(&lines, Some(PROXY.parse::<IpAddr>().unwrap()), None)?;
    Ok(certificates.map(|certificates| {
        assert_eq!(certificates.origin(), CertificateOrigin::Proxy);
        assert!(!certificates.is_chain_verified());
        all(&certificates)
    }))
}

fn all(certificates: &PeerCertificates) -> Vec<Vec<u8>> {
    std::iter::once(certificates.leaf()).chain(certificates.intermediates()).map(<[u8]>::to_vec).collect()
}

#[track_caller]
fn assert_read(header: CertificateHeader, lines: &[(&str, &str)], expected: &[&[u8]]) {
    let certificates = read(header, lines).unwrap().unwrap();
    assert!(certificates == expected, "{} certificates, {expected:x?}", certificates.len());
}

#[track_caller]
fn assert_none(header: CertificateHeader, lines: &[(&str, &str)]) {
    assert_eq!(read(header, lines).unwrap(), None, "{lines:?}");
}

/// Refused, with a line for the operator that repeats nothing of what came.
#[track_caller]
fn assert_refused(header: CertificateHeader, lines: &[(&str, &str)], got: &str) {
    let failure = read(header, lines).unwrap_err();
    let expected = Failure::new(Reason::ForwardedCertificateRefused);
    assert_eq!(failure.reason(), expected.reason());
    let text = format!("{failure:?}");
    assert!(text.contains(&format!("got: Some({got:?})")), "{text} and not {got}");
}
