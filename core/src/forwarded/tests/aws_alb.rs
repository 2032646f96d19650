use super::*;

const PASSTHROUGH: &str = "X-Amzn-Mtls-Clientcert";
const VERIFY: &str = "X-Amzn-Mtls-Clientcert-Leaf";

/// With `+`, `=` and `/` as they are.
fn url_encoded(der: &[u8]) -> String {
    escaped(&pem(der), "-+=/")
}

#[test]
fn passthrough_carries_the_chain() {
    let (one, two) = (url_encoded(&der(1)), url_encoded(&der(2)));
    assert!(one.contains('+'), "what a form decoder would spoil");
    assert_read(CertificateHeader::aws_alb(), &[(PASSTHROUGH, &one)], &[&der(1)]);
    assert_read(CertificateHeader::aws_alb(), &[(PASSTHROUGH, &format!("{one}{two}"))], &[&der(1), &der(2)]);
    // As the example in the documentation: `=` escaped all the same.
    let escaped = escaped(&(pem(&der(1)) + &pem(&der(2))), "-");
    assert_read(CertificateHeader::aws_alb(), &[(PASSTHROUGH, &escaped)], &[&der(1), &der(2)]);
}

#[test]
fn verify_carries_the_leaf() {
    let (one, two) = (url_encoded(&der(1)), url_encoded(&der(2)));
    assert_read(CertificateHeader::aws_alb_verify(), &[(VERIFY, &one)], &[&der(1)]);
    assert_refused(CertificateHeader::aws_alb_verify(), &[(VERIFY, &format!("{one}{two}"))], "several");
}

#[test]
fn the_field_of_the_other_mode_is_the_clients_own() {
    let (own, victim) = (url_encoded(&der(2)), url_encoded(&der(1)));
    assert_none(CertificateHeader::aws_alb(), &[(VERIFY, &victim)]);
    assert_none(CertificateHeader::aws_alb_verify(), &[(PASSTHROUGH, &victim)]);
    assert_read(CertificateHeader::aws_alb(), &[(VERIFY, &victim), (PASSTHROUGH, &own)], &[&der(2)]);
    assert_read(CertificateHeader::aws_alb_verify(), &[(VERIFY, &own), (PASSTHROUGH, &victim)], &[&der(2)]);
}

#[test]
fn names_are_not_enough() {
    let names =
        [("X-Amzn-Mtls-Clientcert-Subject", "CN=victim"), ("X-Amzn-Mtls-Clientcert-Serial-Number", "03A5B1")];
    assert_none(CertificateHeader::aws_alb(), &names);
    assert_none(CertificateHeader::aws_alb_verify(), &names);
}

#[test]
fn bounds() {
    let chain = |length: usize| url_encoded(&der(1)).repeat(length);
    let header = CertificateHeader::aws_alb;
    assert_eq!(read(header(), &[(PASSTHROUGH, &chain(10))]).unwrap().unwrap().len(), 10);
    assert_refused(header(), &[(PASSTHROUGH, &chain(11))], "more");
    assert_refused(header(), &[(PASSTHROUGH, &chain(200))], "more");
}
