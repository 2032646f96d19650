use aws_lc_rs::digest::{SHA256, digest};

use super::*;

const NAME: &str = "x-forwarded-client-cert";

fn header() -> CertificateHeader {
    CertificateHeader::xfcc()
}

/// As Envoy does: five characters of PEM, and no others.
fn url_encoded(der: &[u8]) -> String {
    escaped(&pem(der), "-")
}

fn hash(der: &[u8]) -> String {
    digest(&SHA256, der).as_ref().iter().map(|octet| format!("{octet:02x}")).collect()
}

#[track_caller]
fn assert_value(value: &str, expected: &[&[u8]]) {
    assert_read(header(), &[(NAME, value)], expected);
}

#[track_caller]
fn assert_value_refused(value: &str, got: &str) {
    assert_refused(header(), &[(NAME, value)], got);
}

#[test]
fn a_certificate_a_chain_and_both() {
    let (one, two, hash) = (url_encoded(&der(1)), url_encoded(&der(2)), hash(&der(1)));
    let (leaf, chain) = ([&*der(1)], [&*der(1), &der(2)]);
    assert_value(&format!("Cert=\"{one}\""), &leaf);
    assert_value(&format!("Chain=\"{one}{two}\""), &chain);
    assert_value(&format!("Hash={hash};Cert=\"{one}\""), &leaf);
    assert_value(&format!("Hash={hash};Cert=\"{one}\";Chain=\"{one}{two}\""), &chain);
    assert_value(&format!("Hash={hash};Chain=\"{one}{two}\";Cert=\"{one}\";"), &chain);
    assert_value(
        &format!(
            "By=spiffe://cluster.local/ns/default/sa/as;Hash={hash};Cert=\"{one}\";Chain=\"{one}{two}\";\
             Subject=\"CN=client\\\\, \\\"one\\\",O=Example; Ltd\";URI=spiffe://example/a?b=c;DNS=a.example;DNS=b.example"
        ),
        &chain,
    );
    assert_value(&format!("hash={};CERT={one}", hash.to_uppercase()), &leaf);
}

#[test]
fn no_certificate() {
    assert_none(header(), &[]);
    assert_none(header(), &[(NAME, "")]);
}

#[test]
fn names_are_not_enough() {
    for value in [
        format!("Hash={}", hash(&der(1))),
        format!("By=http://frontend;Hash={};Subject=\"/C=US/CN=client\";URI=http://client", hash(&der(1))),
        "Subject=\"CN=victim\"".to_owned(),
    ] {
        assert_value_refused(&value, "neither of them");
    }
    assert_value_refused("NONE", "other text");
    assert_value_refused(&base64(&der(1)), "other text");
}

#[test]
fn elements_of_farther_proxies_are_hearsay() {
    let (victim, attacker) = (url_encoded(&der(1)), url_encoded(&der(2)));
    assert_value_refused(&format!("Cert=\"{victim}\",Cert=\"{attacker}\""), "several");
    assert_value_refused(&format!("Cert=\"{victim}\", By=x"), "several");
    assert_value_refused(&format!("Cert=\"{victim}\","), "several");
    assert_refused(
        header(),
        &[(NAME, &format!("Cert=\"{victim}\"")), (NAME, &format!("Cert=\"{attacker}\""))],
        "several lines",
    );
}

/// What an Envoy that forwards `Subject` or `URI` writes for certificates whose names were chosen to be misread.
#[test]
fn names_that_want_to_be_certificates() {
    let (own, victim) = (url_encoded(&der(2)), url_encoded(&der(1)));
    let (own_hash, victim_hash) = (hash(&der(2)), hash(&der(1)));
    for (value, got) in [
        // Unquoted, in a URI: behind a real Cert, a real Chain, and none.
        (
            format!("Hash={own_hash};Cert=\"{own}\";URI=x;Cert=\"{victim}\""),
            "one of Cert, Chain and Hash twice",
        ),
        (format!("Hash={own_hash};Chain=\"{own}\";URI=x;Cert=\"{victim}\""), "another certificate"),
        (format!("Hash={own_hash};Cert=\"{own}\";URI=x;Chain=\"{victim}\""), "another certificate"),
        (format!("Hash={own_hash};URI=x;Cert=\"{victim}\""), "another certificate"),
        (format!("Hash={own_hash};URI=x;cErT={victim}"), "another certificate"),
        (format!("Hash={own_hash};URI=x;Chain={victim}{own}"), "another certificate"),
        (
            format!("Hash={own_hash};URI=x;Hash={victim_hash};Cert=\"{victim}\""),
            "one of Cert, Chain and Hash twice",
        ),
        // An element of its own.
        (format!("Hash={own_hash};URI=x,Hash={victim_hash};Cert=\"{victim}\""), "several"),
        // A quote that opens within a value, to hide what follows.
        (format!("Subject=x\";Cert=\"{own}\";URI=\";Cert={victim}"), "other text"),
        (format!("URI=x\";Cert=\"{own}\";DNS=\";Cert={victim}"), "other text"),
        // A quoted value that ends early, or never.
        (format!("Subject=\"CN=a\",Cert=\"{victim}\";Subject=CN=victim\""), "other text"),
        ("Subject=\"CN=a\\\",Subject=CN=victim\"".to_owned(), "neither of them"),
        (format!("Subject=\"CN=a\\\\\";Cert=\"{victim}\";x=\"\"\""), "other text"),
        (format!("Subject=\"CN=a;Cert=\\\"{victim}\\\""), "other text"),
        (format!("Cert=\"{victim}"), "other text"),
        (format!("Cert={victim}\""), "other text"),
    ] {
        assert_value_refused(&value, got);
    }
    // Within its quotes it is a name, whatever it says.
    let subject =
        format!("Hash={own_hash};Cert=\"{own}\";Subject=\"CN=a;Cert=\\\"{victim}\\\",Cert={victim}\"");
    assert_value(&subject, &[&der(2)]);
}

#[test]
fn more_than_a_leaf_in_cert() {
    let both = url_encoded(&der(1)) + &url_encoded(&der(2));
    assert_value_refused(&format!("Cert=\"{both}\""), "several");
    assert_value_refused("Cert=\"\"", "none");
    assert_value_refused("Chain=", "none");
}

#[test]
fn other_than_pem() {
    let one = url_encoded(&der(1));
    assert_value_refused("Cert=\"foobar\"", "something that is not PEM");
    assert_value_refused(&format!("Cert=\"{}\"", base64(&der(1))), "something that is not PEM");
    assert_value_refused(&format!("Cert=\"{one}%\""), "a broken escape");
    assert_value_refused(&format!("Cert=\"{one}\";Hash=1234"), "another certificate");
    assert_value_refused(&format!("Cert=\"{one}\";Hash="), "another certificate");
    for octets in not_der() {
        assert_value_refused(&format!("Cert=\"{}\"", url_encoded(&octets)), "other octets");
        assert_value_refused(&format!("Chain=\"{one}{}\"", url_encoded(&octets)), "other octets");
    }
}
