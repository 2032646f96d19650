use super::*;
use crate::certificate::encode::{
    BASIC_CONSTRAINTS, C, CN, Certificate, KEY_USAGE, O, SUBJECT_ALT_NAME, ed25519_key, element, extension,
    sequence, utf8_name,
};

#[test]
fn a_certificate_as_an_issuer_makes_it() {
    use rcgen::{CertificateParams, DnType, KeyPair, KeyUsagePurpose, SanType};

    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CountryName, "DE");
    params.distinguished_name.push(DnType::OrganizationName, "Example Ltd");
    params.distinguished_name.push(DnType::CommonName, "client one");
    params.not_before = rcgen::date_time_ymd(2026, 1, 2);
    params.not_after = rcgen::date_time_ymd(2051, 1, 2);
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.subject_alt_names = vec![
        SanType::DnsName("C.example.com".try_into().unwrap()),
        SanType::URI("spiffe://example.com/c".try_into().unwrap()),
        SanType::Rfc822Name("Ops@Example.com".try_into().unwrap()),
        SanType::IpAddress("192.0.2.1".parse().unwrap()),
        SanType::IpAddress("2001:db8::1".parse().unwrap()),
    ];
    let certificate = params.self_signed(&KeyPair::generate().unwrap()).unwrap();

    let leaf = read(certificate.der());
    assert_eq!(leaf.subject().unwrap().to_string(), "CN=client one,O=Example Ltd,C=DE");
    let names: Vec<_> = leaf.alternative_names().iter().map(GeneralName::to_string).collect();
    assert_eq!(
        names,
        [
            "DNS c.example.com",
            "URI spiffe://example.com/c",
            "email Ops@example.com",
            "IP 192.0.2.1",
            "IP 2001:db8::1"
        ]
    );
    assert_eq!(leaf.not_before(), UNIX_EPOCH + Duration::from_secs(1_767_312_000));
    assert_eq!(leaf.not_after(), UNIX_EPOCH + Duration::from_secs(2_556_230_400));
    assert!(leaf.may_sign() && !leaf.is_ca() && leaf.has_acceptable_key());
}

#[test]
fn every_version_is_read_and_no_other() {
    for version in [None, Some(1), Some(2)] {
        let certificate = Certificate { version, ..client() };
        let leaf = read(&certificate.der());
        assert!(leaf.subject().is_some() && leaf.may_sign() && !leaf.is_ca(), "{version:?}");
    }
    refused(&Certificate { version: Some(3), ..client() }.der(), "is of a version that does not exist");
}

#[test]
fn what_is_not_der_throughout_is_refused() {
    let der = client().with(extension(KEY_USAGE, &[3, 2, 7, 0x80])).der();
    read(&der);
    for length in 0..der.len() {
        refused(&der[..length], "is not a DER certificate");
    }
    refused(&[&der[..], &[0]].concat(), "is not a DER certificate");
    refused(&[&der[..], &der].concat(), "is not a DER certificate");

    // The indefinite length of BER, and a length with a zero before it.
    let content = Element::only(&der).unwrap().content;
    refused(&[&[0x30, 0x80], content, &[0, 0]].concat(), "is not a DER certificate");
    let length = (content.len() as u16).to_be_bytes();
    refused(&[&[0x30, 0x83, 0, length[0], length[1]], content].concat(), "is not a DER certificate");
    // A fourth part behind the signature, which the reader of certificates would leave alone.
    refused(&element(SEQUENCE, &[content, &[5, 0]].concat()), "is not a DER certificate");

    for position in 0..der.len() {
        for bit in 0..8 {
            let mut changed = der.clone();
            changed[position] ^= 1 << bit;
            let _ = LeafCertificate::from_der(&changed);
        }
    }
}

