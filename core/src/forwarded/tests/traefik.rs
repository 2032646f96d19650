use super::*;

const NAME: &str = "X-Forwarded-Tls-Client-Cert";

fn header() -> CertificateHeader {
    CertificateHeader::traefik()
}

#[test]
fn as_each_version_writes_it() {
    let (one, two) = (base64(&der(1)), base64(&der(2)));
    assert_read(header(), &[(NAME, &one)], &[&der(1)]);
    assert_read(header(), &[(NAME, &format!("{one},{two}"))], &[&der(1), &der(2)]);
    // Before 2.9.4.
    assert_read(header(), &[(NAME, &escaped(&one, ""))], &[&der(1)]);
    assert_read(
        header(),
        &[(NAME, &format!("{},{}", escaped(&one, ""), escaped(&two, "")))],
        &[&der(1), &der(2)],
    );
    assert_read(header(), &[(NAME, &escaped(&format!("{one},{two}"), ""))], &[&der(1), &der(2)]);
}

#[test]
fn no_certificate() {
    assert_none(header(), &[]);
    assert_none(header(), &[(NAME, "")]);
    let info = "Subject%3D%22CN%3Dvictim%22";
    assert_none(header(), &[("X-Forwarded-Tls-Client-Cert-Info", info)]);
}

#[test]
fn other_text() {
    let one = base64(&der(1));
    for value in [
        &format!("{one};{one}"),
        &format!("{one}, {one}"),
        &format!("{one}%0A{one}"),
        &format!("{one}%00"),
        &escaped(&escaped(&one, ""), ""),
        &one.replace('+', " "),
        &one.replace('=', ""),
        &escaped(&pem(&der(1)), ""),
        &pem(&der(1)).replace('\n', ""),
    ] {
        assert_refused(header(), &[(NAME, value)], "something that is not base64");
    }
    assert_refused(header(), &[(NAME, &format!("{one}%"))], "a broken escape");
    assert_refused(header(), &[(NAME, "NONE")], "other octets");
    assert_refused(header(), &[(NAME, &format!("{one},"))], "other octets");
    assert_refused(header(), &[(NAME, &format!(",{one}"))], "other octets");
    assert_refused(header(), &[(NAME, &one), (NAME, &one)], "several lines");
    for octets in not_der() {
        assert_refused(header(), &[(NAME, &format!("{one},{}", base64(&octets)))], "other octets");
    }
}

#[test]
fn bounds() {
    let list = |length: usize| vec![base64(&der(1)); length].join(",");
    assert_eq!(read(header(), &[(NAME, &list(10))]).unwrap().unwrap().len(), 10);
    assert_refused(header(), &[(NAME, &list(11))], "more");
}
