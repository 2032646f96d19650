use super::*;
use crate::certificate::der::{PRINTABLE_STRING, UTF8_STRING};
use crate::certificate::encode::{
    C, CN, Certificate, O, SUBJECT_ALT_NAME, attribute, element, extension, name, sequence, utf8_name,
};

const OU: &[u8] = &[0x55, 4, 11];

#[test]
fn a_distinguished_name_is_the_whole_subject() {
    let registered = CertificateSubject::dn("CN=client one,O=Example Ltd,C=DE").unwrap();
    let shown = |attributes: &[(&[u8], &str)]| registered.matches(&leaf(utf8_name(attributes), &[]));

    assert!(shown(&[(C, "DE"), (O, "Example Ltd"), (CN, "client one")]));
    assert!(shown(&[(C, "de"), (O, "EXAMPLE  LTD"), (CN, "Client One")]));
    assert!(!shown(&[(C, "DE"), (O, "Example Ltd"), (CN, "client two")]));
    assert!(!shown(&[(C, "DE"), (O, "Example Ltd"), (OU, "attacker"), (CN, "client one")]));
    assert!(!shown(&[(CN, "client one"), (O, "Example Ltd"), (C, "DE")]));
    assert!(!shown(&[(O, "Example Ltd"), (CN, "client one")]));
    assert!(!shown(&[(CN, "client one,O=Example Ltd,C=DE")]));
    assert!(!shown(&[(C, "DE"), (O, "Example Ltd"), (CN, "cl\u{456}ent one")]));
    assert!(!shown(&[(C, "DE"), (O, "Example Ltd"), (CN, "client one\0.attacker")]));
    assert!(!shown(&[]));
    assert!(!CertificateSubject::dn("CN=client one").unwrap().matches(&client(&[])));

    let country = attribute(C, PRINTABLE_STRING, b"DE");
    let others = [attribute(O, PRINTABLE_STRING, b"Example Ltd"), attribute(CN, UTF8_STRING, b"client one")];
    let printable = name(&[std::slice::from_ref(&country), &others[..1], &others[1..]]);
    assert!(registered.matches(&leaf(printable, &[])));
    let multi_valued = leaf(name(&[&[country], &others]), &[]);
    assert!(!registered.matches(&multi_valued));
    assert!(CertificateSubject::dn("CN=client one+O=Example Ltd,C=DE").unwrap().matches(&multi_valued));
}

#[test]
fn an_alternative_name_counts_for_its_own_kind_alone() {
    let host = CertificateSubject::dns("c.example.com").unwrap();
    assert!(host.matches(&client(&[element(0x82, b"c.example.com")])));
    assert!(host.matches(&client(&[element(0x82, b"C.EXAMPLE.COM")])));
    assert!(!host.matches(&client(&[])));
    assert!(!host.matches(&leaf(utf8_name(&[(CN, "c.example.com")]), &[])));
    for other in [
        element(0x82, b"*.example.com"),
        element(0x82, b"x.c.example.com"),
        element(0x82, b"c.example.com.attacker.example"),
        element(0x82, b"c.example.com\0.attacker.example"),
        element(0x82, b"evil.test, DNS:c.example.com"),
        element(0x86, b"c.example.com"),
        element(0x86, b"dns:c.example.com"),
        element(0x81, b"c.example.com"),
        element(0xa4, &utf8_name(&[(CN, "c.example.com")])),
    ] {
        assert!(!host.matches(&client(std::slice::from_ref(&other))), "{other:02x?}");
    }
}

#[test]
fn a_uri_is_compared_octet_by_octet() {
    let uri = CertificateSubject::uri("spiffe://example.com/c").unwrap();
    let shown = |text: &[u8]| uri.matches(&client(&[element(0x86, text)]));
    assert!(shown(b"spiffe://example.com/c"));
    assert!(!shown(b"spiffe://EXAMPLE.com/c"));
    assert!(!shown(b"spiffe://example.com/%63"));
    assert!(!shown(b"spiffe://example.com/c/"));
    assert!(!shown(b"spiffe://example.com/"));
}

#[test]
fn an_address_is_compared_as_octets() {
    let address = |text: &str| CertificateSubject::ip(text).unwrap();
    let octets = [0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1];
    let six = client(&[element(0x87, &octets)]);
    for text in ["2001:db8::1:0:0:1", "2001:DB8:0:0:1::1", "2001:0db8:0000:0000:0001:0000:0000:0001"] {
        assert!(address(text).matches(&six), "{text}");
    }
    assert!(!address("2001:db8::1:0:0:2").matches(&six));

    let four = client(&[element(0x87, &[192, 0, 2, 1])]);
    let mapped = client(&[element(0x87, &[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 1])]);
    assert!(address("192.0.2.1").matches(&four) && !address("192.0.2.1").matches(&mapped));
    assert!(address("::ffff:192.0.2.1").matches(&mapped) && !address("::ffff:192.0.2.1").matches(&four));
    assert!(!address("192.0.2.1").matches(&client(&[element(0x87, b"192.0.2.1")])));
    assert!(!address("192.0.2.1").matches(&client(&[element(0x87, &[192, 0, 2, 1, 255, 255, 255, 255])])));
}

#[test]
fn only_the_domain_of_a_mailbox_ignores_case() {
    let mailbox = CertificateSubject::email("Ops@example.com").unwrap();
    let shown = |text: &[u8]| mailbox.matches(&client(&[element(0x81, text)]));
    assert!(shown(b"Ops@example.com") && shown(b"Ops@EXAMPLE.com"));
    assert!(!shown(b"ops@example.com") && !shown(b"Ops@sub.example.com") && !shown(b"example.com"));
}

