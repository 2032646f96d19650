use super::*;

const NAME: &str = "X-SSL-Client-Cert";

fn header() -> CertificateHeader {
    CertificateHeader::nginx()
}

/// `$ssl_client_escaped_cert`.
fn escaped_cert(der: &[u8]) -> String {
    escaped(&pem(der), "-._~")
}

#[track_caller]
fn assert_value_refused(value: &str, got: &str) {
    assert_refused(header(), &[(NAME, value)], got);
}

#[test]
fn as_nginx_writes_it() {
    assert_read(header(), &[(NAME, &escaped_cert(&der(1)))], &[&der(1)]);
    let windows = escaped(&pem(&der(1)).replace('\n', "\r\n"), "-");
    assert_read(header(), &[(NAME, &windows)], &[&der(1)]);
    let lower_case = escaped_cert(&der(1)).replace("%0A", "%0a").replace("%2B", "%2b");
    assert_read(header(), &[(NAME, &lower_case)], &[&der(1)]);
    let unbroken = escaped(pem(&der(1)).trim_end(), "");
    assert_read(header(), &[(NAME, &unbroken)], &[&der(1)]);
}

#[test]
fn as_apache_writes_it() {
    assert_read(header(), &[(NAME, &pem(&der(1)).replace('\n', " "))], &[&der(1)]);
}

#[test]
fn no_certificate() {
    assert_none(header(), &[]);
    assert_none(header(), &[(NAME, "")]);
    assert_none(header(), &[(NAME, "(null)")]);
    // Neither a subject nor what somebody says about a verification is a certificate.
    assert_none(header(), &[("X-SSL-Client-S-DN", "CN=victim"), ("X-SSL-Client-Verify", "SUCCESS")]);
}

#[test]
fn under_another_name() {
    let header = || header().named("X-Client-Certificate");
    assert_eq!(header().name(), "x-client-certificate");
    assert_read(header(), &[("X-Client-Certificate", &escaped_cert(&der(1)))], &[&der(1)]);
    assert_none(header(), &[(NAME, &escaped_cert(&der(1)))]);
}

#[test]
fn two_certificates() {
    let (victim, attacker) = (escaped_cert(&der(1)), escaped_cert(&der(2)));
    assert_value_refused(&format!("{victim}{attacker}"), "several");
    assert_value_refused(&format!("{victim}{victim}"), "several");
    assert_value_refused(&escaped(&format!("{}\n\n{}", pem(&der(1)), pem(&der(2))), ""), "several");
    assert_value_refused(&format!("{victim},{attacker}"), "something that is not PEM");
    assert_value_refused(&format!("{victim}, {attacker}"), "something that is not PEM");
    assert_refused(header(), &[(NAME, &victim), (NAME, &attacker)], "several lines");
    // A line break inside a certificate, and a second one around it.
    let injected =
        base64(&der(1)) + "\n-----END CERTIFICATE-----\n-----BEGIN CERTIFICATE-----\n" + &base64(&der(2));
    let injected = format!("-----BEGIN CERTIFICATE-----\n{injected}\n-----END CERTIFICATE-----\n");
    assert_value_refused(&escaped(&injected, ""), "several");
}

#[test]
fn text_around_a_certificate() {
    let one = pem(&der(1));
    for text in [
        "NONE".to_owned(),
        "CN=victim".to_owned(),
        format!("subject=CN = victim\n{one}"),
        format!("{one}x"),
        format!("{one}\0"),
        format!("\0{one}"),
        one.replace("CERTIFICATE", "TRUSTED CERTIFICATE"),
        one.replace("CERTIFICATE", "PKCS7"),
        one.replace("BEGIN CERTIFICATE", "BEGIN certificate"),
        one.replace("-----END", "----END"),
        one.replace("-----END CERTIFICATE-----", ""),
        one.replace("-----BEGIN CERTIFICATE-----", ""),
        one.replacen('\n', "\nProc-Type: 4,ENCRYPTED\n\n", 1),
        one.replacen("\n-----END", "*\n-----END", 1),
        one.replacen('=', "", 1),
    ] {
        assert_value_refused(&escaped(&text, "-"), "something that is not PEM");
    }
    assert_value_refused("%0A", "none");
    assert_value_refused(&base64(&der(1)), "something that is not PEM");
    assert_value_refused(&format!(":{}:", base64(&der(1))), "something that is not PEM");
}

#[test]
fn escapes_are_decoded_once_and_never_repaired() {
    let one = escaped_cert(&der(1));
    for broken in ["%", "%4", "%g0", "%0", "%%30A", "%+1", "% A", "%ff", "%c3%28", "%C0%8A"] {
        assert_value_refused(&format!("{one}{broken}"), "a broken escape");
        assert_value_refused(&format!("{one}{broken}%0A"), "a broken escape");
    }
    assert_value_refused(&escaped(&one, "-"), "something that is not PEM");
    assert_value_refused(&one.replace("%2B", "%252B"), "something that is not PEM");
    assert_value_refused(&one.replacen("%2B", "%20", 1), "something that is not PEM");
    assert_value_refused(&one.replace("%2B", "%20"), "other octets");
    assert_value_refused(&one.replace("%20", "+"), "something that is not PEM");
    assert_value_refused(&one.replace("%0A", "%u000A"), "a broken escape");
}

#[test]
fn other_than_ascii() {
    let proxy = TrustedProxy::new([PROXY], header()).unwrap();
    let one = escaped_cert(&der(1));
    for octets in [&b"\xff"[..], "é".as_bytes(), "\u{2028}".as_bytes()] {
        let value = [one.as_bytes(), octets].concat();
        let lines: &[(&str, &[u8])] = &[(NAME, &value)];
        let failure = proxy.certificates(&lines, Some(PROXY.parse().unwrap()), None).unwrap_err();
        assert_eq!(failure, crate::forwarded::refused("ASCII", "other octets"));
    }
}

#[test]
fn other_than_der() {
    for octets in not_der() {
        assert_value_refused(&escaped_cert(&octets), "other octets");
    }
}

#[test]
fn bounds() {
    assert_value_refused(&format!("{}{}", escaped_cert(&der(1)), "%20".repeat(64 * 1024)), "more");
}