#[test]
fn an_extension_may_not_come_twice() {
    let names = |host: &str| extension(SUBJECT_ALT_NAME, &sequence(&[element(0x82, host.as_bytes())]));
    let twice = client().with(names("a.example")).with(names("b.example"));
    refused(&twice.der(), "has an extension twice (RFC 5280 §4.2)");
    let unknown = client().with(extension(99, &[1])).with(extension(99, &[1]));
    refused(&unknown.der(), "has an extension twice (RFC 5280 §4.2)");
}

#[test]
fn an_extension_that_is_not_needed_does_not_disturb() {
    let critical = sequence(&[element(6, &[0x55, 0x1d, 98]), element(1, &[0xff]), element(4, &[0xff; 3])]);
    // Name constraints and a CRL distribution point that cannot be read.
    let certificate = client().with(critical).with(extension(30, &[0x30])).with(extension(31, b"\xff"));
    assert!(read(&certificate.der()).subject().is_some());
}

#[test]
fn a_subject_that_cannot_be_compared_is_none() {
    for subject in [
        sequence(&[]),
        utf8_name(&[(CN, "client one\0.attacker")]),
        utf8_name(&[(C, "DE"), (O, "Example\u{200b} Ltd")]),
        utf8_name(&[(CN, "")]),
    ] {
        assert!(read(&Certificate::of(subject).der()).subject().is_none());
    }
}

#[test]
fn malformed_names_are_left_out() {
    let names = [
        element(0x82, b""),
        element(0x82, b"c.example.com\0.attacker.example"),
        element(0x82, b"evil.test, DNS:c.example.com"),
        element(0x82, b"c.example.com "),
        element(0x82, b"c.example.com."),
        element(0x82, b".example.com"),
        element(0x82, b"*.example.com"),
        element(0x82, "c\u{456}.example.com".as_bytes()),
        element(0x82, b"\xff.example.com"),
        element(0x82, b"192.0.2.1"),
        // In pieces, and with the tag of another class.
        element(0xa2, &element(0x82, b"c.example.com")),
        element(0x42, b"c.example.com"),
        element(0x81, b"Ops"),
        element(0x81, b"Ops@example.com\0"),
        element(0x81, b"Ops <ops@example.com>"),
        element(0x81, b"a@b@example.com"),
        element(0x86, b"no-scheme.example"),
        element(0x86, b"https://c.example.com/\0"),
        element(0x86, b"https://c.example.com/ id"),
        element(0x87, &[192, 0, 2]),
        element(0x87, &[192, 0, 2, 0, 255, 255, 255, 0]),
        element(0x87, &[0; 32]),
        // A directoryName, a registeredID and an otherName.
        element(0xa4, &utf8_name(&[(CN, "c.example.com")])),
        element(0x88, &[0x2b, 6]),
        element(0xa0, &[element(6, &[0x2b, 6]), element(0xa0, &element(0x0c, b"c.example.com"))].concat()),
        element(0x82, b"last.example"),
    ];
    let leaf = read(&client().with(extension(SUBJECT_ALT_NAME, &sequence(&names))).der());
    assert_eq!(leaf.alternative_names(), [GeneralName::Dns("last.example".into())]);
}

#[test]
fn names_that_cannot_be_read_as_a_whole_are_none() {
    let host = element(0x82, b"c.example.com");
    for value in [
        vec![],
        host.clone(),
        element(0x31, &host),
        sequence(&[host.clone(), vec![0x82, 5]]),
        [sequence(std::slice::from_ref(&host)), vec![0]].concat(),
    ] {
        let leaf = read(&client().with(extension(SUBJECT_ALT_NAME, &value)).der());
        assert!(leaf.alternative_names().is_empty(), "{value:02x?}");
    }
}

