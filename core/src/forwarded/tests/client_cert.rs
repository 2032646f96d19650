use super::*;

const NAME: &str = "Client-Cert";
const CHAIN: &str = "Client-Cert-Chain";

fn header() -> CertificateHeader {
    CertificateHeader::client_cert()
}

fn item(der: &[u8]) -> String {
    format!(":{}:", base64(der))
}

#[test]
fn a_certificate() {
    assert_read(header(), &[(NAME, &item(&der(1)))], &[&der(1)]);
    assert_read(header(), &[("client-cert", &format!(" \t{} ", item(&der(1))))], &[&der(1)]);
}

#[test]
fn a_chain_in_one_line_and_in_several() {
    let (leaf, two, three, four) = (item(&der(1)), item(&der(2)), item(&der(3)), item(&der(4)));
    let expected = [&*der(1), &der(2), &der(3), &der(4)];
    let (comma, blanks) = (format!("{two},{three}"), format!("{two} ,\t{three},  {four}"));
    assert_read(header(), &[(NAME, &leaf), (CHAIN, &comma)], &expected[..3]);
    assert_read(header(), &[(NAME, &leaf), (CHAIN, &blanks)], &expected);
    assert_read(header(), &[(CHAIN, &comma), (NAME, &leaf), ("x", "y"), (CHAIN, &four)], &expected);
    assert_read(header(), &[(NAME, &leaf), (CHAIN, "")], &expected[..1]);
}

#[test]
fn no_certificate() {
    assert_none(header(), &[]);
    assert_none(header(), &[(NAME, "")]);
    assert_none(header(), &[(NAME, "(null)"), (CHAIN, "(null)")]);
    assert_none(header(), &[("X-SSL-Client-Cert", &pem(&der(1))), ("x-client-cert", &item(&der(1)))]);
}

#[test]
fn a_chain_alone() {
    assert_refused(header(), &[(CHAIN, &item(&der(2)))], "a chain alone");
    assert_refused(header(), &[(NAME, ""), (CHAIN, &item(&der(2)))], "a chain alone");
}

#[test]
fn two_certificates() {
    let (one, two) = (item(&der(1)), item(&der(2)));
    assert_refused(header(), &[(NAME, &one), (NAME, &two)], "several lines");
    assert_refused(header(), &[(NAME, &one), ("client-cert", &one)], "several lines");
    assert_refused(header(), &[(NAME, &one), (NAME, "")], "several lines");
    assert_refused(header(), &[(NAME, ""), (NAME, "")], "several lines");
    assert_refused(header(), &[(NAME, &format!("{one}, {two}"))], "something else");
    assert_refused(header(), &[(NAME, &format!("{one}{two}"))], "something else");
}

#[test]
fn other_than_a_byte_sequence() {
    let sound = base64(&der(1));
    for value in [
        "NONE",
        ":",
        &sound,
        &format!(":{sound}"),
        &format!("{sound}:"),
        &format!("\"{sound}\""),
        &format!(":{sound}:;a=1"),
        &format!(": {sound}:"),
        &format!(":{}:", sound.trim_end_matches('=')),
        &format!(":{sound}=:"),
        &format!(":{}:", sound.replace('+', "-").replace('/', "_")),
        &format!(":{}:", sound.replacen('+', "%2B", 1)),
        &format!(":{}\n{}:", &sound[..64], &sound[64..]),
        &format!(":{}:", escaped(&pem(&der(1)), "")),
        &escaped(&pem(&der(1)), ""),
    ] {
        assert_refused(header(), &[(NAME, value)], "something else");
        assert_refused(header(), &[(NAME, &item(&der(1))), (CHAIN, value)], "something else");
    }
    assert_refused(header(), &[(NAME, "::")], "other octets");
    assert_refused(
        header(),
        &[(NAME, &item(&der(1))), (CHAIN, &format!("{},", item(&der(2))))],
        "something else",
    );
}

#[test]
fn other_than_der() {
    for octets in not_der() {
        assert_refused(header(), &[(NAME, &item(&octets))], "other octets");
        assert_refused(header(), &[(NAME, &item(&der(1))), (CHAIN, &item(&octets))], "other octets");
    }
}

#[test]
fn bounds() {
    let chain = |length: usize| vec![item(&der(2)); length].join(",");
    assert_eq!(read(header(), &[(NAME, &item(&der(1))), (CHAIN, &chain(9))]).unwrap().unwrap().len(), 10);
    assert_refused(header(), &[(NAME, &item(&der(1))), (CHAIN, &chain(10))], "more");

    let mut large = vec![0x30, 0x82, 0xbf, 0x00];
    large.resize(4 + 0xbf00, 7);
    assert_read(header(), &[(NAME, &item(&large))], &[&large]);
    assert_refused(header(), &[(NAME, &" ".repeat(64 * 1024 + 1))], "more");
    assert_refused(header(), &[(NAME, &item(&large)), (NAME, &item(&large))], "more");
    assert_refused(
        header(),
        &[(NAME, &item(&der(1))), (CHAIN, &item(&large)), (CHAIN, &item(&large))],
        "more",
    );
}
