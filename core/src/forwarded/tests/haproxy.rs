use super::*;

const NAME: &str = "X-SSL-Client-Cert";
const CHAIN: &str = "X-SSL-Client-Chain";

fn header() -> CertificateHeader {
    CertificateHeader::haproxy()
}

#[test]
fn a_certificate_and_its_chain() {
    let leaf = base64(&der(1));
    let chain = base64(&[der(2), der(3)].concat());
    assert_read(header(), &[(NAME, &leaf)], &[&der(1)]);
    assert_read(header(), &[(NAME, &leaf), (CHAIN, &base64(&der(2)))], &[&der(1), &der(2)]);
    assert_read(header(), &[(NAME, &leaf), (CHAIN, &chain)], &[&der(1), &der(2), &der(3)]);
    assert_read(header(), &[(NAME, &leaf), (CHAIN, "")], &[&der(1)]);
    // `%{+Q}[…]`
    assert_read(
        header(),
        &[(NAME, &format!("\"{leaf}\"")), (CHAIN, &format!("\"{chain}\""))],
        &[&der(1), &der(2), &der(3)],
    );
}

#[test]
fn under_other_names() {
    let header = || header().named("Client-Cert").chain_named("Client-Cert-Chain");
    let (leaf, chain) = (base64(&der(1)), base64(&der(2)));
    assert_read(header(), &[("Client-Cert", &leaf), ("Client-Cert-Chain", &chain)], &[&der(1), &der(2)]);
    assert_none(header(), &[(NAME, &leaf), (CHAIN, &chain)]);
}

#[test]
fn no_certificate() {
    assert_none(header(), &[]);
    assert_none(header(), &[(NAME, ""), (CHAIN, "")]);
    assert_none(header(), &[(NAME, "\"\""), (CHAIN, "\"\"")]);
}

#[test]
fn more_than_one() {
    let (leaf, chain) = (base64(&der(1)), base64(&der(2)));
    assert_refused(header(), &[(NAME, &leaf), (NAME, &leaf)], "several lines");
    assert_refused(header(), &[(NAME, &leaf), (CHAIN, &chain), (CHAIN, &chain)], "several lines");
    assert_refused(header(), &[(CHAIN, &chain)], "a chain alone");
    assert_refused(header(), &[(NAME, &base64(&[der(1), der(2)].concat()))], "other octets");
    assert_refused(header(), &[(NAME, &format!("{leaf},{chain}"))], "something that is not base64");
}

#[test]
fn other_than_base64_of_der() {
    let sound = base64(&der(1));
    for value in [
        "\"",
        "-",
        &format!("\"{sound}"),
        &format!(":{sound}:"),
        &format!("\"\"{sound}\"\""),
        &sound.replace('+', "-").replace('/', "_"),
        &sound.replace('=', ""),
        &escaped(&sound, ""),
        &pem(&der(1)),
    ] {
        assert_refused(header(), &[(NAME, value)], "something that is not base64");
        assert_refused(header(), &[(NAME, &sound), (CHAIN, value)], "something that is not base64");
    }
    assert_refused(header(), &[(NAME, "NONE")], "other octets");
    for octets in not_der() {
        let octets = base64(&octets);
        if !octets.is_empty() {
            assert_refused(header(), &[(NAME, &octets)], "other octets");
            assert_refused(header(), &[(NAME, &sound), (CHAIN, &octets)], "other octets");
        }
    }
}

#[test]
fn bounds() {
    let chain = |length: usize| base64(&vec![der(2); length].concat());
    assert_eq!(read(header(), &[(NAME, &base64(&der(1))), (CHAIN, &chain(9))]).unwrap().unwrap().len(), 10);
    assert_refused(header(), &[(NAME, &base64(&der(1))), (CHAIN, &chain(10))], "more");
}