#[test]
fn a_key_may_sign_unless_its_usage_leaves_that_out() {
    // digitalSignature, keyEncipherment, both, keyAgreement with decipherOnly, none.
    for (usage, may_sign) in [
        (&[3, 2, 7, 0x80][..], true),
        (&[3, 2, 5, 0x20], false),
        (&[3, 2, 5, 0xa0], true),
        (&[3, 3, 7, 0x08, 0x80], false),
        (&[3, 1, 0], false),
    ] {
        assert_eq!(
            read(&client().with(extension(KEY_USAGE, usage)).der()).may_sign(),
            may_sign,
            "{usage:02x?}"
        );
    }
    for usage in [&[][..], &[3, 0], &[5, 0], &[4, 1, 0x80], &[3, 2, 7, 0x80, 0]] {
        let certificate = client().with(extension(KEY_USAGE, usage));
        refused(&certificate.der(), "has a key usage that cannot be read");
    }
}

#[test]
fn a_ca_is_known_by_its_basic_constraints() {
    for (constraints, is_ca) in [
        (&[0x30, 0][..], false),
        (&[0x30, 3, 1, 1, 0xff], true),
        (&[0x30, 6, 1, 1, 0xff, 2, 1, 0], true),
        (&[0x30, 3, 1, 1, 0], false),
    ] {
        let certificate = client().with(extension(BASIC_CONSTRAINTS, constraints));
        assert_eq!(read(&certificate.der()).is_ca(), is_ca, "{constraints:02x?}");
    }
    for constraints in [&[][..], &[0x30], &[5, 0], &[0x30, 3, 1, 1, 0xff, 0], &[0x30, 2, 5, 0]] {
        let certificate = client().with(extension(BASIC_CONSTRAINTS, constraints));
        refused(&certificate.der(), "has basic constraints that cannot be read");
    }
}

#[test]
fn a_key_that_no_jwk_would_have_is_not_acceptable() {
    assert!(read(&client().der()).has_acceptable_key());
    let integer = |value: &[u8]| element(2, value);
    let rsa = |bits: usize| {
        let modulus = [&[0, 0xc0][..], &vec![1; bits / 8 - 1]].concat();
        let key = sequence(&[integer(&modulus), integer(&[1, 0, 1])]);
        let algorithm = sequence(&[element(6, &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1]), vec![5, 0]]);
        sequence(&[algorithm, element(3, &[&[0], &key[..]].concat())])
    };
    for (key, acceptable) in [
        (rsa(2048), true),
        (rsa(1024), false),
        (rsa(16_384), false),
        (ed25519_key(&[0; 32]), false),
        (ed25519_key(&[0x42; 31]), false),
    ] {
        assert_eq!(read(&Certificate { key, ..client() }.der()).has_acceptable_key(), acceptable);
    }
}

#[test]
fn dates_may_lie_before_1970() {
    let validity = |from: &[u8], to: &[u8]| sequence(&[element(0x18, from), element(0x17, to)]);
    let certificate = Certificate { validity: validity(b"19600101000000Z", b"700101000001Z"), ..client() };
    let leaf = read(&certificate.der());
    assert_eq!(leaf.not_before(), UNIX_EPOCH - Duration::from_secs(315_619_200));
    assert_eq!(leaf.not_after(), UNIX_EPOCH + Duration::from_secs(1));
    for to in [&b"991231"[..], b"990231000000Z", b"", b"99123123595", b"\0\0\0\0\0\0\0\0\0\0\0\0Z"] {
        let certificate = Certificate { validity: validity(b"20260101000000Z", to), ..client() };
        assert!(LeafCertificate::from_der(&certificate.der()).is_err(), "{to:?}");
    }
}

fn client() -> Certificate {
    Certificate::of(utf8_name(&[(C, "DE"), (O, "Example Ltd"), (CN, "client one")]))
}

#[track_caller]
fn read(der: &[u8]) -> LeafCertificate {
    LeafCertificate::from_der(der).unwrap_or_else(|error| panic!("the certificate {error}"))
}

#[track_caller]
fn refused(der: &[u8], problem: &str) {
    let error = LeafCertificate::from_der(der).expect_err("the certificate is taken");
    assert_eq!(error.to_string(), problem);
}