#[test]
fn any_of_the_names_may_be_the_one() {
    let mut names: Vec<_> = (0..999).map(|n| element(0x82, format!("n{n}.example.com").as_bytes())).collect();
    names.push(element(0x82, b"c.example.com"));
    let certificate = client(&names);
    assert!(CertificateSubject::dns("c.example.com").unwrap().matches(&certificate));
    assert!(CertificateSubject::dns("n0.example.com").unwrap().matches(&certificate));
    assert!(!CertificateSubject::dns("n999.example.com").unwrap().matches(&certificate));
}

#[test]
fn a_registration_is_refused_with_its_reason() {
    type Register = fn(&str) -> Result<CertificateSubject, NameError>;
    const DN: Register = CertificateSubject::dn;
    const DNS: Register = CertificateSubject::dns;
    const URI: Register = CertificateSubject::uri;
    const IP: Register = CertificateSubject::ip;
    const EMAIL: Register = CertificateSubject::email;
    let long_label = format!("{}.example", "a".repeat(64));
    let long_name = vec!["abc"; 64].join(".");
    let cases: [(Register, &str, &str); 40] = [
        (DN, "", "is empty"),
        (DN, "client one", "has a part without ="),
        (DNS, "", "is empty"),
        (DNS, "*", "has a wildcard"),
        (DNS, "*.example.com", "has a wildcard"),
        (DNS, "c*.example.com", "has a wildcard"),
        (DNS, "bücher.example", "has characters outside ASCII"),
        (DNS, "c.example.com\0", "has a space, a NUL"),
        (DNS, "c.example.com ", "has a space, a NUL"),
        (DNS, "c.example.com.", "is not a host name"),
        (DNS, ".example.com", "is not a host name"),
        (DNS, "c..example.com", "is not a host name"),
        (DNS, "-c.example.com", "is not a host name"),
        (DNS, "c-.example.com", "is not a host name"),
        (DNS, "https://c.example.com", "is not a host name"),
        (DNS, "c.example.com:443", "is not a host name"),
        (DNS, &long_label, "is not a host name"),
        (DNS, &long_name, "is not a host name"),
        (DNS, "192.0.2.1", "is an IP address"),
        (URI, "", "is empty"),
        (URI, "c.example.com", "is not a URI with a scheme"),
        (URI, "//c.example.com", "is not a URI with a scheme"),
        (URI, "1a:b", "is not a URI with a scheme"),
        (URI, "urn:", "is not a URI with a scheme"),
        (URI, "https://bücher.example/", "has characters outside ASCII"),
        (URI, "https://c.example.com/\n", "has a space, a NUL"),
        (IP, "", "is not an IPv4 or IPv6 address"),
        (IP, "192.0.2", "is not an IPv4 or IPv6 address"),
        (IP, "192.0.2.01", "is not an IPv4 or IPv6 address"),
        (IP, "0xc0000201", "is not an IPv4 or IPv6 address"),
        (IP, "192.0.2.0/24", "is not an IPv4 or IPv6 address"),
        (IP, "[2001:db8::1]", "is not an IPv4 or IPv6 address"),
        (IP, "fe80::1%eth0", "is not an IPv4 or IPv6 address"),
        (IP, " 192.0.2.1", "is not an IPv4 or IPv6 address"),
        (EMAIL, "", "is empty"),
        (EMAIL, "example.com", "is not a mailbox"),
        (EMAIL, "@example.com", "has a local part"),
        (EMAIL, "\"a b\"@example.com", "has a space, a NUL"),
        (EMAIL, "a@b@example.com", "is not a host name"),
        (EMAIL, "Ops@*.example.com", "has a wildcard"),
    ];
    for (register, text, problem) in cases {
        let error = register(text).expect_err(text).to_string();
        assert!(error.starts_with(problem), "{text:?} {error}");
    }
}

#[test]
fn the_operator_reads_the_kind_and_the_name() {
    let subjects = [
        CertificateSubject::dn("c=DE").map(|name| (name, "DN C=DE", "tls_client_auth_subject_dn")),
        CertificateSubject::dns("C.example").map(|name| (name, "DNS c.example", "tls_client_auth_san_dns")),
        CertificateSubject::uri("urn:a:B").map(|name| (name, "URI urn:a:B", "tls_client_auth_san_uri")),
        CertificateSubject::ip("2001:DB8::0").map(|name| (name, "IP 2001:db8::", "tls_client_auth_san_ip")),
        CertificateSubject::email("A@B.example")
            .map(|name| (name, "email A@b.example", "tls_client_auth_san_email")),
    ];
    for subject in subjects {
        let (subject, text, field) = subject.unwrap();
        assert_eq!(subject.to_string(), text);
        assert_eq!(subject.metadata_field(), field);
    }
}

fn client(alternative_names: &[Vec<u8>]) -> LeafCertificate {
    leaf(utf8_name(&[(C, "DE"), (O, "Example Ltd"), (CN, "client one")]), alternative_names)
}

#[track_caller]
fn leaf(subject: Vec<u8>, alternative_names: &[Vec<u8>]) -> LeafCertificate {
    let certificate = Certificate::of(subject);
    let certificate = match alternative_names {
        [] => certificate,
        names => certificate.with(extension(SUBJECT_ALT_NAME, &sequence(names))),
    };
    LeafCertificate::from_der(&certificate.der()).unwrap()
}
