//! Any octets as the text of a name, as a `Name` in DER, and as a certificate. What is read is written as text that reads
//! as the same name, whose parts a cruder reader finds too.
#![no_main]

use std::hash::{BuildHasher as _, RandomState};

use countersign::certificate::{CertificateSubject, DistinguishedName, LeafCertificate};
use libfuzzer_sys::fuzz_target;

/// Longer text is not read.
const MAX_TEXT_OCTETS: usize = 16_384;

fuzz_target!(|input: &[u8]| {
    if let Ok(text) = str::from_utf8(input) {
        if let Ok(name) = DistinguishedName::from_rfc4514(text) {
            check(&name);
            let unescaped = text.replace("\\\\", "").replace("\\,", "").replace("\\+", "");
            assert_eq!(parts(&name), unescaped.matches([',', '+']).count() + 1, "{text:?} is written {name}");
        }
        for register in [
            CertificateSubject::dn,
            CertificateSubject::dns,
            CertificateSubject::uri,
            CertificateSubject::ip,
            CertificateSubject::email,
        ] {
            if let Ok(subject) = register(text) {
                let written = subject.to_string();
                let (_, name) = written.split_once(' ').expect("a kind before the name");
                assert!(
                    name.len() > MAX_TEXT_OCTETS || register(name) == Ok(subject),
                    "{text:?} is {written:?}"
                );
            }
        }
    }
    if let Ok(name) = DistinguishedName::from_der(input) {
        check(&name);
    }
    if let Ok(certificate) = LeafCertificate::from_der(input) {
        certificate.subject().into_iter().for_each(check);
        for name in certificate.alternative_names() {
            let written = name.to_string();
            let (kind, name) = written.split_once(' ').expect("a kind before the name");
            let subject = match kind {
                "DNS" => CertificateSubject::dns(name),
                "URI" => CertificateSubject::uri(name),
                "IP" => CertificateSubject::ip(name),
                _ => CertificateSubject::email(name),
            };
            assert!(
                subject.is_ok_and(|subject| subject.matches(&certificate)),
                "{written:?} cannot be registered"
            );
        }
    }
});

fn check(name: &DistinguishedName) {
    let written = name.to_string();
    assert!(!written.is_empty() && !written.contains(char::is_control), "{written:?}");
    if written.len() > MAX_TEXT_OCTETS {
        return;
    }
    let again =
        DistinguishedName::from_rfc4514(&written).unwrap_or_else(|error| panic!("{written:?} {error}"));
    assert_eq!(again, *name);
    assert_eq!(again.to_string(), written);
    let hashes = RandomState::new();
    assert_eq!(hashes.hash_one(&again), hashes.hash_one(name));
}

/// How many attributes there are.
fn parts(name: &DistinguishedName) -> usize {
    let mut is_escaped = false;
    let written = name.to_string();
    let separators = written.chars().filter(|character| {
        let separates = !is_escaped && matches!(character, ',' | '+');
        is_escaped = !is_escaped && *character == '\\';
        separates
    });
    separators.count() + 1
}
