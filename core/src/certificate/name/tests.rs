use super::*;

fn name(text: &str) -> DistinguishedName {
    DistinguishedName::from_rfc4514(text).unwrap_or_else(|error| panic!("{text:?} {error}"))
}

#[test]
fn case_and_spaces_do_not_count() {
    assert_eq!(name("CN=Client  One,O=example ltd,C=de"), name("cn=client one,O=Example Ltd,2.5.4.6=DE"));
}
